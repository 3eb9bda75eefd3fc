"""Quotients of python-flint polynomials, their denominators kept as products of known factors.

Sums are brought over the least common multiple of their denominators, which takes no gcd: factors
are told apart when they are first divided by, and stay numbered.  Generators may be bound by
relations, each monic in its own generator and otherwise in earlier ones, so that successive
division gives a normal form.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import reduce

from flint import Ordering, fmpq, fmpq_mpoly, fmpq_mpoly_ctx

Powers = Mapping[int, int]
"""A product of factors: number of the factor → its exponent, at least 1."""

FACTORED_TERMS = 2000
"""A denominator of more terms is kept as one factor."""


class NotCoveredError(ValueError):
    """An expression holds something that this route cannot treat; the message says what."""


class Field:
    """Quotients of polynomials over Q in ``count`` generators, later ones larger."""

    def __init__(self, count: int) -> None:
        names = [f"t{k}" for k in range(max(count, 1))]
        self.context = fmpq_mpoly_ctx.get(names, Ordering.lex)
        self.generators = tuple(reversed(self.context.gens()))
        self.factors: list[fmpq_mpoly] = []
        self._last = len(names) - 1
        self._relations: dict[int, fmpq_mpoly] = {}

    def quotient(self, p: fmpq_mpoly | fmpq | int) -> Quotient:
        """The polynomial, or the number, over 1."""
        return Quotient(self, self.context.constant(1) * p, {})

    def relate(self, generator: int, relation: fmpq_mpoly) -> None:
        """From now on the relation, monic in the generator and else in earlier ones, is 0."""
        self._relations[generator] = relation

    def relation(self, generator: int) -> fmpq_mpoly:
        """The relation of an algebraic generator."""
        return self._relations[generator]

    def normal(self, p: fmpq_mpoly, others: dict[int, fmpq_mpoly] | None = None) -> fmpq_mpoly:
        """The normal form of p; where it is 0, so is p at all roots of the relations.

        ``others`` are relations to be used in place of those of their generators.
        """
        relations = self._relations | (others or {})
        for generator in sorted(relations, reverse=True):
            index = self._last - generator
            if p.degrees()[index] >= relations[generator].degrees()[index]:
                p = divmod(p, relations[generator])[1]
        return p

    def slope(self, p: fmpq_mpoly, generator: int) -> fmpq_mpoly:
        """∂p/∂generator."""
        return p.derivative(self._last - generator)

    def generators_of(self, p: fmpq_mpoly) -> list[int]:
        """The numbers of the generators that occur in p."""
        return [g for g, degree in enumerate(reversed(p.degrees())) if degree]

    def expand(self, powers: Powers) -> fmpq_mpoly:
        """The product of the factors, in normal form."""
        each = (self.factors[i] for i, exponent in powers.items() for _ in range(exponent))
        return reduce(lambda p, f: self.normal(p * f), each, self.context.constant(1))

    def split(self, p: fmpq_mpoly) -> tuple[fmpq, Powers]:
        """P ≠ 0 as a number times a product of factors; those not met before are numbered."""
        powers: dict[int, int] = {}
        for i, factor in enumerate(self.factors):
            p, powers[i] = _divide_out(p, factor)
        constant, found = p.factor() if len(p) <= FACTORED_TERMS else (fmpq(1), [(p, 1)])
        for factor, exponent in found:
            if factor.is_constant():
                constant *= factor.leading_coefficient() ** int(exponent)
                continue
            leading = factor.leading_coefficient()
            constant *= leading ** int(exponent)
            powers[len(self.factors)] = int(exponent)
            self.factors.append(factor / leading)
        return constant, {i: exponent for i, exponent in powers.items() if exponent}


def _divide_out(p: fmpq_mpoly, factor: fmpq_mpoly) -> tuple[fmpq_mpoly, int]:
    """``p`` without the factor, and how often it was divided by it."""
    exponent = 0
    while all(d >= e for d, e in zip(p.degrees(), factor.degrees(), strict=True)):
        quotient, remainder = divmod(p, factor)
        if remainder != 0:
            break
        p, exponent = quotient, exponent + 1
    return p, exponent


@dataclass(frozen=True, eq=False)
class Quotient:
    """``numerator`` over the product ``denominator`` of the field's factors."""

    field: Field
    numerator: fmpq_mpoly
    denominator: Powers

    @property
    def is_zero(self) -> bool:
        """Whether the numerator's normal form is 0, which it then is at all parameters."""
        return bool(self.numerator == 0)

    def __add__(self, other: Quotient) -> Quotient:
        common = {
            i: max(self.denominator.get(i, 0), other.denominator.get(i, 0))
            for i in {*self.denominator, *other.denominator}
        }
        return self._made(self._over(common) + other._over(common), common)

    def __mul__(self, other: Quotient) -> Quotient:
        product = self.field.normal(self.numerator * other.numerator)
        return self._made(product, _product(self.denominator, other.denominator))

    def __neg__(self) -> Quotient:
        return Quotient(self.field, -self.numerator, self.denominator)

    def __sub__(self, other: Quotient) -> Quotient:
        return self + -other

    def __truediv__(self, other: Quotient) -> Quotient:
        return self * other.inverse()

    def __pow__(self, exponent: int) -> Quotient:
        base = self if exponent >= 0 else self.inverse()
        return reduce(lambda p, _: p * base, range(abs(exponent)), self.field.quotient(1))

    def inverse(self) -> Quotient:
        """Denominator over numerator.

        Raises:
            NotCoveredError: the numerator is 0.
        """
        if self.is_zero:
            raise NotCoveredError("a denominator is 0 for all parameters, or at every eigenvalue")
        constant, powers = self.field.split(self.numerator)
        return Quotient(self.field, self.field.expand(self.denominator) / constant, powers)

    def lowest(self) -> Quotient:
        """The same without the factors that divide the numerator."""
        numerator, left = self.numerator, {}
        for i, exponent in self.denominator.items():
            rest = exponent
            while rest and (found := divmod(numerator, self.field.factors[i]))[1] == 0:
                numerator, rest = found[0], rest - 1
            left[i] = rest
        return Quotient(self.field, numerator, {i: rest for i, rest in left.items() if rest})

    def _over(self, common: Powers) -> fmpq_mpoly:
        missing = {i: e - self.denominator.get(i, 0) for i, e in common.items()}
        missing = {i: e for i, e in missing.items() if e}
        if not missing or self.is_zero:
            return self.numerator
        return self.field.normal(self.numerator * self.field.expand(missing))

    def _made(self, numerator: fmpq_mpoly, denominator: Powers) -> Quotient:
        return Quotient(self.field, numerator, denominator if numerator != 0 else {})


def _product(first: Powers, second: Powers) -> Powers:
    return {i: first.get(i, 0) + second.get(i, 0) for i in {*first, *second}}
