"""Spectral functions: traces tr φ(X), and functions φ(X) of the matrix contracted with a weight.

The derivative of ⟨W, φ(X)⟩ is Daleckiĭ and Kreĭn's: in the eigenbasis, W times the divided
differences φ[λ_i, λ_j] (Daleckiĭ and Kreĭn (1965); Higham (2008), theorem 3.11).
"""

from __future__ import annotations

from fractions import Fraction
from typing import Any

from symgrad.symbolic.algebra import Algebra
from symgrad.symbolic.algebra.scalar import (
    ENTROPY,
    EXP,
    IDENTITY,
    LOG,
    RECIPROCAL,
    SQRT,
    Scalar,
    power,
)
from symgrad.symbolic.catalogue.constants import Integers, W, weights
from symgrad.symbolic.catalogue.eigenvalues import LEWIS, MAGNUS, trace_function
from symgrad.symbolic.catalogue.function import Constants, MatrixFunction
from symgrad.symbolic.catalogue.polynomials import MAGNUS_NEUDECKER

DALECKII_KREIN = "Daleckiĭ and Kreĭn (1965); Higham (2008), theorem 3.11"


def _weighted(name: str, formula: str, domain: str, phi: Scalar) -> MatrixFunction:
    """⟨W, φ(X)⟩."""

    def value(A: Algebra, X: Any, W: Integers) -> Any:
        return A.inner(A.constant(W), A.apply(X, phi))

    def gradient(A: Algebra, X: Any, W: Integers) -> Any:
        return A.frechet(X, phi, A.constant(W))

    return MatrixFunction(
        name, f"⟨W, {formula}⟩", domain, DALECKII_KREIN, value, gradient, weights, proved_size=2
    )


def _log_sum_exp_gradient(A: Algebra, X: Any) -> Any:
    """exp X / tr exp X."""
    return A.apply(X, EXP) * (1 / A.trace(X, EXP))


def _projector(A: Algebra, X: Any, W: Integers, *indices: int) -> Any:
    return A.inner(A.constant(W), A.apply(X, IDENTITY.derivative().at(*indices)))


def _projector_gradient(A: Algebra, X: Any, W: Integers, *indices: int) -> Any:
    return A.frechet(X, IDENTITY.derivative().at(*indices), A.constant(W))


def _largest(A: Algebra, X: Any, k: int) -> range:
    return range(A.size(X) - k, A.size(X))


def _truncated(A: Algebra, k: int) -> Scalar:
    """1/λ at the k eigenvalues of the largest absolute values, 0 at the others."""
    return RECIPROCAL.at(*map(A.by_modulus, range(k)))


def _subspaces(n: int) -> dict[str, Constants]:
    return {f"[{k}]": {"k": k, "W": W(n)} for k in range(1, n)}


FUNCTIONS = (
    trace_function("trace_exp", "tr exp X", "symmetric", LEWIS, lambda A, n: EXP),
    trace_function("trace_log", "tr log X", "positive definite", LEWIS, lambda A, n: LOG),
    trace_function(
        "von_neumann_entropy", "−tr(X log X)", "positive definite", LEWIS, lambda A, n: ENTROPY
    ),
    MatrixFunction(
        "log_sum_exp",
        "log Σ exp λ_i",
        "symmetric",
        LEWIS,
        lambda A, X: A.log(A.trace(X, EXP)),
        _log_sum_exp_gradient,
    ),
    MatrixFunction(
        "weighted_square",
        "⟨W, X²⟩",
        "symmetric",
        f"dX² = dX X + X dX; {MAGNUS_NEUDECKER}",
        lambda A, X, W: A.inner(A.constant(W), X * X),
        lambda A, X, W: A.constant(W) * X + X * A.constant(W),
        weights,
    ),
    _weighted("weighted_exp", "exp X", "symmetric", EXP),
    _weighted("weighted_log", "log X", "positive definite", LOG),
    _weighted("weighted_sqrt", "X^(1/2)", "positive definite", SQRT),
    _weighted("weighted_inverse_sqrt", "X^(−1/2)", "positive definite", power(Fraction(-1, 2))),
    _weighted("weighted_cube_root", "X^(1/3)", "positive definite", power(Fraction(1, 3))),
    MatrixFunction(
        "projector",
        "⟨W, v vᵀ⟩, v the unit eigenvector of λ_i, W not symmetric",
        "symmetric",
        f"d(v vᵀ) = R dX P + P dX R, P = v vᵀ, R = (λI − X)⁺; {MAGNUS}",
        lambda A, X, i, W: _projector(A, X, W, i),
        lambda A, X, i, W: _projector_gradient(A, X, W, i),
        lambda n: {f"[{i}]": {"i": i, "W": W(n)} for i in range(n)},
    ),
    MatrixFunction(
        "subspace_projector",
        "⟨W, Σ v vᵀ⟩ over the k largest eigenvalues, W not symmetric",
        "symmetric",
        DALECKII_KREIN,
        lambda A, X, k, W: _projector(A, X, W, *_largest(A, X, k)),
        lambda A, X, k, W: _projector_gradient(A, X, W, *_largest(A, X, k)),
        _subspaces,
    ),
    MatrixFunction(
        "truncated_pseudoinverse",
        "⟨W, Σ v vᵀ/λ⟩ over the k largest |λ|, as pinv with a tolerance between |λ| has it",
        "symmetric",
        DALECKII_KREIN,
        lambda A, X, k, W: A.inner(A.constant(W), A.apply(X, _truncated(A, k))),
        lambda A, X, k, W: A.frechet(X, _truncated(A, k), A.constant(W)),
        _subspaces,
        drawn_from="positive definite",
    ),
)
