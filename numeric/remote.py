"""What runs on the workers of a cluster: batches of problems, each for one framework.

A worker of dask.distributed keeps a framework's own process (a :class:`Desk`) from one batch to
the next, so that it is imported once.  The process is under its keeper, as on the user's machine:
a framework that crashes costs the rows of its route, and the worker of Dask never notices.
"""

from __future__ import annotations

import platform
import tempfile
import threading
import time
from collections import defaultdict
from contextlib import ExitStack
from functools import cache
from hashlib import sha256
from importlib import metadata
from pathlib import Path
from typing import NamedTuple

from distributed import Worker, WorkerPlugin
from distributed.core import Status
from tornado.ioloop import PeriodicCallback

from symgrad.court import VERSION
from symgrad.court.questions import Answered, Event, Excerpt, Problem, Reported, Started
from symgrad.numeric.journal import digest, installed_versions
from symgrad.numeric.pool import Pool, is_installed, known_frameworks

IDLE = 600.0
"""Seconds after which a process that nobody asks is ended; its client may have been killed."""


class Environment(NamedTuple):
    """What a process of the cluster runs; ``code`` is a digest of the source of both sides."""

    symgrad: str
    code: str
    python: str
    msgspec: str
    sympy: str
    flint: str


@cache
def environment() -> Environment:
    """That of this process; nothing is imported."""
    python = ".".join(platform.python_version_tuple()[:2])
    rooms = [Path(__file__).parent.parent / room for room in ("court", "numeric", "symbolic")]
    files = [file for room in rooms for file in sorted(room.rglob("*.py"))]
    code = sha256("".join(map(digest, files)).encode()).hexdigest()
    packages = map(metadata.version, ("msgspec", "sympy", "python-flint"))
    return Environment(VERSION, code, python, *packages)


@cache
def found() -> dict[str, tuple[str, str]]:
    """The frameworks that are installed here: the package that brings each, and its version."""
    versions, brought = installed_versions(), metadata.packages_distributions()
    names = {
        name: name if name in versions else brought.get(name, [name])[0]
        for name in known_frameworks()
        if is_installed(name)
    }
    return {name: (package, versions.get(package, "")) for name, package in names.items()}


def resource(framework: str, version: str) -> str:
    """What Dask calls the ability to ask a framework of a version by this very source."""
    return f"symgrad-{environment().code[:12]}-{framework}-{version}"


class Equipment(WorkerPlugin):  # type: ignore[misc]  # Dask's classes have no types
    """Tells Dask which frameworks each worker has, those too that come later."""

    async def setup(self, worker: Worker) -> None:
        """Tell it."""
        has = {resource(name, version): 1e6 for name, (_, version) in found().items()}
        await worker.set_resources(**has)
        if worker.status == Status.running:
            # the scheduler looks at the tasks that no worker could do when one begins to run, and
            # not when one is told to be able to
            worker.status = Status.paused
            worker.status = Status.running
        self._sweep = PeriodicCallback(_sweep, 1000 * IDLE)
        self._sweep.start()

    def teardown(self, worker: Worker) -> None:
        """End the frameworks' processes that are not at work."""
        self._sweep.stop()
        close_idle()


class Who(NamedTuple):
    """Which process is asked: the framework, its interpreter if it has one, and within what.

    ``file`` is a user's matrix function, by name and content.
    """

    framework: str
    interpreter: str
    file: tuple[str, bytes] | None
    timeout: float
    memory: int | None


class Batch(NamedTuple):
    """A task: problems for one process; ``documents`` are calls whose docstrings are read."""

    who: Who
    problems: tuple[Problem, ...]
    documents: tuple[str, ...] = ()

    @property
    def weight(self) -> int:
        """How much is asked."""
        return len(self.problems) + len(self.documents)

    def halves(self) -> list[Batch]:
        """The same in two batches."""
        k = len(self.problems) // 2
        return [Batch(self.who, self.problems[:k]), Batch(self.who, self.problems[k:])]


class Answers(NamedTuple):
    """What came of a batch: the events, and the lines that a journal has of them.

    ``hello`` is the line by which the process said that it had ``started``, however long ago.
    """

    started: Started | None
    hello: bytes
    events: list[Event]
    lines: list[bytes]


class Desk:
    """A pool of one framework that is asked again and again, and writes down the lines."""

    def __init__(self, who: Who) -> None:
        self.started_as: Started | None = None
        self.started: dict[str, Started] = {}  # as a journal has them: nothing from before
        self.recorded: dict[tuple[str, int], list[Reported]] = {}
        self._framework = who.framework
        self._hello = b""
        self._lines: list[bytes] = []
        self._kept = ExitStack()
        files = []
        if who.file:
            name, content = who.file
            folder = self._kept.enter_context(tempfile.TemporaryDirectory(prefix="symgrad-"))
            files = [str(Path(folder) / name)]
            Path(files[0]).write_bytes(content)
        pool = Pool(
            *([who.framework], who.timeout, files),
            interpreters={who.framework: who.interpreter} if who.interpreter else {},
            journal=self,
            memory=who.memory,
        )
        self._pool = self._kept.enter_context(pool)

    def write(self, framework: str, line: bytes) -> None:
        """Keep one line of the process, as a journal does."""
        if line.startswith(b'{"hello"'):
            self._hello = line
        else:
            self._lines.append(line)

    def ask(self, batch: Batch) -> Answers:
        """What it says of the batch."""
        for problem in batch.problems:
            self._pool.ask(problem)
        for name in batch.documents:
            self._pool.look_up(self._framework, name)
        owed = {problem.id for problem in batch.problems}
        unread = len(batch.documents)
        events: list[Event] = []
        for event in self._pool.events() if owed or unread else ():
            if isinstance(event, Started):
                self.started_as = event
                continue
            events.append(event)
            if isinstance(event, Answered):
                owed.discard(event.problem)
            unread -= isinstance(event, Excerpt)
            if not owed and not unread:
                break
        lines, self._lines = self._lines, []
        return Answers(self.started_as, self._hello, events, lines)

    @property
    def is_fit(self) -> bool:
        """Whether it can be asked again."""
        return not self._pool.is_lost

    def close(self) -> None:
        """End its process, and leave nothing behind."""
        self._kept.close()


_idle: defaultdict[Who, list[tuple[float, Desk]]] = defaultdict(list)
"""The processes that are not at work, with the time since when."""
_lock = threading.Lock()


def answer(batch: Batch) -> Answers:
    """Ask the process that is kept here, or a new one."""
    desk = _take(batch.who)
    try:
        said = desk.ask(batch)
    except BaseException:
        desk.close()
        raise
    if desk.is_fit:
        with _lock:
            _idle[batch.who].append((time.monotonic(), desk))
    else:
        desk.close()
    return said


def _take(who: Who) -> Desk:
    while True:
        with _lock:
            desk = _idle[who].pop()[1] if _idle[who] else None
        if desk is None:
            return Desk(who)
        if desk.is_fit:
            return desk
        desk.close()  # the system has ended it in the meantime


def close_idle(seconds: float = 0.0) -> None:
    """End all processes that have not been at work for so long."""
    until = time.monotonic() - seconds
    closed: list[Desk] = []
    with _lock:
        for who, desks in _idle.items():
            closed += [desk for since, desk in desks if since <= until]
            _idle[who] = [(since, desk) for since, desk in desks if since > until]
    for desk in closed:
        desk.close()


def _sweep() -> None:
    threading.Thread(target=close_idle, args=(IDLE,)).start()  # Dask's loop is not held up


def kept() -> list[str]:
    """The frameworks whose processes are kept here, idle."""
    return sorted(who.framework for who, desks in _idle.items() for _ in desks)
