"""The operations of PyTorch that decide, and those that move data, made of those of a record."""

from __future__ import annotations

import numpy as np
import torch
from torch.utils import _pytree as pytree

from symgrad.numeric.recording import composites as c
from symgrad.numeric.recording.tape import Array, UnsupportedError, Value
from symgrad.numeric.recording.torch_rules import Answer, Executed, rule
from symgrad.numeric.recording.torch_storages import Pair, is_numeric, numbers

# decisions


@rule(*c.COMPARISONS)
def _compare(e: Executed) -> Answer:
    signs = e.tape.compare(e.value("self"), e.value("other"), e.name)
    if not np.array_equal(c.COMPARISONS[e.name](signs), e.out.cpu().numpy()):
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
MOVES = {
    "clone", "tril", "triu", "diag_embed", "cat", "stack", "flip", "roll", "repeat", "gather",
    "index_select", "index", "constant_pad_nd", "contiguous", "diag", "rot90", "take", "reshape",
    "masked_select", "repeat_interleave", "block_diag", "masked_fill", "scatter", "select_scatter",
    "slice_scatter", "diagonal_scatter", "as_strided_scatter", "masked_scatter", "index_copy",
    "index_fill", "put", "fill_diagonal", "take_along_dim", "movedim", "channel_shuffle",
    "pixel_shuffle", "pixel_unshuffle", "lift_fresh_copy", "embedding", "hstack", "vstack",
    "dstack", "column_stack", "reflection_pad1d", "reflection_pad2d", "replication_pad1d",
    "replication_pad2d", "_reshape_copy", "_reshape_alias_copy",
    *(f"{view}_copy" for view in (
        "view", "expand", "permute", "transpose", "t", "select", "slice", "squeeze", "unsqueeze",
        "diagonal", "unfold", "as_strided",
    )),
}  # fmt: skip
"""What only moves data."""
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
        return np.array(e.run(pytree.tree_unflatten(again, tree)).cpu().numpy())

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
    at = [index if k == axis % index.ndim else x for k, x in enumerate(np.indices(index.shape))]
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
