"""The cases of the main job."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

from symgrad.court import formats
from symgrad.court.questions import Choice
from symgrad.symbolic.cases import Case
from symgrad.symbolic.catalogue import choose
from symgrad.symbolic.chosen_structures import POINTS
from symgrad.symbolic.parameterizations import symmetric
from symgrad.symbolic.points import FULL, coordinates, draw_points


def main_job(choice: Choice, X: Sequence[Sequence[float]], full: int = FULL) -> list[Case]:
    """The eigenvalues and the sum of the entries of [[a, b], [b, c]]; the eigenvalues of X.

    Every ``full``-th point has full mantissas, none if it is 0.
    """
    x, n = symmetric(2), len(X)
    bits = formats.REAL[choice.dtypes[0]][0]
    points = draw_points(x, "symmetric", choice.points or POINTS, choice.seed, full, bits)
    exact = tuple(tuple(map(Fraction, row)) for row in X)
    given = coordinates(exact, symmetric(n), "symmetric")
    dtype = choice.dtypes[0]
    return [
        *(Case("2×2", f, x, theta, dtype) for theta in points for f in choose("eigenvalue", 2)),
        *(Case("sum", f, x, points[0], dtype) for f in choose("sum_entries", 2)),
        *(Case("experiment", f, symmetric(n), given, "float64") for f in choose("eigenvalue", n)),
    ]
