"""Determinants and inverses."""

from __future__ import annotations

from typing import Any

from symgrad.symbolic.algebra import Algebra
from symgrad.symbolic.catalogue.constants import Integers, W, outer, places, u, unit
from symgrad.symbolic.catalogue.function import MatrixFunction
from symgrad.symbolic.catalogue.polynomials import MAGNUS_NEUDECKER

INVERSE = f"dX⁻¹ = −X⁻¹ dX X⁻¹; {MAGNUS_NEUDECKER}"


def derivative_of_inverse(A: Algebra, X: Any, W: Integers) -> Any:
    """The gradient −X⁻¹ W X⁻¹ of ⟨W, X⁻¹⟩ at a symmetric X."""
    return -A.inverse(X) * A.constant(W) * A.inverse(X)


def _entry(A: Algebra, X: Any, i: int, j: int) -> Any:
    return A.inner(A.constant(unit(A.size(X), i, j)), A.inverse(X))


def _weighted(A: Algebra, X: Any, W: Integers) -> Any:
    return A.inner(A.constant(W), A.inverse(X))


def _quadratic(A: Algebra, X: Any, u: list[int]) -> Any:
    return _weighted(A, X, outer(u, u))


def _quadratic_gradient(A: Algebra, X: Any, u: list[int]) -> Any:
    return derivative_of_inverse(A, X, outer(u, u))


def _quadratic_form(name: str, formula: str, domain: str, citation: str) -> MatrixFunction:
    family = lambda n: {"": {"u": u(n)}}  # noqa: E731
    return MatrixFunction(name, formula, domain, citation, _quadratic, _quadratic_gradient, family)


FUNCTIONS = (
    MatrixFunction(
        "det",
        "det X",
        "symmetric",
        f"Jacobi's formula, d det X = tr(adj(X) dX); {MAGNUS_NEUDECKER}",
        lambda A, X: A.det(X),
        lambda A, X: A.adjugate(X),
        drawn_from="invertible",
    ),
    MatrixFunction(
        "log_det",
        "log det X",
        "positive definite",
        f"d log det X = tr(X⁻¹ dX); {MAGNUS_NEUDECKER}",
        lambda A, X: A.log(A.det(X)),
        lambda A, X: A.inverse(X),
    ),
    MatrixFunction(
        "inverse_entry",
        "(X⁻¹)_ij",
        "invertible",
        INVERSE,
        _entry,
        lambda A, X, i, j: derivative_of_inverse(A, X, unit(A.size(X), i, j)),
        places,
    ),
    _quadratic_form("inverse_quadratic_form", "uᵀ X⁻¹ u", "invertible", INVERSE),
    _quadratic_form(
        "inverse_quadratic_form_pd",
        "uᵀ X⁻¹ u, by routes of a definite X",
        "positive definite",
        INVERSE,
    ),
    _quadratic_form("lstsq_quadratic_form", "uᵀ x, x minimizing ‖X x − u‖", "invertible", INVERSE),
    MatrixFunction(
        "weighted_inverse",
        "⟨W, X⁻¹⟩, W not symmetric",
        "invertible",
        INVERSE,
        _weighted,
        derivative_of_inverse,
        lambda n: {"": {"W": W(n)}},
    ),
    MatrixFunction(
        "weighted_pseudoinverse",
        "⟨W, X⁺⟩, W not symmetric",
        "invertible",
        "X⁺ = X⁻¹ near an invertible X; Golub and Pereyra (1973)",
        _weighted,
        derivative_of_inverse,
        lambda n: {"": {"W": W(n)}},
    ),
)
