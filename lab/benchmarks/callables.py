"""A user's callable judged by its record, beside the frameworks' own gradient checkers.

``python -m lab.benchmarks.callables``; ``--quick`` for a small version.  ``symgrad.check(f, X)``
records what PyTorch executes, differentiates the record exactly and judges PyTorch's gradient; the
peers difference the same function, written in their framework, at the same positive definite X.
Everybody computes on one thread.
"""

from __future__ import annotations

import importlib.util
import statistics
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, NamedTuple

import numpy as np
from rich.console import Console
from rich.table import Table

import symgrad
from lab.benchmarks import field
from lab.benchmarks.aims import FITTED, FITTED_FROM, Row, Timings, fitted_growth, table_of
from lab.benchmarks.checks import TENSORFLOW_TOLERANCE
from lab.benchmarks.field import FUNCTIONS, Array, Build, Operations, built
from lab.benchmarks.parts import parts_table, shares_of
from lab.benchmarks.threads import on_one_thread
from lab.benchmarks.timing import Meter, Timing, duration, in_turn, two_digits
from symgrad.symbolic.certified.reference import spectrum_of


@dataclass(frozen=True)
class Plan:
    """How much is measured: ``limit`` ends one run, ``budget`` the repetition; in seconds."""

    sizes: tuple[int, ...] = (4, 16, 64, 128)
    functions: tuple[str, ...] = tuple(FUNCTIONS)
    catalogue_sizes: tuple[int, ...] = (4, 16, 64)
    runs: int = 5
    limit: float = 4.0
    budget: float = 4.0


OFTEN = 20
"""So many times as often what takes some milliseconds is repeated."""
QUICK = Plan((4, 16), ("log det by Cholesky", "log-Euclidean"), (4,), 1, 1.0, 1.0)


@dataclass(frozen=True)
class Asked:
    """A function of n×n matrices, and X (n×n); each evaluation is counted by the ``meter``."""

    build: Build
    X: Array
    meter: Meter

    def over(self, xp: Operations) -> Callable[[Any], Any]:
        """Y ↦ f((Y + Yᵀ)/2) in a framework: the peers difference all n² entries on their own."""
        f = built(self.build, xp, len(self.X))

        def symmetrized(Y: Any) -> Any:
            self.meter.tick()
            return f((Y + xp.mT(Y)) / 2)

        return symmetrized


def by_record(asked: Asked) -> bool:
    """``symgrad.check`` as it comes."""
    xp = field.in_torch()
    return _agrees(symgrad.check(asked.over(xp), xp.array(asked.X)))


def by_theorem(asked: Asked) -> bool:
    """The same by the catalogue's theorem of the largest eigenvalue, at a matrix new to it."""
    xp = field.in_torch()
    spectrum_of.cache_clear()
    f, X = asked.over(xp), xp.array(asked.X)
    return _agrees(symgrad.check(f, X, function="largest_eigenvalue"))


def _agrees(report: Any) -> bool:
    if report.verdict != "agrees":
        raise AssertionError(str(report))
    return True


def by_gradcheck(asked: Asked, *, fast: bool = False) -> bool:
    """``torch.autograd.gradcheck`` as it comes."""
    import torch

    f, X = asked.over(field.in_torch()), torch.tensor(asked.X, requires_grad=True)
    return bool(torch.autograd.gradcheck(f, (X,), fast_mode=fast, raise_exception=False))


def by_check_grads(asked: Asked) -> bool:
    """``jax.test_util.check_grads(order=1, modes=("rev",))`` as it comes."""
    xp = field.in_jax()
    from jax.test_util import check_grads

    try:
        check_grads(asked.over(xp), (xp.array(asked.X),), order=1, modes=("rev",))
    except AssertionError:
        return False
    return True


def by_compute_gradient(asked: Asked) -> bool:
    """``tf.test.compute_gradient`` as it comes, compared as TensorFlow's own tests do."""
    xp = field.in_tensorflow()
    import tensorflow as tf

    found, differenced = tf.test.compute_gradient(asked.over(xp), [xp.array(asked.X)])
    tolerance = TENSORFLOW_TOLERANCE
    return np.allclose(found[0], differenced[0], rtol=tolerance, atol=tolerance)


@dataclass(frozen=True)
class Checker:
    """One way to check a gradient; ``slow`` if it evaluates f twice for every entry of X."""

    name: str
    accepts: Callable[[Asked], bool]
    needs: str = "torch"
    slow: bool = False

    @property
    def is_installed(self) -> bool:
        """Whether the framework that it belongs to is there."""
        return importlib.util.find_spec(self.needs) is not None


OURS, THEOREM = Checker("symgrad", by_record), Checker("by theorem", by_theorem)
SLOW = Checker("gradcheck", by_gradcheck, slow=True)
PEERS = (
    SLOW,
    Checker("fast_mode", partial(by_gradcheck, fast=True)),
    Checker("check_grads", by_check_grads, "jax"),
    Checker("compute_gradient", by_compute_gradient, "tensorflow", slow=True),
)


class Measured(NamedTuple):
    """The times by function and n; which peers rejected the right gradient, and of how many."""

    timings: Timings
    rejected: Counter[str]


def installed() -> list[Checker]:
    """The toolkit, and the peers that can be run here."""
    return [OURS, *(checker for checker in PEERS if checker.is_installed)]


def measure(plan: Plan) -> Measured:
    """Every checker's time for every function at every size."""
    timings, rejected = Timings(), Counter[str]()
    for name in plan.functions:
        for n in plan.sizes:
            timings[name, n] = time_all(FUNCTIONS[name], n, installed(), plan, rejected)
    return Measured(timings, rejected)


def time_all(
    build: Build, n: int, checkers: Sequence[Checker], plan: Plan, rejected: Counter[str]
) -> dict[str, Timing]:
    """Their times at one function and one size, in turn; right gradients rejected are counted."""
    X, said = field.positive_definite(n), dict[str, bool]()

    def work(checker: Checker) -> None:
        meter = Meter(2 * n * n, plan.limit) if checker.slow else Meter(1)
        said[checker.name] = checker.accepts(Asked(build, X, meter))

    timings = in_turn({c.name: partial(work, c) for c in checkers}, plan.runs, plan.budget)
    rejected.update(name for name, accepted in said.items() if not accepted)
    return timings


def ratio(row: dict[str, Timing], peer: str) -> float:
    """The toolkit's time over the peer's."""
    return row[OURS.name].ratio(row[peer])


def median_ratio(timings: Timings, n: int, peer: str) -> float:
    """The median over the functions at one size."""
    return statistics.median(ratio(row, peer) for (_, size), row in timings.items() if size == n)


def time_table(timings: Timings, plan: Plan) -> Table:
    """The toolkit's time and its ratio to each peer's: by function, then medians and growth."""
    peers = [checker.name for checker in installed()[1:]]
    title = f"symgrad.check(f, X): medians of up to {plan.runs} runs in turn"
    table = Table(title=title, header_style="bold")
    table.add_column("function")
    for column in ("n", OURS.name, *(f"/ {name}" for name in peers)):
        table.add_column(column, justify="right")
    for (name, n), row in timings.items():
        cells = [_about(row[peer]) + two_digits(ratio(row, peer)) for peer in peers]
        table.add_row(name, str(n), duration(row[OURS.name].seconds), *cells)
    table.add_section()
    for n in plan.sizes:
        ours = statistics.median(r[OURS.name].seconds for (_, m), r in timings.items() if m == n)
        cells = [two_digits(median_ratio(timings, n, peer)) for peer in peers]
        table.add_row("median of all", str(n), duration(ours), *cells)
    table.add_section()
    growths = [fitted_growth(timings, name) for name in (OURS.name, *peers)]
    table.add_row("growth of each", "fit", *("–" if p != p else f"n^{p:.1f}" for p in growths))
    return table


def _about(timing: Timing) -> str:
    return "~" if timing.full is not None else ""


def theorem_table(plan: Plan) -> tuple[Table, list[Row]]:
    """An eigenvalue certified by its record beside the catalogue's theorem; and that aim."""
    table = Table(title="the largest eigenvalue certified", header_style="bold")
    rows: list[Row] = []
    for column in ("n", "by record", "by theorem", "ratio"):
        table.add_column(column, justify="right")
    often = replace(plan, runs=OFTEN * plan.runs)
    for n in plan.catalogue_sizes:
        about = (field.largest_eigenvalue, n, (OURS, THEOREM), often, Counter[str]())
        ours, theirs = time_all(*about).values()
        off = ours.ratio(theirs)
        table.add_row(str(n), duration(ours.seconds), duration(theirs.seconds), two_digits(off))
        what = f"an eigenvalue by its record / by theorem, n = {n}"
        rows.append((what, "≤ 2", two_digits(off), off <= 2))
    return table, rows


def parts(plan: Plan) -> Table:
    """What the check is made of, beside gradcheck's slow mode."""
    shares = {}
    for n in plan.catalogue_sizes:
        X, shares[n] = field.positive_definite(n), list[Sequence[float]]()
        for name in plan.functions:
            f = Asked(FUNCTIONS[name], X, Meter(1)).over(field.in_torch())
            gradcheck = partial(_slowly, FUNCTIONS[name], X, plan.limit)
            shares[n].append(shares_of(f, X, gradcheck, plan.runs, plan.budget))
    return parts_table(shares)


def _slowly(build: Build, X: Array, limit: float) -> bool:
    return by_gradcheck(Asked(build, X, Meter(2 * X.size, limit)))


def aims(timings: Timings) -> Iterator[Row]:
    """What was aimed for, where it was measured."""
    for n, most in ((4, 0.5), (64, 0.1)):
        if any(size == n for _, size in timings):
            off = median_ratio(timings, n, SLOW.name)
            what = f"time of {OURS.name} / {SLOW.name}, n = {n}, median of all"
            yield what, f"≤ {most:g}", two_digits(off), off <= most


def notes(plan: Plan, measured: Measured) -> str:
    """What has to be known to read the tables."""
    missing = ", ".join(c.name for c in PEERS if not c.is_installed)
    rejected = ", ".join(f"{name} of {count}" for name, count in measured.rejected.items())
    return (
        "All check f((X + Xᵀ)/2) at one positive definite X.  The toolkit encloses the gradient to "
        "32 digits and judges all n(n+1)/2 symmetric directions of PyTorch's; gradcheck and "
        "compute_gradient difference n² entries to 3 and 6 digits, the other two one random "
        f"direction.  ~: the peer was cut off at {plan.limit:.0f} s, and what its pace gives.  "
        f"Growth is fitted to the {FITTED} largest n from {FITTED_FROM} on."
        + (f"  The right gradient was rejected by {rejected} in all." if rejected else "")
        + (f"  Not installed, left out: {missing}." if missing else "")
    )


def main(arguments: list[str]) -> None:
    """Time and print."""
    plan = QUICK if "--quick" in arguments else Plan()
    for checker in installed():  # so that imports are no part of what is timed
        checker.accepts(Asked(FUNCTIONS["Gaussian KL"], field.positive_definite(2), Meter(1)))
    measured = measure(plan)
    table, rows = theorem_table(plan)
    console = Console(width=130)
    console.print(time_table(measured.timings, plan), parts(plan), table)
    console.print(table_of("aims", [*aims(measured.timings), *rows]), notes(plan, measured))


if __name__ == "__main__":
    on_one_thread("lab.benchmarks.callables", main)
