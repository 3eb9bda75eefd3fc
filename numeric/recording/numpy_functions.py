"""The functions of NumPy that sum, order and decide, made of the operations of a record."""

from __future__ import annotations

from typing import Any

import numpy as np

from symgrad.numeric.recording import composites as c
from symgrad.numeric.recording.numpy_matrices import MATRICES
from symgrad.numeric.recording.numpy_products import PRODUCTS
from symgrad.numeric.recording.numpy_rules import Executed, Rule, numbers, unused
from symgrad.numeric.recording.numpy_ufuncs import reduce
from symgrad.numeric.recording.tape import UnsupportedError, Value

# sums

REDUCED = {
    **dict.fromkeys(("sum", "nansum"), "add"),
    **dict.fromkeys(("max", "amax", "nanmax"), "maximum"),
    **dict.fromkeys(("min", "amin", "nanmin"), "minimum"),
    **dict.fromkeys(("prod", "nanprod"), "multiply"),
}


def _reduced(
    e: Executed, a: Any, axis: Any = None, dtype: Any = None, keepdims: Any = False, **options: Any
) -> Value:
    unused(dtype=dtype, **options)
    return reduce(e, REDUCED[e.func.__name__], a, axis, keepdims is True)


def _mean(
    e: Executed, a: Any, axis: Any = None, dtype: Any = None, keepdims: Any = False, **options: Any
) -> Value:
    unused(dtype=dtype, **options)
    v = e.value(a)
    return c.mean(e.tape, v, e.axes(axis), keepdims is True) if v.shape else v


def _variance(
    e: Executed,
    a: Any,
    axis: Any = None,
    dtype: Any = None,
    ddof: float = 0,
    keepdims: Any = False,
    correction: Any = np._NoValue,
    **options: Any,
) -> Value:
    unused(dtype=dtype, **options)
    less = ddof if correction is np._NoValue else correction
    v = c.variance(e.tape, e.value(a), e.axes(axis), float(less), keepdims is True)
    return e.tape.unary("sqrt", v) if e.func.__name__ == "std" else v


def _average(e: Executed, a: Any, axis: Any = None, weights: Any = None, **options: Any) -> Value:
    unused(**options)
    t, v = e.tape, e.value(a)
    if weights is None:
        return c.mean(t, v, e.axes(axis))
    w = e.value(weights)
    if w.shape != v.shape:
        if len(w.shape) != 1 or axis is None:
            raise UnsupportedError("weights of another shape; multiply and sum")
        shape = [1] * len(v.shape)
        shape[int(axis)] = w.size
        w = t.broadcast(t.reshape(w, tuple(shape)), v.shape)
    axes = e.axes(axis)
    return t.binary("div", t.sum(t.binary("mul", v, w), axes), t.sum(w, axes))


def _cumsum(e: Executed, a: Any, axis: Any = None, dtype: Any = None) -> Value:
    unused(dtype=dtype)
    v = e.value(a)
    v, axis = (e.tape.reshape(v, (-1,)), 0) if axis is None else (v, axis)
    return c.cumsum(e.tape, v, axis)


def _cumprod(e: Executed, a: Any, axis: Any = None, dtype: Any = None) -> Value:
    unused(dtype=dtype)
    t, v = e.tape, e.value(a)
    v, axis = (t.reshape(v, (-1,)), 0) if axis is None else (v, axis)
    rows = np.moveaxis(v.places, axis, 0)
    found = [t.take(v, rows[0])]
    for row in rows[1:]:
        found.append(t.binary("mul", found[-1], t.take(v, row)))
    both = t.reshape(t.cat(found), rows.shape)
    return t.take(both, np.moveaxis(both.places, 0, axis))


def _trace(
    e: Executed, a: Any, offset: int = 0, axis1: int = 0, axis2: int = 1, dtype: Any = None
) -> Value:
    unused(dtype=dtype)
    v = e.value(a)
    return e.tape.sum(e.tape.take(v, np.diagonal(v.places, offset, axis1, axis2)), (-1,))


def _linalg_trace(e: Executed, x: Any, /, *, offset: int = 0, dtype: Any = None) -> Value:
    return _trace(e, x, offset, -2, -1, dtype)


def _diff(e: Executed, a: Any, n: int = 1, axis: int = -1, **options: Any) -> Value:
    unused(**options)
    v = e.value(a)
    for _ in range(n):
        places = np.moveaxis(v.places, axis, -1)
        more, less = (
            e.tape.take(v, np.moveaxis(part, -1, axis))
            for part in (places[..., 1:], places[..., :-1])
        )
        v = e.tape.binary("sub", more, less)
    return v


def _ptp(e: Executed, a: Any, axis: Any = None) -> Value:
    t, v = e.tape, e.value(a)
    largest, least = (c.reduce_max(t, v, e.axes(axis), is_least) for is_least in (False, True))
    return t.binary("sub", largest, least)


def _cov(
    e: Executed,
    m: Any,
    y: Any = None,
    rowvar: bool = True,
    bias: bool = False,
    ddof: int | None = None,
    **options: Any,
) -> Value:
    unused(y=y, **options)
    t, v = e.tape, e.value(m)
    v = t.reshape(v, (1, v.size)) if len(v.shape) == 1 else v if rowvar else t.mT(v)
    off = t.binary("sub", v, c.mean(t, v, (1,), True))
    less = (0 if bias else 1) if ddof is None else ddof
    return t.binary("div", t.matmul(off, t.mT(off)), float(v.shape[1] - less))


# order and decisions


def _sort(e: Executed, a: Any, axis: Any = -1, kind: Any = None, **options: Any) -> Value:
    unused(**options)
    v = e.value(a)
    v, axis = (e.tape.reshape(v, (-1,)), -1) if axis is None else (v, axis)
    return c.sort(e.tape, v, axis)[0]


def _argsort(e: Executed, a: Any, axis: Any = -1, kind: Any = None, **options: Any) -> None:
    _sort(e, a, axis, kind, **options)


def _arg_extreme(e: Executed, a: Any, axis: Any = None, **options: Any) -> None:
    unused(**options)
    c.argmax(e.tape, e.value(a), axis, e.func.__name__ == "argmin")


def _median(e: Executed, a: Any, axis: Any = None, **options: Any) -> Value:
    unused(**options)
    t, v = e.tape, e.value(a)
    v, axis = (t.reshape(v, (-1,)), -1) if axis is None else (v, axis)
    ordered, _ = c.sort(t, v, axis)
    rows = np.moveaxis(ordered.places, axis, -1)
    n = rows.shape[-1]
    middle = [t.take(ordered, rows[..., k]) for k in ((n - 1) // 2, n // 2)]
    return middle[0] if n % 2 else t.binary("mul", 0.5, t.binary("add", *middle))


def _clip(
    e: Executed, a: Any, a_min: Any = None, a_max: Any = None, *, min: Any = None, max: Any = None
) -> Value:
    v = e.value(a)
    for least in (a_min, min):
        v = v if least is None or least is np._NoValue else e.tape.binary("max", v, e.value(least))
    for most in (a_max, max):
        v = v if most is None or most is np._NoValue else e.tape.binary("min", v, e.value(most))
    return v


def _round(e: Executed, a: Any, decimals: int = 0) -> Value:
    if decimals:
        raise UnsupportedError("rounding to decimals; round a multiple")
    return e.tape.const(c.floor(e.tape, e.value(a), np.round, "round"))


def _truth(e: Executed, a: Any, *_: Any, **__: Any) -> None:
    e.tape.signs(e.value(a), e.func.__name__)


def _equal(e: Executed, a: Any, b: Any, **_: Any) -> None:
    if np.shape(numbers(a)) == np.shape(numbers(b)):
        e.tape.compare(e.value(a), e.value(b), "array_equal")


def _close(
    e: Executed, a: Any, b: Any, rtol: float = 1e-5, atol: float = 1e-8, equal_nan: bool = False
) -> None:
    """What is decided by it: |a − b| ≤ atol + rtol·|b|, not whether they are equal."""
    t, v, w = e.tape, e.value(a), e.value(b)
    margin = t.binary("add", t.binary("mul", w, rtol * np.sign(w.floats)), atol)
    off = t.binary("sub", v, w)
    for operation in ("sub", "add"):
        t.signs(t.binary(operation, margin, off), "isclose")  # type: ignore[arg-type]


BY_NAME: dict[str, Rule] = {
    **dict.fromkeys(REDUCED, _reduced),
    **dict.fromkeys(("mean", "nanmean"), _mean),
    **dict.fromkeys(("var", "std"), _variance),
    **dict.fromkeys(("argmax", "argmin"), _arg_extreme),
    **dict.fromkeys(("any", "all", "nonzero", "count_nonzero", "argwhere", "flatnonzero"), _truth),
    **dict.fromkeys(("isclose", "allclose"), _close),
    **{"average": _average, "cumsum": _cumsum, "cumprod": _cumprod, "trace": _trace},
    **{"diff": _diff, "ptp": _ptp, "cov": _cov, **PRODUCTS},
    **{"sort": _sort, "argsort": _argsort, "median": _median, "clip": _clip, "round": _round},
    **{"around": _round, "array_equal": _equal},
}
FUNCTIONS: dict[Any, Rule] = {
    **{getattr(np, name): rule for name, rule in BY_NAME.items() if hasattr(np, name)},
    np.linalg.trace: _linalg_trace,
    np.linalg.outer: PRODUCTS["outer"],
    **MATRICES,
}
