"""Eigenvalues of a generic symmetric X of size n: every convention, proved for all entries.

With p(λ) = det(λI − X) and A = adj(λI − X), these are polynomial identities in x_ij and λ:

    −∂p/∂x_ij = ⟨A, ∂X/∂x_ij⟩,    tr A = p′(λ)           (Jacobi's formula)

so that S = A/p′(λ) contracts to ∂λ/∂x_ij = −(∂p/∂x_ij)/p′(λ) at a simple root (implicit function
theorem; Magnus (1985) writes the same S as v vᵀ).  Multiplied
by p′(λ), the contraction of every convention becomes a polynomial identity too, and holds without
even p(λ) = 0.  Up to :data:`COMPARED_SIZE` two routes that share no algebra are run and compared.
"""

from __future__ import annotations

from typing import NamedTuple

from symgrad.court.errors import InputError
from symgrad.court.references import Identity
from symgrad.symbolic.parameterizations import symmetric
from symgrad.symbolic.proofs.by_flint.characteristic import by_flint
from symgrad.symbolic.proofs.by_sympy.characteristic import by_sympy
from symgrad.symbolic.proofs.plain import RouteRecord

COMPARED_SIZE = 5
"""Largest n at which both routes run."""

PROVED_SIZE = 10
"""Largest n at which one route runs: about a minute and several gigabytes at n = 10."""


class CharacteristicProof(NamedTuple):
    """The identities of one size; ``routes`` names those that ran, ``terms`` counts those of p."""

    n: int
    routes: tuple[str, ...]
    terms: int
    identities: tuple[Identity, ...]

    @property
    def holds(self) -> bool:
        """Whether every residual is zero, but the spurious convention's off the diagonal."""
        return all(identity.holds for identity in self.identities)


def prove_characteristic(n: int) -> CharacteristicProof:
    """Prove the identities for generic symbolic X of size n×n.

    Raises:
        InputError: n is not between 1 and :data:`PROVED_SIZE`.
        ArithmeticError: the two routes disagree.
    """
    if not 1 <= n <= PROVED_SIZE:
        raise InputError(f"size {n}: eigenvalue identities are proved for sizes 1 to {PROVED_SIZE}")
    compared = n <= COMPARED_SIZE
    routes = [by_sympy(n)] if compared else []
    routes.append(by_flint(n, symmetric(n).names, comparable=compared))
    for other in routes[1:]:
        compare(routes[0], other)
    last = routes[-1]
    return CharacteristicProof(n, tuple(r.route for r in routes), last.terms, last.identities)


def compare(first: RouteRecord, second: RouteRecord) -> None:
    """Compare p, the adjugate and every identity of two routes at the same n.

    Raises:
        ArithmeticError: they differ; nothing can be concluded from either.
    """
    differing = ""
    if first.p != second.p:
        differing = "det(λI − X)"
    elif first.adjugate != second.adjugate:
        differing = f"adj(λI − X){_first_difference(first, second)}"
    elif first.identities != second.identities:
        differing = "the identities"
    if differing:
        raise ArithmeticError(
            f"{differing} at n = {first.n} differs between {first.route} and {second.route}; "
            "neither can be trusted, report it as a defect"
        )


def _first_difference(first: RouteRecord, second: RouteRecord) -> str:
    """``[i, j]`` of the first entry in which two adjugates (n×n each) differ."""
    for i in range(first.n):
        for j in range(first.n):
            if (first.adjugate or ())[i][j] != (second.adjugate or ())[i][j]:
                return f"[{i}, {j}]"
    return ""
