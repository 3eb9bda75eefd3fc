"""Functions of the Cholesky factor L of X = L Lᵀ.

If dF = ⟨L̄, dL⟩, then dF = ⟨L⁻ᵀ Φ(Lᵀ L̄) L⁻¹, dX⟩, Φ the lower triangle with half its diagonal
(Murray (2016), section 3).
"""

from __future__ import annotations

from fractions import Fraction
from typing import Any

from symgrad.symbolic.algebra import Algebra
from symgrad.symbolic.catalogue.constants import identity, outer, places, u, unit, w
from symgrad.symbolic.catalogue.function import MatrixFunction

MURRAY = "Murray (2016), section 3"


def _pull_back(A: Algebra, X: Any, product: Any) -> Any:
    """The gradient in X of a function of L; ``product`` is Lᵀ L̄."""
    R = A.triangular_inverse(A.cholesky(X))
    return A.transpose(R) * A.lower_half(product) * R


def _entry(A: Algebra, X: Any, i: int, j: int) -> Any:
    return A.inner(A.constant(unit(A.size(X), i, j)), A.cholesky(X))


def _entry_gradient(A: Algebra, X: Any, i: int, j: int) -> Any:
    L_bar = A.constant(unit(A.size(X), i, j))
    return _pull_back(A, X, A.transpose(A.cholesky(X)) * L_bar)


def _solve(A: Algebra, X: Any, u: list[int], w: list[int]) -> Any:
    return A.inner(A.constant(outer(u, w)), A.triangular_inverse(A.cholesky(X)))


def _solve_gradient(A: Algebra, X: Any, u: list[int], w: list[int]) -> Any:
    """L̄ = −L⁻ᵀ u wᵀ L⁻ᵀ, so that Lᵀ L̄ = −u (L⁻¹ w)ᵀ."""
    R = A.triangular_inverse(A.cholesky(X))
    return _pull_back(A, X, -A.constant(outer(u, w)) * A.transpose(R))


def _half(A: Algebra, x: Any) -> Any:
    return A.scaled(x, Fraction(1, 2))


FUNCTIONS = (
    MatrixFunction(
        "cholesky_entry",
        "L_ij, X = L Lᵀ",
        "positive definite",
        MURRAY,
        _entry,
        _entry_gradient,
        places,
    ),
    MatrixFunction(
        "cholesky_log_diagonal",
        "Σ log L_ii, X = L Lᵀ",
        "positive definite",
        f"it is ½ log det X; {MURRAY}",
        lambda A, X: _half(A, A.log(A.det(X))),
        lambda A, X: _pull_back(A, X, identity(A, X)),
    ),
    MatrixFunction(
        "triangular_solve",
        "uᵀ L⁻¹ w, X = L Lᵀ",
        "positive definite",
        MURRAY,
        _solve,
        _solve_gradient,
        lambda n: {"": {"u": u(n), "w": w(n)}},
    ),
)
