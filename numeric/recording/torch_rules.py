"""The operations of PyTorch, made of those of a record: entry by entry, sums, decisions, moves.

A rule has the name of an operation of ATen, without the underscore of what writes in place.  It is
given the operation as it was executed and answers with its outputs in order: values, or None where
an output is the same wherever X is, by the decisions that were noted.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from torch.utils import _pytree as pytree

from symgrad.numeric.recording import composites as c
from symgrad.numeric.recording.tape import Array, Tape, UnsupportedError, Value
from symgrad.numeric.recording.torch_storages import Held, Pair, is_numeric, numbers



class Hidden:
    """An output that is not recorded: reading it is refused."""


HIDDEN = Hidden()
Output = Held | Hidden | None
Answer = Output | tuple[Output, ...]


class Executed:
    """An operation as it was executed.

    ``given`` are its arguments by name, ``read`` what its tensors held before it, ``out`` what
    PyTorch gave, and ``run`` executes it again with other arguments.
    """

    def __init__(
        self,
        tape: Tape,
        name: str,
        given: dict[str, Any],
        read: Callable[[torch.Tensor], Held],
        out: Any,
        run: Callable[[dict[str, Any]], Any],
    ) -> None:
        self.tape = tape
        self.name = name
        self.given = given
        self.read = read
        self.out = out
        self.run = run

    def get(self, name: str, otherwise: Any = None) -> Any:
        """An argument that is no array."""
        found = self.given.get(name)
        return otherwise if found is None else found

    def held(self, name: str) -> Held:
        """An argument that is an array or a number."""
        x = self.given[name]
        if isinstance(x, torch.Tensor):
            return self.read(x)
        if isinstance(x, complex):
            return Pair(self.tape.const(x.real), self.tape.const(x.imag))
        return self.tape.const(self.rounded(x))

    def value(self, name: str) -> Value:
        """An argument that is an array of real numbers, or one.

        Raises:
            UnsupportedError: it is complex.
        """
        v = self.held(name)
        if isinstance(v, Pair):
            raise UnsupportedError("complex numbers; take the real and the imaginary part before")
        return v

    @property
    def dtype(self) -> torch.dtype:
        """The dtype in which it computed."""
        tensors = [x for x in pytree.tree_leaves((self.out, self.given)) if is_numeric(x)]
        return tensors[0].dtype if tensors else torch.float64

    def rounded(self, x: float) -> float:
        """A number of Python as the operation had it."""
        dtype = self.dtype.to_real() if self.dtype.is_complex else self.dtype
        return float(torch.tensor(float(x), dtype=dtype))

    def axes(self, name: str = "dim") -> tuple[int, ...] | None:
        """The axes of an argument; None stands for all."""
        found = self.given.get(name)
        if found is None or found == []:
            return None
        return (found,) if isinstance(found, int) else tuple(found)

    def numbers(self, place: int) -> Array:
        """What PyTorch gave there."""
        return numbers(self.out[place])


Rule = Callable[[Executed], Answer]
RULES: dict[str, Rule] = {}


def rule(*names: str) -> Callable[[Rule], Rule]:
    """The rule of the operations of these names."""

    def add(function: Rule) -> Rule:
        RULES.update(dict.fromkeys(names, function))
        return function

    return add


# entry by entry

SAME = """neg exp expm1 log log1p sqrt reciprocal sin cos tan asin acos atan sinh cosh tanh asinh
acosh atanh erf lgamma digamma abs""".split()
UNARY = {**dict(zip(SAME, SAME, strict=True)), "sigmoid": "logistic", "special_digamma": "digamma"}


@rule(*UNARY)
def _unary(e: Executed) -> Answer:
    return e.tape.unary(UNARY[e.name], e.value("self"))  # type: ignore[arg-type]


@rule("positive", "alias_copy", "nan_to_num")
def _same(e: Executed) -> Answer:
    v = e.value("self")
    if not np.isfinite(v.floats).all():
        raise UnsupportedError("numbers that are not finite")
    return v


@rule("add", "sub", "rsub", "subtract")
def _add(e: Executed) -> Answer:
    a, b = e.value("self"), e.value("other")
    alpha = e.get("alpha", 1)
    if e.name == "rsub":
        a, b = b, a if alpha == 1 else e.tape.binary("mul", a, e.rounded(alpha))
    elif alpha != 1:
        b = e.tape.binary("mul", b, e.rounded(alpha))
    return e.tape.binary("add" if e.name == "add" else "sub", a, b)


@rule("mul")
def _mul(e: Executed) -> Answer:
    return e.tape.binary("mul", e.value("self"), e.value("other"))


@rule("div", "floor_divide")
def _div(e: Executed) -> Answer:
    found = e.tape.binary("div", e.value("self"), e.value("other"))
    mode = e.get("rounding_mode", "floor" if e.name == "floor_divide" else None)
    return found if mode is None else _whole(e.tape, found, mode)


@rule("remainder", "fmod")
def _remainder(e: Executed) -> Answer:
    t, a, b = e.tape, e.value("self"), e.value("other")
    times = _whole(t, t.binary("div", a, b), "floor" if e.name == "remainder" else "trunc")
    return t.binary("sub", a, t.binary("mul", times, b))


ROUND: dict[str, Callable[[Array], Array]] = {
    "floor": np.floor,
    "ceil": np.ceil,
    "round": np.round,
    "trunc": np.trunc,
}


def _whole(t: Tape, v: Value, how: str) -> Value:
    return t.const(c.floor(t, v, ROUND[how], how))


@rule(*ROUND, "fix")
def _round(e: Executed) -> Answer:
    if e.get("decimals", 0):
        raise UnsupportedError("rounding to decimals; round a multiple")
    return _whole(e.tape, e.value("self"), "trunc" if e.name == "fix" else e.name)


@rule("frac")
def _frac(e: Executed) -> Answer:
    v = e.value("self")
    return e.tape.binary("sub", v, _whole(e.tape, v, "trunc"))


@rule("pow")
def _pow(e: Executed) -> Answer:
    t, exponent = e.tape, e.value("exponent")
    if exponent.size == 1 and not exponent.depends:
        return t.power(e.value("self"), float(exponent.floats.item()))
    return t.unary("exp", t.binary("mul", exponent, t.unary("log", e.value("self"))))


@rule("square")
def _square(e: Executed) -> Answer:
    return e.tape.binary("mul", e.value("self"), e.value("self"))


@rule("rsqrt")
def _rsqrt(e: Executed) -> Answer:
    return e.tape.unary("reciprocal", e.tape.unary("sqrt", e.value("self")))


@rule("log2", "log10")
def _log(e: Executed) -> Answer:
    base = math.log(2 if e.name == "log2" else 10)
    return e.tape.binary("div", e.tape.unary("log", e.value("self")), base)


@rule("exp2", "special_exp2")
def _exp2(e: Executed) -> Answer:
    return e.tape.unary("exp", e.tape.binary("mul", e.value("self"), math.log(2)))


@rule("erfc", "special_erfc")
def _erfc(e: Executed) -> Answer:
    return e.tape.binary("sub", 1.0, e.tape.unary("erf", e.value("self")))


@rule("logit")
def _logit(e: Executed) -> Answer:
    t, v = e.tape, e.value("self")
    if e.get("eps") is not None:
        v = t.binary("min", t.binary("max", v, e.get("eps")), 1 - e.get("eps"))
    return t.binary("sub", t.unary("log", v), t.unary("log1p", t.unary("neg", v)))


@rule("maximum", "fmax", "minimum", "fmin")
def _larger(e: Executed) -> Answer:
    operation: Any = "max" if e.name in ("maximum", "fmax") else "min"
    return e.tape.binary(operation, e.value("self"), e.value("other"))


@rule("clamp", "clamp_min", "clamp_max", "hardtanh")
def _clamp(e: Executed) -> Answer:
    v = e.value("self")
    for name, operation in (("min", "max"), ("max", "min")):
        given = f"{name}_val" if e.name == "hardtanh" else name
        if e.get(given) is not None:
            v = e.tape.binary(operation, v, e.value(given))  # type: ignore[arg-type]
    return v


@rule("xlogy", "special_xlog1py")
def _xlogy(e: Executed) -> Answer:
    log = "log" if e.name == "xlogy" else "log1p"
    logs = e.tape.unary(log, e.value("other"))  # type: ignore[arg-type]
    return e.tape.binary("mul", e.value("self"), logs)


@rule("special_entr")
def _entropy(e: Executed) -> Answer:
    v = e.value("self")
    return e.tape.unary("neg", e.tape.binary("mul", v, e.tape.unary("log", v)))


@rule("lerp")
def _lerp(e: Executed) -> Answer:
    t, a = e.tape, e.value("self")
    return t.binary("add", a, t.binary("mul", e.value("weight"), t.binary("sub", e.value("end"), a)))


@rule("addcmul", "addcdiv")
def _addc(e: Executed) -> Answer:
    operation: Any = "mul" if e.name == "addcmul" else "div"
    product = e.tape.binary(operation, e.value("tensor1"), e.value("tensor2"))
    return e.tape.binary(
        "add", e.value("self"), e.tape.binary("mul", e.rounded(e.get("value", 1)), product)
    )


@rule("hypot")
def _hypot(e: Executed) -> Answer:
    t, a, b = e.tape, e.value("self"), e.value("other")
    return t.unary("sqrt", t.binary("add", t.binary("mul", a, a), t.binary("mul", b, b)))


@rule("logaddexp")
def _logaddexp(e: Executed) -> Answer:
    a, b = e.value("self"), e.value("other")
    both = np.broadcast_shapes(a.shape, b.shape)
    rows = [e.tape.reshape(e.tape.broadcast(v, both), (1, *both)) for v in (a, b)]
    return c.logsumexp(e.tape, e.tape.reshape(e.tape.cat(rows), (2, *both)), (0,))


@rule("atan2")
def _atan2(e: Executed) -> Answer:
    """2 atan (y/(r + x)), or 2 atan ((r − x)/y) where x < 0, which is the same."""
    t, y, x = e.tape, e.value("self"), e.value("other")
    r = t.unary("sqrt", t.binary("add", t.binary("mul", x, x), t.binary("mul", y, y)))
    is_left = np.broadcast_to(x.floats < 0, r.shape)
    above = c.where(t, is_left, t.binary("sub", r, x), y)
    below = c.where(t, is_left, y, t.binary("add", r, x))
    return t.binary("mul", 2.0, t.unary("atan", t.binary("div", above, below)))


@rule("copysign")
def _copysign(e: Executed) -> Answer:
    signs = e.tape.signs(e.value("other"), "copysign")
    return e.tape.binary("mul", e.tape.unary("abs", e.value("self")), signs)


@rule("mvlgamma")
def _mvlgamma(e: Executed) -> Answer:
    t, v, p = e.tape, e.value("self"), e.get("p")
    wide = t.broadcast(t.reshape(v, (*v.shape, 1)), (*v.shape, p))
    terms = t.unary("lgamma", t.binary("sub", wide, np.arange(p) / 2))
    return t.binary("add", t.sum(terms, (-1,)), p * (p - 1) / 4 * math.log(math.pi))


# activations


@rule("relu")
def _relu(e: Executed) -> Answer:
    return e.tape.binary("max", e.value("self"), 0.0)


@rule("leaky_relu", "elu")
def _of_both_signs(e: Executed) -> Answer:
    t, v = e.tape, e.value("self")
    low = t.binary("min", v, 0.0)
    if e.name == "elu":
        scaled = t.binary("mul", low, e.rounded(e.get("input_scale", 1)))
        low = t.binary("mul", t.unary("expm1", scaled), e.rounded(e.get("alpha", 1)))
    else:
        low = t.binary("mul", low, e.rounded(e.get("negative_slope", 0.01)))
    return t.binary(
        "mul", t.binary("add", t.binary("max", v, 0.0), low), e.rounded(e.get("scale", 1))
    )


@rule("softplus")
def _softplus(e: Executed) -> Answer:
    t, v, beta = e.tape, e.value("self"), e.rounded(e.get("beta", 1))
    scaled = t.binary("mul", v, beta)
    is_large = t.compare(scaled, e.rounded(e.get("threshold", 20)), "softplus") > 0
    small = c.where(t, is_large, 0.0, scaled)  # lest exp overflows
    return c.where(t, is_large, v, t.binary("div", t.unary("log1p", t.unary("exp", small)), beta))


@rule("log_sigmoid_forward", "log_sigmoid")
def _log_sigmoid(e: Executed) -> Answer:
    t, v = e.tape, e.value("self")
    found = t.unary("neg", t.unary("log1p", t.unary("exp", t.unary("neg", v))))
    return (found, None) if isinstance(e.out, tuple) else found


@rule("silu")
def _silu(e: Executed) -> Answer:
    v = e.value("self")
    return e.tape.binary("mul", v, e.tape.unary("logistic", v))


@rule("gelu")
def _gelu(e: Executed) -> Answer:
    t, v = e.tape, e.value("self")
    if e.get("approximate", "none") == "tanh":
        cube = t.binary("mul", t.power(v, 3), 0.044715)
        inner = t.unary("tanh", t.binary("mul", t.binary("add", v, cube), math.sqrt(2 / math.pi)))
    else:
        inner = t.unary("erf", t.binary("mul", v, math.sqrt(0.5)))
    return t.binary("mul", t.binary("mul", 0.5, v), t.binary("add", 1.0, inner))


# sums


def _kept(v: Value, axes: tuple[int, ...] | None) -> tuple[int, ...]:
    gone = range(len(v.shape)) if axes is None else [a % len(v.shape) for a in axes]
    return tuple(1 if k in gone else size for k, size in enumerate(v.shape))


def _spread(t: Tape, v: Value, at: Value, axes: tuple[int, ...] | None, keep: bool) -> Value:
    """What is left of v over these axes, with them as 1 where they are kept."""
    return t.reshape(at, _kept(v, axes)) if keep else at


def _scalar_as_row(e: Executed, v: Value) -> Value:
    return v if v.shape else e.tape.reshape(v, (1,))


@rule("sum", "mean", "amax", "amin", "logsumexp", "nansum")
def _reduce(e: Executed) -> Answer:
    t, v, axes, keep = e.tape, e.value("self"), e.axes(), bool(e.get("keepdim", False))
    if not v.shape:
        v, axes, keep = _scalar_as_row(e, v), None, False
    if e.name == "logsumexp":
        return c.logsumexp(t, v, axes, keep)
    if e.name in ("amax", "amin"):
        return _spread(t, v, c.reduce_max(t, v, axes, e.name == "amin"), axes, keep)
    return c.mean(t, v, axes, keep) if e.name == "mean" else t.sum(v, axes, keep)


@rule("max", "min")
def _extreme(e: Executed) -> Answer:
    """Of all entries, of two tensors, or along an axis with the places."""
    least = e.name == "min"
    if "other" in e.given:
        return e.tape.binary("min" if least else "max", e.value("self"), e.value("other"))
    v = _scalar_as_row(e, e.value("self"))
    axis = e.get("dim")
    if axis is None:
        return c.reduce_max(e.tape, v, None, least)
    c.argmax(e.tape, v, axis, least)
    return _at(e, v, axis), None


def _at(e: Executed, v: Value, axis: int) -> Value:
    """The entries of v at the places along an axis that PyTorch gave as its second output."""
    places = e.out[1].cpu().numpy()
    if places.ndim < v.places.ndim:
        places = np.expand_dims(places, axis)
    found = np.take_along_axis(v.places, places, axis)
    return e.tape.take(v, found.reshape(e.out[0].shape))


@rule("argmax", "argmin")
def _argmax(e: Executed) -> Answer:
    c.argmax(e.tape, _scalar_as_row(e, e.value("self")), e.get("dim"), e.name == "argmin")
    return None


@rule("sort", "topk", "kthvalue", "median", "nanmedian")
def _sort(e: Executed) -> Answer:
    v, axis = _scalar_as_row(e, e.value("self")), e.get("dim", -1)
    is_pair = isinstance(e.out, (tuple, list))
    if not is_pair:  # the median of all entries
        v, axis = e.tape.reshape(v, (-1,)), -1
    ordered, _ = c.sort(e.tape, v, axis)
    if is_pair:
        return _at(e, v, axis), None
    return e.tape.take(ordered, np.array((v.size - 1) // 2))


@rule("argsort")
def _argsort(e: Executed) -> Answer:
    c.sort(e.tape, _scalar_as_row(e, e.value("self")), e.get("dim", -1))
    return None


@rule("prod")
def _prod(e: Executed) -> Answer:
    v, axes = e.value("self"), e.axes()
    if not v.shape:
        return v
    return _spread(e.tape, v, c.prod(e.tape, v, axes), axes, bool(e.get("keepdim", False)))


@rule("cumsum")
def _cumsum(e: Executed) -> Answer:
    return c.cumsum(e.tape, e.value("self"), e.get("dim"))


@rule("logcumsumexp")
def _logcumsumexp(e: Executed) -> Answer:
    t, v = e.tape, e.value("self")
    shift = float(np.max(v.floats, initial=-np.inf))
    sums = c.cumsum(t, t.unary("exp", t.binary("sub", v, shift)), e.get("dim"))
    return t.binary("add", t.unary("log", sums), shift)


@rule("cumprod")
def _cumprod(e: Executed) -> Answer:
    t, v, axis = e.tape, e.value("self"), e.get("dim")
    rows = np.moveaxis(v.places, axis, 0)
    found = [t.take(v, rows[0])]
    for row in rows[1:]:
        found.append(t.binary("mul", found[-1], t.take(v, row)))
    both = t.reshape(t.cat(found), rows.shape)
    return t.take(both, np.moveaxis(both.places, 0, axis))


@rule("trace")
def _trace(e: Executed) -> Answer:
    v = e.value("self")
    return e.tape.sum(e.tape.take(v, np.diagonal(v.places)))


@rule("linalg_vector_norm", "norm")
def _norm(e: Executed) -> Answer:
    v, order = e.value("self"), e.get("ord" if e.name == "linalg_vector_norm" else "p", 2)
    if not v.shape:
        return e.tape.unary("abs", v)
    return c.norm(e.tape, v, float(order), e.axes(), bool(e.get("keepdim", False)))


@rule("_cdist_forward", "_euclidean_dist", "cdist")
def _cdist(e: Executed) -> Answer:
    t, a, b = e.tape, e.value("x1"), e.value("x2")
    rows = t.take(a, a.places[..., :, None, :])
    off = t.binary("sub", rows, t.take(b, b.places[..., None, :, :]))
    return c.norm(t, off, float(e.get("p", 2)), (-1,))


@rule("_softmax", "_safe_softmax", "_log_softmax")
def _softmax(e: Executed) -> Answer:
    t, v, axis = e.tape, e.value("self"), e.get("dim")
    if not v.shape:
        return t.const(1.0 if e.name != "_log_softmax" else 0.0)
    if e.name == "_log_softmax":
        return t.binary("sub", v, c.logsumexp(t, v, (axis,), True))
    return c.softmax(t, v, axis)


@rule("var", "std", "var_mean", "std_mean")
def _variance(e: Executed) -> Answer:
    t, v, axes, keep = e.tape, e.value("self"), e.axes(), bool(e.get("keepdim", False))
    correction = e.get("correction", 1 if e.get("unbiased", True) else 0)
    found = c.variance(t, v, axes, float(correction), keep)
    found = t.unary("sqrt", found) if e.name.startswith("std") else found
    return (found, c.mean(t, v, axes, keep)) if e.name.endswith("mean") else found


@rule("native_layer_norm", "_fused_rms_norm")
def _layer_norm(e: Executed) -> Answer:
    is_rms = e.name == "_fused_rms_norm"
    t, v = e.tape, e.value("input")
    axes = tuple(range(-len(e.get("normalized_shape")), 0))
    if is_rms:
        off, spread = v, c.mean(t, t.binary("mul", v, v), axes, True)
    else:
        off, spread = t.binary("sub", v, c.mean(t, v, axes, True)), c.variance(t, v, axes, 0, True)
    epsilon = e.get("eps", torch.finfo(e.dtype).eps)
    inverse = t.unary("reciprocal", t.unary("sqrt", t.binary("add", spread, e.rounded(epsilon))))
    found = t.binary("mul", off, inverse)
    for name, operation in (("weight", "mul"), ("bias", "add")):
        if e.get(name) is not None:
            found = t.binary(operation, found, e.value(name))  # type: ignore[arg-type]
    return (found, inverse) if is_rms else (found, c.mean(t, v, axes, True), inverse)


@rule("native_group_norm")
def _group_norm(e: Executed) -> Answer:
    t, v, groups = e.tape, e.value("input"), e.get("group")
    rows = t.reshape(v, (v.shape[0], groups, -1))
    spread = t.binary("add", c.variance(t, rows, (-1,), 0, True), e.rounded(e.get("eps")))
    off = t.binary("sub", rows, c.mean(t, rows, (-1,), True))
    found = t.reshape(t.binary("div", off, t.unary("sqrt", spread)), v.shape)
    return _scaled(e, found), HIDDEN, HIDDEN


@rule("native_batch_norm", "_native_batch_norm_legit_no_training")
def _batch_norm(e: Executed) -> Answer:
    if e.get("training", False):
        raise UnsupportedError("batch normalization that keeps a state; call .eval() before")
    t, v = e.tape, e.value("input")
    shape = (1, -1) + (1,) * (len(v.shape) - 2)
    mean, variance = (t.reshape(e.value(f"running_{name}"), shape) for name in ("mean", "var"))
    spread = t.unary("sqrt", t.binary("add", variance, e.rounded(e.get("eps"))))
    return _scaled(e, t.binary("div", t.binary("sub", v, mean), spread)), None, None


def _scaled(e: Executed, v: Value) -> Value:
    """By the weight of each channel, the second axis, and moved by its bias."""
    shape = (1, -1) + (1,) * (len(v.shape) - 2)
    for name, operation in (("weight", "mul"), ("bias", "add")):
        if e.get(name) is not None:
            given = e.tape.reshape(e.value(name), shape)
            v = e.tape.binary(operation, v, given)  # type: ignore[arg-type]
    return v


# decisions

COMPARED: dict[str, Callable[[Array], Array]] = {
    "gt": lambda s: s > 0,
    "lt": lambda s: s < 0,
    "ge": lambda s: s >= 0,
    "le": lambda s: s <= 0,
    "eq": lambda s: s == 0,
    "ne": lambda s: s != 0,
}


@rule(*COMPARED)
def _compare(e: Executed) -> Answer:
    signs = e.tape.compare(e.value("self"), e.value("other"), e.name)
    if not np.array_equal(COMPARED[e.name](signs), e.out.cpu().numpy()):
        raise UnsupportedError("it comes out otherwise in float64; give an X farther from the tie")
    return None


@rule("equal")
def _equal(e: Executed) -> Answer:
    e.tape.compare(e.value("self"), e.value("other"), "equal")
    return None


@rule("sign", "sgn")
def _sign(e: Executed) -> Answer:
    return e.tape.const(e.tape.signs(e.value("self"), "sign"))


@rule("heaviside")
def _heaviside(e: Executed) -> Answer:
    e.tape.signs(e.value("self"), "heaviside")
    return e.tape.const(numbers(e.out))


@rule("logical_not", "logical_and", "logical_or", "any", "all", "nonzero", "signbit", "is_nonzero")
def _truth(e: Executed) -> Answer:
    for x in e.given.values():
        if is_numeric(x):
            v = e.read(x)
            if isinstance(v, Pair):
                raise UnsupportedError("a decision on complex numbers; take their abs() before")
            e.tape.signs(v, e.name)
    return None


@rule("isnan", "isinf", "isfinite", "isposinf", "isneginf")
def _finite(e: Executed) -> Answer:
    return None


# data movement and what is written

METADATA = {
    "zeros_like", "ones_like", "full_like", "empty_like", "rand_like", "randn_like", "new_zeros",
    "new_ones", "new_full", "new_empty", "new_empty_strided", "_assert_tensor_metadata",
    "_linalg_check_errors", "_assert_async", "_assert_scalar", "_has_compatible_shallow_copy_type",
}  # fmt: skip
"""What reads no numbers of its tensors."""
MOVES = """clone tril triu diag_embed cat stack flip roll repeat gather index_select index
constant_pad_nd contiguous diag rot90 take masked_select repeat_interleave block_diag
masked_fill scatter select_scatter slice_scatter diagonal_scatter as_strided_scatter
masked_scatter index_copy index_fill put fill_diagonal view_copy expand_copy permute_copy
transpose_copy t_copy select_copy slice_copy squeeze_copy unsqueeze_copy diagonal_copy
unfold_copy as_strided_copy _reshape_copy _reshape_alias_copy lift_fresh_copy embedding
hstack vstack dstack column_stack take_along_dim movedim reshape channel_shuffle pixel_shuffle
pixel_unshuffle reflection_pad1d reflection_pad2d replication_pad1d replication_pad2d""".split()
FORMATS = ("dtype", "layout", "device", "pin_memory", "memory_format")
FILLS = ("value", "fill_value")


@rule(*MOVES)
def _move(e: Executed) -> Answer:
    """By PyTorch's own action on positions; what it fills in has the position 0."""
    given = {k: x for k, x in e.given.items() if k not in FORMATS}
    for name in FILLS:
        if isinstance(given.get(name), (bool, int, float)):
            given[name] = 0
    leaves, tree = pytree.tree_flatten(given)
    moving = [k for k, x in enumerate(leaves) if is_numeric(x)]
    values = [e.read(leaves[k]) for k in moving]
    reals = [v for v in values if not isinstance(v, Pair)]
    if len(reals) < len(values):
        raise UnsupportedError("complex numbers; move their real and imaginary parts")

    def move(places: list[Array]) -> Array:
        again = list(leaves)
        for k, at in zip(moving, places, strict=True):
            again[k] = torch.from_numpy(np.ascontiguousarray(at))
        again = [x.cpu() if isinstance(x, torch.Tensor) else x for x in again]
        return np.array(e.run(pytree.tree_unflatten(again, tree)).numpy())

    return _filled(e, c.moved(e.tape, reals, move))


def _filled(e: Executed, found: Value) -> Value:
    """With the constant that was filled in, where that is not 0."""
    given = numbers(e.out)
    is_off = (found.floats == 0) & (given != 0)
    return c.where(e.tape, is_off, given, found) if is_off.any() else found


@rule("where")
def _where(e: Executed) -> Answer:
    mask = e.get("condition").cpu().numpy()
    return c.where(e.tape, mask, e.value("self"), e.value("other"))


@rule("index_put", "_index_put_impl", "_unsafe_index_put")
def _index_put(e: Executed) -> Answer:
    t, v, given = e.tape, e.value("self"), e.value("values")
    index = tuple(slice(None) if k is None else k.cpu().numpy() for k in e.get("indices"))
    places = v.places[index]
    given = t.broadcast(given, places.shape)
    return (t.put_add if e.get("accumulate", False) else t.put)(v, places, given)


@rule("index_add", "scatter_add", "scatter_reduce")
def _scatter_add(e: Executed) -> Answer:
    if e.get("reduce", "sum") != "sum" or not e.get("include_self", True):
        raise UnsupportedError("scatter_reduce by anything but 'sum'; write it by index_add")
    t, v, axis = e.tape, e.value("self"), e.get("dim")
    index = e.get("index").cpu().numpy()
    source = e.value("source" if e.name == "index_add" else "src")
    if e.name == "index_add":
        source = t.binary("mul", source, e.rounded(e.get("alpha", 1)))
        places = np.take(v.places, index, axis)
    else:
        places = _scattered(v.places, axis, index)
        source = t.take(source, source.places[tuple(slice(k) for k in index.shape)])
    return t.put_add(v, places, source)


def _scattered(places: Array, axis: int, index: Array) -> Array:
    """The position that each entry of the index means along an axis."""
    at = list(np.indices(index.shape))
    at[axis] = index
    return np.asarray(places[tuple(at)])


@rule("copy", "fill", "zero")
def _fill(e: Executed) -> Answer:
    if e.name == "zero":
        return e.tape.const(np.zeros(e.out.shape))
    source = e.held("src" if e.name == "copy" else "value")
    if isinstance(source, Pair):
        raise UnsupportedError("complex numbers written into an array")
    return e.tape.broadcast(source, tuple(e.out.shape))


@rule("_to_copy")
def _cast(e: Executed) -> Answer:
    v, dtype = e.value("self"), e.out.dtype
    if dtype.is_complex:
        return Pair(v, e.tape.const(np.zeros(v.shape)))
    if dtype == torch.bool:
        e.tape.signs(v, "cast to bool")
        return None
    if not dtype.is_floating_point:
        c.floor(e.tape, v, np.trunc, "trunc")
        return None
    if dtype.itemsize < e.given["self"].dtype.itemsize:
        e.tape.casts.append(str(dtype).removeprefix("torch."))
    return v
