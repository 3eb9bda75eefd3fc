"""Rigorous evaluation: SymPy expressions at exact rational points, enclosed by Arb balls.

Rationals are kept exact up to the moment in which Arb rounds them, outward (Johansson, "Arb:
efficient arbitrary-precision midpoint-radius interval arithmetic", IEEE Trans. Computers 66, 2017).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from fractions import Fraction

import sympy
from flint import arb, ctx, fmpq
from sympy import Expr, Symbol

from symgrad.court.references import Ball

ARB_FUNCTIONS: dict[type, Callable[..., arb]] = {
    sympy.exp: arb.exp,
    sympy.log: arb.log,
    sympy.sin: arb.sin,
    sympy.cos: arb.cos,
    sympy.tan: arb.tan,
    sympy.atan: arb.atan,
    sympy.sinh: arb.sinh,
    sympy.cosh: arb.cosh,
    sympy.tanh: arb.tanh,
    sympy.erf: arb.erf,
    sympy.gamma: arb.gamma,
    sympy.loggamma: arb.lgamma,
    sympy.digamma: arb.digamma,
    sympy.Abs: abs,
    sympy.sign: lambda x: _sign(x),
}
HEIGHT = 2**17
"""Most bits of an enclosed number before the point: 10^±40000, where no float64 is near."""
DEPTH = 2**17
"""The same after the point; the longest precision has an eighth of it."""
ARB_CONSTANTS: dict[Expr, Callable[[], arb]] = {sympy.pi: arb.pi, sympy.E: arb.const_e}


class EnclosureError(ValueError):
    """An expression has no enclosure here: an unknown function, or no finite value."""


@contextmanager
def precision(bits: int) -> Iterator[None]:
    """Let Arb work with ``bits`` bits inside the block."""
    before = ctx.prec
    ctx.prec = bits
    try:
        yield
    finally:
        ctx.prec = before


def enclose(expressions: Sequence[Expr], values: Mapping[Symbol, arb | Fraction]) -> list[arb]:
    """Enclosures of the expressions with their symbols replaced, at the precision in force.

    Common subexpressions are evaluated once.

    Raises:
        EnclosureError: a function is not known here, or a value is not finite.
    """
    known: dict[Expr, arb] = {
        symbol: value if isinstance(value, arb) else to_arb(value)
        for symbol, value in values.items()
    }
    balls = [_evaluate(expression, known) for expression in expressions]
    for expression, ball in zip(expressions, balls, strict=True):
        if not ball.is_finite():
            raise EnclosureError(f"no finite value for {str(expression)[:80]}")
    return balls


def _evaluate(expr: Expr, known: dict[Expr, arb]) -> arb:
    ball = known.get(expr)
    if ball is None:
        ball = known[expr] = _apply(expr, known)
    return ball


def _apply(expr: Expr, known: dict[Expr, arb]) -> arb:
    if expr.is_Rational:
        return arb(fmpq(int(expr.p), int(expr.q)))
    if expr in ARB_CONSTANTS:
        return ARB_CONSTANTS[expr]()
    if expr.is_Add:
        return sum((_evaluate(term, known) for term in expr.args), arb(0))
    if expr.is_Mul:
        product = arb(1)
        for factor in expr.args:
            product *= _evaluate(factor, known)
        return product
    if expr.is_Pow:
        return _power(_evaluate(expr.base, known), expr.exp, known)
    if type(expr) in ARB_FUNCTIONS:
        return ARB_FUNCTIONS[type(expr)](*(_evaluate(arg, known) for arg in expr.args))
    raise EnclosureError(f"no enclosure is known for {type(expr).__name__} in {str(expr)[:80]}")


def _sign(x: arb) -> arb:
    """The sign of x, of which a modulus has a derivative."""
    if x.contains(0):
        raise EnclosureError("no derivative: at u = 0 neither |u| nor the sign of u has one")
    return x.sgn()


def _power(base: arb, exponent: Expr, known: dict[Expr, arb]) -> arb:
    if exponent.is_Integer:
        return _whole_power(base, int(exponent))
    if exponent == sympy.S.Half:
        return base.sqrt()
    return base ** _evaluate(exponent, known)


def _whole_power(base: arb, exponent: int) -> arb:
    """Arb's own power, or products where that is undefined: of a ball about 0."""
    if exponent <= 0 or not base.contains(0):
        return base**exponent
    power = arb(1)
    for bit in f"{exponent:b}":
        power *= power
        if bit == "1":
            power *= base
    return power


def to_arb(x: Fraction) -> arb:
    """The rational x as a ball of the precision in force."""
    return arb(fmpq(x.numerator, x.denominator))


def to_ball(x: arb) -> Ball:
    """The enclosure x as exact rationals, widened by 2^−DEPTH at most where it has more bits.

    Raises:
        OverflowError: it is so large that its digits would fill the memory.
    """
    mid, lost = _dyadic(x.mid())
    radius, below = _dyadic(x.rad())
    return Ball(mid, radius + lost + below if lost or below else radius)


def _dyadic(x: arb) -> tuple[Fraction, Fraction]:
    """The exact number x, rounded down to DEPTH bits after the point, and a bound of the rest."""
    mantissa, exponent = (int(part) for part in x.man_exp())
    if mantissa.bit_length() + exponent > HEIGHT:
        raise OverflowError(f"a number is larger than 2^{HEIGHT}")
    if exponent >= -DEPTH:
        up, down = (1 << exponent, 1) if exponent > 0 else (1, 1 << -exponent)
        return Fraction(mantissa * up, down), Fraction(0)
    unit = Fraction(1, 2**DEPTH)
    return (mantissa >> -DEPTH - exponent) * unit, unit
