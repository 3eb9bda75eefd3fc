"""What statisticians differentiate: likelihoods, divergences, distances, pencils."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

from symgrad.symbolic.algebra import Algebra
from symgrad.symbolic.algebra.scalar import IDENTITY, SQRT
from symgrad.symbolic.catalogue.constants import (
    Integers,
    identity,
    inverse_of_factor,
    outer,
    positive,
    tridiagonal,
    u,
)
from symgrad.symbolic.catalogue.eigenvalues import MAGNUS
from symgrad.symbolic.catalogue.function import MatrixFunction
from symgrad.symbolic.catalogue.inverses import derivative_of_inverse
from symgrad.symbolic.catalogue.polynomials import MAGNUS_NEUDECKER


def _log_likelihood(A: Algebra, X: Any, y: list[int]) -> Any:
    return -_half(A, A.log(A.det(X)) + A.inner(A.constant(outer(y, y)), A.inverse(X)))


def _log_likelihood_gradient(A: Algebra, X: Any, y: list[int]) -> Any:
    return -_half(A, A.inverse(X) + derivative_of_inverse(A, X, outer(y, y)))


def _divergence(A: Algebra, X: Any, J: Integers) -> Any:
    one = identity(A, X)
    return _half(A, A.inner(A.constant(J), X) - A.inner(one, one) - A.log(A.det(X)))


def _bures_wasserstein(A: Algebra, X: Any, C: Integers) -> Any:
    M, root = A.constant(C), A.trace(A.congruence(C, X), SQRT)
    return A.inner(identity(A, X), X) + A.inner(M, M) - root - root


def _bures_wasserstein_gradient(A: Algebra, X: Any, C: Integers) -> Any:
    M, inner = A.constant(C), A.apply(A.congruence(C, X), SQRT.derivative())
    return identity(A, X) - M * inner * M * 2


def _pencil(A: Algebra, X: Any, i: int, B: Integers) -> Any:
    return A.trace(A.congruence(inverse_of_factor(B), X), IDENTITY.at(i))


def _pencil_gradient(A: Algebra, X: Any, i: int, B: Integers) -> Any:
    """v vᵀ for X v = λ B v, vᵀ B v = 1."""
    R = inverse_of_factor(B)
    M, P = A.constant(R), A.apply(A.congruence(R, X), IDENTITY.derivative().at(i))
    return A.transpose(M) * P * M


def _half(A: Algebra, x: Any) -> Any:
    return A.scaled(x, Fraction(1, 2))


FUNCTIONS = (
    MatrixFunction(
        "gaussian_log_likelihood",
        "−½ (log det X + yᵀ X⁻¹ y)",
        "positive definite",
        f"of one observation y with covariance X, up to a constant; {MAGNUS_NEUDECKER}",
        _log_likelihood,
        _log_likelihood_gradient,
        lambda n: {"": {"y": u(n)}},
    ),
    MatrixFunction(
        "gaussian_precision_log_likelihood",
        "½ (log det X − yᵀ X y)",
        "positive definite",
        f"of one observation y with precision X, up to a constant; {MAGNUS_NEUDECKER}",
        lambda A, X, y: _half(A, A.log(A.det(X)) - A.inner(A.constant(outer(y, y)), X)),
        lambda A, X, y: _half(A, A.inverse(X) - A.constant(outer(y, y))),
        lambda n: {"": {"y": u(n)}},
    ),
    MatrixFunction(
        "gaussian_kl",
        "KL(N(0, X) ‖ N(0, J⁻¹)), det J = 1",
        "positive definite",
        f"½ (tr JX − n − log det X), gradient ½ (J − X⁻¹); {MAGNUS_NEUDECKER}",
        _divergence,
        lambda A, X, J: _half(A, A.constant(J) - A.inverse(X)),
        lambda n: {"": {"J": positive(n)}},
    ),
    MatrixFunction(
        "bures_wasserstein",
        "tr X + tr C² − 2 tr (C X C)^(1/2)",
        "positive definite",
        "squared distance of X and C²; Bhatia, Jain and Lim (2019)",
        _bures_wasserstein,
        _bures_wasserstein_gradient,
        lambda n: {"": {"C": tridiagonal(n)}},
    ),
    MatrixFunction(
        "generalized_eigenvalue",
        "λ_i of X v = λ B v",
        "symmetric",
        f"dλ = vᵀ dX v, vᵀ B v = 1; {MAGNUS}, for the congruent X",
        _pencil,
        _pencil_gradient,
        lambda n: {f"[{i}]": {"i": i, "B": positive(n)} for i in range(n)},
    ),
)
