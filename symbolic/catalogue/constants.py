"""The fixed data of the catalogue's functions: small integers, by size n, so that all is exact."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

from symgrad.symbolic.algebra import Algebra
from symgrad.symbolic.catalogue.function import Constants

Integers = list[list[int]]
"""An n×n matrix of integers, by rows."""


def u(n: int) -> list[int]:
    """The vector 1, −2, 3, −4 and so on."""
    return [(-1) ** i * (i + 1) for i in range(n)]


def w(n: int) -> list[int]:
    """The vector 1, 3, 5 and so on."""
    return [2 * i + 1 for i in range(n)]


def W(n: int) -> Integers:
    """A weight that is not symmetric."""
    return [[2 * i - j + 1 for j in range(n)] for i in range(n)]


def weights(n: int) -> dict[str, Constants]:
    """A family of two: one weight symmetric, the other not."""
    full = W(n)
    symmetric = [[full[i][j] + full[j][i] for j in range(n)] for i in range(n)]
    return {"[symmetric]": {"W": symmetric}, "[full]": {"W": full}}


def bidiagonal(n: int) -> Integers:
    """The unit lower triangular T with −1 below its diagonal; T⁻¹ is the lower triangle of ones."""
    return [[1 if i == j else -1 if i == j + 1 else 0 for j in range(n)] for i in range(n)]


def positive(n: int) -> Integers:
    """T Tᵀ, positive definite with determinant 1."""
    T = bidiagonal(n)
    return [
        [sum(T[i][k] * T[j][k] for k in range(max(0, i - 1), i + 1)) for j in range(n)]
        for i in range(n)
    ]


def tridiagonal(n: int) -> Integers:
    """Positive definite, 3 on the diagonal and 1 beside it."""
    return [[3 if i == j else 1 if abs(i - j) == 1 else 0 for j in range(n)] for i in range(n)]


def inverse_of_factor(B: Integers) -> Integers:
    """T⁻¹ of B = T Tᵀ, T unit lower triangular, by elimination; n×n.

    Raises:
        ValueError: B has no such factor of integers.
    """
    n = len(B)
    rows = [[Fraction(x) for x in row] for row in B]
    inverse = [[Fraction(int(i == j)) for j in range(n)] for i in range(n)]
    for k in range(n):
        if rows[k][k] != 1:
            raise ValueError("B is not T Tᵀ for a unit lower triangular T of integers")
        for i in range(k + 1, n):
            factor = rows[i][k]
            rows[i] = [x - factor * y for x, y in zip(rows[i], rows[k], strict=True)]
            inverse[i] = [x - factor * y for x, y in zip(inverse[i], inverse[k], strict=True)]
    return [[int(x) for x in row] for row in inverse]


def outer(x: list[int], y: list[int]) -> Integers:
    """x yᵀ."""
    return [[a * b for b in y] for a in x]


def unit(n: int, i: int, j: int) -> Integers:
    """E_ij, which is 1 at (i, j) and 0 elsewhere."""
    return [[int((k, m) == (i, j)) for m in range(n)] for k in range(n)]


def identity(A: Algebra, X: Any) -> Any:
    """I, of the algebra."""
    n = A.size(X)
    return A.constant([[int(i == j) for j in range(n)] for i in range(n)])


def places(n: int) -> dict[str, Constants]:
    """A family with a member for each place (i, j) of the lower triangle."""
    return {f"[{i},{j}]": {"i": i, "j": j} for i in range(n) for j in range(i + 1)}
