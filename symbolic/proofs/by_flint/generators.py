"""The generator that each kernel adds to a differential field: its relation, rates and value.

t = μ = D·λ           det(μI − D·M) = 0, D·M polynomial    dμ = −dp/(∂p/∂μ)
t = r·u^(1/m)         t^m = r^m·u = P, a polynomial        dt = t·dP/(m·P)
t = exp(u/m)          none                                 dt = t·du/m
t = log u             none                                 dt = du/u
t = sign u            t² = 1                               dt = 0
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from typing import NamedTuple

from flint import acb_mat, arb, fmpq, fmpq_mpoly

from symgrad.symbolic.proofs.by_flint.kernels import Kernel, Kind
from symgrad.symbolic.proofs.by_flint.minors import Minors
from symgrad.symbolic.proofs.by_flint.quotients import Field, NotCoveredError, Quotient
from symgrad.symbolic.proofs.by_flint.sums import Element, Space
from symgrad.symbolic.proofs.by_flint.witness import (
    Values,
    eigenvalue_of,
    evaluate,
    nonzero,
    positive,
    value_of,
)

Argument = Element | list[list[Element]] | None


class Built(NamedTuple):
    """A kernel, its argument in the field, what it is there, and the value of its generator.

    ``at`` takes the values of the generators before.
    """

    kernel: Kernel
    argument: Argument
    element: Element
    at: Callable[[Values], arb]


def build(space: Space, kernel: Kernel, argument: Argument, number: int) -> Built:
    """Make generator ``number`` that of the kernel, whose argument is known to the field."""
    if kernel.kind == Kind.PI:
        return _constant(space, kernel, number)
    if isinstance(argument, list):
        return _eigenvalue(space, kernel, argument, number)
    assert argument is not None
    makers = {Kind.ROOT: _root, Kind.EXP: _exp, Kind.LOG: _log, Kind.SIGN: _sign}
    return makers[kernel.kind](space, kernel, argument, number)


def _constant(space: Space, kernel: Kernel, number: int) -> Built:
    space.rates[number] = [space.number(0) for _ in space.parameters]
    return Built(kernel, None, _generator(space, number), lambda _: arb.pi())


def _sign(space: Space, kernel: Kernel, u: Element, number: int) -> Built:
    space.field.relate(number, space.field.generators[number] ** 2 - 1)
    space.rates[number] = [space.number(0) for _ in space.parameters]
    return Built(kernel, u, _generator(space, number), lambda at: nonzero(value_of(u, at)).sgn())


def _exp(space: Space, kernel: Kernel, u: Element, number: int) -> Built:
    t = _generator(space, number)
    each = t * space.number(fmpq(1, kernel.m))
    space.rates[number] = [each * u.derivative(k) for k in space.parameters]
    return Built(kernel, u, t, lambda at: (value_of(u, at) / kernel.m).exp())


def _log(space: Space, kernel: Kernel, u: Element, number: int) -> Built:
    reciprocal = u.inverse()
    space.rates[number] = [u.derivative(k) * reciprocal for k in space.parameters]
    t = _generator(space, number)
    return Built(kernel, u, t, lambda at: positive(value_of(u, at)).log())


def _root(space: Space, kernel: Kernel, u: Element, number: int) -> Built:
    """t = r·u^(1/m) with r the least product of factors that makes t^m a polynomial."""
    field, m, radicand = space.field, kernel.m, u.merged().lowest()
    least = {i: -(-exponent // m) for i, exponent in radicand.denominator.items()}
    r, t = field.expand(least), field.generators[number]
    P = (radicand * field.quotient(r) ** m).lowest()
    if P.denominator:
        raise NotCoveredError(f"the root of {str(kernel.argument)[:60]} is not covered")
    field.relate(number, t**m - P.numerator)
    relative = space.polynomial(t) * space.element((P * field.quotient(m)).inverse())
    space.rates[number] = [relative * space.moved(P.numerator, k) for k in space.parameters]
    element = space.element(Quotient(field, t, least))
    return Built(kernel, u, element, lambda at: evaluate(r, at) * positive(value_of(u, at)).root(m))


def _eigenvalue(space: Space, kernel: Kernel, matrix: list[list[Element]], number: int) -> Built:
    """μ = D·λ, with D the least product of factors that clears the n×n matrix of denominators."""
    entries = [[entry.merged().lowest() for entry in row] for row in matrix]
    clearing: dict[int, int] = {}
    for i, exponent in (pair for row in entries for e in row for pair in e.denominator.items()):
        clearing[i] = max(exponent, clearing.get(i, 0))
    field, D = space.field, space.field.expand(clearing)
    p = _characteristic(entries, field.quotient(D), field.generators[number])
    field.relate(number, p)
    slope = space.polynomial(field.slope(p, number)).inverse()
    space.rates[number] = [-space.moved(p, k) * slope for k in space.parameters]

    def at(values: Values) -> arb:
        M = acb_mat([[value_of(entry, values) for entry in row] for row in matrix])
        return evaluate(D, values) * eigenvalue_of(M, kernel.argument.index)

    element = space.element(Quotient(field, field.generators[number], clearing))
    return Built(kernel, matrix, element, at)


def _characteristic(entries: list[list[Quotient]], D: Quotient, mu: fmpq_mpoly) -> fmpq_mpoly:
    """det(μI − D·M), M n×n with D·M polynomial; monic in μ."""
    cleared = [[(D * entry).lowest() for entry in row] for row in entries]
    if any(entry.denominator for row in cleared for entry in row):
        raise NotCoveredError("the entries of a matrix have no common denominator; not covered")
    rows = [[-entry.numerator for entry in row] for row in cleared]
    for i, row in enumerate(rows):
        row[i] += mu
    return Minors(rows).determinant()


def _generator(space: Space, number: int) -> Element:
    return space.polynomial(space.field.generators[number])


def joint_relations(field: Field, roots: list[int]) -> dict[int, fmpq_mpoly]:
    """Relations of generators r_0, r_1, … that are different roots of one monic polynomial p.

    They are the divided differences p[r_0, …, r_j] = 0, of degree n − j in r_j.
    """
    found: dict[int, fmpq_mpoly] = {}
    for last, root in pairwise(roots):
        f, images = found.get(last, field.relation(last)), [*field.generators]
        images[last] = field.generators[root]
        moved = f.compose(*reversed(images), ctx=field.context)
        found[root] = divmod(moved - f, field.generators[root] - field.generators[last])[0]
    return found
