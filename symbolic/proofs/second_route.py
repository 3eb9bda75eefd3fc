"""The second route to the contraction identities: python-flint's quotients of polynomials.

The same f, gradient theorem and parameterization as in
:func:`symbolic.proofs.identities.contraction_identities`, but derivatives are total derivatives of
quotients of python-flint's polynomials in the differential field of
:mod:`symbolic.proofs.tower`, where p(λ) is expanded by minors.  SymPy neither differentiates nor
simplifies anything here.
"""

from __future__ import annotations

from typing import NamedTuple

from flint import fmpq
from sympy import Expr

from court.records import Identity
from symbolic.catalogue import Instance
from symbolic.parameterizations import Parameterization, symmetric
from symbolic.proofs.plain import entry_pairs
from symbolic.proofs.quotients import Homomorphism, NotCoveredError
from symbolic.proofs.tower import Gradient, Tower


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
    n = function.size
    value = function.exact(parameterization.X)
    G = function.theorem(parameterization.X)
    generic = None if G is not None else _Generic(function, parameterization)
    tower = Tower(
        parameterization, [value, *first, *(generic.images if generic is not None else G)]
    )
    f = tower.read(value)
    derivatives = [f.derivative(k) for k in tower.parameters]
    errors = [mine - tower.read(other) for mine, other in zip(derivatives, first, strict=True)]
    if generic is not None:
        gradient = generic.gradient_in(tower)
    else:
        gradient = [[tower.read(G[i, j]) for j in range(n)] for i in range(n)]
    residuals = [c - g for c, g in zip(tower.contract(gradient), derivatives, strict=True)]
    witness = tower.witness()
    for theta, error in zip(parameterization.symbols, errors, strict=True):
        if not tower.vanishes(error, witness):
            raise ArithmeticError(
                f"∂{function.name}/∂{theta} differs between SymPy and python-flint; "
                "neither can be trusted, report it as a defect"
            )
    zeros = [tower.vanishes(residual, witness) for residual in residuals]
    return [
        Identity(function.name, "G", theta.name, "0" if zero else "not 0", zero)
        for theta, zero in zip(parameterization.symbols, zeros, strict=True)
    ]


class _Generic:
    """f at a generic symmetric matrix of size n×n, to be differentiated there and put at X(θ)."""

    def __init__(self, function: Instance, parameterization: Parameterization) -> None:
        self._n = function.size
        x = symmetric(self._n)
        self._value = function.exact(x.X)
        self._tower = Tower(x, [self._value])
        entries = dict(zip(x.symbols, self._upper(parameterization.X.tolist()), strict=True))
        self.images = [
            expr.subs(entries, simultaneous=True)
            for expr in (*x.symbols, *(kernel.expression for kernel in self._tower.kernels))
        ]
        """What stands for each parameter and kernel at X(θ), as SymPy writes it."""

    def gradient_in(self, tower: Tower) -> Gradient:
        """The symmetric gradient S in the tower of X(θ); n×n."""
        f = self._tower.read(self._value)
        at_X = Homomorphism(self._tower.field, tower.field)
        for image in self.images[: len(self._tower.parameters)]:
            at_X.append(tower.read(image))
        for built, image in zip(
            self._tower.built, self.images[len(self._tower.parameters) :], strict=True
        ):
            at_X.append(tower.read(image) * at_X.factors(built.element.denominator))
        half = tower.field.quotient(fmpq(1, 2))
        S = [[tower.field.quotient(0)] * self._n for _ in range(self._n)]
        for k, (i, j) in enumerate(entry_pairs(self._n)):
            rate = at_X(f.derivative(k))
            S[i][j] = S[j][i] = rate if i == j else rate * half
        return S

    def _upper(self, rows: list[list[Expr]]) -> list[Expr]:
        return [rows[i][j] for i, j in entry_pairs(self._n)]
