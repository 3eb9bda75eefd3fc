"""The environments of earlier frameworks: found, or built by venv and pip from exact pins.

The pins are in ``numeric/former/environments.json``.  An environment that was built is kept, and is
known to be complete by a stamp: the hash of its pins, written last.
"""

from __future__ import annotations

import fcntl
import os
import re
import shlex
import shutil
import subprocess
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from hashlib import sha256
from pathlib import Path

import msgspec
from msgspec import Struct

from symgrad.court.errors import InputError, OutputError

PINS = Path(__file__).with_name("former") / "environments.json"
MISLEADING = ("PYTHONHOME", "PYTHONPATH", "PYTHONSTARTUP", "VIRTUAL_ENV", "__PYVENV_LAUNCHER__")
"""Variables that are about the Python that runs the court, and would lead another one astray."""
STAMP = "pins.sha256"
OPTIONS = ("--no-cache-dir", "--no-compile", "--no-input", "--disable-pip-version-check")
"""Of pip: an environment is asked once or twice, and compiles what it imports by itself."""
PINNED = "requirements.txt"
"""The pins as pip reads them, in an environment's folder: hashes are admitted in a file alone."""
MEBIBYTE = 2**20
WHO = "import sys; print('%d.%d' % sys.version_info[:2], sys.executable)"
PATIENCE = 30
"""Seconds in which a Python says its version."""
FULL = ("no space left on device", "disk quota exceeded", "file too large")
"""How it is said that there is no room."""


class Environment(Struct, frozen=True):
    """A framework of one version, ``torch@1.0.1``, with all that it needs, pinned.

    ``python`` is the version of Python, as 3.7; ``mebibytes`` must be free to build it; the
    ``required`` ones are those that the reference experiment is about.
    """

    name: str
    python: str
    required: bool
    mebibytes: int
    requirements: tuple[str, ...]

    @property
    def digest(self) -> str:
        """What the environment is known by once it is built."""
        return sha256(msgspec.json.encode((self.python, self.requirements))).hexdigest()


def environments() -> tuple[Environment, ...]:
    """All that can be built, the required ones first."""
    return msgspec.json.decode(PINS.read_bytes(), type=tuple[Environment, ...])


def variables() -> dict[str, str]:
    """The environment variables for another Python than the one that runs the court."""
    return {key: value for key, value in os.environ.items() if key not in MISLEADING}


def find_python(version: str) -> Path | None:
    """A Python of this version, as 3.7, that really runs: on the PATH, or one of pyenv's."""
    found = filter(None, map(_identified, _candidates(version)))
    return next((path for said, path in found if said == version), None)


def find_pythons() -> dict[str, Path]:
    """Every Python 3 that :func:`find_python` finds under a name with its version, by version."""
    folders = [Path(folder) for folder in os.get_exec_path()]
    there = [*(path for folder in folders for path in folder.glob("python3.*")), *_pyenv("3.*")]
    found: dict[str, Path] = {}
    for candidate in there:
        version = re.fullmatch(r"python(3\.\d+)", candidate.name)
        if version and version[1] not in found:
            said, path = _identified(candidate) or ("", candidate)
            if said == version[1]:
                found[said] = path
    return found


def _candidates(version: str) -> Iterator[Path]:
    for folder in os.get_exec_path():
        for name in (f"python{version}", "python3", "python"):
            yield Path(folder) / name
    yield from _pyenv(version)


def _pyenv(version: str) -> list[Path]:
    """The executables of pyenv's Pythons of a version, which may be a pattern."""
    root = Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv")
    return sorted((root / "versions").glob(f"{version}.*/bin/python{version}"))


def _identified(candidate: Path) -> tuple[str, Path] | None:
    """(version, path of the executable) that a candidate says of itself, if it is a Python."""
    if not os.access(candidate, os.X_OK) or candidate.is_dir():
        return None
    try:
        done = subprocess.run(
            [candidate, "-c", WHO],
            capture_output=True,
            text=True,
            timeout=PATIENCE,
            env=variables(),
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    version, _, executable = done.stdout.strip().partition(" ")
    return (version, Path(executable)) if executable else None


def find_built(environment: Environment, folder: Path) -> Path | None:
    """The interpreter of the environment, if it has been built in the folder."""
    place = folder / environment.name
    return place / "bin" / "python" if _is_complete(environment, place) else None


def build(environment: Environment, folder: Path, python: Path, say: Callable[[str], None]) -> Path:
    """The interpreter of the environment, in ``folder/NAME@VERSION``, which is built if need be.

    ``python`` is the Python that it is made with; each step is told to ``say``.

    Raises:
        InputError: the environment cannot be built; the message has a command that mends it.
        OutputError: there is no room for it.
    """
    place = folder / environment.name
    built = place / "bin" / "python"
    with _claimed(place):
        if _is_complete(environment, place):
            return built
        _erase(place)  # what an interrupted build has left
        _check_room(environment, folder)
        try:
            say(f"{environment.name}: an environment of Python {environment.python} in {place}")
            _run(environment, place, [str(python), "-m", "venv", str(place)])
            pins = [requirement.split()[0] for requirement in environment.requirements]
            say(f"{environment.name}: installing {', '.join(pins)}")
            (place / PINNED).write_text("\n".join([*environment.requirements, ""]))
            _run(environment, place, install(place, built))
            (place / STAMP).write_text(environment.digest)
        except OSError as error:
            raise _failure(environment, place, str(error), [str(python)]) from error
    return built


def install(place: Path, python: Path) -> list[str]:
    """The command that installs the pins, which lie in a file there, under its Python."""
    return [str(python), "-m", "pip", "install", "--no-deps", *OPTIONS, "-r", str(place / PINNED)]


@contextmanager
def _claimed(place: Path) -> Iterator[None]:
    """Hold the place of an environment: another run that builds there is waited for."""
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        lock = (place.parent / f".{place.name}.lock").open("w")
    except OSError as error:
        raise OutputError(
            f"{place}: cannot be written, {error.strerror}; name another folder"
        ) from error
    with lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _is_complete(environment: Environment, place: Path) -> bool:
    with suppress(OSError):
        stamp = (place / STAMP).read_text()
        return stamp == environment.digest and os.access(place / "bin" / "python", os.X_OK)
    return False


def _erase(place: Path) -> None:
    if place.exists():
        shutil.rmtree(place)


def _check_room(environment: Environment, folder: Path) -> None:
    free = shutil.disk_usage(folder).free // MEBIBYTE
    if free < environment.mebibytes:
        raise OutputError(
            f"{environment.name}: {environment.mebibytes} MiB are needed in {folder}, {free} are "
            "free; make room there or name another folder"
        )


def _run(environment: Environment, place: Path, command: Sequence[str]) -> None:
    """Run one step of the build, and raise what its failure means."""
    done = subprocess.run(command, capture_output=True, text=True, env=variables())
    if done.returncode:
        lines = [line.strip() for line in (done.stdout + done.stderr).splitlines() if line.strip()]
        full = [line for line in lines if any(text in line.lower() for text in FULL)]
        errors = [
            line
            for line in lines
            if re.match(r"(error|\w+Error): (?!Exception:|Ignored the following)", line, re.I)
        ]
        why = (full or errors or lines or [f"status {done.returncode}"])[0]
        raise _failure(environment, place, why, command)


def _failure(environment: Environment, place: Path, why: str, command: Sequence[str]) -> InputError:
    """What to raise; what was built so far is taken away where there is no room."""
    if any(text in why.lower() for text in FULL):
        shutil.rmtree(place, ignore_errors=True)
        return OutputError(
            f"{environment.name}: there is no room for it in {place.parent}, {why[:200]}; make "
            f"{environment.mebibytes} MiB free there or name another folder"
        )
    return InputError(
        f"{environment.name}: cannot be built, {why[:300]}; try: {shlex.join(command)}"
    )
