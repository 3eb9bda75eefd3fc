"""Scalar functions φ of an eigenvalue: what a spectral function applies to each of them.

They are given once as power series and once as SymPy expressions.  Their derivatives are never
written down: python-flint differentiates the one, SymPy the other.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import NamedTuple

import sympy
from flint import arb, arb_series, ctx, fmpq
from sympy import Expr, Rational


class NotDifferentiableError(ValueError):
    """The function has no derivative at this matrix; the message says why."""


class Modulus(NamedTuple):
    """The eigenvalue whose absolute value is the ``rank``-th largest, counted from 0."""

    rank: int


Index = int | Modulus
"""Which eigenvalue: the i-th smallest, or one by the size of its absolute value."""


@dataclass(frozen=True)
class Scalar:
    """φ(λ_i), for all eigenvalues or for those of some ``indices`` alone (0 at the others).

    ``order`` counts how often φ has been differentiated, and ``has_kink`` says that φ has one at 0.
    """

    series: Callable[[arb_series], arb_series]
    expression: Callable[[Expr], Expr]
    indices: tuple[Index, ...] | None = None
    order: int = 0
    has_kink: bool = False

    def at(self, *indices: Index) -> Scalar:
        """φ at the eigenvalues of these indices, 0 at the others."""
        return replace(self, indices=indices)

    def derivative(self) -> Scalar:
        """φ′."""
        return replace(self, order=self.order + 1)

    def taylor(self, x: arb, terms: int) -> list[arb]:
        """φ(x), φ′(x), φ″(x)/2, … enclosed, so many terms.

        Raises:
            NotDifferentiableError: φ has a kink at x.
        """
        ctx.cap, before = terms + self.order, ctx.cap
        try:
            series = self.series(arb_series([x, 1]))
            for _ in range(self.order):
                series = series.derivative()
            return [series[k] for k in range(terms)]
        finally:
            ctx.cap = before

    def __call__(self, x: Expr) -> Expr:
        """φ(x); x is a symbol."""
        return self.expression(x).diff(x, self.order) if self.order else self.expression(x)


def power(exponent: Fraction) -> Scalar:
    """λ^q, λ > 0, for a rational q."""
    q = fmpq(exponent.numerator, exponent.denominator)
    return Scalar(
        lambda s: (s.log() * arb(q)).exp(),
        lambda t: t ** Rational(exponent.numerator, exponent.denominator),
    )


def _absolute(s: arb_series) -> arb_series:
    if not s[0] > 0 and not s[0] < 0:
        raise NotDifferentiableError("|λ| has no derivative at λ = 0, and an eigenvalue is 0 here")
    return s if s[0] > 0 else -s


IDENTITY = Scalar(lambda s: s, lambda t: t)
ABSOLUTE = Scalar(_absolute, sympy.Abs, has_kink=True)
EXP = Scalar(arb_series.exp, sympy.exp)
LOG = Scalar(arb_series.log, sympy.log)
SQRT = power(Fraction(1, 2))
RECIPROCAL = Scalar(lambda s: 1 / s, lambda t: 1 / t)
ENTROPY = Scalar(lambda s: -s * s.log(), lambda t: -t * sympy.log(t))
