"""X and S in blocks if X is Hermitian, as in the court, and by parts, as in a program."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations_with_replacement

import numpy as np
from flint import arb
from jaxtyping import Float

from symgrad.court.records import Matrix
from symgrad.symbolic.certified.enclosure import to_arb
from symgrad.symbolic.traced.balls import ZERO
from symgrad.symbolic.traced.numbers import Array

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
    """S of the cotangents of X, or of A and B: [[S_A, −S_B], [S_B, S_A]]/2."""
    half = 0.5 if cotangents[0].dtype != object else arb(0.5)
    A = (cotangents[0] + cotangents[0].T) * half
    if len(cotangents) == 1:
        return np.asarray(A)
    B = (cotangents[1] - cotangents[1].T) * half
    return np.asarray(np.block([[A, -B], [B, A]]) * half)


def directions(n: int, blocks: int) -> list[list[Array]]:
    """Orthogonal directions of norm 1 in X, as its blocks have it; each by its parts."""
    found = []
    for i, j in combinations_with_replacement(range(n), 2):
        E = np.zeros((n, n))
        E[i, j] = E[j, i] = 1.0
        size = float(np.linalg.norm(E)) * np.sqrt(blocks)
        found.append([E / size, np.zeros((n, n))][:blocks])
        if blocks == 2 and i != j:
            K = np.zeros((n, n))
            K[i, j], K[j, i] = -1.0, 1.0
            found.append([np.zeros((n, n)), K / size])
    return found
