"""The operations of TensorFlow's graphs, made of those of a record.

A rule is given an operation as it was executed and answers with its outputs: values of the tape, or
None where an output is the same wherever X is, by the decisions that were noted.
"""

from __future__ import annotations

import math
import string
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from symgrad.numeric.recording import composites
from symgrad.numeric.recording.tape import Array, Tape, UnsupportedError, Value


@dataclass
class Executed:
    """An operation as it was executed.

    ``given`` are its inputs: a value where X has a part in it, else an array.  ``came`` are the
    framework's own outputs, and ``run`` has it executed once more with other inputs.
    """

    kind: str
    attributes: dict[str, Any]
    given: list[Any]
    came: list[Array]
    run: Callable[[Sequence[Any]], list[Array]]


Rule = Callable[[Tape, Executed], Sequence[Value | None]]
RULES: dict[str, Rule] = {}


def rule(*kinds: str) -> Callable[[Rule], Rule]:
    """The rule of these operations."""

    def add(function: Rule) -> Rule:
        RULES.update(dict.fromkeys(kinds, function))
        return function

    return add


UNARY = {
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
BINARY = {
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
THROUGH = ("Identity", "PreventGradient", "CheckNumerics", "PlaceholderWithDefault", "Snapshot")
MOVES = (
    "BroadcastTo",
    "Concat",
    "ConcatV2",
    "ConjugateTranspose",
    "Diag",
    "DiagPart",
    "DynamicPartition",
    "DynamicStitch",
    "EnsureShape",
    "ExpandDims",
    "Fill",
    "Gather",
    "GatherNd",
    "GatherV2",
    "MatrixBandPart",
    "MatrixDiag",
    "MatrixDiagPart",
    "MatrixDiagPartV2",
    "MatrixDiagPartV3",
    "MatrixDiagV2",
    "MatrixDiagV3",
    "MatrixSetDiag",
    "MatrixSetDiagV2",
    "MatrixSetDiagV3",
    "MirrorPad",
    "OneHot",
    "Pack",
    "Pad",
    "PadV2",
    "ParallelDynamicStitch",
    "Reshape",
    "Reverse",
    "ReverseSequence",
    "ReverseV2",
    "Roll",
    "Select",
    "SelectV2",
    "Slice",
    "Split",
    "SplitV",
    "Squeeze",
    "StridedSlice",
    "TensorScatterUpdate",
    "TensorStridedSliceUpdate",
    "Tile",
    "Transpose",
    "Unpack",
)
COMPARISONS: dict[str, Callable[[Array], Array]] = {
    "Less": lambda signs: signs < 0,
    "LessEqual": lambda signs: signs <= 0,
    "Greater": lambda signs: signs > 0,
    "GreaterEqual": lambda signs: signs >= 0,
    "Equal": lambda signs: signs == 0,
    "NotEqual": lambda signs: signs != 0,
}
ROUNDINGS: dict[str, tuple[Callable[[Array], Array], str]] = {
    "Floor": (np.floor, "floor"),
    "Ceil": (np.ceil, "ceil"),
    "Round": (np.round, "round"),
    "Rint": (np.round, "round"),
}
NO_DECISION = ("Shape", "ShapeN", "Size", "Rank", "ZerosLike", "OnesLike", "IsFinite", "IsNan")
"""What comes out is the same in a neighbourhood of X."""


def apply(t: Tape, op: Executed) -> list[Value | None]:
    """The outputs of an operation.

    Raises:
        UnsupportedError: there is no rule for it.
    """
    if op.kind in UNARY:
        return [t.unary(UNARY[op.kind], op.given[0])]  # type: ignore[arg-type]
    if op.kind in BINARY:
        return [t.binary(BINARY[op.kind], *op.given)]  # type: ignore[arg-type]
    if op.kind in THROUGH:
        return [op.given[0]]
    if op.kind in MOVES:
        return moves(t, op)
    if op.kind in NO_DECISION or op.kind == "IsInf":
        return [None] * len(op.came)
    if op.kind in RULES:
        return list(RULES[op.kind](t, op))
    if op.kind.endswith("Grad"):
        raise UnsupportedError(
            "the program differentiates within itself, by TensorFlow's own rules; write that "
            "derivative out"
        )
    raise UnsupportedError("there is no rule to record it; write it by other operations")


def moves(t: Tape, op: Executed) -> list[Value | None]:
    """What only moves entries, as the framework moves their positions."""
    places = [k for k, x in enumerate(op.given) if isinstance(x, Value) or x.dtype.kind == "f"]
    values = [t.value(op.given[k]) for k in places]

    def move(positions: list[Array], output: int) -> Array:
        inputs = list(op.given)
        for k, x in zip(places, positions, strict=True):
            inputs[k] = x.astype(float)
        return op.run(inputs)[output].astype(int)

    return [
        composites.moved(t, values, lambda positions, k=k: move(positions, k))  # type: ignore[misc]
        for k in range(len(op.came))
    ]


# entry by entry


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
    return t.signs(x, note) != 0 if isinstance(x, Value) else x != 0


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
    right = t.signs(x, "the half plane of atan2") > 0
    if not x.floats.all():
        raise UnsupportedError("atan2 of a point on the second axis")
    turn = np.where(right, 0.0, np.where(y.floats < 0, -math.pi, math.pi))
    if not right.all():
        t.signs(y, "the half plane of atan2")
    return [t.binary("add", t.unary("atan", t.binary("div", y, x)), turn)]


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
def _cast(t: Tape, op: Executed) -> list[Value | None]:
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
    return _decided(op, COMPARISONS[op.kind](signs))


def _round(t: Tape, op: Executed) -> list[None]:
    by, note = ROUNDINGS[op.kind]
    return _decided(op, composites.floor(t, op.given[0], by, note))


RULES.update(dict.fromkeys(COMPARISONS, _compare))
RULES.update(dict.fromkeys(ROUNDINGS, _round))


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


# sums and products


def _axes(op: Executed) -> tuple[int, ...]:
    return tuple(int(axis) % len(op.given[0].shape) for axis in np.ravel(op.given[1]))


@rule("Sum")
def _sum(t: Tape, op: Executed) -> list[Value]:
    return [t.sum(op.given[0], _axes(op), op.attributes["keep_dims"])]


@rule("Mean")
def _mean(t: Tape, op: Executed) -> list[Value]:
    return [composites.mean(t, op.given[0], _axes(op), op.attributes["keep_dims"])]


@rule("EuclideanNorm")
def _euclidean_norm(t: Tape, op: Executed) -> list[Value]:
    norm = composites.norm(t, op.given[0], 2, _axes(op), op.attributes["keep_dims"])
    return [norm]


@rule("Max", "Min")
def _extreme(t: Tape, op: Executed) -> list[Value]:
    extreme = composites.reduce_max(t, op.given[0], _axes(op), least=op.kind == "Min")
    return [t.reshape(extreme, op.came[0].shape)]


@rule("Prod")
def _prod(t: Tape, op: Executed) -> list[Value]:
    return [t.reshape(composites.prod(t, op.given[0], _axes(op)), op.came[0].shape)]


@rule("Cumsum", "Cumprod", "CumulativeLogsumexp")
def _cumulate(t: Tape, op: Executed) -> list[Value]:
    """Along an axis, from its other end if reversed, without the entry itself if exclusive."""
    v, axis = op.given[0], int(op.given[1])
    step = -1 if op.attributes["reverse"] else 1
    if op.attributes["exclusive"] or op.kind != "Cumsum":
        return [_cumulate_slices(t, op, axis, step)]
    turned = t.take(v, np.moveaxis(np.moveaxis(v.places, axis, -1)[..., ::step], -1, axis))
    sums = composites.cumsum(t, turned, axis)
    return [t.take(sums, np.moveaxis(np.moveaxis(sums.places, axis, -1)[..., ::step], -1, axis))]


def _cumulate_slices(t: Tape, op: Executed, axis: int, step: int) -> Value:
    if op.kind == "CumulativeLogsumexp":
        raise UnsupportedError("there is no rule to record it; write it by exp, cumsum and log")
    v, product = op.given[0], op.kind == "Cumprod"
    slices = np.moveaxis(v.places, axis, 0)[::step]
    total = t.const(np.full(slices.shape[1:], float(product)))
    parts = [total] if op.attributes["exclusive"] else []
    for places in slices[: len(slices) - len(parts)]:
        total = t.binary("mul" if product else "add", total, t.take(v, places))
        parts.append(total)
    stacked = t.reshape(t.cat(parts), slices.shape)
    return t.take(stacked, np.moveaxis(stacked.places[::step], 0, axis))


@rule("Softmax")
def _softmax(t: Tape, op: Executed) -> list[Value]:
    return [composites.softmax(t, op.given[0], -1)]


@rule("LogSoftmax")
def _log_softmax(t: Tape, op: Executed) -> list[Value]:
    v = op.given[0]
    return [t.binary("sub", v, composites.logsumexp(t, v, (len(v.shape) - 1,), True))]


@rule("SoftmaxCrossEntropyWithLogits")
def _cross_entropy(t: Tape, op: Executed) -> list[Value]:
    logits, labels = (t.value(x) for x in op.given)
    logs = t.binary("sub", logits, composites.logsumexp(t, logits, (1,), True))
    loss = t.unary("neg", t.sum(t.binary("mul", labels, logs), (1,)))
    return [loss, t.binary("sub", composites.softmax(t, logits, -1), labels)]


@rule("L2Loss")
def _l2_loss(t: Tape, op: Executed) -> list[Value]:
    v = op.given[0]
    return [t.binary("mul", 0.5, t.sum(t.binary("mul", v, v)))]


@rule("MatMul", "BatchMatMul", "BatchMatMulV2", "BatchMatMulV3")
def _matmul(t: Tape, op: Executed) -> list[Value]:
    first, second = (t.value(x) for x in op.given)
    names = ("transpose_a", "transpose_b") if op.kind == "MatMul" else ("adj_x", "adj_y")
    left, right = (op.attributes[name] for name in names)
    return [t.matmul(t.mT(first) if left else first, t.mT(second) if right else second)]


@rule("Einsum")
def _einsum(t: Tape, op: Executed) -> list[Value]:
    values = [t.value(x) for x in op.given]
    equation = written_out(op.attributes["equation"], [len(v.shape) for v in values])
    return [t.reshape(composites.einsum(t, equation, values), op.came[0].shape)]


def written_out(equation: str, ranks: Sequence[int]) -> str:
    """The equation with letters for its ellipses."""
    given, _, out = equation.replace(" ", "").partition("->")
    free = [letter for letter in string.ascii_letters if letter not in equation]
    labels = given.split(",")
    longest = max(
        (rank - len(x) + 3 for rank, x in zip(ranks, labels, strict=True) if "." in x), default=0
    )
    letters = "".join(free[:longest])
    parts = [
        x.replace("...", letters[longest - (rank - len(x) + 3) :] if "." in x else "")
        for rank, x in zip(ranks, labels, strict=True)
    ]
    return f"{','.join(parts)}->{out.replace('...', letters)}"


# scattering


@rule("TensorScatterAdd", "TensorScatterSub")
def _scatter_add(t: Tape, op: Executed) -> list[Value]:
    v, indices, updates = t.value(op.given[0]), op.given[1], t.value(op.given[2])
    if op.kind == "TensorScatterSub":
        updates = t.unary("neg", updates)
    return [t.put_add(v, v.places[tuple(np.moveaxis(indices, -1, 0))], updates)]


@rule("ScatterNd")
def _scatter_nd(t: Tape, op: Executed) -> list[Value]:
    zeros = t.const(np.zeros(op.came[0].shape))
    where = zeros.places[tuple(np.moveaxis(op.given[0], -1, 0))]
    return [t.put_add(zeros, where, op.given[1])]


@rule("SegmentSum", "SegmentSumV2", "UnsortedSegmentSum")
def _segment_sum(t: Tape, op: Executed) -> list[Value]:
    v, segments = op.given[:2]
    zeros = t.const(np.zeros(op.came[0].shape))
    rows = v.places.reshape(*segments.shape, -1)[segments >= 0]
    where = zeros.places.reshape(len(op.came[0]), -1)[segments[segments >= 0]]
    return [t.put_add(zeros, where, t.take(v, rows))]


# matrices


@rule("SelfAdjointEigV2")
def _eigh(t: Tape, op: Executed) -> list[Value | None]:
    wanted = op.attributes["compute_v"]
    values, vectors = composites.eigh(t, op.given[0], True, op.came[1] if wanted else None)
    if not wanted:
        return [values, None]
    # of a multiple eigenvalue every basis is one: the shadow has the framework's
    A, V = composites.mirror(t, op.given[0], True).floats, op.came[1].astype(float)
    residual = np.abs(A @ V - V * values.floats[..., None, :]).max()
    if not np.allclose(V, vectors.floats, atol=1e-6) and residual <= 1e-5 * np.abs(A).max():
        vectors.floats = V
    return [values, vectors]


@rule("Cholesky")
def _cholesky(t: Tape, op: Executed) -> list[Value]:
    return [composites.cholesky(t, op.given[0])]


def _adjoint(t: Tape, op: Executed, A: Value) -> Value:
    return t.mT(A) if op.attributes["adjoint"] else A


@rule("MatrixTriangularSolve")
def _triangular_solve(t: Tape, op: Executed) -> list[Value]:
    T = composites.triangle(t, t.value(op.given[0]), op.attributes["lower"])
    return [t.solve(_adjoint(t, op, T), t.value(op.given[1]))]


@rule("MatrixSolve")
def _solve(t: Tape, op: Executed) -> list[Value]:
    return [t.solve(_adjoint(t, op, t.value(op.given[0])), t.value(op.given[1]))]


@rule("MatrixInverse")
def _inverse(t: Tape, op: Executed) -> list[Value]:
    return [composites.inverse(t, _adjoint(t, op, op.given[0]))]


@rule("MatrixDeterminant")
def _det(t: Tape, op: Executed) -> list[Value]:
    return t.emit("det", [op.given[0]])


@rule("LogMatrixDeterminant")
def _slogdet(t: Tape, op: Executed) -> list[Value | None]:
    return [None, composites.slogdet(t, op.given[0])[1]]


@rule("MatrixExponential")
def _expm(t: Tape, op: Executed) -> list[Value]:
    return t.emit("expm", [op.given[0]])


@rule("Lu")
def _lu(t: Tape, op: Executed) -> list[Value | None]:
    return [composites.lu(t, op.given[0], op.came[1]), None]


@rule("Qr")
def _qr(t: Tape, op: Executed) -> list[Value]:
    A, R = op.given[0], op.came[1]
    if op.attributes["full_matrices"] and A.shape[-2] != A.shape[-1]:
        raise UnsupportedError("the full qr of a matrix that is not square; full_matrices=False")
    return list(composites.qr(t, A, np.sign(np.diagonal(R, axis1=-2, axis2=-1))))


@rule("Svd")
def _svd(t: Tape, op: Executed) -> list[Value | None]:
    A, (_, U, V) = op.given[0], op.came
    if not op.attributes["compute_uv"]:
        return [composites.svd(t, A)[1], None, None]
    if op.attributes["full_matrices"] and A.shape[-2] != A.shape[-1]:
        raise UnsupportedError("the full svd of a matrix that is not square; full_matrices=False")
    if A.shape[-2] < A.shape[-1]:
        left, S, right = composites.svd(t, t.mT(A), U)
        return [S, t.mT(right), left]
    left, S, right = composites.svd(t, A, V)
    return [S, left, t.mT(right)]
