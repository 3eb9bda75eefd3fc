"""The pool: the workers of all frameworks, asked the same, their answers in one stream.

What goes wrong with one worker (see :mod:`symgrad.numeric.conversation`) the others never notice.
"""

from __future__ import annotations

import asyncio
import functools
import importlib.util
import pkgutil
import queue
import sys
import threading
from collections import Counter
from collections.abc import Container, Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, Protocol

import msgspec
import numpy as np

from symgrad.court.names import family
from symgrad.court.questions import Answered, Device, Event, Finished, Problem, Started
from symgrad.numeric import former, frameworks, transport
from symgrad.numeric.conversation import Conversation
from symgrad.numeric.journal import Record

WORKER = Path(__file__).with_name("worker.py")
CATALOGUE = ""
"""Where the routes of a worker are from, if not from a user's file: that has its stem here."""
FIRST = ("numpy", "torch", "tensorflow")
"""The frameworks that the toolkit began with, and that are named first."""
SLOWEST = "tensorflow"
"""Its import takes longer than all that the others do: where all workers run at once they yield to
it, so that nobody waits for it in the end."""

NEEDS = {"torch.compile": "a C++ compiler, g++ or clang++"}
"""What an execution has to have beside its framework."""


def known_frameworks() -> list[str]:
    """The frameworks that have a file in ``numeric/frameworks``, the first ones first."""
    return list(_listed())


@functools.cache
def _listed() -> tuple[str, ...]:
    names = sorted(module.name for module in pkgutil.iter_modules(frameworks.__path__))
    return tuple(sorted(names, key=lambda name: FIRST.index(name) if name in FIRST else 99))


ON_DEVICES = ("torch", "jax")
"""The frameworks that are asked on an accelerator."""


BY_DTYPE = ("jax",)
"""The frameworks that compile what they do once for each dtype: one worker has all problems of a
dtype, as long as no other has much less to do."""
LEAD = 100
"""So many problems more than another worker has."""


def all_frameworks() -> list[str]:
    """Those, and the ones that have ended and can only be run under an older interpreter."""
    return [*known_frameworks(), *former.ENDED]


def is_installed(framework: str) -> bool:
    """Whether the framework's module can be found; nothing is imported."""
    return importlib.util.find_spec(framework) is not None


class Asking(Protocol):
    """Frameworks that can be asked: a context manager that leaves nothing behind it.

    Ask everything, then iterate over :meth:`events`, which ends when all have finished.
    """

    def __enter__(self) -> Asking:
        """Begin."""

    def __exit__(self, *exception: object) -> None:
        """End what is still at work."""

    def ask(self, problem: Problem, names: Container[str] | None = None) -> None:
        """Put one problem to every framework, or to those among ``names``."""

    def look_up(self, framework: str, name: str) -> None:
        """Ask one framework for the docstring of a public call: an :class:`Excerpt`."""

    def close(self) -> None:
        """Nothing more will be asked."""

    def events(self, wait: bool = True) -> Iterator[Event]:
        """What is said, as it comes; without ``wait``, what has been said already."""


class Pool:
    """All the workers; a context manager that leaves no process behind.

    Ask everything, then iterate over :meth:`events`, which ends when every worker has finished.
    """

    def __init__(
        self,
        names: Sequence[str],
        timeout: float,
        files: Sequence[str] = (),
        *,
        interpreters: Mapping[str, str] | None = None,
        jobs: int | None = None,
        journal: Record | None = None,
        memory: int | None = None,
        device: Device = "cpu",
    ) -> None:
        """Start a worker per framework name; ``timeout`` is the longest silence in seconds.

        ``files`` are users' own matrix functions.  Each has workers of its own, as it may change a
        framework for all that is asked after it, and with files no worker starts before it is
        asked.  ``interpreters`` has the Python of a framework,
        by name, where it is another than this one.  With ``jobs``, at most so many processes run at
        once, and the next one starts when one has ended, which none does before :meth:`close`;
        several workers of a framework share its problems.
        ``memory`` is what each process may have, in MiB of address space, and ``device`` where they
        compute.
        What the ``journal`` has is not asked again, and what it lacks is written to it.
        """
        if jobs is not None and jobs < 1:
            raise ValueError(f"{jobs} jobs: at least one worker must run")
        self._events: queue.Queue[Event] = queue.Queue()
        self._loop = asyncio.new_event_loop()
        self._journal = journal
        known = journal.started if journal else {}
        record = journal.write if journal else _forget
        self._own = {Path(file).stem: str(Path(file).resolve()) for file in files}
        self._workers: dict[tuple[str, str], list[Conversation]] = {
            (name, stem): [
                Conversation(
                    *(name, self._emit, record, timeout),
                    at_once=shard == 0 and name not in known and not files,
                    memory=memory,
                    yields=jobs is None and SLOWEST in names and name != SLOWEST,
                    device=device,
                )
                for shard in range(count)
            ]
            for name, count in _shards(names, jobs).items()
            for stem in (CATALOGUE, *self._own)
        }
        pythons = interpreters or {}
        self._commands = {
            (name, stem): [pythons.get(name, sys.executable), str(WORKER), name, *own_file]
            for name in names
            for stem, *own_file in ((CATALOGUE,), *self._own.items())
        }
        self._jobs = jobs or len(self._workers) or 1
        self._started: set[str] = set()
        self._unfinished = Counter(worker.framework for worker in self._all())
        self._working = len(self._unfinished)
        self._dealt: dict[tuple[str, str], list[int]] = {
            who: [0] * len(shards) for who, shards in self._workers.items()
        }
        self._dtypes: list[str] = []
        self._next_document = 0
        self._closed = False
        self._thread = threading.Thread(target=self._run, daemon=True)
        for name in names:
            if name in known:
                self._emit(known[name])

    def _run(self) -> None:
        async def everyone() -> None:
            places = asyncio.Semaphore(self._jobs)
            await asyncio.gather(
                *(
                    worker.run(self._commands[who], places)
                    for who, shards in self._workers.items()
                    for worker in shards
                )
            )

        asyncio.set_event_loop(self._loop)
        self._loop.run_until_complete(everyone())
        self._loop.close()

    def __enter__(self) -> Pool:
        self._thread.start()
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()  # first: no conversation ends before it is told so, nor does the loop
        for worker in self._all():
            with suppress(RuntimeError):  # all have ended, and so has the loop
                self._loop.call_soon_threadsafe(worker.kill)
        if self._thread.is_alive():
            self._thread.join(timeout=10)

    def ask(self, problem: Problem, names: Container[str] | None = None) -> None:
        """Put one problem to a worker of every framework, or of those among ``names``."""
        request = _request(problem)
        asked = family(problem.function)
        asked = asked if asked in self._own else CATALOGUE
        for (name, stem), shards in self._workers.items():
            is_wanted = stem == asked and (names is None or name in names)
            if is_wanted and not self._recall(name, problem.id):
                self._send(shards[self._deal(name, stem, problem.dtype)], request)

    def _deal(self, name: str, stem: str, dtype: str) -> int:
        """The number of the worker that a problem is for."""
        dealt = self._dealt[name, stem]
        place = least = min(range(len(dealt)), key=dealt.__getitem__)
        if name in BY_DTYPE:
            if dtype not in self._dtypes:
                self._dtypes.append(dtype)
            own = self._dtypes.index(dtype) % len(dealt)
            place = own if dealt[own] - dealt[least] < LEAD else least
        dealt[place] += 1
        return place

    def look_up(self, framework: str, name: str) -> None:
        """Ask one framework for the docstring of a public call: an :class:`Excerpt`."""
        self._next_document -= 1
        for worker in self._workers.get((framework, CATALOGUE), [])[:1]:
            self._send(worker, {"id": self._next_document, "document": name})

    def close(self) -> None:
        """Nothing more will be asked."""
        if not self._closed:
            self._closed = True
            for worker in self._all():
                self._send(worker, None)

    def events(self, wait: bool = True) -> Iterator[Event]:
        """What the workers say, as it comes, until all have finished.

        Without ``wait``, what they have said already.
        """
        while self._working:
            try:
                event = self._events.get(wait)
            except queue.Empty:
                return
            self._working -= isinstance(event, Finished)
            yield event

    @property
    def is_lost(self) -> bool:
        """Whether a worker is of no more use: what it is asked from now on fails."""
        return any(worker.is_lost for worker in self._all())

    def _all(self) -> Iterator[Conversation]:
        return (worker for shards in self._workers.values() for worker in shards)

    def _send(self, worker: Conversation, request: dict[str, Any] | None) -> None:
        self._loop.call_soon_threadsafe(worker.ask, request)

    def _recall(self, framework: str, problem: int) -> bool:
        """Say again what the journal has of the problem, if it has all of it."""
        recorded = self._journal.recorded.get((framework, problem)) if self._journal else None
        if recorded is None:
            return False
        for report in recorded:
            self._events.put(report)
        self._events.put(Answered(framework, problem))
        return True

    def _emit(self, event: Event) -> None:
        """Pass on what a worker said, a framework's start and end once for all its workers."""
        if isinstance(event, Started):
            if event.framework in self._started:
                return
            self._started.add(event.framework)
        elif isinstance(event, Finished):
            self._unfinished[event.framework] -= 1
            if self._unfinished[event.framework]:
                return
        self._events.put(event)


def _shards(names: Sequence[str], jobs: int | None) -> dict[str, int]:
    """How many workers each framework has: its share of the jobs.

    At least two, if so many may run at once, so that the slowest never goes on alone for long.
    """
    if jobs in (None, 1):
        return dict.fromkeys(names, 1)
    share, left = divmod(jobs or 0, len(names) or 1)
    return {name: max(2, share + (k < left)) for k, name in enumerate(names)}


def _request(problem: Problem) -> dict[str, Any]:
    """The problem as a worker reads it, its matrix packed."""
    plain = msgspec.structs.replace(problem, matrix=[], imaginary=None)
    A, B = np.array(problem.matrix), problem.imaginary
    matrix = transport.pack(A if B is None else A + 1j * np.array(B))
    return {**msgspec.to_builtins(plain), "matrix": matrix}


def _forget(framework: str, line: bytes) -> None:
    """What is done with a worker's line where there is no journal."""
