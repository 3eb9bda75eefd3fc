"""Neighbours: matrices so near to X that a backward stable algorithm may take one for the other.

A wrong formula errs in the same way at all of them; rounding scatters (the court's
:mod:`symgrad.court.judging.scatter` looks at that).  Each is X + E, E symmetric with entries of one
to four units in the last place of the largest entry of X: ‖E‖ ≤ 4·2u·n·max |X_ij| ≤ 8n·u·‖X‖, which
is the perturbation that the tolerance allows for.  As many more are farther off, by a given part of
X.
"""

from __future__ import annotations

import math
import random
from fractions import Fraction
from typing import NamedTuple

from symgrad.court.formats import COMPLEX, REAL
from symgrad.court.questions import GRADIENT, NEIGHBOURS, Problem, Query
from symgrad.court.references import Matrix, Reference
from symgrad.symbolic.catalogue import Instance
from symgrad.symbolic.certified.reference import certify, round_to

UNITS = (1, -1, 2, -2, 3, -3)
"""Of the first entry, so that the neighbours of a 1×1 matrix are all different."""
STEPS = (-4, -3, -2, -1, 1, 2, 3, 4)
"""Of all others."""


class Neighbour(NamedTuple):
    """A function at a matrix beside that of a case, exact in ``dtype``; the rest as there."""

    function: Instance
    X: Matrix
    dtype: str
    blocks: int = 1
    query: Query = GRADIENT

    def problem(self, number: int, route: str, forward: bool) -> Problem:
        """What a framework is told of it: to ask one route, as it was asked before."""
        A, B = split(self.X, self.blocks)
        dtype = self.dtype if B is None else COMPLEX[self.dtype]
        about = (number, self.function.name, self.function.told, A, dtype, B)
        return Problem(*about, find_reads=False, forward=forward, route=route, query=self.query)

    def reference(self) -> Reference:
        """What is true of it, in no direction of its own."""
        return certify(self.function, self.X, {}, self.blocks)


def split(X: Matrix, blocks: int) -> tuple[list[list[float]], list[list[float]] | None]:
    """The real and, of two blocks, the imaginary part, as they are told to a framework."""
    rows, n = [[float(x) for x in row] for row in X], len(X) // blocks
    if blocks == 1:
        return rows, None
    return [row[:n] for row in rows[:n]], [row[:n] for row in rows[n:]]


def neighbours(X: Matrix, dtype: str, blocks: int = 1, spread: float = 0.0) -> list[Matrix]:
    """Symmetric matrices beside X (n×n), exact in ``dtype``; the same ones each time.

    With ``blocks`` = 2, X = [[A, −B], [B, A]] stands for A + iB, and so do they.  With a ``spread``
    that is more than rounding, as many further ones differ by up to such a part of X.
    """
    largest = max(abs(x) for row in X for x in row) or Fraction(1)
    unit = _last_place(largest, dtype)
    wide = Fraction(spread) * largest / max(STEPS)
    units = [unit, *([wide] if wide > max(STEPS) * unit else [])]
    return [_neighbour(X, dtype, blocks, k, size) for size in units for k in range(NEIGHBOURS)]


def _neighbour(X: Matrix, dtype: str, blocks: int, k: int, unit: Fraction) -> Matrix:
    n = len(X) // blocks
    rng = random.Random(f"{k} {n}")
    places = [(i, j) for i in range(n) for j in range(i + 1)]
    real = {place: rng.choice(STEPS) for place in places} | {(0, 0): UNITS[k]}
    skew = {place: rng.choice(STEPS) for place in places if place[0] > place[1]}
    A = [[real[max(i, j), min(i, j)] for j in range(n)] for i in range(n)]
    B = [[skew.get((i, j), -skew.get((j, i), 0)) for j in range(n)] for i in range(n)]
    E = A
    if blocks == 2:
        E = [[*a, *(-x for x in b)] for a, b in zip(A, B, strict=True)]
        E += [[*b, *a] for a, b in zip(A, B, strict=True)]
    size = range(len(X))
    moved = tuple(tuple(X[i][j] + unit * E[i][j] for j in size) for i in size)
    return round_to(moved, dtype)


def _last_place(x: Fraction, dtype: str) -> Fraction:
    """The distance from a positive number of the dtype to the next larger one."""
    bits, least, _ = REAL[dtype]
    return Fraction(2) ** max(math.frexp(x)[1] - bits, least)
