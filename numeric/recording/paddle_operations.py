"""What PaddlePaddle's operations of entries, sums and orders are made of, by the name of each."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import reduce
from typing import Any, NamedTuple

import numpy as np
import paddle

from symgrad.numeric.recording import composites as c
from symgrad.numeric.recording.paddle_calls import outputs
from symgrad.numeric.recording.pair_entries import angle
from symgrad.numeric.recording.pairs import Pair
from symgrad.numeric.recording.tape import Array, Tape, UnsupportedError, Value

Operand = Value | Array
Found = Operand | Sequence[Operand]


class Executed(NamedTuple):
    """An operation as it is executed: of values, arrays without X in them, and lists of both.

    ``dtypes`` are those of its operands, and of a list those of its members.
    """

    tape: Tape
    name: str
    attributes: Mapping[str, Any]
    args: list[Any]
    dtypes: list[Any]

    def tensors(self) -> list[Any]:
        """The operands as PaddlePaddle is given them."""
        return [_tensor(x, dtype) for x, dtype in zip(self.args, self.dtypes, strict=True)]

    def told(self) -> list[Array]:
        """What PaddlePaddle gives when it is executed alone."""
        with paddle.no_grad():
            return [x.numpy() for x in outputs(self.name, self.attributes, self.tensors())]


def _tensor(x: Any, dtype: Any) -> Any:
    if isinstance(x, list):
        return [_tensor(each, own) for each, own in zip(x, dtype, strict=True)]
    return paddle.to_tensor(np.array(numbers(x)), dtype=dtype)


def numbers(x: Any) -> Array:
    """What a value was; arrays without X in them are as they are."""
    return x.numbers if isinstance(x, Pair) else x.floats if isinstance(x, Value) else x


UNARY: dict[str, Any] = {
    **{name: name for name in ("abs", "exp", "expm1", "log", "log1p", "sqrt", "reciprocal")},
    **{name: name for name in ("sin", "cos", "tan", "sinh", "cosh", "tanh", "asin", "acos")},
    **{name: name for name in ("atan", "asinh", "acosh", "atanh", "erf", "lgamma", "digamma")},
    "sigmoid": "logistic",
}
BINARY: dict[str, Any] = {
    **{"add": "add", "subtract": "sub", "multiply": "mul", "divide": "div"},
    **{"maximum": "max", "minimum": "min", "fmax": "max", "fmin": "min"},
}
COMPARISONS = {
    **{"greater_than": "gt", "greater_equal": "ge", "less_than": "lt", "less_equal": "le"},
    **{"equal": "eq", "not_equal": "ne"},
}
ROUNDINGS: dict[str, Callable[[Array], Array]] = {
    "floor": np.floor, "ceil": np.ceil, "round": np.round, "trunc": np.trunc
}  # fmt: skip
SAME = ("assign", "share_data_", "conj", "real")
"""What gives its operand back."""


def _scaled(e: Executed) -> Found:
    t, v, a = e.tape, e.args[0], e.attributes
    factor = e.args[1]
    factor = t.reshape(factor, ()) if isinstance(factor, Value) else float(np.ravel(factor)[0])
    if not a["bias_after_scale"]:
        v = t.binary("add", v, a["bias"])
    if isinstance(factor, Value) or factor != 1:
        v = t.binary("mul", v, factor)
    return t.binary("add", v, a["bias"]) if a["bias_after_scale"] and a["bias"] else v


def _power(e: Executed) -> Found:
    t, base = e.tape, e.args[0]
    exponent = e.attributes["y"] if e.name == "pow" else e.args[1]
    if not isinstance(exponent, Value) and isinstance(base, Value):
        said = np.unique(exponent)
        if said.size == 1:
            shape = np.broadcast_shapes(base.shape, np.shape(exponent))
            return t.power(t.broadcast(base, shape), float(said[0]))
    return t.unary("exp", t.binary("mul", exponent, t.unary("log", t.value(base))))


def _compared(e: Executed) -> Found:
    name = COMPARISONS[e.name]
    return c.COMPARISONS[name](e.tape.compare(e.args[0], e.args[1], name))


def _rounded(e: Executed) -> Found:
    if e.attributes.get("decimals"):
        raise UnsupportedError("round(decimals=…)")
    return c.floor(e.tape, e.args[0], ROUNDINGS[e.name], e.name)


def _floor_divided(e: Executed) -> Array:
    return c.floor(e.tape, e.tape.binary("div", *e.args), np.floor, "floor")


def _remainder(e: Executed) -> Found:
    t, (a, b) = e.tape, e.args
    return t.binary("sub", a, t.binary("mul", _floor_divided(e), b))


def _clipped(e: Executed) -> Found:
    t = e.tape
    least, most = (t.reshape(t.value(x), ()) for x in e.args[1:])
    return t.binary("min", t.binary("max", e.args[0], least), most)


def _cast(e: Executed) -> Found:
    v, dtype = e.args[0], str(e.attributes["dtype"]).split(".")[-1].lower()
    if "bool" in dtype:
        return np.asarray(e.tape.signs(v, "a cast to bool") != 0)
    if "int" in dtype:
        return np.asarray(c.floor(e.tape, v, np.trunc, "trunc"), np.int64)
    for name in ("float32", "float16", "bfloat16"):
        if dtype == name and str(e.dtypes[0]).split(".")[-1] != name:
            e.tape.casts.append(name)
    return v


def _positive(e: Executed, slope: float = 0.0) -> Found:
    """max(x, 0) + slope·min(x, 0)."""
    t, v = e.tape, e.args[0]
    above = t.binary("max", v, np.zeros(v.shape))
    if not slope:
        return above
    below = t.binary("min", v, np.zeros(v.shape))
    return t.binary("add", above, t.binary("mul", below, slope))


def _log_of_one_and_exp(t: Tape, v: Value) -> Value:
    """log(1 + eˣ), which is x + log(1 + e⁻ˣ) as well, where eˣ may overflow."""
    mask = v.floats > 0
    size = c.where(t, mask, t.unary("neg", v), v)
    off = c.where(t, mask, v, np.zeros(v.shape))
    return t.binary("add", off, t.unary("log1p", t.unary("exp", size)))


def _softplus(e: Executed) -> Found:
    """log(1 + exp(βx))/β, or x where βx is beyond the threshold."""
    t, v, beta = e.tape, e.args[0], float(e.attributes["beta"])
    scaled = t.binary("mul", v, beta)
    beyond = t.compare(scaled, e.attributes["threshold"], "the threshold of softplus") > 0
    return c.where(t, beyond, v, t.binary("div", _log_of_one_and_exp(t, scaled), beta))


def _gelu(e: Executed) -> Found:
    t, v = e.tape, e.args[0]
    if e.attributes["approximate"]:
        raise UnsupportedError("gelu(approximate=True); write it by tanh")
    part = t.unary("erf", t.binary("mul", v, np.sqrt(0.5)))
    return t.binary("mul", t.binary("mul", v, 0.5), t.binary("add", part, 1.0))


def _axes(e: Executed) -> tuple[int, ...] | None:
    """The axes that go; None for all."""
    said = e.args[1] if len(e.args) > 1 else e.attributes["axis"]
    return tuple(int(k) for k in np.ravel(said)) or None


def _keeps(e: Executed) -> bool:
    return bool(e.attributes.get("keepdim", e.attributes.get("keep_dim", False)))


def _reduced(e: Executed, found: Value, axes: tuple[int, ...] | None) -> Value:
    """What is left, with the axes that are gone where they are kept."""
    if not _keeps(e):
        return found
    shape = e.args[0].shape
    gone = range(len(shape)) if axes is None else [k % len(shape) for k in axes]
    return e.tape.reshape(found, tuple(1 if k in gone else s for k, s in enumerate(shape)))


def _extreme(e: Executed) -> Found:
    axes = _axes(e)
    return _reduced(e, c.reduce_max(e.tape, e.args[0], axes, e.name.endswith("min")), axes)


def _product(e: Executed) -> Found:
    axes = None if e.attributes.get("reduce_all") else _axes(e)
    return _reduced(e, c.prod(e.tape, e.args[0], axes), axes)


def _norm(e: Executed) -> Found:
    a = e.attributes
    if e.name == "frobenius_norm":
        return c.norm(e.tape, e.args[0], 2, None if a["reduce_all"] else _axes(e), _keeps(e))
    if a["porder"] not in (1, 2, np.inf, -np.inf):
        raise UnsupportedError("a norm of that order, whose powers are rounded to float32")
    axes = None if a["asvector"] else (a["axis"],)
    return c.norm(e.tape, e.args[0], float(a["porder"]), axes, _keeps(e))


def _arg_extreme(e: Executed) -> Found:
    axis = None if e.attributes["flatten"] else int(np.ravel(e.args[1])[0])
    found = c.argmax(e.tape, e.args[0], axis, e.name == "argmin")
    return found.reshape(e.told()[0].shape)


def _sorted(e: Executed) -> Found:
    return list(c.sort(e.tape, e.args[0], e.attributes["axis"], e.attributes["descending"]))


def _largest(e: Executed) -> Found:
    a, t, axis = e.attributes, e.tape, e.attributes["axis"]
    v, order = c.sort(t, e.args[0], axis, bool(a["largest"]))
    first = np.arange(int(np.ravel(e.args[1])[0]))
    return [t.take(v, np.take(v.places, first, axis)), np.take(order, first, axis)]


def _cumulated(e: Executed) -> Found:
    a, v = e.attributes, e.args[0]
    if a["exclusive"] or a["reverse"]:
        raise UnsupportedError("cumsum(exclusive=…) or (reverse=…)")
    if a["flatten"]:
        return c.cumsum(e.tape, e.tape.reshape(v, (-1,)), 0)
    return c.cumsum(e.tape, v, int(np.ravel(e.args[1])[0]))


def _log_softmax(e: Executed) -> Found:
    v = e.args[0]
    return e.tape.binary("sub", v, c.logsumexp(e.tape, v, (e.attributes["axis"],), keep=True))


def _scalar(by: Callable[[Tape, Any], Value]) -> Callable[[Executed], Found]:
    return lambda e: by(e.tape, e.args[0])


OPERATIONS: dict[str, Callable[[Executed], Found]] = {
    **dict.fromkeys(UNARY, lambda e: e.tape.unary(UNARY[e.name], e.args[0])),
    **dict.fromkeys(BINARY, lambda e: e.tape.binary(BINARY[e.name], *e.args)),
    **dict.fromkeys(COMPARISONS, _compared),
    **dict.fromkeys(ROUNDINGS, _rounded),
    "scale": _scaled,
    **dict.fromkeys(("pow", "elementwise_pow"), _power),
    "square": lambda e: e.tape.binary("mul", e.args[0], e.args[0]),
    "rsqrt": _scalar(lambda t, v: t.unary("reciprocal", t.unary("sqrt", v))),
    "log2": _scalar(lambda t, v: t.binary("div", t.unary("log", v), np.log(2))),
    "log10": _scalar(lambda t, v: t.binary("div", t.unary("log", v), np.log(10))),
    "sign": lambda e: e.tape.signs(e.args[0], "sign").astype(float),
    "isnan": lambda e: np.isnan(e.args[0].floats),
    "isinf": lambda e: np.isinf(e.args[0].floats),
    "isfinite": lambda e: np.isfinite(e.args[0].floats),
    "floor_divide": _floor_divided,
    "remainder": _remainder,
    "atan2": lambda e: angle(
        e.tape, *map(e.tape.value, e.args), note="the half plane of arctan2"
    ),
    "lerp": lambda e: e.tape.binary(
        "add", e.args[0],
        e.tape.binary("mul", e.args[2], e.tape.binary("sub", e.args[1], e.args[0])),
    ),
    "clip": _clipped,
    "cast": _cast,
    "relu": _positive,
    "leaky_relu": lambda e: _positive(e, float(e.attributes["negative_slope"])),
    "silu": _scalar(lambda t, v: t.binary("mul", v, t.unary("logistic", v))),
    "logsigmoid": _scalar(
        lambda t, v: t.unary("neg", _log_of_one_and_exp(t, t.unary("neg", v)))
    ),
    "softplus": _softplus,
    "gelu": _gelu,
    "softmax": lambda e: c.softmax(e.tape, e.args[0], e.attributes["axis"]),
    "log_softmax": _log_softmax,
    "sum": lambda e: e.tape.sum(e.args[0], _axes(e), _keeps(e)),
    "mean": lambda e: c.mean(e.tape, e.args[0], _axes(e), _keeps(e)),
    **dict.fromkeys(("max", "min", "amax", "amin"), _extreme),
    "prod": _product,
    "logsumexp": lambda e: c.logsumexp(e.tape, e.args[0], _axes(e), _keeps(e)),
    **dict.fromkeys(("p_norm", "frobenius_norm"), _norm),
    "dist": lambda e: c.norm(e.tape, e.tape.binary("sub", *e.args), float(e.attributes["p"])),
    **dict.fromkeys(("argmax", "argmin"), _arg_extreme),
    "argsort": _sorted,
    "topk": _largest,
    "cumsum": _cumulated,
    "add_n": lambda e: reduce(lambda a, b: e.tape.binary("add", a, b), e.args[0]),
    "numel": lambda e: np.asarray(e.args[0].size),
    **dict.fromkeys(("shape", "shape64"), lambda e: np.asarray(e.args[0].shape)),
    "full_like": lambda e: e.told()[0],
}  # fmt: skip
