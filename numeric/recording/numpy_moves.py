"""The functions of NumPy that move entries, that read none, and that write."""

from __future__ import annotations

from typing import Any

import numpy as np

from symgrad.numeric.recording import composites as c
from symgrad.numeric.recording.numpy_arrays import Traced, is_traced
from symgrad.numeric.recording.numpy_rules import Executed, Rule
from symgrad.numeric.recording.tape import Array, UnsupportedError, Value


def _public(*names: str) -> list[Any]:
    """The functions of these names, as far as the installed NumPy has them."""
    found = []
    for name in names:
        owner: Any = np
        *path, last = name.split(".")
        for part in path:
            owner = getattr(owner, part)
        found += [getattr(owner, last)] if hasattr(owner, last) else []
    return found


MOVES = set(
    _public(
        "reshape", "ravel", "transpose", "permute_dims", "swapaxes", "moveaxis", "rollaxis",
        "squeeze", "expand_dims", "broadcast_to", "flip", "fliplr", "flipud", "rot90", "roll",
        "tile", "repeat", "take", "take_along_axis", "compress", "delete", "diagonal", "copy",
        "split", "array_split", "hsplit", "vsplit", "dsplit", "extract", "resize", "unstack",
        "matrix_transpose", "linalg.diagonal", "linalg.matrix_transpose",
        "atleast_1d", "atleast_2d", "atleast_3d",
    )
)  # fmt: skip
"""What moves the entries of its first argument, and fills nothing in."""

ABOUT = set(
    _public(
        "shape", "ndim", "size", "iscomplexobj", "isrealobj", "result_type", "can_cast",
        "min_scalar_type", "may_share_memory", "shares_memory", "zeros_like", "ones_like",
        "empty_like", "array2string", "array_repr", "array_str", "isneginf",
        "isposinf", "tril_indices_from", "triu_indices_from", "diag_indices_from", "common_type",
        "isfortran", "broadcast_shapes",
    )
)  # fmt: skip
"""What reads no numbers, or shows them as text."""


def filled(e: Executed, *given: Any, run: Any) -> Value:
    """What moves the entries of several arrays, by NumPy's own action on positions.

    They are counted from 1; where it fills something in, its own number there is a constant.
    """
    t, values = e.tape, [e.value(x) for x in given]

    def move(places: list[Array]) -> Array:
        return np.asarray(run(*places))

    return _constants(e, c.moved(t, values, move), run(*(np.ones(v.shape, int) for v in values)))


def _constants(e: Executed, v: Value, mask: Any) -> Value:
    """With NumPy's numbers where no entry was moved to."""
    own = np.asarray(mask) == 0
    return c.where(e.tape, own, np.asarray(e.out, float), v) if own.any() and _any(e, own) else v


def _any(e: Executed, own: Array) -> bool:
    return bool(np.any(np.asarray(e.out)[own] != 0))


def _padded(e: Executed, x: Any, *args: Any, **kwargs: Any) -> Value:
    """One array, with constants about it."""
    if kwargs.get("mode", "constant") not in ("constant", "edge", "reflect", "symmetric", "wrap"):
        raise UnsupportedError("a mode that computes; pad by constants")
    options = {k: y for k, y in kwargs.items() if k != "constant_values"}
    return filled(e, x, run=lambda p: e.func(p, *args, **options))


def _alone(e: Executed, x: Any, *args: Any, **kwargs: Any) -> Value:
    return filled(e, x, run=lambda p: e.func(p, *args, **kwargs))


def _joined(e: Executed, arrays: Any, *args: Any, **kwargs: Any) -> Value:
    """Several arrays, in rows of rows."""
    leaves, tree = _flat(arrays)
    return filled(e, *leaves, run=lambda *p: e.func(_again(tree, list(p)), *args, **kwargs))


def _flat(x: Any) -> tuple[list[Any], Any]:
    """The arrays in rows of rows, and these without them."""
    if not isinstance(x, (list, tuple)):
        return [x], None
    parts = [_flat(y) for y in x]
    return [leaf for leaves, _ in parts for leaf in leaves], [tree for _, tree in parts]


def _again(tree: Any, leaves: list[Any]) -> Any:
    """The rows, with these in them; those that are there are taken from the list."""
    return leaves.pop(0) if tree is None else [_again(part, leaves) for part in tree]


def _appended(e: Executed, x: Any, values: Any, *args: Any, **kwargs: Any) -> Value:
    return filled(e, x, values, run=lambda p, q: e.func(p, q, *args, **kwargs))


def _inserted(e: Executed, x: Any, where: Any, values: Any, *args: Any, **kwargs: Any) -> Value:
    return filled(e, x, values, run=lambda p, q: e.func(p, where, q, *args, **kwargs))


def _broadcast(e: Executed, *arrays: Any, **kwargs: Any) -> list[Value]:
    return [e.tape.broadcast(e.value(x), e.out[0].shape) for x in arrays]


def _where(e: Executed, mask: Any, a: Any, b: Any) -> Value:
    """The mask decides already, where it depends on X."""
    if is_traced(mask):
        mask = mask.astype(bool)
    return c.where(e.tape, np.asarray(mask).astype(bool), e.value(a), e.value(b))


def _selected(e: Executed, masks: Any, choices: Any, default: Any = 0) -> Value:
    found = e.value(default)
    for mask, choice in reversed(list(zip(masks, choices, strict=True))):
        found = c.where(e.tape, np.asarray(mask, bool), e.value(choice), found)
    return e.tape.broadcast(found, e.out.shape)


def _same(e: Executed, x: Any, *_: Any, **__: Any) -> Value:
    return e.value(x)


def _table(rules: dict[Any, Rule]) -> dict[Any, Rule]:
    return {func: rule for names, rule in rules.items() for func in _public(*names)}


JOINS = _table(
    {
        ("pad",): _padded,
        ("tril", "triu", "diag", "diagflat"): _alone,
        ("concatenate", "concat", "stack", "hstack", "vstack", "dstack", "column_stack"): _joined,
        ("block",): _joined,
        ("append",): _appended,
        ("insert",): _inserted,
        ("broadcast_arrays",): _broadcast,
        ("where",): _where,
        ("select",): _selected,
        ("nan_to_num", "real_if_close"): _same,
    }
)


# writes


def _copyto(recorder: Any, target: Any, source: Any, casting: str = "", where: Any = True) -> None:
    if not is_traced(target):
        raise recorder.refusal("np.copyto", "a write into an array without X; np.zeros_like(X)")
    target[... if where is True else where] = source


def _fill_diagonal(recorder: Any, x: Traced, value: Any, wrap: bool = False) -> None:
    places = np.arange(x.size).reshape(x.shape)
    mask = np.zeros(x.shape, bool)
    np.fill_diagonal(mask, True, wrap)
    x[np.unravel_index(places[mask], x.shape)] = value


def _put_along_axis(recorder: Any, x: Traced, indices: Any, values: Any, axis: int) -> None:
    places = np.take_along_axis(np.arange(x.size).reshape(x.shape), indices, axis)
    x[np.unravel_index(places, x.shape)] = values


def _full_like(recorder: Any, x: Any, value: Any, dtype: Any = None, **options: Any) -> Traced:
    like = x.numbers if is_traced(x) else x
    found: Traced = recorder.array(np.zeros_like(like, dtype, **options))
    found[...] = value
    return found


WRITES: dict[Any, Any] = {
    np.copyto: _copyto,
    np.fill_diagonal: _fill_diagonal,
    np.put_along_axis: _put_along_axis,
    np.full_like: _full_like,
}
"""What writes into its first argument, or into an array that it makes."""
