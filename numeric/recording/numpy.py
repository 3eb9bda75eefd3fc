"""NumPy: what a function of its arrays calls, as NumPy's own protocols hand it to an array.

A function that gives its value and its gradient, as its routes do, is recorded as the value.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from symgrad.numeric.recording.numpy_arrays import is_traced
from symgrad.numeric.recording.numpy_makers import standing_in
from symgrad.numeric.recording.numpy_recorder import Recorder
from symgrad.numeric.recording.pairs import given as inputs
from symgrad.numeric.recording.recording import (
    Matrix,
    Pullback,
    Recording,
    checked,
    named,
)
from symgrad.numeric.recording.tape import Array, Tape, UnsupportedError
from symgrad.numeric.state import restored


def record(f: Callable[..., Any], X: Matrix, dtype: str, label: str = "f") -> Recording:
    """The record of f at X (n×n, float64 or complex128, of numbers that the dtype holds).

    Raises:
        UnsupportedError: f cannot be recorded; it is named by ``label``.
    """
    with named(label), undisturbed():
        return checked(
            lambda: _once(f, X.astype(dtype), dtype),
            lambda there: float(_number(f(there.astype(dtype)))),
            X,
            dtype,
            label,
        )


@contextmanager
def undisturbed() -> Iterator[None]:
    """The caller's random numbers come back as they were; no warning is shown."""
    with restored(), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def _once(f: Callable[..., Any], x: Array, dtype: str) -> Recording:
    """The record of one run."""
    tape = Tape("numpy", np.__version__, dtype, len(x))
    recorder = Recorder(tape)
    given = recorder.array(x.copy(), inputs(tape, x))
    given.storage.closed = "it writes into X; let it write into X.copy()"
    recorder.returning.code = getattr(f, "__code__", None)
    with standing_in(recorder, f):
        y = _number(recorder.returning.returned(called(f, given, recorder)))
    output = tape.reshape(recorder.read(y), ())
    program = tape.finish(output, float(output.floats))
    return Recording(program, tuple(map(_pullback, [call.name for call in program.calls])))


def called(f: Callable[..., Any], x: Any, recorder: Recorder) -> Any:
    """f(x).

    Raises:
        UnsupportedError: it raised an error, or did what is not recorded, even if it caught that.
    """
    try:
        y = f(x)
    except Exception as error:
        if recorder.failure is not None:
            raise recorder.failure from error
        said = " ".join(str(error).split())[:300]
        raise UnsupportedError(f"it raised {type(error).__name__}: {said}") from error
    if recorder.failure is not None:
        raise recorder.failure
    return y


def _number(y: Any) -> Any:
    """The value that f returned, by itself or with its gradient.

    Raises:
        UnsupportedError: it is no real number.
    """
    value = y[0] if isinstance(y, tuple) and len(y) == 2 else y
    numbers = value.numbers if is_traced(value) else value
    kind = getattr(
        np.asarray(numbers), "dtype", np.dtype(object)
    ).kind  # a dict comes back as it is
    if np.size(numbers) != 1 or kind not in "fiu":
        raise UnsupportedError(
            f"it returned {type(y).__name__} of the shape {np.shape(numbers)}; return one real "
            "number, or it and its gradient"
        )
    return value if is_traced(value) else np.asarray(value, float).reshape(())


def _pullback(name: str) -> Pullback:
    def pullback(cotangents: Any) -> list[Array]:
        raise UnsupportedError(f"NumPy does not differentiate {name}")

    return pullback
