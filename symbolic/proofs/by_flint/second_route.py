"""The second route to the contraction identities: python-flint's quotients of polynomials.

The same f, gradient theorem and parameterization as in
:func:`symgrad.symbolic.proofs.by_sympy.identities.contraction_identities`, but derivatives are
total derivatives of quotients of python-flint's polynomials in the differential field of
:mod:`symgrad.symbolic.proofs.by_flint.tower`, where p(λ) is expanded by minors.  SymPy neither
differentiates nor simplifies anything here.
"""

from __future__ import annotations

from typing import NamedTuple

from flint import fmpq
from sympy import Expr, ImmutableDenseMatrix

from symgrad.court.references import Identity
from symgrad.symbolic.catalogue import Instance
from symgrad.symbolic.parameterizations import Parameterization, symmetric
from symgrad.symbolic.proofs.by_flint.quotients import NotCoveredError
from symgrad.symbolic.proofs.by_flint.sums import Homomorphism
from symgrad.symbolic.proofs.by_flint.tower import Gradient, Tower
from symgrad.symbolic.proofs.plain import entry_pairs


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
    source = _Generic(function, parameterization) if G is None else _Stated(G)
    tower = Tower(parameterization, [value, *first, *source.expressions])
    f = tower.read(value)
    derivatives = [f.derivative(k) for k in tower.parameters]
    errors = [mine - tower.read(other) for mine, other in zip(derivatives, first, strict=True)]
    contracted = tower.contract(source.gradient_in(tower))
    residuals = [c - g for c, g in zip(contracted, derivatives, strict=True)]
    witnesses = tower.witnesses()
    for theta, error in zip(parameterization.symbols, errors, strict=True):
        if not tower.vanishes(error, witnesses):
            raise ArithmeticError(
                f"∂{function.name}/∂{theta} differs between SymPy and python-flint; "
                "neither can be trusted, report it as a defect"
            )
    zeros = [tower.vanishes(residual, witnesses) for residual in residuals]
    return [
        Identity(function.name, "G", theta.name, "0" if zero else "not 0", zero)
        for theta, zero in zip(parameterization.symbols, zeros, strict=True)
    ]


class _Stated:
    """A gradient theorem's G at X(θ), n×n; ``expressions`` are its entries."""

    def __init__(self, G: ImmutableDenseMatrix) -> None:
        self._rows = G.tolist()
        self.expressions: list[Expr] = [*G]

    def gradient_in(self, tower: Tower) -> Gradient:
        """G in the tower; n×n."""
        return [[tower.read(entry) for entry in row] for row in self._rows]


class _Generic:
    """f at a generic symmetric matrix of size n×n, to be differentiated there and put at X(θ).

    ``expressions`` are what then stands for each of its parameters and kernels.
    """

    def __init__(self, function: Instance, parameterization: Parameterization) -> None:
        x, X = symmetric(function.size), parameterization.X
        self._pairs = entry_pairs(function.size)
        self._value = function.exact(x.X)
        self._tower = Tower(x, [self._value])
        entries = {s: X[i, j] for s, (i, j) in zip(x.symbols, self._pairs, strict=True)}
        kernels = [built.kernel.expression for built in self._tower.built]
        self.expressions: list[Expr] = [
            expr.subs(entries, simultaneous=True) for expr in (*x.symbols, *kernels)
        ]

    def gradient_in(self, tower: Tower) -> Gradient:
        """The symmetric gradient S in the tower of X(θ); n×n."""
        generic, n = self._tower, tower.parameterization.size
        at_X = Homomorphism(generic.space, tower.space)
        count = len(generic.parameters)
        for image in self.expressions[:count]:
            at_X.append(tower.read(image))
        for built, image in zip(generic.built, self.expressions[count:], strict=True):
            at_X.append(tower.read(image) * at_X.factors(built.element.merged().denominator))
        f, half = generic.read(self._value), tower.space.number(fmpq(1, 2))
        S = [[tower.space.number(0)] * n for _ in range(n)]
        for k, (i, j) in enumerate(self._pairs):
            rate = at_X(f.derivative(k))
            S[i][j] = S[j][i] = rate if i == j else rate * half
        return S
