"""Scalar operations on Arb's balls."""

from __future__ import annotations

import operator
from collections.abc import Callable

from flint import arb

ZERO, ONE = arb(0), arb(1)


def _max(x: arb, y: arb) -> arb:
    return x if x is y or x > y else y if y > x else x.max(y)


def _min(x: arb, y: arb) -> arb:
    return x if x is y or x < y else y if y < x else x.min(y)


def power(x: arb, exponent: float) -> arb:
    """x to a constant exponent; by products where it is whole, as x may be negative."""
    if exponent != int(exponent):
        return x ** arb(exponent)
    whole = abs(int(exponent))
    result, square = ONE, x
    while whole:
        if whole & 1:
            result = result * square
        square, whole = square * square, whole >> 1
    return result if exponent >= 0 else ONE / result


FUNCTIONS: dict[str, Callable[..., arb]] = {
    "add": operator.add,
    "sub": lambda x, y: ZERO if x is y else x - y,
    "neg": operator.neg,
    "mul": operator.mul,
    "div": operator.truediv,
    "exp": arb.exp,
    "expm1": arb.expm1,
    "log": arb.log,
    "log1p": arb.log1p,
    "sqrt": arb.sqrt,
    "reciprocal": lambda x: ONE / x,
    "sin": arb.sin,
    "cos": arb.cos,
    "tan": arb.tan,
    "asin": arb.asin,
    "acos": arb.acos,
    "atan": arb.atan,
    "sinh": arb.sinh,
    "cosh": arb.cosh,
    "tanh": arb.tanh,
    "asinh": arb.asinh,
    "acosh": arb.acosh,
    "atanh": arb.atanh,
    "logistic": lambda x: ONE / (ONE + (-x).exp()),
    "erf": arb.erf,
    "lgamma": arb.lgamma,
    "digamma": arb.digamma,
    "abs": abs,
    "max": _max,
    "min": _min,
}
COMMUTE = ("add", "mul", "max", "min")
