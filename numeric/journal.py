"""The journal: what the workers have said, on disk, so that an interrupted run need not ask again.

A file of JSON lines.  The first names the run by its fingerprint; each of the others is one line of
a worker, as it wrote it, with its framework.  A problem counts as answered once its worker has said
that it is done; a docstring or the death of a worker is not recorded.
"""

from __future__ import annotations

import fcntl
import json
import sys
from collections import defaultdict
from collections.abc import Mapping, Sequence
from contextlib import suppress
from hashlib import sha256
from importlib import metadata
from pathlib import Path
from typing import Protocol

import msgspec

from symgrad.court import VERSION
from symgrad.court.errors import InputError, OutputError
from symgrad.court.questions import Mode, Problem, Reported, Started
from symgrad.numeric.conversation import MALFORMED, reported, started

MARK = b'{"journal": "'
"""What every journal begins with; any other file is left alone."""


def installed_versions() -> dict[str, str]:
    """The versions of all packages that are installed; nothing is imported."""
    return {str(package.name): package.version for package in metadata.distributions()}


def digest(file: Path) -> str:
    """The SHA-256 of its content."""
    return sha256(file.read_bytes()).hexdigest()


def fingerprint(
    problems: Sequence[Problem], versions: Mapping[str, str], files: Sequence[str] = ()
) -> str:
    """What a run is known by: everything that may change an answer, as a SHA-256.

    These are the problems with their numbers, the versions of packages, Python and toolkit, the
    source of the routes, and the users' own ``files``.
    """
    sources = [*sorted(Path(__file__).parent.rglob("*.py")), *map(Path, files)]
    parts = {
        "problems": sha256(msgspec.json.encode(problems)).hexdigest(),
        "versions": dict(versions),
        "python": sys.version,
        "toolkit": VERSION,
        "sources": [digest(source) for source in sources],
    }
    return sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()


class Record(Protocol):
    """Where a worker's lines are written, and what is there from before."""

    started: dict[str, Started]
    recorded: dict[tuple[str, int], list[Reported]]

    def write(self, framework: str, line: bytes) -> None:
        """Put down one line of a worker."""


class Journal:
    """A file that is read once, when it is opened, and from then on written; a context manager.

    ``started`` has what is known of each framework, and ``recorded`` the reports on each problem
    that a framework has answered.  A journal of another run is begun anew.

    Raises:
        InputError: the file is none of a journal.
        OutputError: another run is writing it, or it cannot be written.
    """

    def __init__(self, path: Path, fingerprint: str) -> None:
        self.started: dict[str, Started] = {}
        self.recorded: dict[tuple[str, int], list[Reported]] = {}
        header = MARK + fingerprint.encode() + b'"}\n'
        self.failure = ""
        try:
            self._file = path.open("a+b")
            self._take_over(path, header)
        except OSError as error:
            raise OutputError(f"{path}: cannot be written, {error.strerror}") from error

    def __enter__(self) -> Journal:
        return self

    def __exit__(self, *exception: object) -> None:
        with suppress(OSError):  # what there was no room for before
            self._file.close()

    def write(self, framework: str, line: bytes) -> None:
        """Put down one line of a worker, at once; nothing more once there is no room."""
        if self.failure:
            return
        name = json.dumps(framework).encode()
        try:
            self._file.write(b'{"framework": %s, "answer": %s}\n' % (name, line.strip()))
            self._file.flush()
        except OSError as error:  # the run goes on: it can only not be continued from here
            self.failure = error.strerror or str(error)

    def _take_over(self, path: Path, header: bytes) -> None:
        """Read what is there, and be ready to write after it."""
        try:
            self._claim(path)
            usable = self._read(header)
            self._file.truncate(usable)
            self._file.seek(usable)
            if not usable:
                self._file.write(header)
                self._file.flush()
        except BaseException:
            self._file.close()
            raise

    def _claim(self, path: Path) -> None:
        """Check that the file may be written."""
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise OutputError(f"{path}: another run is writing this journal") from None
        self._file.seek(0)
        beginning = self._file.read(len(MARK))
        if not MARK.startswith(beginning):
            raise InputError(f"{path}: is no journal of this toolkit; it is left as it is")

    def _read(self, header: bytes) -> int:
        """Take in what can be used; its length in bytes."""
        self._file.seek(0)
        if self._file.readline() != header:
            return 0
        length = len(header)
        unfinished: defaultdict[tuple[str, int], dict[tuple[str, Mode], Reported]]
        unfinished = defaultdict(dict)
        for line in self._file:
            try:
                self._understand(line, unfinished)
            except MALFORMED:
                break
            length += len(line)
        return length

    def _understand(
        self, line: bytes, unfinished: dict[tuple[str, int], dict[tuple[str, Mode], Reported]]
    ) -> None:
        """Take in one line; a route that was asked again takes the place of what it said before."""
        if not line.endswith(b"\n"):
            raise ValueError("the line is torn")
        entry = json.loads(line)
        framework, answer = str(entry["framework"]), entry["answer"]
        if "hello" in answer:
            self.started[framework] = started(framework, answer)
        elif "done" in answer:
            key = (framework, answer["done"])
            self.recorded[key] = list(unfinished.pop(key, {}).values())
        else:
            report = reported(framework, self.started[framework].version, answer)
            unfinished[framework, report.problem][report.route, report.mode] = report
