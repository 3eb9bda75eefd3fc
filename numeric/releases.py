"""Releases of frameworks: found and pinned by pip's own resolver, and built.

What the resolver chose is kept, a lock file for each release, with the hashes that the package
index gives.  The index is the one that pip is set up for, and so are its constraints.
"""

from __future__ import annotations

import contextlib
import json
import os
import platform
import re
import shlex
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

import msgspec
from packaging.utils import canonicalize_name
from packaging.version import InvalidVersion, Version

from symgrad.court.errors import InputError, OutputError
from symgrad.court.former.releases import Built, Found, Sought
from symgrad.court.names import name_of
from symgrad.numeric import environments
from symgrad.numeric.environments import Environment
from symgrad.numeric.interpreters import DISTRIBUTIONS
from symgrad.numeric.past import describe

LEAST = Version("3.10")
"""Pythons below are not tried: no release of today runs there."""
EXTRAS = {"autograd": "[scipy]"}
"""What the routes of a framework need beside it."""
MEBIBYTES = {"torch": 9000, "tensorflow": 2600, "paddle": 1500, "jax": 1000, "pytensor": 1000}
"""Room that an environment takes, with CUDA's libraries where a framework brings them."""
ROOM = 500
"""The same of all others."""
OPTIONS = (
    *("--dry-run", "--ignore-installed", "--only-binary=:all:", "--quiet", "--report=-"),
    *("--no-input", "--disable-pip-version-check", "--retries=1"),
)
"""A release that has no wheel is none: nothing is compiled."""
SECONDS = 900
"""So long may pip take to resolve one release."""
UNREACHABLE = (
    "connection broken",
    "max retries exceeded",
    "failed to establish a new connection",
    "timed out",
    "name resolution",
)
"""How pip says, in lower case, that it reached no index."""
ERROR = "ERROR: "
MORE = ("ERROR: No matching distribution", "ERROR: ResolutionImpossible", "ERROR: Exception")
"""What pip says after the reason."""

Say = Callable[[str], None]


class UnreachableError(InputError):
    """No package index answers."""


def gather(sought: Sought, say: Say) -> Found:
    """The releases that are sought, built if need be; a line for each that cannot be had.

    Each step is told to ``say``.  Where no index answers, none is asked again.
    """
    failures: list[str] = []
    locks: dict[str, Environment] = {}
    pythons = {} if sought.offline else _pythons(sought.python)
    for name in (*sought.versions, *sought.frameworks):
        try:
            locks |= {lock.name: lock for lock in _locks(name, sought, pythons, say)}
        except UnreachableError as error:
            failures.append(str(error))
            break
        except InputError as error:
            failures.append(str(error))
    found: list[Built] = []
    for lock in locks.values():
        try:
            found.append(_built(lock, sought, say))
        except InputError as error:
            failures.append(str(error))
    return Found(found, failures)


def _locks(
    name: str, sought: Sought, pythons: Mapping[str, Path], say: Say
) -> Iterator[Environment]:
    """The locks of what a name means: NAME@VERSION, or the newest releases of NAME.

    Raises:
        InputError: there is none, and none can be made.
    """
    if sought.offline:
        yield _kept(name, sought.locks)
        return
    releases = {name: [*pythons.values()]}
    if "@" not in name:
        releases = _newest(name, pythons, pre=False)
        if sought.pre:
            releases |= _newest(name, pythons, pre=True)
    for release, able in releases.items():
        lock = _lock(release, able, sought.locks, say)
        if sought.python is not None and lock.python not in pythons:
            raise InputError(
                f"{lock.name}: its lock is of Python {lock.python}, and {sought.python} is not; "
                "name another folder of --locks, or remove the lock"
            )
        yield lock


def _pythons(given: Path | None) -> dict[str, Path]:
    """The Pythons to resolve with: the one that is given, or the running one and others found.

    Raises:
        InputError: what is given is no Python, or one that is too old.
    """
    here = {"{}.{}".format(*sys.version_info): Path(sys.executable)}
    if given is None:
        found = {**here, **{k: v for k, v in environments.find_pythons().items() if k not in here}}
        return {version: path for version, path in found.items() if Version(version) >= LEAST}
    version, _ = describe(str(given))
    if not version or Version(version) < LEAST:
        what = f"is Python {version}" if version else "does not run as a Python"
        raise InputError(f"{given} {what}; name one of {LEAST} or later: --python PATH")
    return {".".join(version.split(".")[:2]): given}


def package(framework: str) -> str:
    """What pip is asked for, to get a framework; of TensorFlow the small build, where there is."""
    small = sys.platform == "linux" and platform.machine() == "x86_64"
    if framework == "tensorflow" and small:
        return "tensorflow-cpu"
    return DISTRIBUTIONS.get(framework, framework)


def _newest(framework: str, pythons: Mapping[str, Path], pre: bool) -> dict[str, list[Path]]:
    """The newest release that one of the Pythons runs → the Pythons that run it.

    Raises:
        InputError: there is none.
    """
    found: dict[str, list[Path]] = {}
    errors: list[InputError] = []
    options = ["--no-deps", *(["--pre"] if pre else [])]
    for python in pythons.values():
        try:
            (version,) = _resolved(framework, python, [*options, package(framework)]).values()
        except UnreachableError:
            raise
        except InputError as error:
            errors.append(error)
        else:
            found.setdefault(version.split()[0].split("==")[1], []).append(python)
    if not found:
        raise errors[0]
    newest = max(found, key=Version)
    return {f"{framework}@{newest}": found[newest]}


def _lock(name: str, able: Sequence[Path], folder: Path, say: Say) -> Environment:
    """The lock of a release: the one that is kept, or a new one by the first Python that can.

    Raises:
        InputError: it cannot be read, or pip finds no environment for it.
        OutputError: it cannot be written.
    """
    file = folder / f"{name}.json"
    if file.exists():
        return _read(file)
    framework, _, version = name.partition("@")
    pin = f"{package(framework)}{EXTRAS.get(framework, '')}=={version}"
    errors: list[InputError] = []
    for python in able:
        say(f"{name}: resolving what it needs under {python}")
        try:
            pins = _resolved(name, python, [pin, *(["numpy"] if framework != "numpy" else [])])
        except UnreachableError:
            raise
        except InputError as error:
            errors.append(error)
            continue
        said, _ = describe(str(python))
        first = canonicalize_name(package(framework))
        requirements = (pins.pop(first), *(pins[key] for key in sorted(pins)))
        room = MEBIBYTES.get(framework, ROOM)
        lock = Environment(name, ".".join(said.split(".")[:2]), False, room, requirements)
        _write(file, msgspec.json.format(msgspec.json.encode(lock), indent=2) + b"\n")
        return lock
    raise errors[0]


def _resolved(name: str, python: Path, wanted: Sequence[str]) -> dict[str, str]:
    """What pip would install under a Python: canonical name → pin, with its hash if all have one.

    Raises:
        UnreachableError: no package index answers.
        InputError: pip finds nothing.
    """
    command = [str(python), "-m", "pip", "install", *OPTIONS, *wanted]
    shown = shlex.join([str(python), "-m", "pip", "install", *wanted])
    try:
        done = subprocess.run(
            command,
            capture_output=True,
            text=True,
            timeout=SECONDS,
            env=environments.variables(),
        )
        items = json.loads(done.stdout)["install"] if not done.returncode else []
    except (OSError, subprocess.TimeoutExpired, ValueError, KeyError) as error:
        raise InputError(f"{name}: pip cannot be asked, {error}; try: {shown}") from error
    if done.returncode:
        raise _failure(name, done.stderr, shown)
    told = [(item["metadata"], item["download_info"].get("archive_info", {})) for item in items]
    hashes = [archive.get("hashes", {}).get("sha256", "") for _, archive in told]
    return {
        canonicalize_name(about["name"]): f"{about['name']}=={about['version']}"
        + (f" --hash=sha256:{digest}" if all(hashes) else "")
        for (about, _), digest in zip(told, hashes, strict=True)
    }


def _failure(name: str, said: str, shown: str) -> InputError:
    """What to raise where pip gave up, by what it said."""
    if any(text in said.lower() for text in UNREACHABLE):
        return UnreachableError(
            f"{name}: no package index answers; look at the network, or ask what is kept: --offline"
        )
    lines = [line.strip() for line in said.splitlines() if line.strip()]
    errors = [line for line in lines if line.startswith(ERROR) and not line.startswith(MORE)]
    why = (errors or lines[-1:] or ["no word of why"])[0].removeprefix(ERROR)
    why = re.sub(r"\(from versions: ([^)]{60})[^)]*\)", r"(from versions: \1…)", why)
    return InputError(f"{name}: pip finds no environment for it, {why[:300]}; try: {shown}")


def _kept(name: str, folder: Path) -> Environment:
    """The lock of a release, or the newest one of a framework.

    Raises:
        InputError: there is none, or it cannot be read.
    """
    there: dict[Version, str] = {}
    for file in folder.glob(f"{name_of(name)}@*.json"):
        with contextlib.suppress(InvalidVersion):
            there[Version(file.stem.partition("@")[2])] = file.stem
    newest_last = [there[version] for version in sorted(there)]
    chosen = [release for release in newest_last if name in (release, name_of(release))]
    if not chosen:
        raise InputError(
            f"{name}: there is no lock of it in {folder}; a run with a network makes it"
        )
    return _read(folder / f"{chosen[-1]}.json")


def _read(file: Path) -> Environment:
    """A lock file; data only.

    Raises:
        InputError: it is none, or that of another release.
    """
    try:
        lock = msgspec.json.decode(file.read_bytes(), type=Environment)
    except (OSError, msgspec.DecodeError) as error:
        raise InputError(f"{file}: is no lock file, {error}; remove it, to make it anew") from error
    is_whole = lock.requirements and all(r.split() for r in lock.requirements)
    if lock.name != file.stem or not is_whole:
        raise InputError(f"{file}: locks {lock.name or 'nothing'}; remove it, to make it anew")
    return lock


def _write(file: Path, text: bytes) -> None:
    """Write a file that is whole or not there.

    Raises:
        OutputError: it cannot be written.
    """
    new = file.with_name(f".{file.name}.new")
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        new.write_bytes(text)
        os.replace(new, file)
    except OSError as error:
        with contextlib.suppress(OSError):
            new.unlink(missing_ok=True)
        raise OutputError(f"{file}: cannot be written, {error.strerror}") from error


def _built(lock: Environment, sought: Sought, say: Say) -> Built:
    """A release with its environment.

    Raises:
        InputError: it is not built, and cannot be.
    """
    folder = sought.environments.absolute()
    path = environments.find_built(lock, folder)
    if path is None and sought.offline:
        raise InputError(
            f"{lock.name}: it has no environment in {folder}, and --offline builds none"
        )
    if path is None:
        python = sought.python or _of_version(lock)
        path = environments.build(lock, folder, python, say)
    version, where = describe(str(path))
    return Built(lock.name, str(path), version, where, [*lock.requirements])


def _of_version(lock: Environment) -> Path:
    if lock.python == "{}.{}".format(*sys.version_info):
        return Path(sys.executable)
    python = environments.find_python(lock.python)
    if python is None:
        raise InputError(
            f"{lock.name}: its lock is of Python {lock.python}, and none was found on the PATH; "
            "install one, or remove the lock, to make it anew"
        )
    return python
