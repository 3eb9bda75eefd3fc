"""What NumPy's protocols leave out: functions that make arrays, and those of SciPy.

While a function is recorded, others stand in for them in ``numpy``, in SciPy and among
the names of the module that f is in, which know the arrays of the record.  Where another module has
one under a name of its own (``from numpy import zeros``), the recorder says so if a number is lost.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import scipy.linalg
import scipy.special

from symgrad.numeric.recording.numpy_arguments import plain, traced
from symgrad.numeric.recording.numpy_arrays import is_traced
from symgrad.numeric.recording.numpy_lines import MINE
from symgrad.numeric.recording.numpy_recorder import KNOWN, Recorder
from symgrad.numeric.recording.numpy_scipy import OF_SCIPY

MAKERS = ("zeros", "ones", "empty", "full", "eye", "identity")
READERS = ("array", "asarray", "asanyarray", "ascontiguousarray", "asfortranarray")


@contextmanager
def standing_in(
    recorder: Recorder, f: Callable[..., Any], *more: tuple[dict[str, Any], dict[int, Any]]
) -> Iterator[None]:
    """Let these functions know the arrays of the record, in their modules and in that of f.

    ``more`` are further modules, and what stands in there, by the id of the function.
    """
    own: dict[int, Any] = {}
    for name in READERS:
        own[id(getattr(np, name))] = _reader(recorder, getattr(np, name))
    for name in MAKERS:
        own[id(getattr(np, name))] = _maker(recorder, getattr(np, name))
    for function in OF_SCIPY:
        own[id(function)] = of_scipy(recorder, function)
    spaces = [(vars(module), own) for module in (np, scipy.linalg, scipy.special)]
    spaces += more
    users = getattr(f, "__globals__", {})
    spaces += [(users, functions) for functions in (own, *(functions for _, functions in more))]
    before = [
        (space, name, function, functions[id(function)])
        for space, functions in spaces
        for name, function in space.items()
        if id(function) in functions
    ]
    try:
        for space, name, _, function in before:
            space[name] = function
        yield
    finally:
        for space, name, function, _ in before:
            space[name] = function


def _is_called_by_a_library() -> bool:
    module = str(sys._getframe(2).f_globals.get("__name__", ""))
    return module.split(".")[0] in (*MINE, "symgrad")


def _maker(recorder: Recorder, make: Callable[..., Any]) -> Callable[..., Any]:
    """An array without X, into which what depends on X can be written."""

    def made(*args: Any, **kwargs: Any) -> Any:
        if make is np_full and traced([args, kwargs]):
            shape, value, *rest = args
            zero = np.zeros((), plain(value).dtype) if is_traced(value) else 0.0
            found = recorder.array(make(shape, zero, *rest, **kwargs))
            found[...] = value
            return found
        out = make(*args, **kwargs)
        if out.dtype.name not in KNOWN or _is_called_by_a_library():
            return out
        return recorder.array(out)

    return made


np_full = np.full


def _reader(recorder: Recorder, read: Callable[..., Any]) -> Callable[..., Any]:
    """An array of rows of numbers and arrays, some of which may be of the record."""

    def made(x: Any, dtype: Any = None, **kwargs: Any) -> Any:
        if not traced([x]):
            return read(x, dtype, **kwargs)
        kwargs.pop("order", None)
        copy = kwargs.pop("copy", read is np_array)
        copies = copy is True or getattr(copy, "name", "") == "ALWAYS"  # as SciPy says it
        least = kwargs.pop("ndmin", 0)
        if kwargs:
            raise recorder.refusal(f"np.{read.__name__}", f"with {', '.join(kwargs)}=")
        found = x if is_traced(x) else _rows(x)
        found = found if dtype is None else _cast(found, np.dtype(dtype))
        order = {"ascontiguousarray": "C", "asfortranarray": "F"}.get(read.__name__, "")
        is_other = bool(order) and not found.flags[f"{order}_CONTIGUOUS"]
        found = found.copy(order or "K") if found is x and (copies or is_other) else found
        return found if np.ndim(found) >= least else found[(None,) * (least - np.ndim(found))]

    return made


np_array = np.array


def _cast(x: Any, dtype: Any) -> Any:
    return x.astype(dtype, copy=False)


def _rows(x: Any) -> Any:
    """The array of rows of arrays and numbers."""
    return x if not isinstance(x, (list, tuple)) else np.stack([_rows(y) for y in x])


def of_scipy(recorder: Recorder, func: Callable[..., Any]) -> Callable[..., Any]:
    """A function of SciPy."""

    def run(*args: Any, **kwargs: Any) -> Any:
        if not traced([args, kwargs]):
            return func(*args, **kwargs)
        return recorder.function(func, args, kwargs)

    return run
