"""The second route to the contraction identities: python-flint's quotients of polynomials.

The same f, gradient theorem and parameterization as in
:func:`symbolic.proofs.identities.contraction_identities`, but derivatives are taken by the quotient
rule on python-flint's polynomials, log u enters by its derivative u_k/u, and an eigenvalue by
∂λ/∂θ_k = −(∂p/∂θ_k)/(∂p/∂λ) with p(λ) expanded by minors.  SymPy neither differentiates nor
simplifies anything here.
"""

from __future__ import annotations

from typing import NamedTuple

import sympy
from flint import fmpz_mpoly
from sympy import Expr

from court.records import Identity
from symbolic.algebra.expressions import Eigenvalue
from symbolic.catalogue import Instance
from symbolic.parameterizations import Parameterization, symmetric
from symbolic.proofs.plain import entry_pairs
from symbolic.proofs.quotients import NotCoveredError, Quotient
from symbolic.proofs.scene import Gradient, Scene


class SecondRoute(NamedTuple):
    """What the second route found: ``identities``, or why the function is ``not_covered``."""

    identities: tuple[Identity, ...] = ()
    not_covered: str = ""


def second_route(
    function: Instance, parameterization: Parameterization, first: tuple[Expr, ...]
) -> SecondRoute:
    """⟨G, ∂X/∂θ_k⟩ − ∂f/∂θ_k for every k; ``first`` are the ∂f/∂θ_k of the first route.

    G is the function's gradient theorem, or the gradient of its own definition at a generic
    symmetric matrix where it cites none.

    Raises:
        ArithmeticError: the two routes differ in a derivative.
    """
    try:
        return SecondRoute(tuple(_identities(function, parameterization, first)))
    except NotCoveredError as reason:
        return SecondRoute(not_covered=str(reason))


def _identities(
    function: Instance, parameterization: Parameterization, first: tuple[Expr, ...]
) -> list[Identity]:
    value = function.exact(parameterization.X)
    G = function.theorem(parameterization.X)
    eigenvalues = _eigenvalues(value, *(G or ()))
    scene = Scene(parameterization, eigenvalues)
    derivatives = scene.derivatives(value)
    for theta, mine, other in zip(parameterization.symbols, derivatives, first, strict=True):
        if not scene.vanishes(mine - scene.field.read(other)):
            raise ArithmeticError(
                f"∂{function.name}/∂{theta} differs between SymPy and python-flint; "
                "neither can be trusted, report it as a defect"
            )
    if G is None:
        gradient = _generic_gradient(function, scene, eigenvalues)
    else:
        gradient = [[scene.field.read(entry) for entry in row] for row in G.tolist()]
    residuals = [c - g for c, g in zip(scene.contract(gradient), derivatives, strict=True)]
    return [
        Identity(function.name, "G", theta.name, "0" if zero else "not 0", zero)
        for theta, zero in zip(
            parameterization.symbols, map(scene.vanishes, residuals), strict=True
        )
    ]


def _eigenvalues(*expressions: Expr) -> tuple[Eigenvalue, ...]:
    found = sympy.Tuple(*expressions).atoms(Eigenvalue)
    return tuple(sorted(found, key=lambda symbol: symbol.index))


def _generic_gradient(
    function: Instance, scene: Scene, eigenvalues: tuple[Eigenvalue, ...]
) -> Gradient:
    """The symmetric gradient S at a generic matrix, with X(θ) put in its place; n×n."""
    n = function.size
    generic = Scene(symmetric(n), eigenvalues)
    rates = generic.derivatives(function.exact(symmetric(n).X))
    lambdas = [scene.field.read(lam).numerator for lam in eigenvalues]
    values = [*lambdas, *(scene.X[i][j] for i, j in entry_pairs(n))]

    def at_X(p: fmpz_mpoly) -> Quotient:
        return scene.field.polynomial(p.compose(*values, ctx=scene.field.context))

    S: Gradient = [[scene.field.polynomial(0)] * n for _ in range(n)]
    for (i, j), rate in zip(entry_pairs(n), rates, strict=True):
        entry = at_X(rate.numerator) / at_X(rate.denominator)
        S[i][j] = S[j][i] = entry if i == j else entry / scene.field.polynomial(2)
    return S
