"""Quotients of python-flint polynomials, and SymPy's rational expressions read as such.

Only the shape of an expression is taken from SymPy; every sum, product and derivative is
python-flint's.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from flint import Ordering, fmpz_mpoly, fmpz_mpoly_ctx
from sympy import Expr, Symbol


class NotCoveredError(ValueError):
    """An expression holds something that this route cannot treat; the message says what."""


@dataclass(frozen=True)
class Quotient:
    """``numerator``/``denominator``, the denominator not 0; lowest terms after every operation."""

    numerator: fmpz_mpoly
    denominator: fmpz_mpoly

    def __add__(self, other: Quotient) -> Quotient:
        if self.denominator == other.denominator:
            return lowest(self.numerator + other.numerator, self.denominator)
        return lowest(
            self.numerator * other.denominator + other.numerator * self.denominator,
            self.denominator * other.denominator,
        )

    def __mul__(self, other: Quotient) -> Quotient:
        return lowest(self.numerator * other.numerator, self.denominator * other.denominator)

    def __neg__(self) -> Quotient:
        return Quotient(-self.numerator, self.denominator)

    def __sub__(self, other: Quotient) -> Quotient:
        return self + -other

    def __truediv__(self, other: Quotient) -> Quotient:
        return lowest(self.numerator * other.denominator, self.denominator * other.numerator)

    def __pow__(self, exponent: int) -> Quotient:
        if exponent < 0:
            return lowest(self.denominator**-exponent, self.numerator**-exponent)
        return Quotient(self.numerator**exponent, self.denominator**exponent)

    def derivative(self, generator: int) -> Quotient:
        """(N′D − ND′)/D² in one generator of the ring."""
        N, D = self.numerator, self.denominator
        return lowest(N.derivative(generator) * D - N * D.derivative(generator), D * D)


def lowest(numerator: fmpz_mpoly, denominator: fmpz_mpoly) -> Quotient:
    """The quotient in lowest terms.

    Raises:
        NotCoveredError: the denominator is 0.
    """
    if denominator == 0:
        raise NotCoveredError("a denominator is 0 for all parameters")
    if denominator.is_one():
        return Quotient(numerator, denominator)
    common = numerator.gcd(denominator)
    return Quotient(numerator / common, denominator / common)


class Field:
    """The rational functions with rational coefficients in some symbols, the first the largest."""

    def __init__(self, symbols: Sequence[Symbol]) -> None:
        self.symbols = tuple(symbols)
        names = [f"t{k}" for k in range(len(symbols))] or ["unused"]
        self.context = fmpz_mpoly_ctx.get(names, Ordering.lex)
        self._one = self.context.constant(1)
        generators = self.context.gens()[: len(symbols)]
        self._known: dict[Expr, Quotient] = {
            symbol: self.polynomial(g) for symbol, g in zip(symbols, generators, strict=True)
        }

    def polynomial(self, p: fmpz_mpoly | int) -> Quotient:
        """The polynomial, or the integer, as a quotient."""
        return Quotient(self._one * p, self._one)

    def index(self, symbol: Symbol) -> int:
        """The number of the symbol's generator."""
        return self.symbols.index(symbol)

    def read(self, expr: Expr) -> Quotient:
        """The rational expression as a quotient; common subexpressions are read once.

        Raises:
            NotCoveredError: it is not a rational function of the field's symbols over Q.
        """
        found = self._known.get(expr)
        if found is None:
            found = self._known[expr] = self._read(expr)
        return found

    def _read(self, expr: Expr) -> Quotient:
        if expr.is_Rational:
            return lowest(self._one * int(expr.p), self._one * int(expr.q))
        if expr.is_Add:
            return sum((self.read(term) for term in expr.args), self.polynomial(0))
        if expr.is_Mul:
            product = self.polynomial(1)
            for factor in expr.args:
                product = product * self.read(factor)
            return product
        if expr.is_Pow and expr.exp.is_Integer:
            return self.read(expr.base) ** int(expr.exp)
        raise NotCoveredError(f"{str(expr)[:60]} is not a rational function of the parameters")
