"""Derivation: the exact derivatives of f(X(θ)) in each parameter, for all θ.

Eigenvalues are never solved for.  With p(λ; θ) = det(λI − X(θ)), a simple root has

    ∂λ/∂θ_k = −(∂p/∂θ_k) / (∂p/∂λ)                       (implicit function theorem)

which stays small at every n and needs no radicals.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache, cached_property

import sympy
from sympy import Expr, ImmutableDenseMatrix, Symbol
from sympy.polys.matrices import DomainMatrix

from symgrad.symbolic.algebra.expressions import Eigenvalue
from symgrad.symbolic.catalogue import Instance
from symgrad.symbolic.parameterizations import Parameterization

SIZE_LIMIT = 5
"""Largest n: at n = 6 the generic gradient of one eigenvalue takes 14 s, and uᵀX⁻¹u 45 s."""

LENGTH_LIMIT = 2000
"""Most operations in a derivative that is proved; a Gaussian log-likelihood at n = 4 has 566."""

EXPONENT_LIMIT = 1000
"""Largest integer in an exponent of a derivative that is proved; powers are multiplied out."""


LAMBDA = Symbol("λ", real=True)


@dataclass(frozen=True)
class Derivation:
    """f(X(θ)) and its p partial derivatives as expressions in θ and the eigenvalues λ_i of X."""

    parameterization: Parameterization
    value: Expr
    gradient: tuple[Expr, ...]

    @cached_property
    def is_short(self) -> bool:
        """Whether no derivative is so long that its proof may take minutes."""
        return all(
            sympy.count_ops(slope) <= LENGTH_LIMIT and _exponent(slope) <= EXPONENT_LIMIT
            for slope in self.gradient
        )

    @cached_property
    def eigenvalues(self) -> tuple[Eigenvalue, ...]:
        """The λ_i that the expressions contain, in order."""
        found = sympy.Tuple(self.value, *self.gradient).atoms(Eigenvalue)
        return tuple(sorted(found, key=str))


def _exponent(expression: Expr) -> int:
    """The largest integer in an exponent, in absolute value."""
    exponents = [power.exp for power in expression.atoms(sympy.Pow)]
    exponents += [power.args[0] for power in expression.atoms(sympy.exp)]
    return max((abs(int(k)) for x in exponents for k in x.atoms(sympy.Integer)), default=0)


@cache
def characteristic_polynomial(X: ImmutableDenseMatrix) -> Expr:
    """p(λ; θ) = det(λI − X(θ)), of degree n in :data:`LAMBDA`; X is n×n."""
    M = DomainMatrix.from_Matrix(X)
    coefficients = [M.domain.to_sympy(c) for c in M.charpoly()]
    terms = (c * LAMBDA ** (X.rows - k) for k, c in enumerate(coefficients))
    return sum(terms, sympy.S.Zero)


@cache
def eigenvalue_derivatives(
    X: ImmutableDenseMatrix, symbols: tuple[Symbol, ...]
) -> tuple[Expr, ...]:
    """∂λ/∂θ_k = −(∂p/∂θ_k)/(∂p/∂λ) for each θ_k, as expressions in θ and :data:`LAMBDA`."""
    p = characteristic_polynomial(X)
    slope = p.diff(LAMBDA)
    return tuple(-p.diff(theta) / slope for theta in symbols)


@cache
def derive(function: Instance, parameterization: Parameterization) -> Derivation:
    """Differentiate f(X(θ)) in every parameter.

    With the parameterization ``symmetric(n)`` this is the gradient in the coordinates vech X.

    Raises:
        TypeError: the exact definition does not give a SymPy expression.
    """
    value = function.exact(parameterization.X)
    gradient = [value.diff(theta) for theta in parameterization.symbols]
    for eigenvalue in value.atoms(Eigenvalue):
        slope, X = value.diff(eigenvalue), eigenvalue.matrix or parameterization.X
        for k, rate in enumerate(eigenvalue_derivatives(X, parameterization.symbols)):
            gradient[k] += slope * rate.xreplace({LAMBDA: eigenvalue})
    return Derivation(parameterization, value, tuple(gradient))


def unvech(gradient: tuple[Expr, ...], n: int) -> ImmutableDenseMatrix:
    """The symmetric gradient S (n×n) whose vech coordinates Dᵀ vec S are ``gradient``."""
    pairs = [(i, j) for i in range(n) for j in range(i, n)]
    entries = dict(zip(pairs, gradient, strict=True))
    return ImmutableDenseMatrix(
        n, n, lambda i, j: entries[min(i, j), max(i, j)] / (1 if i == j else 2)
    )
