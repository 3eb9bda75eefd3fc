"""Functions of complex numbers, entry by entry, made of those of their parts."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from symgrad.court.program import Operation
from symgrad.numeric.recording.pairs import Pair, conjugate, product, quotient, squared_size
from symgrad.numeric.recording.tape import Array, Tape, UnsupportedError, Value

TURNS: tuple[Operation, ...] = ("cos", "sin")
MOST_POWER = 64
"""Whole powers up to this one are products; beyond, those of the exponential function."""


def plus(t: Tape, a: Pair, b: Pair, operation: Operation = "add") -> Pair:
    """a + b, or a − b by ``sub``."""
    return Pair(t.binary(operation, a.re, b.re), t.binary(operation, a.im, b.im))


def scaled(t: Tape, a: Pair, by: Value | Array | float) -> Pair:
    """a times real numbers."""
    return Pair(t.binary("mul", a.re, by), t.binary("mul", a.im, by))


def size(t: Tape, a: Pair) -> Value:
    """|a|."""
    return t.unary("sqrt", squared_size(t, a))


def sign(t: Tape, a: Pair) -> Pair:
    """a/|a|, of what is not 0."""
    length = size(t, a)
    return Pair(t.binary("div", a.re, length), t.binary("div", a.im, length))


def are_equal(t: Tape, a: Pair, b: Pair, note: str = "eq") -> Array:
    """Where a = b, which is a decision: by |a − b|², as a part may be 0 for all X."""
    return np.asarray(t.signs(squared_size(t, plus(t, a, b, "sub")), note) == 0)


def reciprocal(t: Tape, a: Pair) -> Pair:
    """1/a."""
    return quotient(t, Pair.of(t, np.ones(())), a)


def power(t: Tape, a: Pair, exponent: int) -> Pair:
    """a to a whole power, by squares."""
    if exponent < 0:
        return reciprocal(t, power(t, a, -exponent))
    if exponent == 0:
        return Pair.of(t, np.ones(a.shape))
    found = a
    for digit in bin(exponent)[3:]:
        found = product(t, found, found)
        found = product(t, found, a) if digit == "1" else found
    return found


def general_power(t: Tape, a: Pair, b: Pair) -> Pair:
    """a to the power b: products where b is one whole number wherever X is, else exp(b log a)."""
    numbers = np.unique(b.numbers)
    is_one = not b.depends and len(numbers) == 1 and not numbers[0].imag
    if is_one and numbers[0].real.is_integer() and abs(numbers[0]) <= MOST_POWER:
        shape = np.broadcast_shapes(a.shape, b.shape)
        whole = Pair(t.broadcast(a.re, shape), t.broadcast(a.im, shape))
        return power(t, whole, int(numbers[0].real))
    return exponential(t, product(t, b, logarithm(t, a)))


def exponential(t: Tape, a: Pair) -> Pair:
    """The exponential function."""
    length = t.unary("exp", a.re)
    return Pair(*(t.binary("mul", length, t.unary(turn, a.im)) for turn in TURNS))


def root(t: Tape, a: Pair) -> Pair:
    """The square root of positive real part, of what is not on the negative axis."""
    re = t.unary("sqrt", t.binary("mul", 0.5, t.binary("add", size(t, a), a.re)))
    return Pair(re, t.binary("div", t.binary("mul", 0.5, a.im), re))


def angle(t: Tape, y: Value, x: Value, note: str = "the half plane of an angle") -> Value:
    """The angle of the point (x, y) with the first axis.

    Raises:
        UnsupportedError: a point is on the second axis.
    """
    shape = np.broadcast_shapes(y.shape, x.shape)
    y, x = t.broadcast(y, shape), t.broadcast(x, shape)
    right = t.signs(x, note) > 0
    if not x.floats.all():
        raise UnsupportedError("the angle of a point on the second axis")
    if not right.all():
        t.signs(t.take(y, y.places[~right]), note)
    turn = np.where(right, 0.0, np.where(y.floats < 0, -math.pi, math.pi))
    return t.binary("add", t.unary("atan", t.binary("div", y, x)), turn)


def logarithm(t: Tape, a: Pair) -> Pair:
    """The logarithm whose imaginary part is the angle."""
    length = t.binary("mul", 0.5, t.unary("log", squared_size(t, a)))
    return Pair(length, angle(t, a.im, a.re))


def cosine(t: Tape, a: Pair, operation: Operation = "cos") -> Pair:
    """The cosine, or by ``cosh`` that of ia."""
    if operation == "cosh":
        return conjugate(t, cosine(t, Pair(a.im, a.re)))
    re = t.binary("mul", t.unary("cos", a.re), t.unary("cosh", a.im))
    im = t.binary("mul", t.unary("sin", a.re), t.unary("sinh", a.im))
    return Pair(re, t.unary("neg", im))


def sine(t: Tape, a: Pair, operation: Operation = "sin") -> Pair:
    """The sine, or by ``sinh`` −i times that of ia."""
    if operation == "sinh":
        found = sine(t, Pair(a.im, a.re))
        return Pair(found.im, found.re)
    re = t.binary("mul", t.unary("sin", a.re), t.unary("cosh", a.im))
    return Pair(re, t.binary("mul", t.unary("cos", a.re), t.unary("sinh", a.im)))


def prod(t: Tape, a: Pair, axes: Sequence[int]) -> Pair:
    """The product over some axes, one factor after the other."""
    gone = [axis % len(a.shape) for axis in axes]
    rest = [axis for axis in range(len(a.shape)) if axis not in gone]
    places = a.re.places.transpose([*rest, *gone])
    places = places.reshape(*places.shape[: len(rest)], -1)
    total = Pair.of(t, np.ones(places.shape[:-1]))
    for k in range(places.shape[-1]):
        factor = Pair(*(t.take(x, places[..., k]) for x in a))
        total = product(t, total, factor) if k else factor
    return total
