"""Points at which everything that divides is not 0, in Arb's enclosures.

The functions met here are analytic, so that what is not 0 at one point is not 0 at almost any point
near it.  Parameters are set to small rationals near multiples of the identity; eigenvalues are
enclosed by Arb's certified solver, and the other generators follow.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from fractions import Fraction
from itertools import pairwise
from math import prod

from flint import acb_mat, arb, fmpq, fmpq_mpoly

from symgrad.symbolic.algebra.scalar import Index, Modulus
from symgrad.symbolic.parameterizations import Parameterization
from symgrad.symbolic.proofs.by_flint.sums import Element

Values = list[arb]
"""The values of the generators at one point; those not known yet are missing."""

BITS = 256

POINTS: tuple[Callable[[int, int], Fraction], ...] = (
    lambda unit, k: unit + Fraction(1, k + 5),
    lambda unit, k: 4 * unit + Fraction(1, k + 5),
    lambda unit, k: Fraction(unit, 4) + Fraction(1, 8 * k + 40),
    lambda unit, k: Fraction(k + 1, 5 + k * k),
    lambda unit, k: -unit + Fraction(1, k + 5),
)
"""Parameter k of the points tried, given that of the identity; the fourth X is indefinite."""


class UndefinedError(ArithmeticError):
    """At this point something is not defined, not real, or not known to be other than 0."""


def candidates(parameterization: Parameterization) -> Iterator[list[fmpq]]:
    """The points θ, within the parameters' bound."""
    for point_of in POINTS:
        point = [point_of(unit, k) for k, unit in enumerate(parameterization.anchor)]
        if parameterization.bound is None or all(abs(x) < parameterization.bound for x in point):
            yield [fmpq(*x.as_integer_ratio()) for x in point]


def evaluate(p: fmpq_mpoly, values: Values) -> arb:
    """The polynomial at the generators' values, of which the later ones it holds not may lack."""
    total = arb(0)
    for exponents, coefficient in p.terms():
        powers = zip(values, reversed(exponents), strict=False)
        total += arb(coefficient) * prod((x**e for x, e in powers if e), start=arb(1))
    return total


def value_of(element: Element, values: Values) -> arb:
    """The element at the generators' values.

    Raises:
        UndefinedError: a denominator may be 0 there.
    """
    total = arb(0)
    for part in element.parts.values():
        term = evaluate(part.numerator, values)
        for i, exponent in part.denominator.items():
            term /= nonzero(evaluate(part.field.factors[i], values)) ** exponent
        total += term
    return total


def nonzero(x: arb) -> arb:
    """The same number, if it is certainly not 0.

    Raises:
        UndefinedError: it may be.
    """
    if x.contains(0):
        raise UndefinedError
    return x


def positive(x: arb) -> arb:
    """The same number, if it is certainly positive.

    Raises:
        UndefinedError: it may not be.
    """
    if not x > 0:
        raise UndefinedError
    return x


def eigenvalue_of(M: acb_mat, index: Index) -> arb:
    """The eigenvalue of the real symmetric M (n×n) that ``index`` means.

    Raises:
        UndefinedError: the enclosures are not disjoint.
    """
    try:
        found = M.eig()
    except ValueError as reason:
        raise UndefinedError from reason
    ordered = sorted((x.real for x in found), key=lambda x: float(x.mid()))
    if isinstance(index, Modulus):
        return _by_modulus(ordered, index.rank)
    if not all(a < b for a, b in pairwise(ordered)):
        raise UndefinedError
    return ordered[index]


def _by_modulus(eigenvalues: list[arb], rank: int) -> arb:
    ordered = sorted(eigenvalues, key=lambda x: -abs(float(x.mid())))
    if not all(abs(a) > abs(b) for a, b in pairwise(ordered)):
        raise UndefinedError
    return ordered[rank]
