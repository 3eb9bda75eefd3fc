"""Second derivatives: the function X → ⟨S(X), E⟩, whose symmetric gradient is the Hessian along E.

It is a matrix function like any other, with a theorem that is the first one's, differentiated.
"""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from typing import Any

import sympy
from sympy import Dummy, Expr, ImmutableDenseMatrix

from symgrad.court.errors import InputError
from symgrad.symbolic.algebra import Algebra, Rows
from symgrad.symbolic.algebra.expressions import Eigenvalue
from symgrad.symbolic.algebra.tangents import Tangents
from symgrad.symbolic.catalogue.function import Derived, Instance, MatrixFunction

Rows2 = tuple[tuple[int, ...], ...]


@cache
def along(function: Instance, E: Rows2) -> Instance:
    """X → ⟨S(X), E⟩ of a function f; E is n×n, symmetric, of small integers.

    Raises:
        InputError: f is known by a formula in its eigenvalues alone.
    """
    about = function.function
    derived = replace(
        about,
        value=lambda A, X, **constants: _slope(about, A, X, E, constants),
        gradient=about.gradient
        and (lambda A, X, **constants: _of_theorem(about, A, X, E, constants)),
        proved_size=about.proved_size - 1,  # its formulae are longer
        derived=Derived(function, E),
    )
    return replace(function, function=derived)


def _slope(about: MatrixFunction, A: Algebra, X: Any, E: Rows, constants: dict[str, Any]) -> Any:
    if about.gradient is None:
        return _by_sympy(about, A, X, E)
    T = Tangents(A, E)
    return about.value(T, T.matrix(X), **constants).slope


def _of_theorem(
    about: MatrixFunction, A: Algebra, X: Any, E: Rows, constants: dict[str, Any]
) -> Any:
    assert about.gradient is not None
    T = Tangents(A, E)
    return about.gradient(T, T.matrix(X), **constants).slope


def _by_sympy(about: MatrixFunction, A: Algebra, X: ImmutableDenseMatrix, E: Rows) -> Expr:
    """Σ E_ij ∂f/∂x_ij at a generic symmetric matrix, of which X then takes the place."""
    n = X.rows
    symbols = [[Dummy(f"x{i}{j}", real=True) for j in range(i + 1)] for i in range(n)]
    generic = ImmutableDenseMatrix(n, n, lambda i, j: symbols[max(i, j)][min(i, j)])
    f = sympy.sympify(about.value(A, generic))
    if f.has(Eigenvalue):
        raise InputError(f"{about.name} is written in eigenvalues, and is asked for gradients only")
    places = [(i, j) for i in range(n) for j in range(i + 1)]
    slope = sum((E[i][j] * f.diff(symbols[i][j]) for i, j in places), sympy.S.Zero)
    return slope.xreplace({symbols[i][j]: X[i, j] for i, j in places})
