"""The functions of entries of NumPy and SciPy, made of the operations of a record."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from symgrad.numeric.recording import composites as c
from symgrad.numeric.recording.numpy_rules import Executed, Rule, numbers, unused
from symgrad.numeric.recording.pair_entries import angle
from symgrad.numeric.recording.tape import Array, UnsupportedError, Value

UNARY: dict[str, Any] = {
    **{name: name for name in ("exp", "expm1", "log", "log1p", "sqrt", "sin", "cos", "tan")},
    **{name: name for name in ("reciprocal", "sinh", "cosh", "tanh", "erf")},
    **{f"arc{name}": f"a{name}" for name in ("sin", "cos", "tan", "sinh", "cosh", "tanh")},
    **{"negative": "neg", "absolute": "abs", "fabs": "abs", "expit": "logistic"},
    **{"gammaln": "lgamma", "psi": "digamma"},
}
BINARY: dict[str, Any] = {
    **{"add": "add", "subtract": "sub", "multiply": "mul", "divide": "div"},
    **{"maximum": "max", "fmax": "max", "minimum": "min", "fmin": "min"},
}
COMPARED = {
    **{"less": "lt", "less_equal": "le", "greater": "gt", "greater_equal": "ge"},
    **{"equal": "eq", "not_equal": "ne"},
}
WHOLE: dict[str, Callable[[Array], Array]] = {
    "floor": np.floor,
    "ceil": np.ceil,
    "rint": np.round,
    "trunc": np.trunc,
}


def _unary(e: Executed, x: Any, **options: Any) -> Value:
    unused(**options)
    return e.tape.unary(UNARY[e.func.__name__], e.value(x))


def _binary(e: Executed, a: Any, b: Any, **options: Any) -> Value:
    unused(**options)
    return e.tape.binary(BINARY[e.func.__name__], e.value(a), e.value(b))


def _compared(e: Executed, a: Any, b: Any, **options: Any) -> None:
    unused(**options)
    name = COMPARED[e.func.__name__]
    signs = e.tape.compare(e.value(a), e.value(b), name)
    if not np.array_equal(c.COMPARISONS[name](signs), e.out):
        raise UnsupportedError("it comes out otherwise in float64; give an X farther from the tie")


def _power(e: Executed, a: Any, b: Any, **options: Any) -> Value:
    unused(**options)
    t, base, exponent = e.tape, e.value(a), e.value(b)
    if exponent.depends or np.unique(exponent.floats).size != 1:
        return t.unary("exp", t.binary("mul", exponent, t.unary("log", base)))
    return t.broadcast(t.power(base, float(exponent.floats.flat[0])), e.out.shape)


def _square(e: Executed, x: Any, **options: Any) -> Value:
    unused(**options)
    return e.tape.binary("mul", e.value(x), e.value(x))


def _same(e: Executed, x: Any, **options: Any) -> Value:
    unused(**options)
    return e.value(x)


def _matmul(e: Executed, a: Any, b: Any, **options: Any) -> Value:
    unused(**options)
    t, x, y = e.tape, e.value(a), e.value(b)
    x = x if len(x.shape) > 1 else t.reshape(x, (1, x.size))
    y = y if len(y.shape) > 1 else t.reshape(y, (y.size, 1))
    return t.reshape(t.matmul(x, y), e.out.shape)


def _vecdot(e: Executed, a: Any, b: Any, **options: Any) -> Value:
    unused(**options)
    return e.tape.sum(e.tape.binary("mul", e.value(a), e.value(b)), (-1,))


def _scaled_log(base: float) -> Rule:
    return lambda e, x: e.tape.binary("div", e.tape.unary("log", e.value(x)), math.log(base))


def _sign(e: Executed, x: Any) -> Value:
    return e.tape.const(e.tape.signs(e.value(x), "sign"))


def _whole(e: Executed, x: Any) -> Value:
    name = e.func.__name__
    return e.tape.const(
        c.floor(e.tape, e.value(x), WHOLE[name], "round" if name == "rint" else name)
    )


def _remainder(e: Executed, a: Any, b: Any) -> Value:
    t, x, y = e.tape, e.value(a), e.value(b)
    times = c.floor(t, t.binary("div", x, y), np.floor, "floor")
    return t.binary("sub", x, t.binary("mul", times, y))


def _hypot(e: Executed, a: Any, b: Any) -> Value:
    squares = [e.tape.binary("mul", v, v) for v in (e.value(a), e.value(b))]
    return e.tape.unary("sqrt", e.tape.binary("add", *squares))


def _logaddexp(e: Executed, a: Any, b: Any) -> Value:
    t, shape = e.tape, e.out.shape
    both = t.cat([t.broadcast(e.value(x), shape) for x in (a, b)])
    return c.logsumexp(t, t.reshape(both, (2, *shape)), (0,))


def _truth(e: Executed, *given: Any) -> None:
    for x in given:
        v = e.value(x)
        if v.depends:
            e.tape.signs(v, e.func.__name__)


def _finite(e: Executed, x: Any) -> None:
    e.value(x)


def _xlogy(e: Executed, a: Any, b: Any) -> Value:
    return e.tape.binary("mul", e.value(a), e.tape.unary("log", e.value(b)))


def _entropy(e: Executed, x: Any) -> Value:
    v = e.value(x)
    return e.tape.unary("neg", e.tape.binary("mul", v, e.tape.unary("log", v)))


def _relative_entropy(e: Executed, a: Any, b: Any) -> Value:
    t, x, y = e.tape, e.value(a), e.value(b)
    return t.binary("mul", x, t.binary("sub", t.unary("log", x), t.unary("log", y)))


def _complement(e: Executed, x: Any) -> Value:
    return e.tape.binary("sub", 1.0, e.tape.unary("erf", e.value(x)))


UFUNCS: dict[str, Rule] = {
    **dict.fromkeys(UNARY, _unary),
    **dict.fromkeys(BINARY, _binary),
    **dict.fromkeys(COMPARED, _compared),
    **dict.fromkeys(WHOLE, _whole),
    **dict.fromkeys(("power", "float_power"), _power),
    **dict.fromkeys(("positive", "conjugate"), _same),
    "matmul": _matmul,
    **dict.fromkeys(("logical_and", "logical_or", "logical_not", "signbit"), _truth),
    **dict.fromkeys(("isfinite", "isnan", "isinf"), _finite),
    "square": _square,
    "vecdot": _vecdot,
    "log2": _scaled_log(2),
    "log10": _scaled_log(10),
    "exp2": lambda e, x: e.tape.unary("exp", e.tape.binary("mul", e.value(x), math.log(2))),
    "cbrt": lambda e, x: e.tape.power(e.value(x), 1 / 3),
    "sign": _sign,
    "remainder": _remainder,
    "hypot": _hypot,
    "logaddexp": _logaddexp,
    "arctan2": lambda e, y, x: angle(e.tape, e.value(y), e.value(x), "the half plane of arctan2"),
    "xlogy": _xlogy,
    "entr": _entropy,
    "rel_entr": _relative_entropy,
    "erfc": _complement,
}


# what else a function of entries does


def _reduced(e: Executed, x: Any, axis: Any = 0, dtype: Any = None, **options: Any) -> Value:
    keep = bool(options.pop("keepdims", False))
    unused(dtype=dtype, **options)
    return reduce(e, e.func.__name__, x, axis, keep)


def reduce(e: Executed, name: str, x: Any, axis: Any, keep: bool) -> Value:
    """By a function of two entries, over some axes, or all.

    Raises:
        UnsupportedError: it is not known to be one that they can be reduced by.
    """
    t, v = e.tape, e.value(x)
    axes = e.axes(axis) if v.shape else None
    if name == "add":
        return t.sum(v, axes, keep) if v.shape else v
    if not v.shape:
        return v
    if name in ("maximum", "minimum", "fmax", "fmin"):
        return t.reshape(c.reduce_max(t, v, axes, "min" in name), e.out.shape)
    if name == "multiply":
        return t.reshape(c.prod(t, v, axes), e.out.shape)
    raise UnsupportedError("reducing by it is not recorded; write it by others")


def _outer(e: Executed, a: Any, b: Any, **options: Any) -> Any:
    x, y = numbers(a), numbers(b)
    first = e.recorder.moved("reshape", lambda p: p.reshape(p.shape + (1,) * y.ndim), _array(e, a))
    second = np.broadcast_to(y, y.shape) if b is y else b
    return UFUNCS[e.func.__name__](e, first, second, **options) if x.size else None


def _array(e: Executed, x: Any) -> Any:
    return x if hasattr(x, "recorder") else e.recorder.array(np.asarray(x, float))


def _accumulated(e: Executed, x: Any, axis: int = 0, dtype: Any = None, **options: Any) -> Value:
    if e.func is not np.add:
        raise UnsupportedError("accumulating by it is not recorded; write it by others")
    return c.cumsum(e.tape, e.value(x), axis)


METHODS: dict[str, Rule] = {"reduce": _reduced, "outer": _outer, "accumulate": _accumulated}
