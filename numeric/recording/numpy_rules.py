"""A call of NumPy's as it was executed, for the rules that say what it is made of.

A rule has the parameters of the function, after the call itself, and answers as the function does:
values, None where NumPy's own result is the same wherever X is, and a text where an output is not
recorded, which says why.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from symgrad.court import formats
from symgrad.numeric.recording.numpy_arrays import is_traced
from symgrad.numeric.recording.pairs import Held, Pair
from symgrad.numeric.recording.recording import LOOSE
from symgrad.numeric.recording.tape import Array, Tape, UnsupportedError, Value

Rule = Callable[..., Any]


class Executed:
    """What was called, and NumPy's own result, ``out``."""

    def __init__(self, recorder: Any, func: Any, out: Any) -> None:
        self.recorder = recorder
        self.func = func
        self.out = out

    @property
    def tape(self) -> Tape:
        """What is written on."""
        tape: Tape = self.recorder.tape
        return tape

    def held(self, x: Any) -> Held:
        """An argument that is an array, a number or rows of them, as the function had it."""
        if isinstance(x, Value):
            return x
        if isinstance(x, (bool, int, float, complex)):
            dtype = np.asarray(self.out).dtype
            exact = dtype.type(x) if dtype.kind in "fc" else x
            is_one = isinstance(x, complex)
            return Pair.of(self.tape, exact) if is_one else self.tape.const(np.real(exact))
        held: Held = self.recorder.held(x)
        return held

    def value(self, x: Any) -> Value:
        """The same of real numbers.

        Raises:
            UnsupportedError: they are complex.
        """
        held = self.held(x)
        if isinstance(held, Pair):
            raise UnsupportedError("complex numbers where real ones are known")
        return held

    def pair(self, x: Any) -> Pair:
        """The same as complex numbers."""
        return Pair.of(self.tape, self.held(x))

    def axes(self, axis: Any) -> tuple[int, ...] | None:
        """The axes of an argument; None stands for all."""
        if axis is None:
            return None
        return (int(axis),) if np.ndim(axis) == 0 else tuple(int(k) for k in axis)


def unused(**options: Any) -> None:
    """Options that must have been left out.

    Raises:
        UnsupportedError: one was not.
    """
    left = (None, False, True, np._NoValue, "K", "C", "same_kind")
    given = [name for name, x in options.items() if not any(x is y or x == y for y in left)]
    if given:
        raise UnsupportedError(f"{', '.join(given)}= is not recorded; leave it out")


def numbers(x: Any) -> Array:
    """NumPy's own numbers of an argument."""
    if isinstance(x, Value):
        return x.floats
    return np.asarray(x.numbers if is_traced(x) else x)


def settle(held: Held, out: Array) -> None:
    """Let a value go on with NumPy's own numbers.

    Raises:
        UnsupportedError: these are others than were recorded.
    """
    found = held.numbers if isinstance(held, Pair) else held.floats
    given = np.asarray(out, found.dtype).reshape(held.shape)
    with np.errstate(all="ignore"):
        same = (found == given) | (np.isnan(found) & np.isnan(given))
        off = np.max(np.where(same, 0, np.abs(found - given)), initial=0)
        size = np.max(np.abs(given), initial=0, where=np.isfinite(given))
    close = LOOSE.get(formats.real(np.asarray(out).dtype.name), 0.1)
    if not off <= close * size + np.finfo(float).tiny:
        raise UnsupportedError(
            "it computes something else than was recorded, or the numbers are lost in rounding; "
            "check a part of the function"
        )
    if isinstance(held, Pair):
        held.re.floats, held.im.floats = given.real, given.imag
    else:
        held.floats = given
