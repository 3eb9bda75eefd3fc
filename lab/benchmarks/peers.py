"""The toolkit's check of an eigenvalue's gradient beside the frameworks' own gradient checkers.

``python -m lab.benchmarks.peers``; ``--quick`` for a small version.  What the numbers are is in
:mod:`lab.benchmarks.checks`.  Everybody computes on one thread: at these sizes more of them cost
the peers more than they gain.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

from rich.console import Console
from rich.table import Table

from lab.benchmarks.aims import FITTED, FITTED_FROM, Thresholds, Timings, aims_table, fitted_growth
from lab.benchmarks.checks import CHECKERS, TOOLKIT, Checker, Problem, draw
from lab.benchmarks.planted import smallest_rejected
from lab.benchmarks.threads import on_one_thread
from lab.benchmarks.timing import Timing, duration, in_turn, two_digits


@dataclass(frozen=True)
class Plan:
    """How much is measured: ``limit`` ends one run, ``budget`` the repetition; in seconds."""

    sizes: tuple[int, ...] = (4, 16, 64, 128, 256)
    planted_sizes: tuple[int, ...] = (4, 16, 64)
    runs: int = 5
    limit: float = 10.0
    budget: float = 4.0


QUICK = Plan(sizes=(4, 16), planted_sizes=(4,), runs=1, limit=1.0, budget=2.0)


def installed() -> list[Checker]:
    """The checkers that can be run here."""
    return [checker for checker in CHECKERS if checker.is_installed]


def meant_for(n: int) -> list[Checker]:
    """Those of them that are meant for matrices of size n."""
    return [c for c in installed() if c.largest is None or n <= c.largest]


def time_all(n: int, index: int, plan: Plan) -> dict[str, Timing]:
    """Every checker's time for the right gradient of one eigenvalue at one n×n matrix."""
    X = draw(n)

    def work(checker: Checker) -> None:
        meter = checker.meter(n, plan.limit)
        if not checker.accepts(Problem(X, index, meter=meter)):
            raise AssertionError(f"{checker.name} rejects the right gradient at n = {n}")

    return in_turn({c.name: partial(work, c) for c in meant_for(n)}, plan.runs, plan.budget)


def eigenvalues(n: int) -> dict[str, int]:
    """The index of each eigenvalue that is checked."""
    return {"smallest": 0, "largest": n - 1}


def time_table(timings: Timings, plan: Plan) -> Table:
    """Each checker's time, and below it its ratio to the toolkit's."""
    table = _table(f"time of one check: medians of up to {plan.runs} runs in turn", "eigenvalue")
    for (which, n), row in timings.items():
        cells = [_cell(row.get(c.name), row[TOOLKIT.name]) for c in installed()]
        table.add_row(which, str(n), *cells)
    table.add_section()
    table.add_row("growth", "fit", *[_growth(timings, c.name) for c in installed()])
    return table


def _table(title: str, first: str) -> Table:
    table = Table(title=title, header_style="bold")
    table.add_column(first)
    table.add_column("n", justify="right")
    for checker in installed():
        table.add_column(checker.name, justify="right")
    return table


def _cell(timing: Timing | None, base: Timing) -> str:
    if timing is None:
        return "–"
    about = "~" if timing.full is not None else ""
    ratio = f"{about}{two_digits(timing.ratio(base))}×"
    return about + duration(timing.seconds) + ("" if timing is base else f"\n{ratio}")


def _growth(timings: Timings, name: str) -> str:
    p = fitted_growth(timings, name)
    return "–" if p != p else f"n^{p:.1f}"


def plant_all(plan: Plan) -> Thresholds:
    """The smallest planted error that each checker rejects, for the smallest eigenvalue.

    What was found at one size is where the search at the next begins.
    """
    found: Thresholds = {}
    guesses: dict[str, float | None] = {}
    for n in plan.planted_sizes:
        found[n] = {
            c.name: smallest_rejected(c, n, 0, plan.limit, guesses.get(c.name))
            for c in meant_for(n)
        }
        guesses = {name: threshold.rejected for name, threshold in found[n].items()}
    return found


def planted_table(thresholds: Thresholds) -> Table:
    """A row for each size."""
    table = _table("smallest relative error of one entry that is rejected", "eigenvalue")
    for n, row in thresholds.items():
        table.add_row("smallest", str(n), *[str(row.get(c.name, "–")) for c in installed()])
    return table


def notes(plan: Plan) -> str:
    """What has to be known to read the tables."""
    missing = ", ".join(c.name for c in CHECKERS if not c.is_installed)
    return (
        "Peers check λ((X + Xᵀ)/2), differenced in all n² entries of X or in a random direction; "
        "the toolkit certifies all n(n+1)/2 symmetric directions, PyTorch's gradient included. "
        f"~: cut off at {plan.limit:.0f} s, and what the pace of the evaluations done by then "
        "gives. "
        f"Growth is fitted to the {FITTED} largest n from {FITTED_FROM} on. "
        "Planted: one entry, the largest off the diagonal, times 1 + error. Default tolerances; "
        "compute_gradient has none, and is given tf.test's 1e-6."
        + (f" Not installed, left out: {missing}." if missing else "")
    )


def main(arguments: list[str]) -> None:
    """Time, plant and print."""
    plan = QUICK if "--quick" in arguments else Plan()
    console = Console(width=130)
    for checker in installed():
        checker.accepts(Problem(draw(2), 0))  # so that imports are no part of what is timed
    timings = {
        (which, n): time_all(n, index, plan)
        for n in plan.sizes
        for which, index in eigenvalues(n).items()
    }
    thresholds = plant_all(plan)
    console.print(time_table(timings, plan), planted_table(thresholds))
    console.print(aims_table(timings, thresholds), notes(plan))


if __name__ == "__main__":
    on_one_thread("lab.benchmarks.peers", main)
