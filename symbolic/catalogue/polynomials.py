"""Polynomials in the entries of X."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

from symgrad.symbolic.algebra import Algebra
from symgrad.symbolic.catalogue.constants import identity, outer, u
from symgrad.symbolic.catalogue.function import MatrixFunction

MAGNUS_NEUDECKER = "Magnus and Neudecker (2019)"


def _ones(A: Algebra, X: Any) -> Any:
    n = A.size(X)
    return A.constant([[1] * n for _ in range(n)])


def _rayleigh(A: Algebra, X: Any, u: list[int]) -> Any:
    return A.inner(_rayleigh_gradient(A, X, u), X)


def _rayleigh_gradient(A: Algebra, X: Any, u: list[int]) -> Any:
    return A.scaled(A.constant(outer(u, u)), Fraction(1, sum(x * x for x in u)))


FUNCTIONS = (
    MatrixFunction(
        "sum_entries",
        "Σ_ij X_ij",
        "symmetric",
        "linear in X: the gradient is the matrix of ones",
        lambda A, X: A.inner(_ones(A, X), X),
        lambda A, X: _ones(A, X),
    ),
    MatrixFunction(
        "trace",
        "tr X",
        "symmetric",
        "linear in X: the gradient is the identity",
        lambda A, X: A.inner(identity(A, X), X),
        lambda A, X: identity(A, X),
    ),
    MatrixFunction(
        "trace_square",
        "tr X²",
        "symmetric",
        f"d tr X² = 2 tr(X dX); {MAGNUS_NEUDECKER}",
        lambda A, X: A.inner(X, X),
        lambda A, X: X * 2,
    ),
    MatrixFunction(
        "trace_cube",
        "tr X³",
        "symmetric",
        f"d tr X³ = 3 tr(X² dX); {MAGNUS_NEUDECKER}",
        lambda A, X: A.inner(X, X * X),
        lambda A, X: X * X * 3,
    ),
    MatrixFunction(
        "rayleigh_quotient",
        "uᵀ X u / uᵀ u",
        "symmetric",
        "linear in X: the gradient is u uᵀ / uᵀ u",
        _rayleigh,
        _rayleigh_gradient,
        lambda n: {"": {"u": u(n)}},
    ),
)
