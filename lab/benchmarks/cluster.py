"""What a cluster costs and gives: ``python -m lab.benchmarks.cluster [FRAMEWORK]...``.

The atlas's default set is asked of some frameworks by processes here, and on clusters of one and
two workers of this machine, frameworks imported beforehand: gradients per second, of the clock and
of the processor, what Dask takes for a task, what a reference takes, and memory.  The figures of
docs/scale.md are from it.  On a machine that is busy, compare seconds of the processor.
"""

from __future__ import annotations

import logging
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import psutil
from distributed import Client, LocalCluster
from rich.console import Console
from rich.table import Table

from symgrad.cluster import Cluster, connect
from symgrad.court.questions import Answered, Choice, Problem, Reported, Resources
from symgrad.numeric.cluster import SIZE, ClusterPool, Distribution, in_parts
from symgrad.numeric.pool import Asking, Pool
from symgrad.numeric.remote import Batch, Who, kept
from symgrad.studies.atlas.cases import atlas
from symgrad.symbolic import tasks
from symgrad.symbolic.limits import Limits

FRAMEWORKS = ("numpy", "torch")
WORKERS = (1, 2)
TASKS = 500
"""Empty tasks, for the cost of one."""
THIRD = 3
"""Of so many cases, one is put to the exact side."""
QUICK = 24
"""Problems of the quick version."""
TIMEOUT = 300.0
MEBIBYTE = 2**20


class Spent(NamedTuple):
    """Seconds of the clock, and of the processor by who took them."""

    clock: float
    processor: Counter[str]

    @classmethod
    def so_far(cls) -> Spent:
        """Since this process began."""
        taken: Counter[str] = Counter()
        for process, kind in family():
            times = process.cpu_times()
            taken[kind] += times.user + times.system
            if kind == "worker of Dask":  # its children that have ended are the exact side
                taken["exact side"] += times.children_user + times.children_system
        return cls(time.perf_counter(), taken)

    def since(self, before: Spent) -> Spent:
        """What was taken in between."""
        gone = Counter({k: t - before.processor[k] for k, t in self.processor.items()})
        return Spent(self.clock - before.clock, gone)


def family() -> list[tuple[psutil.Process, str]]:
    """This process and those that it has started, with what each is."""
    here = psutil.Process()
    found = [(here, "client and scheduler")]
    for process in here.children(recursive=True):
        try:
            words = process.cmdline()
        except psutil.Error:
            continue
        named = [word.rpartition("/")[2] for word in words]
        if "keeper.py" in named:
            found.append((process, "keeper"))
        elif "worker.py" in named:
            found.append((process, named[named.index("worker.py") + 1]))
        elif any("spawn_main" in word for word in words):
            found.append((process, "worker of Dask"))
    return found


def memory() -> dict[str, int]:
    """The largest process of each kind, in MiB."""
    largest: Counter[str] = Counter()
    for process, kind in family():
        largest[kind] = max(largest[kind], process.memory_info().rss // MEBIBYTE)
    return dict(largest)


def timed(work: Callable[[], Any]) -> tuple[Any, Spent]:
    """What work gives, and what it takes."""
    before = Spent.so_far()
    found = work()
    return found, Spent.so_far().since(before)


def hear(pool: Asking, problems: Sequence[Problem]) -> int:
    """How many gradients, or errors in the place of one, are reported."""
    with pool:
        for problem in problems:
            pool.ask(problem)
        pool.close()
        return sum(isinstance(event, Reported) for event in pool.events())


def by_processes(names: Sequence[str], problems: Sequence[Problem]) -> tuple[int, Spent]:
    """The same without a cluster, by one process of each framework, once it has answered."""
    with Pool(names, TIMEOUT) as pool:
        pool.ask(problems[0])
        events, left = pool.events(), len(names)
        while left:
            left -= isinstance(next(events), Answered)
        before = Spent.so_far()
        for problem in problems[1:]:
            pool.ask(problem)
        count, left = 0, (len(problems) - 1) * len(names)
        while left:
            event = next(events)
            count += isinstance(event, Reported)
            left -= isinstance(event, Answered)
        return count, Spent.so_far().since(before)


def warm_up(
    client: Client, cluster: Cluster, names: Sequence[str], problems: Sequence[Problem]
) -> None:
    """Ask until each worker has imported every framework."""
    while any(sorted(names) != there for there in client.run(kept).values()):
        hear(ClusterPool(cluster, names, TIMEOUT, size=1), problems[: 4 * cluster.threads()])


def empty(cluster: Cluster, name: str) -> int:
    """Do tasks in which nothing is asked."""
    batches = [Batch(Who(name, "", None, TIMEOUT, None), ())] * TASKS
    with Distribution(cluster, batches) as distribution:
        return sum(1 for _ in distribution.results(threading.Event()))


class Measured(NamedTuple):
    """What one cluster took."""

    workers: int
    gradients: int
    asked: Spent
    tasks: int
    nothing: Spent
    references: int
    derived: Spent
    memory: dict[str, int]


def measure(workers: int, names: Sequence[str], cases: Sequence[Any]) -> Measured:
    """All of it on a cluster of so many workers."""
    problems = [case.problem(number) for number, case in enumerate(cases)]
    with (
        LocalCluster(
            n_workers=workers,
            threads_per_worker=1,
            processes=True,
            dashboard_address="127.0.0.1:0",
            silence_logs=logging.CRITICAL,
        ) as local,
        connect(local.scheduler_address) as cluster,
        Client(local, set_as_default=False) as client,
    ):
        warm_up(client, cluster, names, problems)
        count, asked = timed(
            lambda: hear(ClusterPool(cluster, names, TIMEOUT, size=SIZE), problems)
        )
        _, nothing = timed(lambda: empty(cluster, names[0]))
        list(tasks.references(cluster, cases[: 4 * workers], Limits(TIMEOUT)))
        fresh = cases[4 * workers :: THIRD]
        found, derived = timed(lambda: list(tasks.references(cluster, fresh, Limits(TIMEOUT))))
        batches = len(names) * sum(1 for _ in in_parts(problems, SIZE))
        about = (workers, count, asked, batches, nothing, len(found), derived)
        return Measured(*about, memory())


def row(what: str, count: int, spent: Spent, of: Sequence[str]) -> list[str]:
    """A line: so many in so long, and what a second of the processor gives."""
    processor = sum(spent.processor[kind] for kind in of) if of else spent.processor.total()
    return [
        what,
        str(count),
        f"{spent.clock:.1f} s",
        f"{count / spent.clock:.0f}/s",
        f"{spent.processor.total():.1f} s",
        f"{count / processor:.0f}/s" if processor else "",
    ]


def main(names: Sequence[str], quick: bool) -> None:
    """Measure and show."""
    choice = Choice(resources=Resources(frameworks=list(names), timeout=TIMEOUT), size=3, points=1)
    cases = atlas(choice)[: QUICK if quick else None]
    problems = [case.problem(number) for number, case in enumerate(cases)]
    console = Console(width=130)
    table = Table(title=f"{', '.join(names)}: {len(cases)} problems each", title_justify="left")
    for name in ("", "count", "clock", "by the clock", "processor", "by its seconds"):
        table.add_column(name, justify="left" if not name else "right")
    count, spent = by_processes(names, problems)
    table.add_row(*row("gradients, processes here", count, spent, ()))
    measured = [measure(workers, names, cases) for workers in WORKERS]
    for m in measured:
        table.add_row(*row(f"gradients, {m.workers} on a cluster", m.gradients, m.asked, ()))
        table.add_row(*row(f"empty tasks, {m.workers}", TASKS, m.nothing, ()))
        table.add_row(*row(f"references, {m.workers}", m.references, m.derived, ()))
    console.print(table)
    for m in measured:
        client, worker = (
            1000 * m.asked.processor[kind] / m.tasks
            for kind in ("client and scheduler", "worker of Dask")
        )
        share = (client + worker) * m.tasks / 1000 / m.asked.processor.total()
        console.print(
            f"{m.workers}: each of {m.tasks} tasks took the client and the scheduler {client:.0f} "
            f"ms of the processor, the worker of Dask {worker:.0f} ms, {share:.0%} of all; an "
            f"empty one {1000 * m.nothing.processor.total() / TASKS:.1f} ms"
        )
        exact = m.derived.processor["exact side"]
        console.print(f"{m.workers}: a reference {1000 * exact / m.references:.0f} ms of it")
        told = ", ".join(f"{name} {size}" for name, size in sorted(m.memory.items()))
        console.print(f"{m.workers}: MiB of the largest process: {told}")


if __name__ == "__main__":
    asked = [name for name in sys.argv[1:] if name != "--quick"]
    main(asked or FRAMEWORKS, "--quick" in sys.argv)
