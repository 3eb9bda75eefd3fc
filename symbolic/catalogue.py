"""The catalogue of matrix functions: what each one is, exactly, where, and who says so."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any

import sympy
from sympy import Expr, ImmutableDenseMatrix, MatrixBase, MatrixExpr

from court.errors import InputError
from symbolic.algebra import Algebra
from symbolic.algebra.expressions import Expressions

EXPRESSIONS = Expressions()

Constants = dict[str, Any]
"""Fixed data of a function (an index, a vector, a weight matrix), small integers by name."""


@dataclass(frozen=True, eq=False)
class MatrixFunction:
    """A function f : Sym(n) → R, or a family of them told apart by their constants.

    ``value(A, X, **constants)`` and ``gradient(A, X, **constants)`` state f and its gradient
    theorem over an :class:`~symbolic.algebra.Algebra` A; the gradient is a valid n×n
    representative.  What is proved is that its contraction is the derivative of ``value``.  A
    function without a theorem (a user's own) is known by SymPy's expression alone.  ``domain``
    names one of :data:`symbolic.domains.DOMAINS`.  ``instances(n)`` lists the constants of each
    member of the family, by the suffix that names it.  ``proved_size`` is the largest n at which
    its theorem is proved in about a second; on request it is proved at n + 1 too.
    """

    name: str
    formula: str
    domain: str
    citation: str
    value: Callable[..., Any]
    gradient: Callable[..., Any] | None = None
    instances: Callable[[int], dict[str, Constants]] = lambda n: {"": {}}
    proved_size: int = 3


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
        value = self.function.value(EXPRESSIONS, X, **self.constants)
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
        """The textbook's gradient at X (n×n) in SymPy's expressions, where there is a theorem."""
        return self.gradient(EXPRESSIONS, X) if self.function.gradient else None

    def value(self, algebra: Algebra, X: Any) -> Any:
        """f(X) over an algebra; X is the algebra's n×n matrix."""
        return self.function.value(algebra, X, **self.constants)

    def gradient(self, algebra: Algebra, X: Any) -> Any:
        """The theorem's gradient over an algebra; X is the algebra's n×n matrix."""
        assert self.function.gradient is not None
        return self.function.gradient(algebra, X, **self.constants)


def _u(n: int) -> list[int]:
    return [(-1) ** i * (i + 1) for i in range(n)]


def _outer(u: list[int]) -> list[list[int]]:
    return [[a * b for b in u] for a in u]


def _W(n: int) -> list[list[int]]:
    return [[2 * i - j + 1 for j in range(n)] for i in range(n)]


def _identity(A: Algebra, X: Any) -> Any:
    n = A.size(X)
    return A.constant([[int(i == j) for j in range(n)] for i in range(n)])


def _ones(A: Algebra, X: Any) -> Any:
    n = A.size(X)
    return A.constant([[1] * n for _ in range(n)])


def _derivative_of_inverse(A: Algebra, X: Any, W: list[list[int]]) -> Any:
    """The gradient −X⁻¹ W X⁻¹ of ⟨W, X⁻¹⟩ at a symmetric X."""
    return -A.inverse(X) * A.constant(W) * A.inverse(X)


def _derivative_of_projector(A: Algebra, X: Any, i: int, W: list[list[int]]) -> Any:
    """The gradient R W P + P W R of ⟨W, P⟩."""
    P, R, M = A.eigenprojector(X, i), A.reduced_resolvent(X, i), A.constant(W)
    return R * M * P + P * M * R


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
            lambda A, X, i: A.eigenvalue(X, i),
            lambda A, X, i: A.eigenprojector(X, i),
            lambda n: {f"[{i}]": {"i": i} for i in range(n)},
        ),
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
            lambda A, X: A.inner(_identity(A, X), X),
            lambda A, X: _identity(A, X),
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
            "det",
            "det X",
            "invertible",
            f"Jacobi's formula, d det X = tr(adj(X) dX); {MAGNUS_NEUDECKER}",
            lambda A, X: A.det(X),
            lambda A, X: A.adjugate(X),
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
            "inverse_quadratic_form",
            "uᵀ X⁻¹ u",
            "invertible",
            f"dX⁻¹ = −X⁻¹ dX X⁻¹; {MAGNUS_NEUDECKER}",
            lambda A, X, u: A.inner(A.constant(_outer(u)), A.inverse(X)),
            lambda A, X, u: _derivative_of_inverse(A, X, _outer(u)),
            lambda n: {"": {"u": _u(n)}},
        ),
        MatrixFunction(
            "weighted_inverse",
            "⟨W, X⁻¹⟩, W not symmetric",
            "invertible",
            f"dX⁻¹ = −X⁻¹ dX X⁻¹; {MAGNUS_NEUDECKER}",
            lambda A, X, W: A.inner(A.constant(W), A.inverse(X)),
            _derivative_of_inverse,
            lambda n: {"": {"W": _W(n)}},
        ),
        MatrixFunction(
            "gaussian_log_likelihood",
            "−½ (log det X + yᵀ X⁻¹ y)",
            "positive definite",
            f"of one observation y with covariance X, up to a constant; {MAGNUS_NEUDECKER}, ch. 15",
            lambda A, X, y: -A.half(A.log(A.det(X)) + A.inner(A.constant(_outer(y)), A.inverse(X))),
            lambda A, X, y: -A.half(A.inverse(X) + _derivative_of_inverse(A, X, _outer(y))),
            lambda n: {"": {"y": _u(n)}},
        ),
        MatrixFunction(
            "projector",
            "⟨W, v vᵀ⟩, v the unit eigenvector of λ_i, W not symmetric",
            "symmetric",
            "d(v vᵀ) = R dX P + P dX R, P = v vᵀ, R = (λI − X)⁺; Magnus 1985, theorem 1",
            lambda A, X, i, W: A.inner(A.constant(W), A.eigenprojector(X, i)),
            lambda A, X, i, W: _derivative_of_projector(A, X, i, W),
            lambda n: {f"[{i}]": {"i": i, "W": _W(n)} for i in range(n)},
            proved_size=2,
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
