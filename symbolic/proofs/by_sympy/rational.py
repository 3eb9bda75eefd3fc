"""SymPy's expressions made rational: each root, exp, log and sign becomes a symbol.

A root of u = N/D, in lowest terms, becomes r/D with r^m = N·D^(m−1); exp u becomes a product of
powers, one symbol for each term of u; |u| becomes s·u with s² = 1; an eigenvalue whose polynomial
has denominators, cleared by D, becomes μ/D.  All other functions and constants become symbols with
no relation.  Arguments with the same lowest terms share a symbol.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import reduce
from itertools import pairwise
from math import lcm

import sympy
from sympy import Dummy, Expr, Rational, Symbol


class UndefinedError(ZeroDivisionError):
    """Something divides by 0 for all parameters, or at every root of the relations."""


class Rationalized:
    """The symbols that stand for the kernels of some expressions, with their polynomials.

    ``relations`` are polynomials in one symbol each, by symbol; all others hold for what the
    symbols stand for, so that a polynomial in their ideal is 0.
    """

    def __init__(self, expressions: Iterable[Expr], relations: Mapping[Symbol, Expr]) -> None:
        self.relations: dict[Symbol, Expr] = {}
        """A polynomial of each algebraic symbol, monic in it; symbols in it come before."""
        self.kernels: dict[Symbol, Expr] = {}
        """What each symbol stands for, those in its argument before."""
        self._orders: dict[tuple[str, Expr], int] = {}
        self._symbols: dict[tuple[str, Expr, int], Symbol] = {}
        self._known: dict[Expr, Expr] = {}
        self._generators: dict[Symbol, Symbol] = {}
        for expr in expressions:
            self._note_orders(expr)
        for symbol, polynomial in relations.items():
            self._known[symbol] = self._root_of(symbol, polynomial)

    def joint_relations(self, roots: Sequence[Symbol]) -> dict[Symbol, Expr]:
        """Polynomials of symbols that stand for different roots of one polynomial p.

        p is divided by t − r for one root r after the other, each quotient being 0 at the next.
        """
        found: dict[Symbol, Expr] = {}
        symbols = [self._generators[root] for root in roots]
        coefficients = sympy.Poly(self.relations[symbols[0]], symbols[0]).all_coeffs()
        for r, t in pairwise(symbols):
            quotient = coefficients[:1]
            for c in coefficients[1:-1]:
                quotient.append(sympy.expand(c + r * quotient[-1]))
            coefficients = quotient
            found[t] = sympy.Add(*(c * t**k for k, c in enumerate(reversed(coefficients))))
        return found

    def of(self, expr: Expr) -> Expr:
        """The expression, rational in the symbols; common subexpressions are treated once."""
        found = self._known.get(expr)
        if found is None:
            found = self._known[expr] = self._made(expr)
        return found

    def back(self, expr: Expr) -> Expr:
        """The expression with what its symbols stand for."""
        for symbol, kernel in reversed(self.kernels.items()):
            expr = expr.xreplace({symbol: kernel})
        return expr

    def _made(self, expr: Expr) -> Expr:
        if expr is sympy.nan or expr.is_infinite:
            raise UndefinedError
        if expr.is_Rational or expr.is_Symbol:
            return expr
        if expr.is_Pow and expr.exp.is_Integer and isinstance(expr.base, sympy.Abs):
            # s² = 1, so that no power of s need stand in a denominator
            sign, u = sympy.sign(expr.base.args[0]), self.of(expr.base.args[0])
            return u**expr.exp * (self.of(sign) if expr.exp % 2 else 1)
        if expr.is_Add or expr.is_Mul or (expr.is_Pow and expr.exp.is_Integer):
            return expr.func(*map(self.of, expr.args))
        if expr.is_Pow and expr.exp.is_Rational:
            return self._power(expr.base, expr.exp)
        if isinstance(expr, sympy.exp) or expr is sympy.E:
            return self._exp(sympy.S.One if expr is sympy.E else expr.args[0])
        if isinstance(expr, (sympy.sign, sympy.Abs)):
            u = self.of(expr.args[0])
            s = self._symbol("sign", sympy.cancel(u), 2, sympy.sign(expr.args[0]))
            self.relations[s] = s**2 - 1
            return s * u if isinstance(expr, sympy.Abs) else s
        if isinstance(expr, sympy.log):
            return self._symbol("log", sympy.cancel(self.of(expr.args[0])), 1, expr)
        return self._symbol("other", expr, 1, expr)

    def _power(self, base: Expr, exponent: Rational) -> Expr:
        m = self._orders["root", base]
        u = sympy.cancel(self.of(base))
        N, D = sympy.fraction(u)
        r = self._symbol("root", u, m, base ** Rational(1, m) * D)
        self.relations[r] = r**m - N * D ** (m - 1)
        whole, part = divmod(int(exponent * m), m)
        return self.of(base) ** whole * (r / D) ** part

    def _exp(self, u: Expr) -> Expr:
        total = sympy.S.One
        for term in sympy.Add.make_args(u):
            q, v = term.as_coeff_Mul(rational=True)
            m = self._orders["exp", v]
            t = self._symbol("exp", sympy.cancel(self.of(v)), m, sympy.exp(v / m))
            total *= t ** int(q * m)
        return total

    def _root_of(self, symbol: Symbol, polynomial: Expr) -> Expr:
        leading, *lower = sympy.Poly(polynomial, symbol).all_coeffs()
        coefficients = [sympy.cancel(self.of(c / leading)) for c in lower]
        D = reduce(sympy.lcm, (sympy.fraction(c)[1] for c in coefficients), sympy.S.One)
        mu = symbol if D == 1 else Dummy()
        self.kernels[mu], self._generators[symbol] = symbol * D, mu
        degree = len(coefficients)
        terms = (sympy.cancel(c * D**k) * mu ** (degree - k) for k, c in enumerate(coefficients, 1))
        self.relations[mu] = mu**degree + sympy.Add(*terms)
        return mu / D

    def _symbol(self, kind: str, u: Expr, m: int, kernel: Expr) -> Symbol:
        symbol = self._symbols.setdefault((kind, u, m), Dummy())
        self.kernels.setdefault(symbol, kernel)
        return symbol

    def _note_orders(self, expr: Expr) -> None:
        for power in expr.atoms(sympy.Pow):
            if power.exp.is_Rational and not power.exp.is_Integer:
                self._note("root", power.base, power.exp)
        for exp in expr.atoms(sympy.exp):
            for term in sympy.Add.make_args(exp.args[0]):
                self._note("exp", *reversed(term.as_coeff_Mul(rational=True)))
        self._note("exp", sympy.S.One, sympy.S.One)

    def _note(self, kind: str, u: Expr, exponent: Rational) -> None:
        self._orders[kind, u] = lcm(self._orders.get((kind, u), 1), int(exponent.q))
