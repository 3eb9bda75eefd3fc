"""What PyTensor's operations of entries, sums and orders are made of, by the name of each."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import reduce
from typing import Any, NamedTuple

import numpy as np

from symgrad.numeric.recording import composites as c
from symgrad.numeric.recording.pair_entries import angle
from symgrad.numeric.recording.pytensor_nodes import again, core
from symgrad.numeric.recording.tape import Array, Tape, UnsupportedError, Value

Operand = Value | Array
Found = Operand | Sequence[Operand]


class Executed(NamedTuple):
    """A node as it was executed: of values, and of arrays that do not depend on X.

    ``name`` is that of the operation; of one that is mapped over entries, that of the entries'.
    """

    tape: Tape
    name: str
    args: list[Any]
    node: Any

    @property
    def op(self) -> Any:
        """PyTensor's own operation, of one matrix."""
        return core(self.node.op)

    def told(self) -> list[Array]:
        """What PyTensor gives when it is executed once more."""
        return again(self.node, self.args)


UNARY: dict[str, Any] = {
    **{name: name.lower() for name in ("Neg", "Exp", "Expm1", "Log", "Log1p", "Sqrt", "Abs")},
    **{name: name.lower() for name in ("Reciprocal", "Sin", "Cos", "Tan", "Sinh", "Cosh", "Tanh")},
    **{f"Arc{name}": f"a{name.lower()}" for name in ("Sin", "Cos", "Tan", "Sinh", "Cosh", "Tanh")},
    **{"Erf": "erf", "GammaLn": "lgamma", "Psi": "digamma", "Sigmoid": "logistic"},
}
SEVERAL: dict[str, Any] = {"Add": "add", "Mul": "mul"}
BINARY: dict[str, Any] = {"Sub": "sub", "TrueDiv": "div", "Maximum": "max", "Minimum": "min"}
COMPARISONS = {
    "LT": "lt", "LE": "le", "GT": "gt", "GE": "ge", "EQ": "eq", "NEQ": "ne"
}  # fmt: skip
ROUNDINGS: dict[str, tuple[str, Callable[[Array], Array]]] = {
    "Floor": ("floor", np.floor),
    "Ceil": ("ceil", np.ceil),
    "RoundHalfToEven": ("round", np.round),
    "Trunc": ("trunc", np.trunc),
}
SCALES = {"Deg2Rad": np.pi / 180, "Rad2Deg": 180 / np.pi}
HELD = ("ZeroGrad", "DisconnectedGrad", "UndefinedGrad")
"""What PyTensor is told not to differentiate."""
ONLY_BACKWARD = ("GradClip", "GradScale")
"""What changes nothing but the gradient."""
SAME = (
    "SpecifyShape", "SpecifyAssumptions", "CpuContiguous", "ViewOp", "DeepCopyOp",
    "TensorFromScalar", "ScalarFromTensor", "CheckAndRaise", "Assert", "Identity",
)  # fmt: skip
"""What gives its first argument back."""


def _power(e: Executed) -> Found:
    t, (base, exponent) = e.tape, e.args
    if isinstance(base, Value) and not isinstance(exponent, Value):
        said = np.unique(exponent)
        if said.size == 1:
            shape = np.broadcast_shapes(base.shape, np.shape(exponent))
            return t.power(t.broadcast(base, shape), float(said[0]))
    return t.unary("exp", t.binary("mul", exponent, t.unary("log", t.value(base))))


def _compared(e: Executed) -> Found:
    name = COMPARISONS[e.name]
    return c.COMPARISONS[name](e.tape.compare(e.args[0], e.args[1], name))


def _chosen(e: Executed) -> Found:
    which, a, b = e.args
    if isinstance(which, Value):
        which = e.tape.signs(which, "a choice") != 0
    return c.where(e.tape, np.asarray(which).astype(bool), a, b)


def _clipped(e: Executed) -> Found:
    v, least, most = e.args
    return e.tape.binary("min", e.tape.binary("max", v, least), most)


def _filled(e: Executed) -> Found:
    like, v = e.args
    shape = np.broadcast_shapes(np.shape(_numbers(like)), np.shape(_numbers(v)))
    return e.tape.broadcast(v, shape) if isinstance(v, Value) else np.broadcast_to(v, shape).copy()


def _numbers(x: Any) -> Array:
    return x.floats if isinstance(x, Value) else np.asarray(x)


def _rounded(e: Executed) -> Found:
    note, by = ROUNDINGS[e.name]
    return c.floor(e.tape, e.args[0], by, note)


def _floor_divided(e: Executed) -> Array:
    return c.floor(e.tape, e.tape.binary("div", *e.args), np.floor, "floor")


def _remainder(e: Executed) -> Found:
    t, (a, b) = e.tape, e.args
    return t.binary("sub", a, t.binary("mul", _floor_divided(e), b))


def _softplus(e: Executed) -> Found:
    """log(1 + eˣ), which is x + log(1 + e⁻ˣ) as well, where eˣ may overflow."""
    t, v = e.tape, e.args[0]
    mask = v.floats > 0
    size = c.where(t, mask, t.unary("neg", v), v)
    off = c.where(t, mask, v, np.zeros(v.shape))
    return t.binary("add", off, t.unary("log1p", t.unary("exp", size)))


def _log1mexp(e: Executed) -> Found:
    t = e.tape
    return t.unary("log", t.unary("neg", t.unary("expm1", e.args[0])))


def _cast(e: Executed) -> Found:
    dtype, v = np.dtype(e.node.outputs[0].type.dtype), e.args[0]
    if dtype.kind == "b":
        return np.asarray(e.tape.signs(v, "a cast to bool") != 0)
    if dtype.kind in "iu":
        return np.asarray(c.floor(e.tape, v, np.trunc, "trunc"), dtype)
    if dtype.itemsize < np.dtype(e.node.inputs[0].type.dtype).itemsize:
        e.tape.casts.append(dtype.name)
    return v


def _axes(e: Executed) -> tuple[int, ...] | None:
    """The axes that go; None for all."""
    axis = e.op.axis
    return axis if axis is None or isinstance(axis, tuple) else (axis,)


def _arg_extreme(e: Executed) -> Found:
    axes, v = _axes(e), e.args[0]
    if axes is not None and len(axes) > 1:
        if len(axes) < len(v.shape):
            raise UnsupportedError("argmax over several axes; flatten them")
        axes = None
    return c.argmax(e.tape, v, axes if axes is None else axes[0])


def _cumulated(e: Executed) -> Found:
    if e.op.mode != "add":
        raise UnsupportedError("cumprod; write it by products")
    return c.cumsum(e.tape, e.args[0], e.op.axis)


def _sorted(e: Executed) -> Found:
    v, axis = e.args
    found, order = c.sort(e.tape, v, int(axis))
    return found if e.name == "SortOp" else order


def _softmax(e: Executed) -> Found:
    t, v, axes = e.tape, e.args[0], _axes(e)
    shift = np.max(v.floats, axis=axes, keepdims=True)
    shift = np.where(np.isfinite(shift), shift, 0.0)
    if e.name == "LogSoftmax":
        total = c.logsumexp(t, v, axes, keep=True)
        return t.binary("sub", v, total)
    size = t.unary("exp", t.binary("sub", v, shift))
    return t.binary("div", size, t.sum(size, axes, keep=True))


def _product(e: Executed) -> Found:
    return e.tape.matmul(e.tape.value(e.args[0]), e.tape.value(e.args[1]))


def _passed(e: Executed) -> Found:
    """A step of its own, as its derivative is another."""
    v = e.args[0]
    return e.tape.emit("take", [v], v.places, v.shape)[0]


def _scalar(by: Callable[[Tape, Any], Value]) -> Callable[[Executed], Found]:
    return lambda e: by(e.tape, e.args[0])


OPERATIONS: dict[str, Callable[[Executed], Found]] = {
    **dict.fromkeys(UNARY, lambda e: e.tape.unary(UNARY[e.name], e.args[0])),
    **dict.fromkeys(BINARY, lambda e: e.tape.binary(BINARY[e.name], *e.args)),
    **dict.fromkeys(
        SEVERAL,
        lambda e: reduce(lambda a, b: e.tape.binary(SEVERAL[e.name], a, b), e.args),
    ),
    **dict.fromkeys(COMPARISONS, _compared),
    **dict.fromkeys(ROUNDINGS, _rounded),
    **dict.fromkeys(SCALES, lambda e: e.tape.binary("mul", e.args[0], SCALES[e.name])),
    **dict.fromkeys(HELD, lambda e: e.tape.unary("hold", e.args[0])),
    **dict.fromkeys(ONLY_BACKWARD, _passed),
    **dict.fromkeys(("Real", "Conj", "Identity"), lambda e: e.args[0]),
    "Imag": lambda e: np.zeros(e.args[0].shape),
    "Sqr": lambda e: e.tape.binary("mul", e.args[0], e.args[0]),
    "Exp2": _scalar(lambda t, v: t.unary("exp", t.binary("mul", v, np.log(2)))),
    "Log2": _scalar(lambda t, v: t.binary("div", t.unary("log", v), np.log(2))),
    "Log10": _scalar(lambda t, v: t.binary("div", t.unary("log", v), np.log(10))),
    "Erfc": _scalar(lambda t, v: t.binary("sub", 1.0, t.unary("erf", v))),
    "Softplus": _softplus,
    "Log1mexp": _log1mexp,
    "Pow": _power,
    "ArcTan2": lambda e: angle(
        e.tape, *map(e.tape.value, e.args), note="the half plane of arctan2"
    ),
    "Sign": lambda e: e.tape.signs(e.args[0], "sign").astype(float),
    "IsNan": lambda e: np.isnan(e.args[0].floats),
    "IsInf": lambda e: np.isinf(e.args[0].floats),
    "Switch": _chosen,
    "Clip": _clipped,
    "Second": _filled,
    "IntDiv": _floor_divided,
    "Mod": _remainder,
    "Cast": _cast,
    "Sum": lambda e: e.tape.sum(e.args[0], _axes(e)),
    "Prod": lambda e: c.prod(e.tape, e.args[0], _axes(e)),
    "Max": lambda e: c.reduce_max(e.tape, e.args[0], _axes(e)),
    "Min": lambda e: c.reduce_max(e.tape, e.args[0], _axes(e), least=True),
    "Argmax": _arg_extreme,
    "CumOp": _cumulated,
    **dict.fromkeys(("SortOp", "ArgSortOp"), _sorted),
    **dict.fromkeys(("Softmax", "LogSoftmax"), _softmax),
    "Dot": _product,
    "Shape": lambda e: np.asarray(e.args[0].shape),
    "Shape_i": lambda e: np.asarray(e.args[0].shape[e.op.i]),
}
