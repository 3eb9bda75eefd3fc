"""The catalogue of matrix functions: what each one is, exactly, where, and who says so."""

from __future__ import annotations

from functools import cache

from symgrad.court.errors import InputError
from symgrad.court.names import family
from symgrad.symbolic.catalogue import (
    eigenvalues,
    eigenvectors,
    factors,
    inverses,
    polynomials,
    spectral,
    statistics,
)
from symgrad.symbolic.catalogue.function import Constants, Instance, MatrixFunction

__all__ = [
    "CATALOGUE",
    "DIFFERENTIABLE",
    "Constants",
    "Instance",
    "MatrixFunction",
    "choose",
    "instances",
]

CATALOGUE: dict[str, MatrixFunction] = {
    function.name: function
    for subject in (eigenvalues, eigenvectors, polynomials, inverses, factors, spectral, statistics)
    for function in subject.FUNCTIONS
}
DIFFERENTIABLE = tuple(name for name, function in CATALOGUE.items() if not function.gauge)
"""The names of those that have a gradient theorem; the others are refused everywhere."""


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
    members = instances(CATALOGUE[family(name)], n)
    chosen = tuple(member for member in members if name in (member.name, member.function.name))
    if not chosen:
        raise InputError(f"function {name!r} does not exist at size {n}")
    return chosen
