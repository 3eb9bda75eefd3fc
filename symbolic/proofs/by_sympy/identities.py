"""Proofs: contractions of every convention, reduced to exactly zero for all parameters.

The reduction is polynomial division and nothing cleverer: a residual is brought over one
denominator, and its numerator is divided by the polynomials that define the irrational symbols in
it (p(λ) for an eigenvalue λ, r² − Δ for a root r = √Δ).  A zero remainder is a proof for every θ at
which the denominator does not vanish: at which the eigenvalue is simple, or X invertible.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import sympy
from msgspec import structs
from sympy import Expr, ImmutableDenseMatrix, Symbol

from symgrad.court.references import Identity, Representative
from symgrad.symbolic.algebra.expressions import Eigenvalue
from symgrad.symbolic.catalogue import Instance
from symgrad.symbolic.derivation import LAMBDA, characteristic_polynomial, derive, unvech
from symgrad.symbolic.parameterizations import Parameterization, symmetric
from symgrad.symbolic.proofs.by_sympy.residuals import Residuals
from symgrad.symbolic.proofs.plain import matrix_of

SKEW = Symbol("κ", real=True)
WEIGHT = Symbol("w", real=True)


def representatives(S: ImmutableDenseMatrix) -> dict[Representative, ImmutableDenseMatrix]:
    """The valid gradients that frameworks report, made of a symmetric S (n×n), by name.

    κ and w are free symbols: S + K stands for every skew part of that shape, and the weighted
    one for every way to share a mirrored pair of entries out between its two places.
    """
    return {
        "symmetric": S,
        "lower": _weighted(S, 2, 0),
        "upper": _weighted(S, 0, 2),
        "weighted": _weighted(S, 2 * WEIGHT, 2 - 2 * WEIGHT),
        "skew": ImmutableDenseMatrix(S + _entrywise(S.rows, -SKEW, sympy.S.Zero, SKEW)),
    }


def spurious(S: ImmutableDenseMatrix) -> ImmutableDenseMatrix:
    """2S − diag(S), right as coordinates of vech X alone (Srinivasan and Panda (2022))."""
    return _weighted(S, 2, 2)


def contract(G: ImmutableDenseMatrix, D: ImmutableDenseMatrix) -> Expr:
    """The Frobenius inner product ⟨G, D⟩ of two n×n matrices."""
    return sum((g * d for g, d in zip(G, D, strict=True)), sympy.S.Zero)


def contraction_identities(
    function: Instance, parameterization: Parameterization
) -> list[Identity]:
    """⟨G, ∂X/∂θ_k⟩ − ∂f/∂θ_k for the function's gradient theorem and each parameter θ_k.

    A function that cites no theorem (one added by a user) is contracted with the gradient that its
    own definition has at a generic symmetric matrix.
    """
    derivation = derive(function, parameterization)
    G = function.theorem(parameterization.X)
    if G is None:
        G = _generic_gradient(function, parameterization)
    directions = [parameterization.X.diff(theta) for theta in parameterization.symbols]
    expressions = sympy.Tuple(*G, *derivation.gradient, *(d for D in directions for d in D))
    relations = {
        lam: eigenvalue_relation(lam, parameterization)
        for lam in sorted(expressions.atoms(Eigenvalue), key=str)
    }
    residuals = Residuals(expressions, relations, _different_roots(relations))
    named = zip(parameterization.symbols, directions, derivation.gradient, strict=True)
    return [
        _identity(residuals, function.name, "G", G, theta.name, D, derivative)
        for theta, D, derivative in named
    ]


def eigenvalue_relation(eigenvalue: Eigenvalue, parameterization: Parameterization) -> Expr:
    """The characteristic polynomial of the matrix whose eigenvalue the symbol is."""
    X = matrix_of(eigenvalue, parameterization.X)
    return characteristic_polynomial(X).xreplace({LAMBDA: eigenvalue})


def _different_roots(relations: Mapping[Eigenvalue, Expr]) -> list[list[Eigenvalue]]:
    """The eigenvalue symbols of each polynomial, one of each index, indices of one kind."""
    groups: dict[tuple[Expr, type], dict[Any, Eigenvalue]] = {}
    for lam, p in relations.items():
        group = groups.setdefault((p.xreplace({lam: LAMBDA}), type(lam.index)), {})
        group.setdefault(lam.index, lam)
    return [[*group.values()] for group in groups.values()]


def contraction_identity(
    function: str,
    name: str,
    G: ImmutableDenseMatrix,
    parameter: str,
    D: ImmutableDenseMatrix,
    derivative: Expr,
    relations: Mapping[Symbol, Expr],
    expected_to_vanish: bool = True,
    convention: Representative | None = None,
) -> Identity:
    """The identity ⟨G, D⟩ − ``derivative`` = 0, with its residual reduced; G and D are n×n."""
    residuals = Residuals([*G, *D, derivative], relations)
    found = _identity(residuals, function, name, G, parameter, D, derivative, expected_to_vanish)
    return structs.replace(found, convention=convention)


def _identity(
    residuals: Residuals,
    function: str,
    name: str,
    G: ImmutableDenseMatrix,
    parameter: str,
    D: ImmutableDenseMatrix,
    derivative: Expr,
    expected_to_vanish: bool = True,
) -> Identity:
    contracted = [(g, d) for g, d in zip(G, D, strict=True) if d != 0]
    residual = residuals.sum_of_products([*contracted, (sympy.S.NegativeOne, derivative)])
    return Identity(function, name, parameter, residual, residual == "0", expected_to_vanish)


def _generic_gradient(
    function: Instance, parameterization: Parameterization
) -> ImmutableDenseMatrix:
    n = parameterization.size
    generic = symmetric(n)
    pairs = [(i, j) for i in range(n) for j in range(i, n)]
    entries = {
        s: parameterization.X[i, j] for s, (i, j) in zip(generic.symbols, pairs, strict=True)
    }
    S = unvech(derive(function, generic).gradient, n)
    return ImmutableDenseMatrix(S.subs(entries, simultaneous=True))


def _weighted(
    S: ImmutableDenseMatrix, below: Expr | int, above: Expr | int
) -> ImmutableDenseMatrix:
    weights = _entrywise(S.rows, below, 1, above)
    return ImmutableDenseMatrix(S.multiply_elementwise(weights))


def _entrywise(
    n: int, below: Expr | int, on: Expr | int, above: Expr | int
) -> ImmutableDenseMatrix:
    """The n×n matrix with one entry below, one on and one above its diagonal."""
    rows = [[below if i > j else on if i == j else above for j in range(n)] for i in range(n)]
    return ImmutableDenseMatrix(rows)
