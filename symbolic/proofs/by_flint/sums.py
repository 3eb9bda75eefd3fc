"""Elements of a field as sums of quotients, and how they move with the parameters.

Quotients are added up only where the same generators other than the parameters stand in their
denominators.  In Σ_i φ(λ_i)⟨W, P_i⟩ each summand is divided by powers of its own p'(λ_i): over one
denominator the lengths of n numerators would be multiplied, and identities between such sums hold
summand by summand as a rule.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import reduce

from flint import fmpq, fmpq_mpoly

from symgrad.symbolic.proofs.by_flint.quotients import Field, Powers, Quotient

Place = frozenset[int]
"""The numbers of the generators, other than parameters, in a denominator."""


class Space:
    """Sums of a field's quotients; its first ``parameters`` generators are the θ_k.

    Every other generator is given its rates dt/dθ_k, k = 0, 1, …, in :attr:`rates`.
    """

    def __init__(self, field: Field, parameters: int) -> None:
        self.field = field
        self.parameters = range(parameters)
        self._places: list[Place] = []
        self._factor_rates: dict[tuple[int, int], Element] = {}
        self.rates: dict[int, Sequence[Element]] = {
            k: [self.number(int(j == k)) for j in self.parameters] for k in self.parameters
        }

    def number(self, x: fmpq | int) -> Element:
        """A constant."""
        return self.element(self.field.quotient(x))

    def polynomial(self, p: fmpq_mpoly) -> Element:
        """A polynomial in normal form."""
        return self.element(self.field.quotient(p))

    def element(self, quotient: Quotient) -> Element:
        """The quotient as a sum of one."""
        return Element(self, {} if quotient.is_zero else {self._place(quotient): quotient})

    def total(self, elements: Iterable[Element]) -> Element:
        """The sum of the elements."""
        parts: dict[Place, Quotient] = {}
        for element in elements:
            for place, part in element.parts.items():
                parts[place] = parts[place] + part if place in parts else part
        return Element(self, {place: part for place, part in parts.items() if not part.is_zero})

    def moved(self, p: fmpq_mpoly, k: int) -> Element:
        """The total derivative of p in θ_k, Σ_g ∂p/∂g · dg/dθ_k over the g with known rates."""
        return self.total(
            self.polynomial(self.field.slope(p, g)) * self.rates[g][k]
            for g in self.field.generators_of(p)
            if g in self.rates
        )

    def factor_moved(self, number: int, k: int) -> Element:
        """The total derivative of a factor in θ_k."""
        found = self._factor_rates.get((number, k))
        if found is None:
            found = self.moved(self.field.factors[number], k)
            self._factor_rates[number, k] = found
        return found

    def _place(self, quotient: Quotient) -> Place:
        for factor in self.field.factors[len(self._places) :]:
            used = self.field.generators_of(factor)
            self._places.append(frozenset(g for g in used if g not in self.parameters))
        return frozenset().union(*(self._places[i] for i in quotient.denominator))


@dataclass(frozen=True, eq=False)
class Element:
    """A sum of quotients, none 0, by the generators in their denominators."""

    space: Space
    parts: Mapping[Place, Quotient]

    @property
    def is_zero(self) -> bool:
        """Whether every summand is 0; where not, the sum may still be."""
        return not self.parts

    def __add__(self, other: Element) -> Element:
        return self.space.total((self, other))

    def __mul__(self, other: Element) -> Element:
        pairs = ((p, q) for p in self.parts.values() for q in other.parts.values())
        return self.space.total(self.space.element(p * q) for p, q in pairs)

    def __neg__(self) -> Element:
        return Element(self.space, {place: -part for place, part in self.parts.items()})

    def __sub__(self, other: Element) -> Element:
        return self + -other

    def __truediv__(self, other: Element) -> Element:
        return self * other.inverse()

    def __pow__(self, exponent: int) -> Element:
        base = self if exponent >= 0 else self.inverse()
        return reduce(lambda x, _: x * base, range(abs(exponent)), self.space.number(1))

    def inverse(self) -> Element:
        """1 over the sum.

        Raises:
            NotCoveredError: the sum is 0.
        """
        return self.space.element(self.merged().inverse())

    def merged(self) -> Quotient:
        """The sum over one denominator."""
        return sum(self.parts.values(), self.space.field.quotient(0))

    def derivative(self, k: int) -> Element:
        """The total derivative in θ_k.

        That of N / Π f_i^e_i is (DN − N Σ_i e_i Df_i/f_i) / Π f_i^e_i.
        """
        return self.space.total(
            term for part in self.parts.values() for term in self._derivative(part, k)
        )

    def _derivative(self, part: Quotient, k: int) -> Iterable[Element]:
        space, one = self.space, self.space.field.context.constant(1)
        over = space.element(Quotient(space.field, one, part.denominator))
        yield space.moved(part.numerator, k) * over
        for i, exponent in part.denominator.items():
            relative = space.element(Quotient(space.field, -exponent * one, {i: 1}))
            yield space.element(part) * (relative * space.factor_moved(i, k))


class Homomorphism:
    """The map between two fields that takes the first one's generators to the images appended."""

    def __init__(self, source: Space, target: Space) -> None:
        self._source = source
        self._target = target
        self._images: list[Element] = []

    def append(self, image: Element) -> None:
        """Say where the next generator goes."""
        self._images.append(image)

    def __call__(self, element: Element) -> Element:
        """The image; generators that have none yet must not occur."""
        return self._target.total(
            self._polynomial(part.numerator) / self.factors(part.denominator)
            for part in element.parts.values()
        )

    def factors(self, powers: Powers) -> Element:
        """The image of a product of factors."""
        total = self._target.number(1)
        for i, exponent in powers.items():
            total = total * self._polynomial(self._source.field.factors[i]) ** exponent
        return total

    def _polynomial(self, p: fmpq_mpoly) -> Element:
        merged = [image.merged() for image in self._images]
        if not any(image.denominator for image in merged):
            return self._compose(p, [image.numerator for image in merged])
        total = self._target.number(0)
        for exponents, coefficient in p.terms():
            term = self._target.number(coefficient)
            for image, exponent in zip(self._images, reversed(exponents), strict=False):
                term = term * image ** int(exponent)
            total = total + term
        return total

    def _compose(self, p: fmpq_mpoly, images: list[fmpq_mpoly]) -> Element:
        context = self._target.field.context
        missing = len(self._source.field.generators) - len(images)
        images = [*images, *[context.constant(0)] * missing]
        composed = p.compose(*reversed(images), ctx=context)
        return self._target.polynomial(self._target.field.normal(composed))
