"""Deriving an eigenvalue's derivatives in all parameters: the toolkit beside naive SymPy.

``python -m lab.benchmarks.symbolic``; ``--quick`` for a small version.  Both differentiate one
eigenvalue of the generic symmetric n×n matrix in its n(n+1)/2 parameters, each run in a process of
its own: SymPy remembers what it has computed.  The toolkit differentiates
the characteristic polynomial and leaves λ a root of it; naive SymPy solves it by radicals first.
"""

from __future__ import annotations

import subprocess
import sys
import time
from dataclasses import dataclass

from rich.console import Console
from rich.table import Table

from lab.benchmarks.timing import Timing, duration, two_digits
from symgrad.symbolic.catalogue import choose
from symgrad.symbolic.derivation import derive
from symgrad.symbolic.parameterizations import symmetric


@dataclass(frozen=True)
class Plan:
    """How much is measured; ``limit`` ends one run, in seconds."""

    sizes: tuple[int, ...] = (2, 3, 4)
    runs: int = 3
    limit: float = 30.0


QUICK = Plan(sizes=(2,), runs=1)


def by_implicit_function(n: int) -> int:
    """The toolkit's derivation; returns the number of derivatives."""
    (eigenvalue,) = choose("eigenvalue[0]", n)
    return len(derive(eigenvalue, symmetric(n)).gradient)


def by_radicals(n: int) -> int:
    """SymPy's eigenvalues in closed form, the first differentiated in every parameter."""
    x = symmetric(n)
    eigenvalue = next(iter(x.X.eigenvals()))
    return len([eigenvalue.diff(symbol) for symbol in x.symbols])


METHODS = {"symgrad": by_implicit_function, "naive SymPy": by_radicals}


def timed(method: str, n: int, plan: Plan) -> Timing | None:
    """The times in processes of their own, imports left out; None if one was cut off."""
    timing = Timing()
    for _ in range(plan.runs):
        seconds = run(method, n, plan.limit)
        if seconds is None:
            return None
        timing.times.append(seconds)
    return timing


def run(method: str, n: int, limit: float) -> float | None:
    """Seconds of one derivation in a process of its own; None if ``limit`` was not enough."""
    argv = [sys.executable, "-m", "lab.benchmarks.symbolic", method, str(n)]
    with subprocess.Popen(argv, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        process.stdout.readline()  # its imports are done, the time starts
        try:
            seconds, _ = process.communicate(timeout=limit)
        except subprocess.TimeoutExpired:
            process.kill()
            return None
        return float(seconds)


def time_once(method: str, n: int) -> float:
    """Say that the imports are done, then time one derivation, in seconds."""
    print("ready", flush=True)
    start = time.perf_counter()
    METHODS[method](n)
    return time.perf_counter() - start


def main(arguments: list[str]) -> None:
    """Time both at every size and print medians and ratios."""
    plan = QUICK if "--quick" in arguments else Plan()
    table = Table(
        title=f"all derivatives of an eigenvalue, generic X: medians of {plan.runs} processes",
        header_style="bold",
    )
    for column in ("n", *METHODS, "ratio"):
        table.add_column(column, justify="right")
    for n in plan.sizes:
        ours, naive = (timed(method, n, plan) for method in METHODS)
        assert ours is not None
        floor = plan.limit / ours.seconds
        table.add_row(
            str(n),
            duration(ours.seconds),
            duration(naive.seconds) if naive else f"cut off at {plan.limit:.0f} s",
            f"{two_digits(naive.seconds / ours.seconds)}×" if naive else f"> {two_digits(floor)}×",
        )
    Console(width=130).print(table)


if __name__ == "__main__":
    if sys.argv[1:2] and sys.argv[1] in METHODS:
        print(time_once(sys.argv[1], int(sys.argv[2])))
    else:
        main(sys.argv[1:])
