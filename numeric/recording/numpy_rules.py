"""A call of NumPy's as it was executed, for the rules that say what it is made of.

A rule has the parameters of the function, after the call itself, and answers as the function does:
values, None where NumPy's own result is the same wherever X is, and a text where an output is not
recorded, which says why.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from symgrad.numeric.recording.numpy_arrays import is_traced
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

    def value(self, x: Any) -> Value:
        """An argument that is an array, a number or rows of them, as the function had it."""
        if isinstance(x, (bool, int, float)):
            dtype = np.asarray(self.out).dtype
            return self.tape.const(dtype.type(x) if dtype.kind == "f" else x)
        v: Value = self.recorder.read(x)
        return v

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
    return np.asarray(x.numbers if is_traced(x) else x)


def settle(t: Tape, v: Value, out: Array) -> None:
    """Let a value go on with NumPy's own numbers.

    Raises:
        UnsupportedError: these are others than were recorded.
    """
    given = np.asarray(out, float)
    with np.errstate(all="ignore"):
        same = (v.floats == given) | (np.isnan(v.floats) & np.isnan(given))
        off = np.max(np.where(same, 0, np.abs(v.floats - given)), initial=0)
        size = np.max(np.abs(given), initial=0, where=np.isfinite(given))
    if not off <= LOOSE.get(np.asarray(out).dtype.name, 0.1) * size + np.finfo(float).tiny:
        raise UnsupportedError(
            "it computes something else than was recorded, or the numbers are lost in rounding; "
            "check a part of the function"
        )
    v.floats = given.reshape(v.shape)
