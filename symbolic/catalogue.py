"""The catalogue of matrix functions: what each one is, exactly, where, and who says so."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any

import sympy
from sympy import Expr, ImmutableDenseMatrix, MatrixBase, MatrixExpr, Symbol
from sympy.polys.matrices import DomainMatrix

from court.errors import InputError

Constants = dict[str, Any]
"""Fixed data of a function (an index, a vector, a weight matrix), small integers by name."""


class Eigenvalue(Symbol):
    """The symbol λ_i: stands for the i-th smallest root of det(λI − X) in an exact definition."""

    __slots__ = ("index",)
    index: int

    def __new__(cls, index: int) -> Eigenvalue:
        """λ_i for i = ``index``, counted from 0."""
        symbol: Eigenvalue = Symbol.__xnew__(cls, f"λ{index}", real=True)
        symbol.index = index
        return symbol

    def _hashable_content(self) -> tuple[Any, ...]:
        return (*super()._hashable_content(), self.index)


@dataclass(frozen=True, eq=False)
class MatrixFunction:
    """A function f : Sym(n) → R, or a family of them told apart by their constants.

    ``exact(X, **constants)`` takes a SymPy matrix and gives a SymPy expression, in which
    :class:`Eigenvalue` symbols may stand for eigenvalues of X.  ``theorem(X, **constants)`` is the
    textbook's gradient, a valid n×n representative; what is proved is that its contraction is the
    derivative of ``exact``.  ``domain`` names one of :data:`symbolic.domains.DOMAINS`.
    ``instances(n)`` lists the constants of each member of the family, by the suffix that names it.
    """

    name: str
    formula: str
    domain: str
    citation: str
    exact: Callable[..., Expr]
    theorem: Callable[..., ImmutableDenseMatrix] | None = None
    instances: Callable[[int], dict[str, Constants]] = lambda n: {"": {}}


@dataclass(frozen=True, eq=False)
class Instance:
    """One member of a matrix function's family at size n: ``eigenvalue[0]`` of 3×3 matrices."""

    name: str
    function: MatrixFunction
    size: int
    constants: Constants

    def exact(self, X: ImmutableDenseMatrix) -> Expr:
        """f(X); X is n×n.

        A matrix inside the expression is refused as well: SymPy 1.14 differentiates matrix
        expressions to wrong zeros (log det A, tr A + tr A²) without a word.

        Raises:
            TypeError: the exact definition does not give a scalar SymPy expression, or gives one
                that is not written out in entries.
        """
        value = self.function.exact(X, **self.constants)
        if not isinstance(value, (Expr, int)) or isinstance(value, (MatrixBase, MatrixExpr)):
            raise TypeError(
                f"the exact definition of {self.name} must give a scalar SymPy expression, "
                f"not {type(value).__name__}"
            )
        value = sympy.sympify(value)
        if value.has(MatrixExpr):
            raise TypeError(
                f"the exact definition of {self.name} must be written out in the entries of X, "
                f"not hold a matrix as {str(value)[:60]!r} does; "
                "use X.det(), X.trace() and the like of the X that it is given"
            )
        return value

    def theorem(self, X: ImmutableDenseMatrix) -> ImmutableDenseMatrix | None:
        """The textbook's gradient at X (n×n), where the function cites one."""
        theorem = self.function.theorem
        return None if theorem is None else theorem(X, **self.constants)


def determinant(X: ImmutableDenseMatrix) -> Expr:
    """det X by SymPy's polynomial matrices; X is n×n with polynomial entries."""
    return _entry(lambda M: M.charpoly()[-1] * (-1) ** X.rows, X)


def inverse(X: ImmutableDenseMatrix) -> ImmutableDenseMatrix:
    """X⁻¹ = adj X / det X; X is n×n with polynomial entries."""
    adjugate, det = DomainMatrix.from_Matrix(X).to_field().adj_det()
    return ImmutableDenseMatrix(adjugate.to_Matrix() / adjugate.domain.to_sympy(det))


def _entry(compute: Callable[[DomainMatrix], Any], X: ImmutableDenseMatrix) -> Expr:
    M = DomainMatrix.from_Matrix(X)
    return M.domain.to_sympy(compute(M))


def _u(n: int) -> list[int]:
    return [(-1) ** i * (i + 1) for i in range(n)]


def _W(n: int) -> list[list[int]]:
    return [[2 * i - j + 1 for j in range(n)] for i in range(n)]


def _inverse_quadratic_form(X: ImmutableDenseMatrix, u: list[int]) -> Expr:
    vector = sympy.Matrix(u)
    return (vector.T * inverse(X) * vector)[0, 0]


def _weighted_inverse(X: ImmutableDenseMatrix, W: list[list[int]]) -> Expr:
    return sum((w * x for w, x in zip(sympy.Matrix(W), inverse(X), strict=True)), sympy.S.Zero)


def _eigenprojector(X: ImmutableDenseMatrix, i: int) -> ImmutableDenseMatrix:
    """v vᵀ = adj(λI − X) / tr adj(λI − X): the eigenvector itself, up to sign, is never needed."""
    adjugate = (Eigenvalue(i) * sympy.eye(X.rows) - X).adjugate()
    return ImmutableDenseMatrix(adjugate / adjugate.trace())


MAGNUS_NEUDECKER = "Magnus and Neudecker, Matrix Differential Calculus, 3rd ed. (2019)"

CATALOGUE: dict[str, MatrixFunction] = {
    f.name: f
    for f in (
        MatrixFunction(
            "eigenvalue",
            "λ_i(X), i = 0 for the smallest",
            "symmetric",
            "Magnus, On differentiating eigenvalues and eigenvectors, Econometric Theory 1 (1985), "
            "theorem 1",
            lambda X, i: Eigenvalue(i),
            _eigenprojector,
            lambda n: {f"[{i}]": {"i": i} for i in range(n)},
        ),
        MatrixFunction(
            "sum_entries",
            "Σ_ij X_ij",
            "symmetric",
            "linear in X: the gradient is the matrix of ones",
            lambda X: sum(X, sympy.S.Zero),
            lambda X: ImmutableDenseMatrix(sympy.ones(X.rows)),
        ),
        MatrixFunction(
            "trace",
            "tr X",
            "symmetric",
            "linear in X: the gradient is the identity",
            lambda X: X.trace(),
            lambda X: ImmutableDenseMatrix(sympy.eye(X.rows)),
        ),
        MatrixFunction(
            "trace_square",
            "tr X²",
            "symmetric",
            f"d tr X² = 2 tr(X dX); {MAGNUS_NEUDECKER}",
            lambda X: (X * X).trace(),
            lambda X: 2 * X,
        ),
        MatrixFunction(
            "det",
            "det X",
            "invertible",
            f"Jacobi's formula, d det X = tr(adj(X) dX); {MAGNUS_NEUDECKER}",
            determinant,
            lambda X: X.adjugate().T,
        ),
        MatrixFunction(
            "log_det",
            "log det X",
            "positive definite",
            f"d log det X = tr(X⁻¹ dX); {MAGNUS_NEUDECKER}",
            lambda X: sympy.log(determinant(X)),
            lambda X: inverse(X).T,
        ),
        MatrixFunction(
            "inverse_quadratic_form",
            "uᵀ X⁻¹ u",
            "invertible",
            f"dX⁻¹ = −X⁻¹ dX X⁻¹; {MAGNUS_NEUDECKER}",
            _inverse_quadratic_form,
            lambda X, u: -inverse(X) * sympy.Matrix(u) * sympy.Matrix(u).T * inverse(X),
            lambda n: {"": {"u": _u(n)}},
        ),
        MatrixFunction(
            "weighted_inverse",
            "⟨W, X⁻¹⟩, W not symmetric",
            "invertible",
            f"dX⁻¹ = −X⁻¹ dX X⁻¹; {MAGNUS_NEUDECKER}",
            _weighted_inverse,
            lambda X, W: -inverse(X).T * sympy.Matrix(W) * inverse(X).T,
            lambda n: {"": {"W": _W(n)}},
        ),
    )
}


@cache
def instances(function: MatrixFunction, n: int) -> tuple[Instance, ...]:
    """The members of a function's family at size n."""
    return tuple(
        Instance(function.name + suffix, function, n, constants)
        for suffix, constants in function.instances(n).items()
    )


def choose(name: str, n: int) -> tuple[Instance, ...]:
    """The instances that a name of the command line means at size n.

    ``eigenvalue`` is every eigenvalue, ``eigenvalue[1]`` the second smallest.

    Raises:
        InputError: no member of its family has that name at this size.
    """
    family = instances(CATALOGUE[re.sub(r"\[\d+\]$", "", name)], n)
    chosen = tuple(member for member in family if name in (member.name, member.function.name))
    if not chosen:
        raise InputError(f"function {name!r} does not exist at size {n}")
    return chosen
