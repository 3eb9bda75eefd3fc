"""Second order beside first, and beside PyTorch: ``python -m lab.benchmarks.second``.

How many times as long a certified Hessian along a direction takes as the certified gradient, at
one X; and a batch of matrices judged by ``check(order=2)``, by the catalogue and by the record,
beside ``torch.autograd.gradgradcheck``, which is timed at one of them.  ``--quick`` for less.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any, NamedTuple

import numpy as np
from rich.console import Console
from rich.markup import escape

from lab.benchmarks.aims import Row, table_of
from lab.benchmarks.timing import in_turn, two_digits
from symgrad.checks import check
from symgrad.symbolic.catalogue import Instance, choose
from symgrad.symbolic.catalogue.second import along
from symgrad.symbolic.certified.reference import certify, spectrum_of
from symgrad.symbolic.here import exactly
from symgrad.symbolic.queries import direction

FUNCTIONS = ("log_det", "eigenvalue[0]", "cholesky_entry[1,0]", "weighted_log[full]")
MOST, SHARE = 3.0, 0.1


class Plan(NamedTuple):
    """How much is measured."""

    sizes: tuple[int, ...] = (12, 30)
    batch: int = 64
    n: int = 16
    runs: int = 3


QUICK = Plan(sizes=(3,), batch=2, n=3, runs=1)


def draw(n: int, seed: int) -> np.ndarray:
    """A positive definite n×n matrix."""
    A = np.random.default_rng(seed).standard_normal((n, n))
    return np.asarray((A + A.T) / 8 + np.sqrt(n) * np.eye(n))


def certified(function: Instance, X: np.ndarray) -> None:
    """What is true of it, with nothing known of X."""
    spectrum_of.cache_clear()
    certify(function, exactly(X)[0], {})


def log_det(X: Any) -> Any:
    """By the Cholesky factor, at a symmetric matrix of PyTorch."""
    import torch

    return 2 * torch.linalg.cholesky(X).diagonal().log().sum()


def by_gradgradcheck(X: np.ndarray) -> None:
    """``torch.autograd.gradgradcheck`` as it comes, of a function that is one of all entries."""
    import torch

    x = torch.tensor(X, requires_grad=True)
    torch.autograd.gradgradcheck(lambda x: log_det((x + x.T) / 2), (x,))


def orders(plan: Plan) -> Iterator[Row]:
    """The time of the second order in that of the first."""
    for name in FUNCTIONS:
        for n in plan.sizes:
            (function,), X = choose(name, n), draw(n, 0)
            second = along(function, direction(n))
            work: dict[str, Callable[[], object]] = {
                "first": partial(certified, function, X),
                "second": partial(certified, second, X),
            }
            timings = in_turn(work, plan.runs)
            ratio = timings["second"].ratio(timings["first"])
            what = f"second order / first, {escape(name)}, n = {n}"
            yield what, f"≤ {MOST:g}", two_digits(ratio), ratio <= MOST


def batches(plan: Plan) -> Iterator[Row]:
    """The time of the whole batch in that of gradgradcheck, as of one matrix."""
    Xs = np.array([draw(plan.n, seed) for seed in range(plan.batch)])
    asked = partial(check, log_det, order=2, mode="reverse over reverse", framework="torch")
    work: dict[str, Callable[[], object]] = {
        "by the catalogue": lambda: asked(Xs, function="log_det"),
        "by the record": lambda: asked(Xs),
        "gradgradcheck": lambda: by_gradgradcheck(Xs[0]),
    }
    timings = in_turn(work, plan.runs)
    for name in ("by the catalogue", "by the record"):
        share = timings[name].ratio(timings["gradgradcheck"]) / plan.batch
        what = f"{plan.batch} matrices {name} / gradgradcheck, n = {plan.n}"
        yield what, f"≤ {SHARE:g}", two_digits(share), share <= SHARE


def main(arguments: list[str]) -> None:
    """Measure both, and say which aims are missed."""
    plan = QUICK if "--quick" in arguments else Plan()
    rows = (*orders(plan), *batches(plan))
    Console(width=130).print(table_of(f"second order: medians of {plan.runs} runs", rows))


if __name__ == "__main__":
    main(sys.argv[1:])
