"""The algebra of generic symbols: SymPy matrices with polynomial entries."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import sympy
from sympy import Dummy, Expr, ImmutableDenseMatrix, Rational, Symbol
from sympy.polys.matrices import DomainMatrix

from symgrad.symbolic.algebra import Rows
from symgrad.symbolic.algebra.scalar import Index, Modulus, Scalar


class Eigenvalue(Symbol):
    """The symbol λ_i: stands for a root of det(λI − X) in an expression.

    ``index`` says which; ``matrix`` is X, or nothing where it is the matrix that the function is
    of, whatever its parameterization.
    """

    __slots__ = ("index", "matrix")
    index: Index
    matrix: ImmutableDenseMatrix | None

    def __new__(cls, index: Index, matrix: ImmutableDenseMatrix | None = None) -> Eigenvalue:
        """λ_i for i = ``index``, counted from 0 for the smallest."""
        name = f"λ|{index.rank}|" if isinstance(index, Modulus) else f"λ{index}"
        symbol: Eigenvalue = Symbol.__xnew__(cls, name, real=True)
        symbol.index = index
        symbol.matrix = matrix
        return symbol

    def _hashable_content(self) -> tuple[Any, ...]:
        return (*super()._hashable_content(), self.index, self.matrix)


class Expressions:
    """Generic symbols: matrices are SymPy's, with polynomial entries."""

    def size(self, X: ImmutableDenseMatrix) -> int:
        return int(X.rows)

    def constant(self, rows: Rows) -> ImmutableDenseMatrix:
        return ImmutableDenseMatrix(rows)

    def inner(self, W: ImmutableDenseMatrix, M: ImmutableDenseMatrix) -> Expr:
        return sum((w * m for w, m in zip(W, M, strict=True)), sympy.S.Zero)

    def scaled(self, x: Any, factor: Fraction) -> Any:
        return x * Rational(factor.numerator, factor.denominator)

    def log(self, x: Expr) -> Expr:
        return sympy.log(x)

    def congruence(self, T: Rows, X: ImmutableDenseMatrix) -> ImmutableDenseMatrix:
        M = ImmutableDenseMatrix(T)
        return ImmutableDenseMatrix((M * X * M.T).expand())

    def inverse(self, X: ImmutableDenseMatrix) -> ImmutableDenseMatrix:
        adjugate, det = DomainMatrix.from_Matrix(X).to_field().adj_det()
        return ImmutableDenseMatrix(adjugate.to_Matrix() / adjugate.domain.to_sympy(det))

    def det(self, X: ImmutableDenseMatrix) -> Expr:
        M = DomainMatrix.from_Matrix(X)
        return M.domain.to_sympy(M.charpoly()[-1]) * (-1) ** X.rows

    def adjugate(self, X: ImmutableDenseMatrix) -> ImmutableDenseMatrix:
        return ImmutableDenseMatrix(X.adjugate())

    def by_modulus(self, rank: int) -> Modulus:
        return Modulus(rank)

    def trace(self, X: ImmutableDenseMatrix, phi: Scalar) -> Expr:
        return sum((phi(t) for t in _eigenvalues(X, phi)), sympy.S.Zero)

    def apply(self, X: ImmutableDenseMatrix, phi: Scalar) -> ImmutableDenseMatrix:
        terms = [_projector(X, t) * phi(t) for t in _eigenvalues(X, phi)]
        return ImmutableDenseMatrix(sum(terms, sympy.zeros(X.rows)))

    def frechet(
        self, X: ImmutableDenseMatrix, phi: Scalar, W: ImmutableDenseMatrix
    ) -> ImmutableDenseMatrix:
        """Σ_i φ(λ_i)(R_i W P_i + P_i W R_i) + φ′(λ_i) P_i W P_i, without differences λ_i − λ_j.

        P_i is the eigenprojector, and R_i = Σ_j P_j/(λ_i − λ_j) the reduced resolvent.
        """
        slope = phi.derivative()
        total = sympy.zeros(X.rows)
        for t in _eigenvalues(X, phi):
            P, R = _projector(X, t), _reduced_resolvent(X, t)
            total += (R * W * P + P * W * R) * phi(t) + P * W * P * slope(t)
        return ImmutableDenseMatrix(total)

    def second_frechet(
        self,
        X: ImmutableDenseMatrix,
        phi: Scalar,
        W: ImmutableDenseMatrix,
        E: ImmutableDenseMatrix,
    ) -> ImmutableDenseMatrix:
        """The same differentiated along E, by dλ_i = tr(P_i E) and dP_i = R_i E P_i + P_i E R_i.

        As R = (λI − X + P)⁻¹ − P, dR = R E R − dλ·R² − R² E P − P E R² (indices left out).
        """
        slope = phi.derivative()
        total = sympy.zeros(X.rows)
        for t in _eigenvalues(X, phi):
            P, R = _projector(X, t), _reduced_resolvent(X, t)
            rate = (P * E).trace()
            dP = R * E * P + P * E * R
            dR = R * E * R - R * R * rate - R * R * E * P - P * E * R * R
            once = R * W * P + P * W * R
            total += (dR * W * P + R * W * dP + dP * W * R + P * W * dR) * phi(t)
            total += (once * rate + dP * W * P + P * W * dP) * slope(t)
            total += P * W * P * (rate * slope.derivative()(t))
        return ImmutableDenseMatrix(total)

    def adjugate_along(
        self, X: ImmutableDenseMatrix, E: ImmutableDenseMatrix
    ) -> ImmutableDenseMatrix:
        """The linear term in t of adj(X + tE)."""
        t = Dummy("t")
        moved = ImmutableDenseMatrix(X + t * E).adjugate()
        return ImmutableDenseMatrix(moved.applyfunc(lambda x: x.diff(t).subs(t, 0)))

    def cholesky(self, X: ImmutableDenseMatrix) -> ImmutableDenseMatrix:
        """M √d of X = M diag(d) Mᵀ, so that no root is nested."""
        n, d = X.rows, list[Expr]()
        M = sympy.eye(n).as_mutable()
        for j in range(n):
            for i in range(j, n):
                rest = sympy.cancel(X[i, j] - sum(M[i, k] * M[j, k] * d[k] for k in range(j)))
                if i == j:
                    d.append(rest)
                else:
                    M[i, j] = sympy.cancel(rest / d[j])
        return ImmutableDenseMatrix(M * sympy.diag(*map(sympy.sqrt, d)))

    def triangular_inverse(self, L: ImmutableDenseMatrix) -> ImmutableDenseMatrix:
        return ImmutableDenseMatrix(L.lower_triangular_solve(sympy.eye(L.rows)))

    def transpose(self, M: ImmutableDenseMatrix) -> ImmutableDenseMatrix:
        return M.T

    def lower_half(self, M: ImmutableDenseMatrix) -> ImmutableDenseMatrix:
        def entry(i: int, j: int) -> Expr:
            return M[i, j] if i > j else M[i, j] / 2 if i == j else sympy.S.Zero

        return ImmutableDenseMatrix(M.rows, M.rows, entry)


def _eigenvalues(X: ImmutableDenseMatrix, phi: Scalar) -> list[Eigenvalue]:
    """The eigenvalues of X at which φ is not zero throughout."""
    indices = range(X.rows) if phi.indices is None else phi.indices
    return [Eigenvalue(i, X) for i in indices]


def _projector(X: ImmutableDenseMatrix, t: Eigenvalue) -> ImmutableDenseMatrix:
    """adj(λI − X) / tr adj(λI − X)."""
    adjugate = (t * sympy.eye(X.rows) - X).adjugate()
    return ImmutableDenseMatrix(adjugate / adjugate.trace())


def _reduced_resolvent(X: ImmutableDenseMatrix, t: Eigenvalue) -> ImmutableDenseMatrix:
    """The constant term at s = λ of (sI − X)⁻¹ = A(s)/p(s), A = adj(sI − X), p = det(sI − X).

    It is A′/p′ − A·p″/(2p′²), all at λ (Kato (1995)).
    """
    A = (t * sympy.eye(X.rows) - X).adjugate()
    slope = A.trace()  # p′(λ)
    return ImmutableDenseMatrix(A.diff(t) / slope - A * slope.diff(t) / (2 * slope**2))
