"""One point at which everything that divides is not 0, in Arb's enclosures.

The functions met here are analytic, so that what is not 0 at one point is not 0 at almost any point
near it.  Parameters are set to small rationals near multiples of the identity; eigenvalues are
enclosed by Arb's certified solver, and the other generators follow.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction
from math import prod

from flint import acb_mat, arb, fmpq, fmpq_mpoly

from symbolic.parameterizations import Parameterization
from symbolic.proofs.quotients import Quotient

BITS = 256

SHIFTS = ((1, 1), (4, 1), (Fraction(1, 4), Fraction(1, 8)), (-1, 1), (0, -1))
"""The points tried: a multiple of the identity's parameters, plus as much of 1/(k + 5)."""


class UndefinedError(ArithmeticError):
    """At this point something is not defined, not real, or not known to be other than 0."""


def candidates(parameterization: Parameterization) -> Iterator[list[fmpq]]:
    """The points θ, within the parameters' bound."""
    for shift, scale in SHIFTS:
        point = [
            Fraction(shift) * unit + Fraction(scale) / (k + 5)
            for k, unit in enumerate(parameterization.anchor)
        ]
        if parameterization.bound is None or all(abs(x) < parameterization.bound for x in point):
            yield [fmpq(*x.as_integer_ratio()) for x in point]


def evaluate(p: fmpq_mpoly, values: Sequence[arb]) -> arb:
    """The polynomial at the generators' values, of which the later ones it holds not may lack."""
    total = arb(0)
    for exponents, coefficient in p.terms():
        powers = zip(values, reversed(exponents), strict=False)
        total += arb(coefficient) * prod((x**e for x, e in powers if e), start=arb(1))
    return total


def value_of(quotient: Quotient, values: Sequence[arb]) -> arb:
    """The quotient at the generators' values.

    Raises:
        UndefinedError: its denominator may be 0 there.
    """
    total = evaluate(quotient.numerator, values)
    for i, exponent in quotient.denominator.items():
        factor = evaluate(quotient.field.factors[i], values)
        if factor.contains(0):
            raise UndefinedError
        total /= factor**exponent
    return total


def smallest(M: acb_mat, index: int) -> arb:
    """The eigenvalue of the real symmetric M (n×n) that ``index`` smaller ones precede.

    Raises:
        UndefinedError: the enclosures are not disjoint.
    """
    try:
        found = M.eig()
    except ValueError as reason:
        raise UndefinedError from reason
    ordered = sorted((x.real for x in found), key=lambda x: float(x.mid()))
    if not all(a < b for a, b in zip(ordered, ordered[1:], strict=False)):
        raise UndefinedError
    return ordered[index]
