"""One statement of a gradient theorem, six ways to compute with it.

A matrix function's value and gradient are written once, in terms of products, inverses, Cholesky
factors and functions of the eigenvalues.  Over ``expressions`` (SymPy) the theorem is proved for
all parameters; over ``enclosures`` (Arb) it is evaluated rigorously at one matrix; over ``slopes``
(float64 dual numbers) it is differentiated once more, for the sensitivity of the gradient.  For
matrices with hundreds of rows ``intervals`` (float64 with error bounds) and ``differentials`` take
the places of the last two, for the theorems that are made of what they can do.  ``tangents`` are
dual numbers over any of these: a theorem differentiated along a direction E is one of ⟨S, E⟩.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from symgrad.symbolic.algebra.scalar import Index, Scalar

Rows = Sequence[Sequence[int]] | Sequence[Sequence[complex]]
"""A constant matrix of small integers, by rows; of complex ones where X is Hermitian."""


class Algebra(Protocol):
    """What a theorem may use, beside ``+``, ``−``, ``*`` and, of scalars, ``/``.

    The matrix X is symmetric, n×n: the one that the function is of, or a :meth:`congruence` of it.
    M and L stand for any of the algebra's matrices; W and E for constant ones.
    """

    def size(self, X: Any) -> int:
        """n, the number of rows."""

    def constant(self, rows: Rows) -> Any:
        """The n×n matrix M of these integers."""

    def inner(self, W: Any, M: Any) -> Any:
        """The Frobenius inner product ⟨W, M⟩, a scalar."""

    def scaled(self, x: Any, factor: Fraction) -> Any:
        """The multiple of a matrix or a scalar."""

    def log(self, x: Any) -> Any:
        """The natural logarithm of a positive scalar."""

    def congruence(self, T: Rows, X: Any) -> Any:
        """T X Tᵀ, for an invertible T."""

    def inverse(self, X: Any) -> Any:
        """X⁻¹."""

    def det(self, X: Any) -> Any:
        """det X, a scalar."""

    def adjugate(self, X: Any) -> Any:
        """adj X, which is det X · X⁻¹ at an invertible X and a polynomial in its entries."""

    def adjugate_along(self, X: Any, E: Any) -> Any:
        """The derivative of adj at X along E."""

    def by_modulus(self, rank: int) -> Index:
        """The eigenvalue of the ``rank``-th largest absolute value, counted from 0."""

    def trace(self, X: Any, phi: Scalar) -> Any:
        """tr φ(X) = Σ φ(λ_i), a scalar."""

    def apply(self, X: Any, phi: Scalar) -> Any:
        """φ(X) = Σ φ(λ_i) v_i v_iᵀ."""

    def frechet(self, X: Any, phi: Scalar, W: Any) -> Any:
        """The Fréchet derivative of φ at X along W: Σ φ[λ_i, λ_j] v_i v_iᵀ W v_j v_jᵀ."""

    def second_frechet(self, X: Any, phi: Scalar, W: Any, E: Any) -> Any:
        """The second one, along W and E: Σ φ[λ_i, λ_j, λ_k] P_i (W P_j E + E P_j W) P_k."""

    def cholesky(self, X: Any) -> Any:
        """The lower triangular L with a positive diagonal and X = L Lᵀ."""

    def triangular_inverse(self, L: Any) -> Any:
        """L⁻¹."""

    def transpose(self, M: Any) -> Any:
        """Mᵀ."""

    def lower_half(self, M: Any) -> Any:
        """The lower triangle of M, with half its diagonal."""
