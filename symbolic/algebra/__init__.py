"""One statement of a gradient theorem, five ways to compute with it.

A matrix function's value and gradient are written once, in terms of products, inverses and
eigenprojectors.  Over ``expressions`` (SymPy) the theorem is proved for all parameters; over
``enclosures`` (Arb) it is evaluated rigorously at one matrix; over ``slopes`` (float64 dual
numbers) it is differentiated once more, for the sensitivity of the gradient.  For matrices with
hundreds of rows ``intervals`` (float64 with error bounds) and ``differentials`` take the places of
the last two, for the theorems that are made of what they can do.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

Rows = Sequence[Sequence[int]]
"""A constant matrix of small integers, by rows."""


class Algebra(Protocol):
    """What a theorem may use, beside ``+``, ``−`` and ``*`` of matrices and scalars.

    The matrix X is symmetric, n×n.  M stands for the algebra's own matrices.
    """

    def size(self, X: Any) -> int:
        """n, the number of rows."""

    def constant(self, rows: Rows) -> Any:
        """The n×n matrix M of these integers."""

    def inner(self, W: Any, M: Any) -> Any:
        """The Frobenius inner product ⟨W, M⟩, a scalar."""

    def half(self, x: Any) -> Any:
        """x/2, of a matrix or a scalar."""

    def inverse(self, X: Any) -> Any:
        """X⁻¹."""

    def det(self, X: Any) -> Any:
        """det X, a scalar."""

    def adjugate(self, X: Any) -> Any:
        """adj X = det X · X⁻¹."""

    def log(self, x: Any) -> Any:
        """The natural logarithm of a positive scalar."""

    def eigenvalue(self, X: Any, i: int) -> Any:
        """The i-th smallest eigenvalue λ_i, counted from 0."""

    def eigenprojector(self, X: Any, i: int) -> Any:
        """v vᵀ for the unit eigenvector v of λ_i; sign and scale of v do not matter."""

    def reduced_resolvent(self, X: Any, i: int) -> Any:
        """(λ_i I − X)⁺ = Σ v_j v_jᵀ/(λ_i − λ_j), over the other eigenpairs."""
