"""One more former version: its environment is made by pip's resolver, and its pins are kept.

``python -m lab.pins torch@1.9.1 --python 3.8 --environments FOLDER [REQUIREMENT ...]`` installs
``torch==1.9.1`` and the further requirements, as ``numpy==1.19.5``, and enters what pip took of
each package into ``numeric/former/environments.json``.  The environment then stands where
``symgrad history --environments FOLDER`` finds it.
"""

from __future__ import annotations

import argparse
import json
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import msgspec

from symgrad.court.errors import InputError
from symgrad.court.names import order_of
from symgrad.numeric import environments
from symgrad.numeric.environments import MEBIBYTE, OPTIONS, PINS, STAMP, Environment
from symgrad.numeric.former import split
from symgrad.numeric.interpreters import DISTRIBUTIONS

LARGEST = 100
"""MiB are rounded up to a multiple of this many."""


def main(arguments: Sequence[str] | None = None) -> None:
    """Make the environment and keep its pins."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("name", help="as torch@1.9.1")
    parser.add_argument("requirements", nargs="*", help="further ones, as numpy==1.19.5")
    parser.add_argument("--python", required=True, help="the version of Python, as 3.8")
    parser.add_argument("--environments", required=True, type=Path, help="folder to make it in")
    parser.add_argument(
        "--distribution", help="what pip calls it, as tensorflow-cpu, if not by the usual name"
    )
    parser.add_argument("--no-deps", action="store_true", help="install nothing but what is named")
    asked = parser.parse_intermixed_args(arguments)
    framework, version = split(asked.name)
    distribution = asked.distribution or DISTRIBUTIONS.get(framework, framework)
    wanted = [f"{distribution}=={version}", *asked.requirements]
    place = asked.environments.absolute() / asked.name
    pins = install(place, asked.python, [*wanted, *(["--no-deps"] if asked.no_deps else [])])
    first = distribution.lower().replace("_", "-")
    pins.sort(key=lambda pin: (pin.split("==")[0].lower().replace("_", "-") != first, pin.lower()))
    pins[0] = pins[0].replace("_", "-")  # packages write tensorflow_cpu too
    size = sum(file.lstat().st_size for file in place.rglob("*"))
    rounded = -(-size // (LARGEST * MEBIBYTE)) * LARGEST
    environment = Environment(asked.name, asked.python, False, rounded, tuple(pins))
    enter(environment)
    (place / STAMP).write_text(environment.digest)


def install(place: Path, python: str, requirements: Sequence[str]) -> list[str]:
    """Make a virtual environment with what is required; the pins of all that it then has.

    Raises:
        InputError: there is no such Python, or pip finds nothing that suits it.
    """
    found = environments.find_python(python)
    if found is None:
        raise InputError(f"no Python {python} was found on the PATH; install one")
    shutil.rmtree(place, ignore_errors=True)
    pip = [str(place / "bin" / "python"), "-m", "pip"]
    _run([str(found), "-m", "venv", str(place)])
    _run([*pip, "install", *OPTIONS, *requirements])
    return _run([*pip, "freeze", "--disable-pip-version-check"]).split()


def _run(command: Sequence[str]) -> str:
    variables = environments.variables()
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, env=variables)
    if done.returncode:
        raise InputError(f"status {done.returncode} of {' '.join(command)}")
    return done.stdout


def enter(environment: Environment) -> None:
    """Keep the pins, in the place of those of the same version: the required ones come first."""
    kept = [e for e in environments.environments() if e.name != environment.name]
    ordered = sorted([*kept, environment], key=lambda e: (not e.required, order_of(e.name)))
    PINS.write_text(json.dumps(msgspec.to_builtins(ordered), indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    try:
        main()
    except InputError as error:
        sys.exit(f"error: {error}")
