"""The smallest case: matrices of small integers, in the order in which a finding's is looked for.

The order is by n, then by the sum of the sizes of the entries, then by how many are not zero.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import suppress
from fractions import Fraction
from functools import cache
from itertools import islice, product

from msgspec import structs

from symgrad.court.errors import InputError
from symgrad.court.questions import Choice
from symgrad.symbolic.cases import Case, chosen_functions
from symgrad.symbolic.catalogue import Instance
from symgrad.symbolic.domains import DOMAINS
from symgrad.symbolic.parameterizations import Parameterization, hermitian, symmetric
from symgrad.symbolic.points import Point
from symgrad.symbolic.units import in_units, parse_scale

SIZES = (1, 2, 3)
LARGEST = {1: 3, 2: 3, 3: 1}
"""The largest entry by n; with six parameters, or nine, the number of matrices grows fast."""
LIMIT = 150
"""How many matrices of one size are tried."""


def smallest(x: Parameterization, domain: str) -> list[Point]:
    """The first points in the domain, in order, at which X(θ) has small integers as entries.

    Raises:
        InputError: there are none.
    """
    found = list(islice(_in_domain(x, domain), LIMIT))
    if not found:
        raise InputError(f"no matrix of integers up to {LARGEST[x.size]} is {domain}")
    return found


def _in_domain(x: Parameterization, domain: str) -> Iterator[Point]:
    for entries in _ordered(x):
        theta = dict(zip(x.names, map(Fraction, entries), strict=True))
        if not DOMAINS[domain].missing(x.at(theta)):
            yield theta


@cache
def _ordered(x: Parameterization) -> list[tuple[int, ...]]:
    """The parameters of all matrices with entries up to the largest, in order; positive first."""
    uses = [sum(s in e.free_symbols for e in x.X) // x.blocks for s in x.symbols]
    top = LARGEST[x.size]

    def order(entries: tuple[int, ...]) -> tuple[int, int, list[int]]:
        total = sum(use * abs(entry) for use, entry in zip(uses, entries, strict=True))
        filled = sum(use for use, entry in zip(uses, entries, strict=True) if entry)
        return total, filled, [-entry for entry in entries]

    return sorted(product(range(-top, top + 1), repeat=len(uses)), key=order)


def cases(choice: Choice, names: Sequence[str], route: str, is_hermitian: bool) -> list[Case]:
    """The route of the one chosen framework, at small matrices from the smallest.

    They are in the one chosen dtype, and in the one unit that is chosen, if one is.

    Raises:
        InputError: the function is unknown, or exists at none of these matrices.
    """
    found: list[Case] = []
    for n in SIZES:
        with suppress(InputError):
            functions = chosen_functions(structs.replace(choice, size=n), names)
            for function in functions:
                found += at_small(function, choice, route, is_hermitian)
    if not found:
        chosen_functions(structs.replace(choice, size=SIZES[-1]), names)  # says why
        raise InputError(f"{choice.functions[0]} exists at no small matrix of integers")
    return [case._replace(label=str(number)) for number, case in enumerate(found)]


def at_small(function: Instance, choice: Choice, route: str, is_hermitian: bool) -> list[Case]:
    """One function at the small matrices of its size, in the chosen dtype and unit.

    Raises:
        InputError: there are none, or the dtype has no room for them in that unit.
    """
    (framework,), (dtype,) = choice.resources.frameworks, choice.dtypes
    x = (hermitian if is_hermitian else symmetric)(function.size)
    scale = parse_scale(choice.scales[0]) if choice.scales else Fraction(1)
    found = []
    for theta in smallest(x, function.function.domain):
        moved = in_units(theta, x, scale, dtype) if scale != 1 else theta
        case = Case("numbered", function, x, moved, dtype, choice.forward)
        one = case._replace(framework=framework, route=route, find_reads=False, prove=False)
        found.append(one)
    return found
