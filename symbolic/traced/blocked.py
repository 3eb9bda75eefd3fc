"""X and S in blocks if X is Hermitian, as in the court, and by parts, as in a program."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from flint import arb
from jaxtyping import Float

from symgrad.court.references import Matrix
from symgrad.symbolic.certified.enclosure import to_arb
from symgrad.symbolic.traced.numbers import Array
from symgrad.symbolic.traced.scalars import ZERO

Square = Float[np.ndarray, "n n"]


def inputs(X: Matrix, blocks: int) -> list[Array]:
    """X, or A and B of [[A, −B], [B, A]], in balls: what is equal is one object."""
    n = len(X) // blocks
    A = np.empty((n, n), object)
    B = np.full((n, n), ZERO, object)
    for i in range(n):
        for j in range(i + 1):
            A[i, j] = A[j, i] = to_arb(X[i][j])
            if blocks == 2 and i != j:
                B[i, j] = to_arb(X[n + i][j])
                B[j, i] = -B[i, j]
    return [A, B][:blocks]


def split(X: Square, blocks: int) -> list[Array]:
    """X, or A and B of [[A, −B], [B, A]], in floats."""
    n = len(X) // blocks
    return [X] if blocks == 1 else [X[:n, :n], X[n:, :n]]


def symmetrized(cotangents: Sequence[Array]) -> Array:
    """S of the cotangents of X, or of A and B: [[S_A, −S_B], [S_B, S_A]]/2; of every run."""
    half = 0.5 if cotangents[0].dtype != object else arb(0.5)
    A = (cotangents[0] + cotangents[0].swapaxes(-1, -2)) * half
    if len(cotangents) == 1:
        return np.asarray(A)
    B = (cotangents[1] - cotangents[1].swapaxes(-1, -2)) * half
    return np.asarray(np.block([[A, -B], [B, A]]) * half)


def dimension(n: int, blocks: int) -> int:
    """How many directions X has."""
    return n * (n + 1) // 2 if blocks == 1 else n * n


def directions(n: int, blocks: int, weights: Float[np.ndarray, "k directions"]) -> list[Array]:
    """Combinations (k×n×n) of orthogonal directions of norm 1 in X, as its blocks have it.

    By their parts.  They are never all there: that would be n⁴ numbers.
    """
    A, B = np.zeros((2, len(weights), n, n))
    i, j = np.triu_indices(n)
    A[:, i, j] = A[:, j, i] = weights[:, : len(i)] / np.sqrt(np.where(i == j, 1.0, 2.0) * blocks)
    if blocks == 2:
        skew = weights[:, len(i) :] / 2
        i, j = np.triu_indices(n, 1)
        B[:, i, j], B[:, j, i] = -skew, skew
    return [A, B][:blocks]
