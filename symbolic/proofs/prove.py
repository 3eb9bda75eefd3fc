"""Proofs by two routes: what callers ask, and what a disagreement does."""

from __future__ import annotations

from functools import cache
from typing import NamedTuple

from symgrad.court.references import Identity
from symgrad.symbolic.catalogue import Instance
from symgrad.symbolic.derivation import derive
from symgrad.symbolic.parameterizations import Parameterization
from symgrad.symbolic.proofs.by_flint.second_route import second_route
from symgrad.symbolic.proofs.by_sympy.identities import contraction_identities


class Proof(NamedTuple):
    """The contraction identities of one function in one parameterization.

    ``not_covered`` says why the second route could not treat them; it is empty where both routes
    agree.
    """

    identities: tuple[Identity, ...]
    not_covered: str = ""

    @property
    def holds(self) -> bool:
        """Whether every residual is zero."""
        return all(identity.holds for identity in self.identities)


@cache
def examine(function: Instance, parameterization: Parameterization) -> Proof:
    """The contraction identities by SymPy and, where it covers the function, by python-flint.

    Raises:
        ArithmeticError: the two routes disagree on a derivative or on whether a residual is zero.
    """
    first = contraction_identities(function, parameterization)
    second = second_route(function, parameterization, derive(function, parameterization).gradient)
    if second.not_covered:
        return Proof(tuple(first), second.not_covered)
    for mine, other in zip(first, second.identities, strict=True):
        if mine.vanishes != other.vanishes:
            raise ArithmeticError(
                f"the residual of {function.name} for {mine.parameter} is "
                f"{mine.residual[:60]} by SymPy but {other.residual} by python-flint; "
                "neither can be trusted, report it as a defect"
            )
    return Proof(tuple(first))


def prove(function: Instance, parameterization: Parameterization) -> list[Identity]:
    """⟨G, ∂X/∂θ_k⟩ − ∂f/∂θ_k for each parameter, checked by both routes.

    G is the function's gradient theorem, or the gradient of its own exact definition where it
    cites none (a function added by a user).

    Raises:
        ArithmeticError: the two routes disagree.
    """
    return list(examine(function, parameterization).identities)
