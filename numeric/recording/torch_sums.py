"""The operations of PyTorch that sum, order or normalize, made of those of a record."""

from __future__ import annotations

import numpy as np
import torch

from symgrad.numeric.recording import composites as c
from symgrad.numeric.recording.tape import Tape, UnsupportedError, Value
from symgrad.numeric.recording.torch_rules import HIDDEN, Answer, Executed, rule

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
