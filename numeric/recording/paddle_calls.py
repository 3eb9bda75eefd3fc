"""The operations of PaddlePaddle's programs, each as the public call that executes it alone."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import paddle
from paddle.nn import functional

from symgrad.numeric.recording.tape import UnsupportedError

linalg = paddle.linalg
Attributes = Mapping[str, Any]
Call = Callable[[Attributes, Sequence[Any]], Any]
"""Of the attributes of an operation and its operands, tensors or lists of them."""
MOST = 2**31 - 1


def _ints(x: Any) -> list[int]:
    """An operand that says where, or how much."""
    return [int(k) for k in np.ravel(x.numpy())]


def _axes(x: Any) -> list[int] | None:
    return _ints(x) or None


def _sliced(a: Attributes, x: Sequence[Any]) -> Any:
    found = paddle.slice(x[0], a["axes"], _ints(x[1]), _ints(x[2]))
    return paddle.squeeze(found, list(a["decrease_axis"])) if a["decrease_axis"] else found


def _written(a: Attributes, x: Sequence[Any]) -> Any:
    """x with y at x[starts:ends:steps] of some axes."""
    if a["none_axes"]:
        raise UnsupportedError("an index with None is written to; leave it out")
    index: list[Any] = [slice(None)] * x[0].ndim
    for axis, low, high, step in zip(a["axes"], *map(_ints, x[2:5]), strict=True):
        index[axis] = low if axis in a["decrease_axes"] else slice(low, high, step)
    copy = x[0].clone()
    copy[tuple(index)] = x[1]
    return copy


def _scattered(a: Attributes, x: Sequence[Any]) -> Any:
    if not a["overwrite"]:
        raise UnsupportedError("scatter(overwrite=False); write it by products")
    return paddle.scatter(x[0], x[1], x[2])


def _put(a: Attributes, x: Sequence[Any]) -> Any:
    if a["reduce"] != "assign":
        raise UnsupportedError("put_along_axis(reduce=…); write it by products")
    return paddle.put_along_axis(x[0], x[1], x[2], a["axis"], broadcast=False)


def _filled(a: Attributes, x: Sequence[Any]) -> Any:
    """The same of numbers, which are an attribute."""
    values = paddle.to_tensor(np.reshape(a["values"], a["shape"]), dtype=x[0].dtype)
    return _written(a, [x[0], values, *x[1:]])


def _scaled(a: Attributes, x: Sequence[Any]) -> Any:
    return paddle.scale(x[0], x[1].item(), a["bias"], a["bias_after_scale"])


def _power(a: Attributes, x: Sequence[Any]) -> Any:
    """Of complex numbers by the number itself, which in dynamic mode is no tensor."""
    is_number = x[0].is_complex() and not x[1].shape and x[1].stop_gradient
    return paddle.pow(x[0], x[1].item() if is_number else x[1])


def _reduced(call: Callable[..., Any]) -> Call:
    return lambda a, x: call(x[0], axis=_axes(x[1]), keepdim=a["keepdim"])


def _normed(a: Attributes, x: Sequence[Any]) -> Any:
    axis = None if a["asvector"] else a["axis"]
    return linalg.norm(x[0], p=a["porder"], axis=axis, keepdim=a["keepdim"])


def _argument(call: Callable[..., Any]) -> Call:
    def found(a: Attributes, x: Sequence[Any]) -> Any:
        axis = None if a["flatten"] else int(x[1].item())
        return call(x[0], axis=axis, keepdim=a["keepdims"], dtype=a["dtype"])

    return found


def _in_order(a: Attributes, x: Sequence[Any]) -> Any:
    order = {"axis": a["axis"], "descending": a["descending"], "stable": a["stable"]}
    return [paddle.sort(x[0], **order), paddle.argsort(x[0], **order)]


def _assigned(a: Attributes, x: Sequence[Any]) -> Any:
    return paddle.to_tensor(np.reshape(a["values"], a["shape"]), dtype=a["dtype"])


def _made(call: Callable[..., Any]) -> Call:
    return lambda a, x: call(*(k.item() for k in x), dtype=a["dtype"])


def _identity(a: Attributes, x: Sequence[Any]) -> Any:
    return paddle.eye(*(int(k.item()) for k in x), dtype=a["dtype"])


def _linspace(a: Attributes, x: Sequence[Any]) -> Any:
    return paddle.linspace(x[0].item(), x[1].item(), int(x[2].item()), dtype=a["dtype"])


def _matrix_norm(a: Attributes, x: Sequence[Any]) -> Any:
    axes = [k - x[0].ndim if k >= 0 else k for k in (_ints(x[1]) or range(x[0].ndim))]
    return linalg.matrix_norm(x[0], "fro", axes, a["keep_dim"])


def _repeated(a: Attributes, x: Sequence[Any]) -> Any:
    return paddle.repeat_interleave(x[0], a["repeats"], axis=a["axis"])


def _padded(a: Attributes, x: Sequence[Any]) -> Any:
    if x[1].item():
        raise UnsupportedError("a pad by a number that is not 0; write it by concat")
    return functional.pad(x[0], list(a["paddings"]), value=0.0, pad_from_left_axis=True)


def _diagonal(a: Attributes, x: Sequence[Any]) -> Any:
    return paddle.diagonal(x[0], a["offset"], a["axis1"], a["axis2"])


def _einsum(a: Attributes, x: Sequence[Any]) -> Any:
    return paddle.einsum(a["equation"], *x[0])


MOVES: dict[str, Call] = {
    "transpose": lambda a, x: paddle.transpose(x[0], a["perm"]),
    "reshape": lambda a, x: paddle.reshape(x[0], _ints(x[1])),
    "flatten": lambda a, x: paddle.flatten(x[0], a["start_axis"], a["stop_axis"]),
    "squeeze": lambda a, x: paddle.squeeze(x[0], _axes(x[1])),
    "unsqueeze": lambda a, x: paddle.unsqueeze(x[0], _ints(x[1])),
    "slice": _sliced,
    "strided_slice": lambda a, x: paddle.strided_slice(x[0], a["axes"], *map(_ints, x[1:4])),
    "split": lambda a, x: paddle.split(x[0], _ints(x[1]), int(x[2].item())),
    "split_with_num": lambda a, x: paddle.split(x[0], a["num"], int(x[1].item())),
    "unbind": lambda a, x: paddle.unbind(x[0], a["axis"]),
    "tril": lambda a, x: paddle.tril(x[0], a["diagonal"]),
    "triu": lambda a, x: paddle.triu(x[0], a["diagonal"]),
    "diag": lambda a, x: paddle.diag(x[0], a["offset"]),
    "diagonal": _diagonal,
    "diag_embed": lambda a, x: paddle.diag_embed(x[0], a["offset"], a["dim1"], a["dim2"]),
    "flip": lambda a, x: paddle.flip(x[0], a["axis"]),
    "roll": lambda a, x: paddle.roll(x[0], _ints(x[1]), list(a["axis"]) or None),
    "tile": lambda a, x: paddle.tile(x[0], _ints(x[1])),
    "expand": lambda a, x: paddle.expand(x[0], _ints(x[1])),
    "expand_as": lambda a, x: paddle.expand(x[0], a["target_shape"]),
    "gather": lambda a, x: paddle.gather(x[0], x[1], int(x[2].item())),
    "gather_nd": lambda a, x: paddle.gather_nd(x[0], x[1]),
    "index_select": lambda a, x: paddle.index_select(x[0], x[1], a["axis"]),
    "take_along_axis": lambda a, x: paddle.take_along_axis(x[0], x[1], a["axis"], broadcast=False),
    "repeat_interleave": _repeated,
    "masked_select": lambda a, x: paddle.masked_select(x[0], x[1]),
    "pad": _padded,
    "concat": lambda a, x: paddle.concat(x[0], int(x[1].item())),
    "stack": lambda a, x: paddle.stack(x[0], a["axis"]),
    "broadcast_tensors": lambda a, x: paddle.broadcast_tensors(x[0]),
    "meshgrid": lambda a, x: paddle.meshgrid(x[0]),
    "where": lambda a, x: paddle.where(*x),
    "masked_fill": lambda a, x: paddle.where(x[1], x[2].astype(x[0].dtype), x[0]),
    "set_value_with_tensor_": _written,
    "set_value_with_tensor": _written,
    "scatter": _scattered,
    "put_along_axis": _put,
}
"""What only moves entries."""
PLACES: dict[str, tuple[int, ...]] = {
    "set_value_with_tensor_": (0, 1),
    "set_value_with_tensor": (0, 1),
    "where": (1, 2),
    "masked_fill": (0, 2),
    "scatter": (0, 2),
    "put_along_axis": (0, 2),
}
"""Which of its operands are moved, if not the first alone; the others say where."""

CALLS: dict[str, Call] = {
    **MOVES,
    "set_value_": _filled,
    "set_value": _filled,
    # what is made without X
    "full": lambda a, x: paddle.full(list(a["shape"]), a["value"], dtype=a["dtype"]),
    "full_int_array": lambda a, x: paddle.to_tensor(np.array(a["value"], np.int64)),
    "full_like": lambda a, x: paddle.full_like(x[0], x[1].item(), dtype=a["dtype"]),
    "assign_value_": _assigned,
    "eye": _identity,
    "arange": _made(paddle.arange),
    "linspace": _linspace,
    "empty": lambda a, x: paddle.zeros(_ints(x[0]), a["dtype"]),
    "tril_indices": lambda a, x: paddle.tril_indices(a["rows"], a["cols"], a["offset"]),
    "triu_indices": lambda a, x: paddle.triu_indices(a["row"], a["col"], a["offset"]),
    "shape64": lambda a, x: paddle.to_tensor(np.array(x[0].shape, np.int64)),
    "shape": lambda a, x: paddle.to_tensor(np.array(x[0].shape, np.int32)),
    # entries
    "conj": lambda a, x: paddle.conj(x[0]) if x[0].is_complex() else x[0],
    "real": lambda a, x: paddle.real(x[0]) if x[0].is_complex() else x[0],
    "cast": lambda a, x: paddle.cast(x[0], a["dtype"]),
    "scale": _scaled,
    "clip": lambda a, x: paddle.clip(x[0], x[1].item(), x[2].item()),
    "pow": lambda a, x: paddle.pow(x[0], a["y"]),
    "elementwise_pow": _power,
    "round": lambda a, x: paddle.round(x[0]),
    "softplus": lambda a, x: functional.softplus(x[0], a["beta"], a["threshold"]),
    "gelu": lambda a, x: functional.gelu(x[0], a["approximate"]),
    "leaky_relu": lambda a, x: functional.leaky_relu(x[0], a["negative_slope"]),
    "elu": lambda a, x: functional.elu(x[0], a["alpha"]),
    "relu": lambda a, x: functional.relu(x[0]),
    "silu": lambda a, x: functional.silu(x[0]),
    "sigmoid": lambda a, x: functional.sigmoid(x[0]),
    "logsigmoid": lambda a, x: functional.log_sigmoid(x[0]),
    "softmax": lambda a, x: functional.softmax(x[0], a["axis"]),
    "log_softmax": lambda a, x: functional.log_softmax(x[0], a["axis"]),
    # sums and orders
    "sum": _reduced(paddle.sum),
    "mean": _reduced(paddle.mean),
    "max": _reduced(paddle.max),
    "min": _reduced(paddle.min),
    "prod": _reduced(paddle.prod),
    "amax": lambda a, x: paddle.amax(x[0], list(a["axis"]) or None, a["keepdim"]),
    "amin": lambda a, x: paddle.amin(x[0], list(a["axis"]) or None, a["keepdim"]),
    "any": lambda a, x: paddle.any(x[0], list(a["axis"]) or None, a["keepdim"]),
    "all": lambda a, x: paddle.all(x[0], list(a["axis"]) or None, a["keepdim"]),
    "logsumexp": lambda a, x: paddle.logsumexp(x[0], list(a["axis"]) or None, a["keepdim"]),
    "p_norm": _normed,
    "frobenius_norm": _matrix_norm,
    "dist": lambda a, x: paddle.dist(x[0], x[1], a["p"]),
    "argmax": _argument(paddle.argmax),
    "argmin": _argument(paddle.argmin),
    "argsort": _in_order,
    "topk": lambda a, x: paddle.topk(x[0], int(x[1].item()), a["axis"], a["largest"], a["sorted"]),
    "cumsum": lambda a, x: paddle.cumsum(x[0], None if a["flatten"] else int(x[1].item())),
    # products and matrices
    "matmul": lambda a, x: paddle.matmul(x[0], x[1], a["transpose_x"], a["transpose_y"]),
    "addmm": lambda a, x: paddle.addmm(*x, beta=a["beta"], alpha=a["alpha"]),
    "einsum": _einsum,
    "trace": lambda a, x: paddle.trace(x[0], a["offset"], a["axis1"], a["axis2"]),
    "inverse": lambda a, x: linalg.inv(x[0]),
    "det": lambda a, x: linalg.det(x[0]),
    "slogdet": lambda a, x: linalg.slogdet(x[0]),
    "cholesky": lambda a, x: linalg.cholesky(x[0], a["upper"]),
    "solve": lambda a, x: linalg.solve(*x),
    "triangular_solve": lambda a, x: linalg.triangular_solve(
        *x, a["upper"], a["transpose"], a["unitriangular"]
    ),
    "cholesky_solve": lambda a, x: linalg.cholesky_solve(*x, a["upper"]),
    "eigh": lambda a, x: linalg.eigh(x[0], a["UPLO"]),
    "eigvalsh": lambda a, x: [linalg.eigvalsh(x[0], a["uplo"])],
    "svd": lambda a, x: linalg.svd(x[0], a["full_matrices"]),
    "svdvals": lambda a, x: linalg.svdvals(x[0]),
    "qr": lambda a, x: linalg.qr(x[0], a["mode"]),
    "lu": lambda a, x: linalg.lu(x[0], a["pivot"], get_infos=True),
    "lu_unpack": lambda a, x: linalg.lu_unpack(*x, a["unpack_ludata"], a["unpack_pivots"]),
    "lu_solve": lambda a, x: linalg.lu_solve(*x, a["trans"]),
    "matrix_power": lambda a, x: linalg.matrix_power(x[0], a["n"]),
    "multi_dot": lambda a, x: linalg.multi_dot(x[0]),
    "add_n": lambda a, x: paddle.add_n(x[0]),
}
BY_NAME = (
    "add", "subtract", "multiply", "divide", "maximum", "minimum", "fmax", "fmin", "floor_divide",
    "remainder", "atan2", "greater_than", "greater_equal", "less_than", "less_equal", "equal",
    "not_equal", "logical_and", "logical_or", "logical_not", "logical_xor", "isnan", "isinf",
    "isfinite", "abs", "acos", "asin", "atan", "sinh", "cosh", "tanh", "sin", "cos", "tan", "exp",
    "expm1", "log", "log1p", "log2", "log10", "sqrt", "rsqrt", "square", "reciprocal", "erf",
    "lgamma", "digamma", "asinh", "acosh", "atanh", "floor", "ceil", "trunc", "sign", "numel",
    "lerp", "bmm", "dot", "mv", "kron", "assign", "imag", "angle", "complex", "as_real",
    "as_complex",
)  # fmt: skip
"""Those that are called as they are named, with their operands alone."""
CALLS |= {name: lambda a, x, name=name: getattr(paddle, name)(*x) for name in BY_NAME}  # type: ignore[misc]


def outputs(name: str, a: Attributes, x: Sequence[Any]) -> list[Any]:
    """What an operation gives of these operands.

    Raises:
        UnsupportedError: it is not known.
    """
    if name not in CALLS:
        raise UnsupportedError("an operation that is not known; write it by others")
    found = CALLS[name](a, x)
    return list(found) if isinstance(found, (list, tuple)) else [found]
