"""The pool on a cluster: the same questions as tasks of dask.distributed, the same events out.

A task is one :class:`~symgrad.numeric.remote.Batch`.  Who does it, and again if its worker is lost,
is for Dask to see to.  A batch whose workers were lost too often for Dask is split, until the
problem that is guilty is alone; that is then asked twice more with nothing beside it, as Dask holds
the loss of a worker against every task that was waiting there, or came before it was noticed.
"""

from __future__ import annotations

import math
import queue
import threading
import time
from collections import Counter, defaultdict, deque
from collections.abc import Container, Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple
from uuid import uuid4

import msgspec
from distributed import KilledWorker

from symgrad.court.errors import ClusterError
from symgrad.court.names import family
from symgrad.court.questions import Answered, Event, Finished, Problem, Reported, Started
from symgrad.numeric.conversation import first_mode, routes_of
from symgrad.numeric.journal import Record
from symgrad.numeric.remote import Answers, Batch, Who, answer, resource

if TYPE_CHECKING:
    from symgrad.cluster import Cluster

SIZE, ENTRIES = 64, 1024
"""Most problems in a batch, and most entries of all their matrices, if it has several: little work
to be lost with a worker, and much beside the milliseconds that a task takes Dask."""
SHARES = 4
"""Batches of a framework for each thread, if there are so many problems: all end together."""
AHEAD = 2
"""Batches of a framework that are with Dask, for each thread there: the next one is at hand."""
PATIENCE = 0.1
"""Seconds between two looks at whether it is still wanted."""
COUNTING = 1.0
"""Seconds between two looks at how many workers there are."""
TRIALS = 2
"""So many times a problem is asked with nothing beside it before it is taken for guilty."""
DIED = "each worker of the cluster that was asked this was lost"


class ClusterPool:
    """The workers of a cluster, asked as :class:`symgrad.numeric.pool.Pool` is."""

    def __init__(
        self,
        cluster: Cluster,
        names: Sequence[str],
        timeout: float,
        files: Sequence[str] = (),
        *,
        interpreters: Mapping[str, str] | None = None,
        journal: Record | None = None,
        memory: int | None = None,
        size: int | None = None,
    ) -> None:
        """Ask the frameworks of some ``names``; the rest is as there, within each worker.

        A batch has at most ``size`` problems; if nothing is said, so many that all threads have
        some to do.
        """
        self._cluster = cluster
        self._journal = journal
        self._size = size
        self._own = {Path(file).stem: (Path(file).name, Path(file).read_bytes()) for file in files}
        pythons = interpreters or {}
        self._who = {
            (name, stem): Who(name, pythons.get(name, ""), own, timeout, memory)
            for name in names
            for stem, own in (("", None), *self._own.items())
        }
        self._asked: defaultdict[Who, list[Problem]] = defaultdict(list)
        self._documents: list[tuple[Who, str]] = []
        self._owed: Counter[str] = Counter()
        self._events: queue.Queue[Event | Exception] = queue.Queue()
        self._working = len(names)
        self._started: dict[str, Started] = {}
        self._names = list(names)
        self._is_closed = False
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        for name in names:
            if journal and name in journal.started:
                self._start(journal.started[name])

    def __enter__(self) -> ClusterPool:
        return self

    def __exit__(self, *exception: object) -> None:
        self._ended.set()
        if self._thread.is_alive():
            self._thread.join(timeout=10)

    def ask(self, problem: Problem, names: Container[str] | None = None) -> None:
        """Put one problem to every framework, or to those among ``names``."""
        asked = family(problem.function)
        asked = asked if asked in self._own else ""
        for (name, stem), who in self._who.items():
            is_wanted = stem == asked and (names is None or name in names)
            if is_wanted and not self._recall(name, problem.id):
                self._asked[who].append(problem)
                self._owed[name] += 1

    def look_up(self, framework: str, name: str) -> None:
        """Ask one framework for the docstring of a public call: an ``Excerpt``."""
        if (framework, "") in self._who:
            self._documents.append((self._who[framework, ""], name))
            self._owed[framework] += 1

    def close(self) -> None:
        """Nothing more will be asked: what was asked goes to the cluster."""
        if not self._is_closed:
            self._is_closed = True
            for name in self._names:
                if not self._owed[name]:
                    self._events.put(Finished(name))
            self._thread.start()

    def events(self, wait: bool = True) -> Iterator[Event]:
        """What the frameworks say, as it comes, until all have finished.

        Without ``wait``, what they have said already.

        Raises:
            ClusterError: the cluster is gone, or cannot do what it is asked.
        """
        while self._working:
            try:
                event = self._events.get(wait)
            except queue.Empty:
                return
            if isinstance(event, Exception):
                raise event
            self._working -= isinstance(event, Finished)
            yield event

    def _recall(self, framework: str, problem: int) -> bool:
        """Say again what the journal has of the problem, if it has all of it."""
        recorded = self._journal.recorded.get((framework, problem)) if self._journal else None
        for report in recorded or ():
            self._events.put(report)
        if recorded is not None:
            self._events.put(Answered(framework, problem))
        return recorded is not None

    def _run(self) -> None:
        try:
            with Distribution(self._cluster, self._batches()) as distribution:
                for batch, said in distribution.results(self._ended):
                    self._take_in(batch, said)
        except Exception as error:  # is raised where the events are read
            self._events.put(error)

    def _batches(self) -> list[Batch]:
        """All that is to be done."""
        batches: list[Batch] = []
        shares = SHARES * self._cluster.threads()
        for who, asked in self._asked.items():
            size = self._size or min(SIZE, math.ceil(len(asked) / shares))
            batches += [Batch(who, tuple(part)) for part in in_parts(asked, size)]
        return [*batches, *(Batch(who, (), (name,)) for who, name in self._documents)]

    def _take_in(self, batch: Batch, said: Answers | None) -> None:
        """Write down what was said, then tell it; if nothing was, that the workers were lost."""
        framework = batch.who.framework
        if said is not None and said.started and framework not in self._started:
            self._write(framework, [said.hello])
            self._start(said.started)
        if said is not None:
            self._write(framework, said.lines)
        for event in said.events if said is not None else self._lost(batch):
            self._events.put(event)
        self._owed[framework] -= batch.weight
        if not self._owed[framework]:
            self._events.put(Finished(framework))

    def _start(self, started: Started) -> None:
        self._started[started.framework] = started
        self._events.put(started)

    def _write(self, framework: str, lines: Sequence[bytes]) -> None:
        if self._journal is not None:
            for line in lines:
                self._journal.write(framework, line)

    def _lost(self, batch: Batch) -> Iterator[Event]:
        """A failed report for each route, as of one that has cost a worker on this machine."""
        name = batch.who.framework
        hello = self._started.get(name)
        version = hello.version if hello else ""
        for problem in batch.problems:
            request = msgspec.to_builtins(problem)
            for route in routes_of(request, hello):
                about = (problem.id, name, version, route)
                yield Reported(*about, mode=first_mode(request), error=DIED, worker_died=True)
            yield Answered(name, problem.id)


def in_parts(asked: Sequence[Problem], size: int) -> Iterator[list[Problem]]:
    """The problems, in order, in parts that are each a batch."""
    part: list[Problem] = []
    entries = 0
    for problem in asked:
        more = len(problem.matrix) ** 2
        if part and (len(part) == size or entries + more > ENTRIES):
            yield part
            part, entries = [], 0
        part.append(problem)
        entries += more
    if part:
        yield part


class Errand(NamedTuple):
    """A batch that Dask has; of a problem that has no other beside it, which trial it is."""

    batch: Batch
    future: Any
    trial: int


class Distribution:
    """Batches on their way; a context manager that calls back those that are not done.

    Dask is given no more of a framework than keeps its workers busy: it assigns at once whatever
    not every worker can do, and when a worker is lost, blames all that it had been assigned.
    """

    def __init__(self, cluster: Cluster, batches: Sequence[Batch]) -> None:
        self._cluster = cluster
        self._waiting: defaultdict[str, deque[Batch]] = defaultdict(deque)
        for batch in batches:
            self._waiting[batch.who.framework].append(batch)
        self._suspects: deque[tuple[Batch, int]] = deque()
        self._out: dict[str, Errand] = {}
        self._done: queue.Queue[Any] = queue.Queue()
        self._counted = -math.inf
        self._room = 0

    def __enter__(self) -> Distribution:
        return self

    def __exit__(self, *exception: object) -> None:
        for errand in self._out.values():
            errand.future.release()

    def results(self, ended: threading.Event) -> Iterator[tuple[Batch, Answers | None]]:
        """What came of each batch, as it comes, until it is ``ended``.

        Nothing came of a single problem whose workers were lost whenever it was asked.

        Raises:
            ClusterError: the cluster is gone, or a batch cannot be asked there.
        """
        while not ended.is_set() and self._deal():
            with suppress(queue.Empty):
                yield from self._settle(self._done.get(timeout=PATIENCE))

    def _deal(self) -> bool:
        """Give Dask what it is to have; whether it has anything."""
        if time.monotonic() - self._counted > COUNTING:
            self._room, self._counted = AHEAD * self._cluster.threads(), time.monotonic()
        out = Counter(errand.batch.who.framework for errand in self._out.values())
        for name, waiting in self._waiting.items():
            for _ in range(min(self._room - out[name], len(waiting))):
                self._submit(waiting.popleft())
        if not self._out and self._suspects:
            self._submit(*self._suspects.popleft())
        return bool(self._out)

    def _submit(self, batch: Batch, trial: int = 0) -> None:
        who, key = batch.who, f"symgrad-answer-{uuid4().hex}"
        future = self._cluster.submit(answer, batch, key=key, needs=self._needs(who))
        self._out[key] = Errand(batch, future, trial)
        future.add_done_callback(self._done.put)

    def _needs(self, who: Who) -> str:
        """What a worker has to have; nothing where the framework has an interpreter of its own."""
        if who.interpreter:
            return ""
        return resource(who.framework, self._cluster.frameworks[who.framework][1])

    def _settle(self, future: Any) -> Iterator[tuple[Batch, Answers | None]]:
        batch, _, trial = self._out.pop(future.key)
        try:
            said = self._cluster.result(future)
        except KilledWorker:
            if batch.weight > 1:
                self._waiting[batch.who.framework].extendleft(batch.halves())
            elif trial < TRIALS:
                self._suspects.append((batch, trial + 1))
            else:
                yield batch, None
        except ClusterError:
            raise
        except Exception as error:
            what = " ".join(f"{type(error).__name__}: {error}".split())
            raise ClusterError(
                f"{batch.who.framework} cannot be asked on the cluster, {what}"
            ) from error
        else:
            yield batch, said
