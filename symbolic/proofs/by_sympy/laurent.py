"""Sums of polynomials over powers of denominators, each denominator a symbol of its own.

An element is a polynomial of SymPy's sparse ring for every power product of 1/v_0, 1/v_1, …: what
SymPy calls a rational expression, with no common denominator sought before the very end.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from sympy import QQ, Expr, Symbol
from sympy.polys.orderings import lex
from sympy.polys.rings import PolyElement, PolyRing

from symgrad.symbolic.proofs.by_sympy.rational import UndefinedError

Powers = tuple[tuple[int, int], ...]
"""The product of v_i^−e_i over the pairs (i, e_i), in order, e_i ≥ 1."""

Laurent = dict[Powers, PolyElement]


class Reduced:
    """Q[symbols] modulo relations, with denominators.

    Of the symbols, later ones may occur in the relations of earlier ones, which are monic.
    """

    def __init__(self, symbols: Iterable[Symbol], relations: Mapping[Symbol, Expr]) -> None:
        self.symbols = tuple(symbols)
        self.ring = PolyRing(self.symbols or (Symbol("unused"),), QQ, lex)
        self.denominators: list[PolyElement] = []
        self._relations: dict[int, tuple[int, dict[int, PolyElement]]] = {}
        for symbol in self.symbols:
            if symbol in relations:
                self._relate(self.symbols.index(symbol), self.ring.from_expr(relations[symbol]))
        self._known: dict[Expr, Laurent] = {}

    def read(self, expr: Expr) -> Laurent:
        """A rational expression in the symbols; common subexpressions are read once.

        Raises:
            UndefinedError: it divides by 0.
        """
        found = self._known.get(expr)
        if found is None:
            found = self._known[expr] = self._read(expr)
        return found

    def sum(self, elements: Iterable[Laurent]) -> Laurent:
        """The sum of the elements."""
        total: Laurent = {}
        for element in elements:
            for powers, p in element.items():
                total[powers] = total[powers] + p if powers in total else p
        return {powers: p for powers, p in total.items() if p}

    def product(self, x: Laurent, y: Laurent) -> Laurent:
        """The product of two elements."""
        return self.sum(
            {_joined(e, f): self.normal(p * q)} for e, p in x.items() for f, q in y.items()
        )

    def normal(self, p: PolyElement) -> PolyElement:
        """The normal form: every power of an algebraic symbol below its relation's degree."""
        for index, (degree, tails) in self._relations.items():
            if any(monomial[index] >= degree for monomial in p):
                p = self._lowered(p, index, degree, tails)
        return p

    def numerator(self, element: Laurent) -> tuple[PolyElement, dict[int, int]]:
        """The numerator, in normal form, over the product of the v_i^e_i."""
        common: dict[int, int] = {}
        for powers in element:
            for i, exponent in powers:
                common[i] = max(exponent, common.get(i, 0))
        total = self.ring.zero
        for powers, p in element.items():
            held = dict(powers)
            for i, exponent in common.items():
                for _ in range(exponent - held.get(i, 0)):
                    p = self.normal(p * self.denominators[i])
            total += p
        return total, common

    def _read(self, expr: Expr) -> Laurent:
        if expr.is_Rational:
            return self._of(self.ring(QQ(int(expr.p), int(expr.q))))
        if expr.is_Symbol:
            return self._of(self.normal(self.ring.gens[self.symbols.index(expr)]))
        if expr.is_Add:
            return self.sum(map(self.read, expr.args))
        factors = expr.args
        if expr.is_Pow:
            base = self.read(expr.base) if expr.exp > 0 else self._inverse(self.read(expr.base))
            return self.product_of([base] * abs(int(expr.exp)))
        return self.product_of([self.read(factor) for factor in factors])

    def product_of(self, factors: list[Laurent]) -> Laurent:
        """The product of one or more elements."""
        total = factors[0]
        for factor in factors[1:]:
            total = self.product(total, factor)
        return total

    def _inverse(self, element: Laurent) -> Laurent:
        v, common = self.numerator(element)
        if not v:
            raise UndefinedError
        over = self._of(self.ring.one)
        for i, exponent in common.items():
            over = self.product_of([over, *[self._of(self.denominators[i])] * exponent])
        unit = self.ring(1 / v.LC)
        if v.is_ground:
            return self.product(over, self._of(unit))
        v = v.monic()
        if v not in self.denominators:
            self.denominators.append(v)
        return self.product(over, {((self.denominators.index(v), 1),): unit})

    def _of(self, p: PolyElement) -> Laurent:
        return {(): p} if p else {}

    def _relate(self, index: int, relation: PolyElement) -> None:
        degree = relation.degree(index)
        tail = self.ring.gens[index] ** degree - relation
        self._relations[index] = (degree, {degree: tail})

    def _lowered(
        self, p: PolyElement, index: int, degree: int, tails: dict[int, PolyElement]
    ) -> PolyElement:
        """``p`` with g^e replaced by its normal form in g, for the symbol g of that index."""
        by_power: dict[int, dict[Any, Any]] = {}
        for monomial, coefficient in p.items():
            e = monomial[index]
            rest = monomial if e < degree else (*monomial[:index], 0, *monomial[index + 1 :])
            by_power.setdefault(e if e >= degree else 0, {})[rest] = coefficient
        total = self.ring.from_dict(by_power.pop(0, {}))
        g = self.ring.gens[index]
        for e in sorted(by_power):
            while max(tails) < e:
                tails[max(tails) + 1] = self._shifted(tails[max(tails)] * g, index, degree, tails)
            total += self.ring.from_dict(by_power[e]) * tails[e]
        return total

    def _shifted(
        self, p: PolyElement, index: int, degree: int, tails: dict[int, PolyElement]
    ) -> PolyElement:
        """``p``, of degree at most ``degree`` in the symbol, with the highest power replaced."""
        high = {m: c for m, c in p.items() if m[index] == degree}
        low = self.ring.from_dict({m: c for m, c in p.items() if m[index] < degree})
        lowered = {(*m[:index], 0, *m[index + 1 :]): c for m, c in high.items()}
        return low + self.ring.from_dict(lowered) * tails[degree]


def _joined(first: Powers, second: Powers) -> Powers:
    powers = dict(first)
    for i, exponent in second:
        powers[i] = powers.get(i, 0) + exponent
    return tuple(sorted(powers.items()))
