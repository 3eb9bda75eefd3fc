"""What PyTorch's operations are made of: one function per operation of ATen, by its name."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import torch

from symgrad.numeric.recording import composites as c
from symgrad.numeric.recording.tape import Array, Tape, UnsupportedError, Value

Found = Value | tuple[Value | None, ...] | None
"""What an operation gives: a value, several of which some are no numbers of X, or none."""


class Executed(NamedTuple):
    """An operation as it was executed: values in place of tensors of floats, arrays of others."""

    tape: Tape
    name: str
    overload: str
    args: tuple[Any, ...]
    options: dict[str, Any]
    out: Any

    def get(self, place: int, name: str, default: Any = None) -> Any:
        """An argument by its place or its name."""
        if len(self.args) > place:
            return self.args[place]
        return self.options.get(name, default)

    def axes(self, place: int, name: str = "dim") -> tuple[int, ...] | None:
        """Axes that an argument gives; all of them if it gives none."""
        given = self.get(place, name)
        if given is None or given == []:
            return None
        return tuple(given) if isinstance(given, (list, tuple)) else (given,)


UNARY = {
    **{name: name for name in ("neg", "exp", "expm1", "log", "log1p", "sqrt", "sin", "cos", "tan")},
    **{name: name for name in ("asin", "acos", "atan", "sinh", "cosh", "tanh", "erf", "lgamma")},
    **{name: name for name in ("asinh", "acosh", "atanh", "digamma", "reciprocal", "abs")},
    "sigmoid": "logistic",
}
COMPARISONS: dict[str, Callable[[Array], Array]] = {
    "gt": lambda s: s > 0,
    "lt": lambda s: s < 0,
    "ge": lambda s: s >= 0,
    "le": lambda s: s <= 0,
    "eq": lambda s: s == 0,
    "ne": lambda s: s != 0,
}
MOVES = {
    "clone", "tril", "triu", "diag_embed", "cat", "stack", "flip", "roll", "repeat", "gather",
    "index_select", "index", "constant_pad_nd", "lift_fresh", "contiguous", "_unsafe_view",
    "rot90", "unfold", "take", "masked_select", "repeat_interleave", "_reshape_copy", "diag",
    "hstack", "vstack", "block_diag", "scatter", "select_scatter", "slice_scatter",
    "diagonal_scatter", "unfold_copy", "expand_copy", "permute_copy", "view_copy", "select_copy",
    "diagonal_copy", "transpose_copy", "t_copy", "squeeze_copy", "unsqueeze_copy",
}  # fmt: skip
"""What only moves data: done by PyTorch to positions."""
IGNORED = {"isnan", "isinf", "isfinite", "argsort"}


def _add(e: Executed) -> Found:
    a, b = e.args[0], e.tape.value(e.args[1])
    alpha = e.options.get("alpha", 1)
    b = b if alpha == 1 else e.tape.binary("mul", b, float(alpha))
    if e.name == "rsub":
        return e.tape.binary("sub", b, a)
    return e.tape.binary("add" if e.name == "add" else "sub", a, b)


def _product(e: Executed) -> Found:
    if e.options.get("rounding_mode"):
        raise UnsupportedError("a division that rounds; it has no derivative to judge")
    return e.tape.binary("mul" if e.name == "mul" else "div", e.args[0], e.args[1])


def _power(e: Executed) -> Found:
    t, (base, exponent) = e.tape, e.args[:2]
    if isinstance(base, Value) and isinstance(exponent, (int, float)):
        return t.power(base, exponent)
    return t.unary("exp", t.binary("mul", exponent, t.unary("log", t.value(base))))


def _clamp(e: Executed) -> Found:
    least = e.get(1, "min") if e.name != "clamp_max" else None
    most = e.get(2 if e.name in ("clamp", "hardtanh") else 1, "max")
    if e.name == "clamp_min":
        most = None
    if e.name == "hardtanh":
        least, most = e.get(1, "min_val", -1), e.get(2, "max_val", 1)
    v = e.args[0]
    v = v if least is None else e.tape.binary("max", v, least)
    return v if most is None else e.tape.binary("min", v, most)


def _rounded(e: Executed) -> Found:
    by = {"floor": np.floor, "ceil": np.ceil, "round": np.round, "trunc": np.trunc}[e.name]
    return e.tape.const(c.floor(e.tape, e.args[0], by, e.name))


def _reduced(e: Executed) -> Found:
    t, v = e.tape, e.tape.value(e.args[0])
    axes = e.axes(1)
    keep = bool(e.get(2, "keepdim", False)) if axes is not None else False
    if e.name in ("amax", "amin"):
        return _largest(t, v, axes, e.name == "amin", keep)
    if e.name == "logsumexp":
        return c.logsumexp(t, v, axes, keep)
    return t.sum(v, axes, keep) if e.name == "sum" else c.mean(t, v, axes, keep)


def _largest(t: Tape, v: Value, axes: tuple[int, ...] | None, least: bool, keep: bool) -> Value:
    found = c.reduce_max(t, v, axes, least)
    if not keep:
        return found
    gone = range(len(v.shape)) if axes is None else [axis % len(v.shape) for axis in axes]
    shape = tuple(1 if k in gone else size for k, size in enumerate(v.shape))
    return t.reshape(found, shape)


def _extreme(e: Executed) -> Found:
    """max and min: of all entries, of two tensors, or along an axis with its positions."""
    t, least = e.tape, e.name == "min"
    if len(e.args) == 1:
        return c.reduce_max(t, e.args[0], None, least)
    if isinstance(e.args[1], int):
        keep = bool(e.get(2, "keepdim", False))
        c.argmax(t, e.args[0], e.args[1], least)
        return _largest(t, e.args[0], (e.args[1],), least, keep), None
    return t.binary("min" if least else "max", e.args[0], e.args[1])


def _sorted(e: Executed) -> Found:
    stable = "stable" in e.overload
    axis = e.get(2 if stable else 1, "dim", -1)
    descending = bool(e.get(3 if stable else 2, "descending", False))
    return c.sort(e.tape, e.args[0], axis, descending)[0], None


def _topk(e: Executed) -> Found:
    axis, largest = e.get(2, "dim", -1), bool(e.get(3, "largest", True))
    ordered, _ = c.sort(e.tape, e.args[0], axis, largest)
    first = np.take(ordered.places, np.arange(e.args[1]), axis=axis)
    return e.tape.take(ordered, first), None


def _variance(e: Executed) -> Found:
    correction = e.options.get("correction", 1)
    about = (e.axes(1), 1 if correction is None else correction, bool(e.options.get("keepdim")))
    found = c.variance(e.tape, e.args[0], *about)
    return e.tape.unary("sqrt", found) if e.name == "std" else found


def _layer_norm(e: Executed) -> Found:
    t, (v, shape, weight, bias, epsilon) = e.tape, e.args[:5]
    axes = tuple(range(len(v.shape) - len(shape), len(v.shape)))
    spread = t.binary("add", c.variance(t, v, axes, 0, True), float(epsilon))
    off = t.binary("sub", v, c.mean(t, v, axes, True))
    found = t.binary("div", off, t.unary("sqrt", spread))
    found = found if weight is None else t.binary("mul", found, weight)
    return (found if bias is None else t.binary("add", found, bias)), None, None


def _gelu(e: Executed) -> Found:
    if e.options.get("approximate", "none") != "none":
        raise UnsupportedError("gelu(approximate='tanh'); write it out by torch.tanh")
    t, v = e.tape, e.args[0]
    erf = t.unary("erf", t.binary("mul", v, math.sqrt(0.5)))
    return t.binary("mul", t.binary("mul", 0.5, v), t.binary("add", 1.0, erf))


def _compared(e: Executed) -> Found:
    signs = e.tape.compare(e.args[0], e.args[1], e.name)
    if not np.array_equal(COMPARISONS[e.name](signs), e.out.numpy()):
        raise UnsupportedError("a comparison comes out otherwise in float64")
    return None


def _where(e: Executed) -> Found:
    if e.name == "masked_fill":
        return c.where(e.tape, e.args[1], e.tape.value(e.args[2]), e.args[0])
    return c.where(e.tape, e.args[0], e.args[1], e.args[2])


def _index_put(e: Executed) -> Found:
    t, (v, index, given) = e.tape, e.args[:3]
    at = tuple(slice(None) if k is None else k for k in index)
    places, put = v.places[at], t.value(given)
    put = t.broadcast(put, places.shape)
    return (t.put_add if e.get(3, "accumulate", False) else t.put)(v, places, put)


def _cast(e: Executed) -> Found:
    dtype = e.options.get("dtype")
    if not isinstance(e.args[0], Value):
        return e.tape.const(e.out.double().numpy()) if e.out.is_floating_point() else None
    if dtype is not None and not dtype.is_floating_point:
        c.floor(e.tape, e.args[0], np.trunc, "trunc")
        return None
    if dtype is not None and torch.finfo(dtype).bits < 64:
        e.tape.casts.append(str(dtype).removeprefix("torch."))
    return e.args[0]


# linear algebra


def _eigh(e: Executed) -> Found:
    has_vectors = e.out[1].numel() > 0
    V = e.out[1].double().numpy() if has_vectors else None
    values, vectors = c.eigh(e.tape, e.args[0], e.get(1, "UPLO", "L") == "L", V)
    return values, (vectors if has_vectors else None)


def _cholesky(e: Executed) -> Found:
    upper = bool(e.options.get("upper", False))
    if e.name == "cholesky":
        upper = bool(e.get(1, "upper", False))
        return c.cholesky(e.tape, e.args[0], not upper)
    return c.cholesky(e.tape, e.args[0], not upper), None


def _cholesky_solve(e: Executed) -> Found:
    t, upper = e.tape, bool(e.get(2, "upper", False))
    L = c.triangle(t, t.value(e.args[1]), not upper)
    A = t.matmul(t.mT(L), L) if upper else t.matmul(L, t.mT(L))
    return t.solve(A, t.value(e.args[0]))


def _cholesky_inverse(e: Executed) -> Found:
    t, upper = e.tape, bool(e.get(1, "upper", False))
    L = c.triangle(t, e.args[0], not upper)
    return c.inverse(t, t.matmul(t.mT(L), L) if upper else t.matmul(L, t.mT(L)))


def _solve_triangular(e: Executed) -> Found:
    t, lower = e.tape, not e.options["upper"]
    T = c.triangle(t, t.value(e.args[0]), lower, unit=bool(e.options.get("unitriangular")))
    B = t.value(e.args[1])
    if e.options.get("left", True):
        return t.solve(T, B)
    return t.mT(t.solve(t.mT(T), t.mT(B)))


def _triangular_solve(e: Executed) -> Found:
    t, upper = e.tape, bool(e.get(2, "upper", True))
    T = c.triangle(t, t.value(e.args[1]), not upper, unit=bool(e.get(4, "unitriangular", False)))
    T = t.mT(T) if e.get(3, "transpose", False) else T
    return t.solve(T, t.value(e.args[0])), None


def _solve(e: Executed) -> Found:
    t, A, B = e.tape, e.tape.value(e.args[0]), e.tape.value(e.args[1])
    is_vector = len(B.shape) == 1 or (len(B.shape) == len(A.shape) - 1 and B.shape == A.shape[:-1])
    B = t.reshape(B, (*B.shape, 1)) if is_vector else B
    found = t.solve(A, B) if e.options.get("left", True) else t.mT(t.solve(t.mT(A), t.mT(B)))
    return (t.reshape(found, found.shape[:-1]) if is_vector else found), None, None, None


def _slogdet(e: Executed) -> Found:
    signs, found = c.slogdet(e.tape, e.args[0])
    return e.tape.const(signs), found, None, None


def _qr(e: Executed) -> Found:
    if e.get(1, "mode", "reduced") == "complete" and e.args[0].shape[-2] != e.args[0].shape[-1]:
        raise UnsupportedError("qr(mode='complete') of a matrix that is not square")
    R = e.out[1].double().numpy()
    return c.qr(e.tape, e.args[0], np.sign(np.diagonal(R, axis1=-2, axis2=-1)))


def _svd(e: Executed) -> Found:
    v, has_vectors = e.args[0], e.out[2].numel() > 0
    if has_vectors and v.shape[-2] != v.shape[-1] and e.get(1, "full_matrices", False):
        raise UnsupportedError("svd(full_matrices=True) of a matrix that is not square")
    V = np.swapaxes(e.out[2].double().numpy(), -1, -2) if has_vectors else None
    if v.shape[-2] < v.shape[-1]:
        V = None
    U, S, Vt = c.svd(e.tape, v, V)
    return (U, S, Vt) if has_vectors else (None, S, None)


def _matmul(e: Executed) -> Found:
    t, (a, b) = e.tape, map(e.tape.value, e.args[-2:])
    if e.name == "mv":
        return t.reshape(t.matmul(a, t.reshape(b, (-1, 1))), (-1,))
    if e.name in ("dot", "vdot"):
        return t.sum(t.binary("mul", a, b))
    return t.matmul(a, b)


def _added(e: Executed) -> Found:
    """addmm, addmv, addbmm: β times the first, and α times the product."""
    t = e.tape
    a, b = (t.value(x) for x in e.args[1:3])
    product = t.matmul(a, b if e.name != "addmv" else t.reshape(b, (-1, 1)))
    product = t.reshape(product, (-1,)) if e.name == "addmv" else product
    alpha, beta = e.options.get("alpha", 1), e.options.get("beta", 1)
    product = product if alpha == 1 else t.binary("mul", product, float(alpha))
    first = t.value(e.args[0])
    first = first if beta == 1 else t.binary("mul", first, float(beta))
    return t.binary("add", first, product)


def _norm(e: Executed) -> Found:
    order = e.get(1, "ord", 2)
    order = 2 if order is None else order
    return c.norm(e.tape, e.args[0], float(order), e.axes(2), bool(e.get(3, "keepdim", False)))


def _softmax(e: Executed) -> Found:
    if e.name == "_softmax":
        return c.softmax(e.tape, e.args[0], e.args[1])
    return e.tape.binary("sub", e.args[0], c.logsumexp(e.tape, e.args[0], (e.args[1],), True))


def _mvlgamma(e: Executed) -> Found:
    t, v, p = e.tape, e.args[0], e.args[1]
    wide = t.broadcast(t.reshape(v, (*v.shape, 1)), (*v.shape, p))
    terms = t.unary("lgamma", t.binary("sub", wide, np.arange(p) * 0.5))
    return t.binary("add", t.sum(terms, (-1,)), 0.25 * p * (p - 1) * math.log(math.pi))


OPERATIONS: dict[str, Callable[[Executed], Found]] = {
    **dict.fromkeys(("add", "sub", "rsub"), _add),
    **dict.fromkeys(("mul", "div"), _product),
    "pow": _power,
    "square": lambda e: e.tape.binary("mul", e.args[0], e.args[0]),
    "rsqrt": lambda e: e.tape.unary("reciprocal", e.tape.unary("sqrt", e.args[0])),
    "relu": lambda e: e.tape.binary("max", e.args[0], 0.0),
    "softplus": lambda e: e.tape.unary("log1p", e.tape.unary("exp", e.args[0])),
    "silu": lambda e: e.tape.binary("mul", e.args[0], e.tape.unary("logistic", e.args[0])),
    "sign": lambda e: e.tape.const(e.tape.signs(e.args[0], "sign")),
    "sgn": lambda e: e.tape.const(e.tape.signs(e.args[0], "sign")),
    "maximum": lambda e: e.tape.binary("max", e.args[0], e.args[1]),
    "minimum": lambda e: e.tape.binary("min", e.args[0], e.args[1]),
    **dict.fromkeys(("clamp", "clamp_min", "clamp_max", "hardtanh"), _clamp),
    **dict.fromkeys(("floor", "ceil", "round", "trunc"), _rounded),
    **dict.fromkeys(("sum", "mean", "logsumexp", "amax", "amin"), _reduced),
    **dict.fromkeys(("max", "min"), _extreme),
    "argmax": lambda e: c.argmax(e.tape, e.args[0], e.get(1, "dim")) is None or None,
    "argmin": lambda e: c.argmax(e.tape, e.args[0], e.get(1, "dim"), True) is None or None,
    "prod": lambda e: c.prod(e.tape, e.args[0], e.axes(1)),
    "cumsum": lambda e: c.cumsum(e.tape, e.args[0], e.args[1]),
    "trace": lambda e: e.tape.sum(e.tape.take(e.args[0], np.diagonal(e.args[0].places))),
    "sort": _sorted,
    "topk": _topk,
    **dict.fromkeys(("var", "std"), _variance),
    "native_layer_norm": _layer_norm,
    "gelu": _gelu,
    **dict.fromkeys(COMPARISONS, _compared),
    **dict.fromkeys(("where", "masked_fill"), _where),
    "index_put": _index_put,
    "_to_copy": _cast,
    "copy": lambda e: e.tape.broadcast(e.tape.value(e.args[1]), e.args[0].shape),
    "fill": lambda e: e.tape.broadcast(e.tape.value(e.args[1]), e.args[0].shape),
    "zero": lambda e: e.tape.const(np.zeros(e.args[0].shape)),
    "xlogy": lambda e: e.tape.binary("mul", e.args[0], e.tape.unary("log", e.args[1])),
    **dict.fromkeys(("_linalg_eigh", "linalg_eigh"), _eigh),
    **dict.fromkeys(("linalg_cholesky_ex", "cholesky"), _cholesky),
    "cholesky_solve": _cholesky_solve,
    "cholesky_inverse": _cholesky_inverse,
    "linalg_solve_triangular": _solve_triangular,
    "triangular_solve": _triangular_solve,
    "_linalg_solve_ex": _solve,
    "linalg_inv_ex": lambda e: (c.inverse(e.tape, e.args[0]), None),
    "_linalg_slogdet": _slogdet,
    "_linalg_det": lambda e: (e.tape.emit("det", [e.args[0]])[0], None, None),
    "linalg_matrix_exp": lambda e: e.tape.emit("expm", [e.args[0]])[0],
    "linalg_qr": _qr,
    "_linalg_svd": _svd,
    "linalg_pinv": lambda e: c.pinv(e.tape, e.args[0]),
    **dict.fromkeys(("mm", "bmm", "mv", "dot", "vdot"), _matmul),
    **dict.fromkeys(("addmm", "addmv", "baddbmm"), _added),
    "linalg_vector_norm": _norm,
    **dict.fromkeys(("_softmax", "_log_softmax"), _softmax),
    "mvlgamma": _mvlgamma,
    **{name: (lambda e: e.tape.unary(UNARY[e.name], e.args[0])) for name in UNARY},
}
