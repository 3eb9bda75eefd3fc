"""TensorFlow's operations entry by entry, and those that decide."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from symgrad.court.program import Operation
from symgrad.numeric.recording import composites
from symgrad.numeric.recording.pair_entries import angle
from symgrad.numeric.recording.tape import Array, Tape, UnsupportedError, Value
from symgrad.numeric.recording.tensorflow_rules import Executed, Rule, into

ENTRIES: dict[str, Rule] = {}
rule = into(ENTRIES)
UNARY: dict[str, Operation] = {
    "Neg": "neg",
    "Exp": "exp",
    "Expm1": "expm1",
    "Log": "log",
    "Log1p": "log1p",
    "Sqrt": "sqrt",
    "Reciprocal": "reciprocal",
    "Inv": "reciprocal",
    "Sin": "sin",
    "Cos": "cos",
    "Tan": "tan",
    "Asin": "asin",
    "Acos": "acos",
    "Atan": "atan",
    "Sinh": "sinh",
    "Cosh": "cosh",
    "Tanh": "tanh",
    "Asinh": "asinh",
    "Acosh": "acosh",
    "Atanh": "atanh",
    "Sigmoid": "logistic",
    "Erf": "erf",
    "Lgamma": "lgamma",
    "Digamma": "digamma",
    "Abs": "abs",
}
BINARY: dict[str, Operation] = {
    "AddV2": "add",
    "Add": "add",
    "BiasAdd": "add",
    "Sub": "sub",
    "Mul": "mul",
    "RealDiv": "div",
    "Div": "div",
    "Maximum": "max",
    "Minimum": "min",
}
COMPARISONS = {
    "Less": "lt",
    "LessEqual": "le",
    "Greater": "gt",
    "GreaterEqual": "ge",
    "Equal": "eq",
    "NotEqual": "ne",
}
ROUNDINGS: dict[str, tuple[Callable[[Array], Array], str]] = {
    "Floor": (np.floor, "floor"),
    "Ceil": (np.ceil, "ceil"),
    "Round": (np.round, "round"),
    "Rint": (np.round, "round"),
}


@rule("Square")
def _square(t: Tape, op: Executed) -> list[Value]:
    return [t.binary("mul", op.given[0], op.given[0])]


@rule("SquaredDifference")
def _squared_difference(t: Tape, op: Executed) -> list[Value]:
    difference = t.binary("sub", *op.given)
    return [t.binary("mul", difference, difference)]


@rule("Rsqrt")
def _rsqrt(t: Tape, op: Executed) -> list[Value]:
    return [t.unary("reciprocal", t.unary("sqrt", op.given[0]))]


@rule("Erfc")
def _erfc(t: Tape, op: Executed) -> list[Value]:
    return [t.binary("sub", 1.0, t.unary("erf", op.given[0]))]


@rule("AddN")
def _add_n(t: Tape, op: Executed) -> list[Value]:
    total = t.value(op.given[0])
    for term in op.given[1:]:
        total = t.binary("add", total, term)
    return [total]


@rule("Pow")
def _pow(t: Tape, op: Executed) -> list[Value]:
    base, exponent = t.value(op.given[0]), op.given[1]
    if isinstance(exponent, Value):
        return [t.unary("exp", t.binary("mul", exponent, t.unary("log", base)))]
    shape = np.broadcast_shapes(base.shape, exponent.shape)
    base, exponent = t.broadcast(base, shape), np.broadcast_to(exponent, shape)
    result = base
    for power in np.unique(exponent):
        result = composites.where(t, exponent == power, t.power(base, float(power)), result)
    return [result]


def _nonzero(t: Tape, x: Value | Array, note: str) -> Array:
    """Where it is not zero, which is a decision."""
    return np.asarray((t.signs(x, note) if isinstance(x, Value) else x) != 0)


@rule("DivNoNan")
def _div_no_nan(t: Tape, op: Executed) -> list[Value]:
    mask = _nonzero(t, op.given[1], "a divisor that is zero")
    return [_masked(t, mask, t.binary("div", *op.given))]


@rule("MulNoNan")
def _mul_no_nan(t: Tape, op: Executed) -> list[Value]:
    mask = _nonzero(t, op.given[1], "a factor that is zero")
    return [_masked(t, mask, t.binary("mul", *op.given))]


@rule("Xlogy", "Xlog1py", "Xdivy")
def _x_times(t: Tape, op: Executed) -> list[Value]:
    x, y = op.given
    mask = _nonzero(t, x, "a factor that is zero")
    if op.kind == "Xdivy":
        return [_masked(t, mask, t.binary("div", x, y))]
    return [_masked(t, mask, t.binary("mul", x, t.unary(op.kind[1:].rstrip("y"), y)))]  # type: ignore[arg-type]


def _masked(t: Tape, mask: Array, v: Value) -> Value:
    return composites.where(t, np.broadcast_to(mask, v.shape), v, np.zeros(v.shape))


@rule("Atan2")
def _atan2(t: Tape, op: Executed) -> list[Value]:
    y, x = (t.value(v) for v in op.given)
    return [angle(t, y, x, "the half plane of atan2")]


@rule("Mod", "FloorMod", "TruncateMod")
def _modulo(t: Tape, op: Executed) -> list[Value]:
    ratio = t.binary("div", *op.given)
    by, note = (np.floor, "floor") if op.kind == "FloorMod" else (np.trunc, "trunc")
    whole = composites.floor(t, ratio, by, note)
    return [t.binary("sub", op.given[0], t.binary("mul", whole, op.given[1]))]


@rule("FloorDiv", "TruncateDiv")
def _whole_ratio(t: Tape, op: Executed) -> list[None]:
    by, note = (np.floor, "floor") if op.kind == "FloorDiv" else (np.trunc, "trunc")
    return _decided(op, composites.floor(t, t.binary("div", *op.given), by, note))


@rule("Relu")
def _relu(t: Tape, op: Executed) -> list[Value]:
    return [t.binary("max", op.given[0], 0.0)]


@rule("Relu6")
def _relu6(t: Tape, op: Executed) -> list[Value]:
    return [t.binary("min", t.binary("max", op.given[0], 0.0), 6.0)]


@rule("LeakyRelu")
def _leaky_relu(t: Tape, op: Executed) -> list[Value]:
    v = op.given[0]
    positive = t.signs(v, "the sign of what goes into leaky_relu") > 0
    return [composites.where(t, positive, v, t.binary("mul", v, op.attributes["alpha"]))]


@rule("Elu", "Selu")
def _elu(t: Tape, op: Executed) -> list[Value]:
    v = op.given[0]
    positive = t.signs(v, "the sign of what goes into elu") > 0
    result = composites.where(t, positive, v, t.unary("expm1", v))
    if op.kind == "Elu":
        return [result]
    # Klambauer, Unterthiner, Mayr and Hochreiter, Self-normalizing neural networks (2017)
    scale, alpha = 1.0507009873554805, 1.6732632423543772
    factor = np.where(positive, scale, scale * alpha)
    return [t.binary("mul", result, factor)]


@rule("Softplus")
def _softplus(t: Tape, op: Executed) -> list[Value]:
    return [t.unary("log1p", t.unary("exp", op.given[0]))]


@rule("Softsign")
def _softsign(t: Tape, op: Executed) -> list[Value]:
    return [t.binary("div", op.given[0], t.binary("add", 1.0, t.unary("abs", op.given[0])))]


@rule("ClipByValue")
def _clip(t: Tape, op: Executed) -> list[Value]:
    v, low, high = op.given
    return [t.binary("max", t.binary("min", v, high), low)]


@rule("StopGradient")
def _hold(t: Tape, op: Executed) -> list[Value]:
    return [t.unary("hold", op.given[0])]


@rule("Cast")
def _cast(t: Tape, op: Executed) -> Sequence[Value | None]:
    v, kind = op.given[0], op.attributes["DstT"]
    if kind.is_floating:
        if kind.size < op.attributes["SrcT"].size:
            t.casts.append(kind.name)
        return [v]
    if kind.is_bool:
        return _decided(op, t.signs(v, "a cast to bool") != 0)
    return _decided(op, composites.floor(t, v, np.trunc, "trunc"))


# decisions


def _decided(op: Executed, decided: Array) -> list[None]:
    """An output that a decision fixes.

    Raises:
        UnsupportedError: in float64 it is decided otherwise.
    """
    if not np.array_equal(op.came[0].astype(float), np.asarray(decided, float)):
        raise UnsupportedError("it decides otherwise in float64: X is too near to a boundary")
    return [None]


def _compare(t: Tape, op: Executed) -> list[None]:
    signs = t.compare(op.given[0], op.given[1], op.kind)
    return _decided(op, composites.COMPARISONS[COMPARISONS[op.kind]](signs))


def _round(t: Tape, op: Executed) -> list[None]:
    by, note = ROUNDINGS[op.kind]
    return _decided(op, composites.floor(t, op.given[0], by, note))


ENTRIES.update(dict.fromkeys(COMPARISONS, _compare))
ENTRIES.update(dict.fromkeys(ROUNDINGS, _round))


@rule("Sign")
def _sign(t: Tape, op: Executed) -> list[None]:
    return _decided(op, t.signs(op.given[0], "sign"))


@rule("ApproximateEqual")
def _approximately(t: Tape, op: Executed) -> list[None]:
    off = t.unary("abs", t.binary("sub", *op.given))
    return _decided(op, t.compare(off, op.attributes["tolerance"], op.kind) < 0)


@rule("ArgMax", "ArgMin")
def _argmax(t: Tape, op: Executed) -> list[None]:
    return _decided(
        op, composites.argmax(t, op.given[0], int(op.given[1]), least=op.kind == "ArgMin")
    )


@rule("TopKV2", "TopK")
def _top(t: Tape, op: Executed) -> list[Value | None]:
    ordered, order = composites.sort(t, op.given[0], -1, descending=True)
    k = op.came[0].shape[-1]
    if not np.array_equal(order[..., :k], op.came[1]):
        raise UnsupportedError("it orders otherwise in float64: X is too near to a tie")
    return [t.take(ordered, ordered.places[..., :k]), None]
