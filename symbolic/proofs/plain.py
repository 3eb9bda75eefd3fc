"""The common form in which two independent routes are compared: plain dicts of integers."""

from __future__ import annotations

from typing import NamedTuple

from sympy import ImmutableDenseMatrix

from symgrad.court.references import Identity, Representative
from symgrad.symbolic.algebra.expressions import Eigenvalue

Plain = dict[tuple[int, ...], int]
"""A polynomial: the exponents of a monomial → its coefficient, which is never 0.

The variables are the entries x_ij, i ≤ j, of X, row by row, and then λ.
"""


NAMES: dict[Representative, str] = {
    "symmetric": "S",
    "lower": "lower: 2 tril(S) − diag(S)",
    "upper": "upper: 2 triu(S) − diag(S)",
    "weighted": "weighted: 2w below, 2(1 − w) above",
    "skew": "S + K, K skew with a free κ",
    "spurious": "spurious: 2S − diag(S)",
}
"""What each matrix made of S is called in an identity."""


class RouteRecord(NamedTuple):
    """What one route found at one size n.

    ``p`` is det(λI − X) and ``adjugate`` the n×n rows of adj(λI − X); both are ``None`` at sizes
    that no other route reaches.  ``terms`` counts the terms of p.
    """

    route: str
    n: int
    terms: int
    identities: tuple[Identity, ...]
    p: Plain | None = None
    adjugate: tuple[tuple[Plain, ...], ...] | None = None


def matrix_of(eigenvalue: Eigenvalue, X: ImmutableDenseMatrix) -> ImmutableDenseMatrix:
    """The n×n matrix whose eigenvalue the symbol is, where f is evaluated at X (n×n)."""
    return X if eigenvalue.matrix is None else eigenvalue.matrix


def entry_pairs(n: int) -> list[tuple[int, int]]:
    """The places (i, j), i ≤ j, of the entries of a symmetric n×n matrix, row by row."""
    return [(i, j) for i in range(n) for j in range(i, n)]


def characteristic_identity(n: int, parameter: str, terms: int) -> Identity:
    """⟨adj(λI − X), ∂(λI − X)/∂t⟩ − ∂p/∂t = 0, t an entry of X or λ; ``terms`` of the residual."""
    return Identity(
        f"det(λI − X), n = {n}", "adj(λI − X)ᵀ", parameter, _residual(terms), terms == 0
    )


def eigenvalue_identity(
    n: int, convention: Representative, parameter: str, terms: int, expected_to_vanish: bool
) -> Identity:
    """p′(λ) (⟨G, ∂X/∂x_ij⟩ − ∂λ/∂x_ij) = 0 for G of the convention."""
    residual, name = _residual(terms), NAMES[convention]
    return Identity(
        f"λ(X), n = {n}", name, parameter, residual, terms == 0, expected_to_vanish, convention
    )


def _residual(terms: int) -> str:
    return "0" if terms == 0 else f"a polynomial of {terms} terms"
