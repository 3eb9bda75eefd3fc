"""The contraction: a reported n×n gradient paired with the directions of a parameterization."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction

import numpy as np
from jaxtyping import Float

from court.records import Matrix


def exactly(G: Float[np.ndarray, "n n"]) -> Matrix:
    """The rational numbers that the floats of G are.

    Raises:
        ValueError, OverflowError: an entry is not finite.
    """
    return tuple(tuple(Fraction(float(x)) for x in row) for row in G)


def contract(G: Matrix, D: Matrix) -> Fraction:
    """The Frobenius inner product ⟨G, D⟩ = Σ_ij G_ij D_ij of two n×n matrices, without rounding."""
    return sum(
        (g * d for row, other in zip(G, D, strict=True) for g, d in zip(row, other, strict=True)),
        Fraction(0),
    )


def weigh(bound: Callable[[int, int], Fraction], D: Matrix) -> Fraction:
    """Σ_ij bound(i, j)·|D_ij|: how far a contraction with D moves if entries move by ``bound``."""
    n = len(D)
    return sum((bound(i, j) * abs(D[i][j]) for i in range(n) for j in range(n)), Fraction(0))


def symmetric_part(G: Matrix) -> Matrix:
    """(G + Gᵀ)/2: all of an n×n G that a symmetric direction can see."""
    n = len(G)
    return tuple(tuple((G[i][j] + G[j][i]) / 2 for j in range(n)) for i in range(n))


def skew_part(G: Matrix) -> Matrix:
    """(G − Gᵀ)/2 of an n×n G: arbitrary in a valid gradient."""
    n = len(G)
    return tuple(tuple((G[i][j] - G[j][i]) / 2 for j in range(n)) for i in range(n))


def norm(M: Matrix) -> float:
    """The Frobenius norm of an n×n matrix, rounded."""
    return float(np.sqrt(sum(float(x) ** 2 for row in M for x in row)))
