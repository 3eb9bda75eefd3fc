"""The algebra of generic symbols: SymPy matrices with polynomial entries."""

from __future__ import annotations

from typing import Any

import sympy
from sympy import Expr, ImmutableDenseMatrix, Symbol
from sympy.polys.matrices import DomainMatrix

from symbolic.algebra import Rows


class Eigenvalue(Symbol):
    """The symbol λ_i: stands for the i-th smallest root of det(λI − X) in an expression."""

    __slots__ = ("index",)
    index: int

    def __new__(cls, index: int) -> Eigenvalue:
        """λ_i for i = ``index``, counted from 0."""
        symbol: Eigenvalue = Symbol.__xnew__(cls, f"λ{index}", real=True)
        symbol.index = index
        return symbol

    def _hashable_content(self) -> tuple[Any, ...]:
        return (*super()._hashable_content(), self.index)


class Expressions:
    """Generic symbols: matrices are SymPy's, with polynomial entries."""

    def size(self, X: ImmutableDenseMatrix) -> int:
        return int(X.rows)

    def constant(self, rows: Rows) -> ImmutableDenseMatrix:
        return ImmutableDenseMatrix(rows)

    def inner(self, W: ImmutableDenseMatrix, M: ImmutableDenseMatrix) -> Expr:
        return sum((w * m for w, m in zip(W, M, strict=True)), sympy.S.Zero)

    def half(self, x: Any) -> Any:
        return x / 2

    def inverse(self, X: ImmutableDenseMatrix) -> ImmutableDenseMatrix:
        adjugate, det = DomainMatrix.from_Matrix(X).to_field().adj_det()
        return ImmutableDenseMatrix(adjugate.to_Matrix() / adjugate.domain.to_sympy(det))

    def det(self, X: ImmutableDenseMatrix) -> Expr:
        M = DomainMatrix.from_Matrix(X)
        return M.domain.to_sympy(M.charpoly()[-1]) * (-1) ** X.rows

    def adjugate(self, X: ImmutableDenseMatrix) -> ImmutableDenseMatrix:
        return ImmutableDenseMatrix(X.adjugate())

    def log(self, x: Expr) -> Expr:
        return sympy.log(x)

    def eigenvalue(self, X: ImmutableDenseMatrix, i: int) -> Expr:
        return Eigenvalue(i)

    def eigenprojector(self, X: ImmutableDenseMatrix, i: int) -> ImmutableDenseMatrix:
        """adj(λI − X) / tr adj(λI − X)."""
        adjugate = (Eigenvalue(i) * sympy.eye(X.rows) - X).adjugate()
        return ImmutableDenseMatrix(adjugate / adjugate.trace())

    def reduced_resolvent(self, X: ImmutableDenseMatrix, i: int) -> ImmutableDenseMatrix:
        """The constant term at t = λ of (tI − X)⁻¹ = A(t)/p(t), A = adj(tI − X), p = det(tI − X).

        It is A′/p′ − A·p″/(2p′²), all at λ (Kato, Perturbation Theory for Linear Operators, I.5.3).
        """
        t = Eigenvalue(i)
        A = (t * sympy.eye(X.rows) - X).adjugate()
        slope = A.trace()  # p′(t)
        return ImmutableDenseMatrix(A.diff(t) / slope - A * slope.diff(t) / (2 * slope**2))
