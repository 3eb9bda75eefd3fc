"""What a check by record is made of, each part alone beside gradcheck.

They say how far an aim is from what can be reached: the record, without which no callable can be
judged, and the gradient that is judged, are what no check can do without.
"""

from __future__ import annotations

import statistics
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import numpy as np
from rich.table import Table

from lab.benchmarks.timing import in_turn, two_digits
from symgrad import traced
from symgrad.symbolic.here import exactly

PARTS = ("the record", "what is true", "the gradient")


def parts_of(f: Callable[[Any], Any], X: np.ndarray) -> dict[str, Callable[[], object]]:
    """The work of each part, of a function of PyTorch at X (n×n)."""
    import torch

    M, blocks = exactly(X)
    record = partial(traced.record, "torch", f, X, M, blocks, "float64", "f")
    run = record()

    def gradient() -> None:
        x = torch.tensor(X, requires_grad=True)
        torch.autograd.grad(f(x), x)

    return dict(zip(PARTS, (record, partial(run.at, M), gradient), strict=True))


def parts_table(shares: dict[int, list[Sequence[float]]]) -> Table:
    """Medians over the functions, by n."""
    table = Table(title="its parts, each alone / gradcheck: medians", header_style="bold")
    for column in ("n", *PARTS):
        table.add_column(column, justify="right")
    for n, rows in shares.items():
        table.add_row(str(n), *(two_digits(statistics.median(x)) for x in zip(*rows, strict=True)))
    return table


def shares_of(
    f: Callable[[Any], Any],
    X: np.ndarray,
    gradcheck: Callable[[], object],
    runs: int,
    budget: float,
) -> list[float]:
    """The time of each part over that of gradcheck, all in turn."""
    timings = in_turn({**parts_of(f, X), "gradcheck": gradcheck}, runs, budget)
    return [timings[part].ratio(timings["gradcheck"]) for part in PARTS]
