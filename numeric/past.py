"""The past: which former versions are wanted, and the interpreters that run them here."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Literal, NamedTuple

from symgrad.court.errors import InputError, check_known
from symgrad.court.former.gathered import Gathered
from symgrad.court.names import name_of, order_of
from symgrad.numeric import environments
from symgrad.numeric.environments import Environment
from symgrad.numeric.former import ENDED
from symgrad.numeric.pool import all_frameworks, is_installed, known_frameworks

Building = Literal["none", "required", "all"]
WHERE = "import platform; print(platform.python_version()); print(platform.platform())"
ALWAYS = "numpy"
"""What is asked beside the frameworks that have former versions: the analytic gradient is its."""


class Chosen(NamedTuple):
    """What a run is about: installed frameworks, former versions, and what is not installed."""

    installed: list[str]
    former: list[str]
    missing: list[str]


def choose(asked: Sequence[str], others: Sequence[str]) -> Chosen:
    """What the names mean: ``torch`` is every version of it, ``torch@1.0.1`` that one alone.

    ``others`` are former versions beside those that there is an environment for.

    Raises:
        InputError: a name is unknown.
    """
    names = {environment.name for environment in environments.environments()} | set(others)
    former = sorted(names, key=order_of)
    for name in asked:
        check_known("framework", name_of(name), all_frameworks())
        if "@" in name:
            check_known("version", name, former)
    wanted = [name for name in former if not asked or name in asked or name_of(name) in asked]
    plain = asked or [ALWAYS, *dict.fromkeys(map(name_of, former))]
    known = [name for name in known_frameworks() if name in plain]
    installed = [name for name in known if is_installed(name)]
    return Chosen(installed, wanted, [n for n in known if n not in installed] if asked else [])


def gather(
    wanted: Sequence[str],
    asked: Sequence[str],
    given: Mapping[str, str],
    python: Path | None,
    folder: Path,
    building: Building,
    say: Callable[[str], None],
) -> Gathered:
    """The interpreters of the wanted versions, those that were ``given`` first.

    What is not there is built with ``python``, or one that is found, where ``building`` allows it
    or it was asked for by its name, or by that of a framework that has ended.

    Raises:
        InputError: the Python is none, or not of the version that the environments need.
    """
    needed = {e.python for e in environments.environments() if e.name in wanted}
    given_python = _checked(python, needed) if python is not None and needed else ""
    folder = folder.absolute()
    paths = {name: path for name, path in given.items() if name in wanted}
    failures: list[str] = []
    notes: list[str] = []
    without: list[str] = []
    for environment in environments.environments():
        name = environment.name
        if name not in wanted or name in paths:
            continue
        is_asked = name in asked or (name_of(name) in asked and name_of(name) in ENDED)
        built = environments.find_built(environment, folder)
        is_needed = building == "all" or is_asked or environment.required
        if built is None and (building == "none" or not is_needed):
            if is_asked:
                failures.append(
                    f"{name}: it has no environment here; symgrad history -f {name} builds it"
                )
            else:
                without.append(name)
            continue
        try:
            mine = python if given_python == environment.python else None
            built = built or _build(environment, folder, mine, say)
        except InputError as error:
            is_found = mine is not None or environments.find_python(environment.python)
            (failures if is_asked or is_found else notes).append(str(error))
        else:
            paths[name] = str(built)
    if without:
        notes.append(
            f"{', '.join(sorted(without, key=order_of))}: no environment is here; "
            "symgrad history -f NAME@VERSION builds one, --build-all all"
        )
    return Gathered(paths, {name: describe(path) for name, path in paths.items()}, failures, notes)


def _build(
    environment: Environment, folder: Path, python: Path | None, say: Callable[[str], None]
) -> Path:
    found = python or environments.find_python(environment.python)
    if found is None:
        raise InputError(
            f"{environment.name}: no Python {environment.python} was found on the PATH; "
            "install one, or name it: symgrad history --python PATH"
        )
    return environments.build(environment, folder, found, say)


def _checked(python: Path, needed: set[str]) -> str:
    """Which of the versions that are needed the Python is.

    Raises:
        InputError: it is none of them, or no Python.
    """
    version, _ = describe(str(python))
    if not version:
        raise InputError(f"{python} does not run as a Python; name one that does: --python PATH")
    found = [prefix for prefix in needed if version.startswith(f"{prefix}.")]
    if not found:
        listed = " or ".join(sorted(needed))
        raise InputError(
            f"{python} is Python {version}, {listed} is needed; name one: --python PATH"
        )
    return found[0]


def describe(python: str) -> tuple[str, str]:
    """(version, platform) that a Python says of itself; empty if it does not run."""
    try:
        done = subprocess.run(
            [python, "-c", WHERE],
            capture_output=True,
            text=True,
            timeout=environments.PATIENCE,
            env=environments.variables(),
        )
    except (OSError, subprocess.TimeoutExpired):
        return "", ""
    version, _, platform = done.stdout.strip().partition("\n")
    return version, platform
