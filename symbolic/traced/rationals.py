"""Values of a program that are rational, exactly: whether eigenvalues are equal is decided of them.

Balls cannot tell that two numbers are equal.  Where X is exact and a matrix is computed from it by
arithmetic alone, as X/tr X or (X + I)⁻¹, that matrix is known exactly.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from fractions import Fraction
from typing import Any, cast

import numpy as np
from flint import arb, fmpq, fmpq_mat

from symgrad.court.program import Program, Step
from symgrad.symbolic.traced import rules
from symgrad.symbolic.traced.numbers import Array, Numbers

ENTRYWISE: dict[str, Callable[..., Any]] = {
    "add": lambda x, y: x + y,
    "sub": lambda x, y: x - y,
    "neg": lambda x: -x,
    "mul": lambda x, y: x * y,
    "div": lambda x, y: x / y,
    "reciprocal": lambda x: 1 / x,
    "abs": abs,
    "max": max,
    "min": min,
    "sqrt": lambda x: _root(x),
}
OTHERS = ("const", "take", "cat", "put_add", "hold", "sum", "matmul", "solve", "power", "det")
MOST_BITS = 2**12
"""What takes longer numbers is left."""
LARGEST_POWER = 64


class IrrationalError(ArithmeticError):
    """A value is not known to be rational, as √2 is not."""


class Rationals:
    """What rational arithmetic gives; only the operations above are asked of it."""

    runs: tuple[int, ...] = ()

    def constant(self, floats: Array) -> Array:
        """The same numbers."""
        return _each(_of_float, floats)

    def entrywise(self, name: str, *arrays: Array) -> Array:
        """The operation on every entry."""
        return _each(ENTRYWISE[name], *arrays)

    def power(self, x: Array, exponent: float) -> Array:
        """x to an exponent that is whole, or half of an odd number.

        Raises:
            IrrationalError: it is neither, or large.
        """
        if 2 * exponent != int(2 * exponent) or abs(exponent) > LARGEST_POWER:
            raise IrrationalError
        if exponent == int(exponent):
            return _each(lambda entry: entry ** int(exponent), x)
        return _each(lambda entry: _root(entry) ** int(2 * exponent), x)

    def matmul(self, A: Array, B: Array) -> Array:
        """AB."""
        return _by_matrix(lambda a, b: a * b, A, B)

    def solve(self, A: Array, B: Array) -> Array:
        """A⁻¹B."""
        return _by_matrix(lambda a, b: a.solve(b), A, B)

    def det(self, A: Array) -> Array:
        """det A."""
        return _by_matrix(lambda a: fmpq_mat([[a.det()]]), A)[..., 0, 0]


class Exactly:
    """The values of a program at an exact X, computed as they are asked for."""

    def __init__(self, program: Program, inputs: Sequence[Array]) -> None:
        """``inputs`` are balls."""
        self.program = program
        self._inputs = inputs
        self._values: list[Array | None] | None = None

    def inputs(self, step: Step) -> list[Array] | None:
        """What goes into a step of the program; None where that is not known to be rational."""
        found = [self.value(k) for k in step.inputs]
        return None if any(x is None for x in found) else [x for x in found if x is not None]

    def value(self, number: int) -> Array | None:
        """A value of the program, by number; None where it is not known to be rational."""
        if self._values is None:
            self._values = self._all()
        return self._values[number]

    def _all(self) -> list[Array | None]:
        values: list[Array | None] = []
        given = iter(self._inputs)
        for step in self.program.steps:
            if step.operation == "input":
                values.append(exact(next(given)))
            elif step.operation != "guard":
                x = [values[k] for k in step.inputs]
                values += _applied(step, [v for v in x if v is not None], len(x))
        return values


def _applied(step: Step, x: Sequence[Array], count: int) -> Sequence[Array | None]:
    """What a step gives of so many inputs, if they are all known."""
    known = len(x) == count and (step.operation in ENTRYWISE or step.operation in OTHERS)
    try:
        found = rules.apply(cast(Numbers, Rationals()), step, x) if known else []
    except (IrrationalError, ZeroDivisionError):
        found = []
    if found and all(entry.height_bits() <= MOST_BITS for y in found for entry in y.flat):
        return [np.asarray(y, object) for y in found]
    return [None] * len(step.shapes)


def exact(balls: Array) -> Array | None:
    """The same as rationals; None where a ball is more than one number."""
    known = all(x.is_exact() and x.is_finite() for x in balls.flat)
    return _each(_of_ball, balls) if known else None


def _root(x: fmpq) -> fmpq:
    found = fmpq(math.isqrt(max(int(x.p), 0)), math.isqrt(int(x.q)))
    if found * found != x:
        raise IrrationalError
    return found


def _of_ball(x: arb) -> fmpq:
    mantissa, exponent = (int(part) for part in x.man_exp())
    return fmpq(mantissa * 2**exponent) if exponent >= 0 else fmpq(mantissa, 2**-exponent)


def _of_float(x: float) -> fmpq:
    found = Fraction(x)
    return fmpq(found.numerator, found.denominator)


def _each(f: Callable[..., Any], *arrays: Array) -> Array:
    return np.asarray(np.frompyfunc(f, len(arrays), 1)(*arrays), object)


def _by_matrix(f: Callable[..., fmpq_mat], *arrays: Array) -> Array:
    """f of the matrices in a batch, each as an array again."""
    batch = arrays[0].shape[:-2]
    flat = [A.reshape(-1, *A.shape[-2:]) for A in arrays]
    found = [f(*(fmpq_mat(M.tolist()) for M in those)) for those in zip(*flat, strict=True)]
    if not found:
        raise IrrationalError
    shape = (*batch, found[0].nrows(), found[0].ncols())
    entries = np.empty(len(found) * found[0].nrows() * found[0].ncols(), object)
    entries[:] = [x for M in found for x in M.entries()]
    return entries.reshape(shape)
