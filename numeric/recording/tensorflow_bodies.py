"""Branches, loops and functions of a graph: walked through, by the bodies that were executed.

Lists of tensors, which the bodies of loops fill, are lists here.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import tensorflow as tf

from symgrad.numeric.recording.pairs import Pair
from symgrad.numeric.recording.tape import UnsupportedError
from symgrad.numeric.recording.tensorflow_items import Frame, Held, Item, given
from symgrad.numeric.recording.tensorflow_raw import array, line_of

if TYPE_CHECKING:
    from symgrad.numeric.recording.tensorflow_graph import Walk

MOST_PASSES = 10_000


def _body(frame: Frame, name: str) -> tf.Graph:
    """The graph of a function, as it was traced.

    The public form of a graph's functions has neither the lines of the user nor the derivatives of
    tf.custom_gradient.
    """
    return frame.graph._get_function(name).graph


def _number(held: Held) -> Any:
    """The one number of a tensor, on which nothing depends but the way that is taken."""
    assert isinstance(held, Item)
    return array(held.tensor).item()


def _branch(walk: Walk, frame: Frame, op: tf.Operation, inputs: list[Held]) -> list[Held]:
    chosen = "then_branch" if _number(inputs[0]) else "else_branch"
    return walk.graph(_body(frame, op.get_attr(chosen).name), inputs[1:], frame)


def _case(walk: Walk, frame: Frame, op: tf.Operation, inputs: list[Held]) -> list[Held]:
    branches, chosen = op.get_attr("branches"), _number(inputs[0])
    chosen = chosen if 0 <= chosen < len(branches) else len(branches) - 1
    return walk.graph(_body(frame, branches[chosen].name), inputs[1:], frame)


def _loop(walk: Walk, frame: Frame, op: tf.Operation, inputs: list[Held]) -> list[Held]:
    condition, body = (_body(frame, op.get_attr(name).name) for name in ("cond", "body"))
    held = inputs
    for _ in range(MOST_PASSES):
        if not _number(walk.graph(condition, held, frame)[0]):
            return held
        held = walk.graph(body, held, frame)
    raise UnsupportedError(
        f"the loop at {line_of(op)} has more than {MOST_PASSES} passes; check it with fewer"
    )


def _called(walk: Walk, frame: Frame, op: tf.Operation, inputs: list[Held]) -> list[Held]:
    """What a tf.function gives: once it was differentiated, its graph has outputs beside these."""
    return walk.graph(_body(frame, op.get_attr("f").name), inputs, frame, len(op.outputs))


CONTROL: dict[str, Callable[[Walk, Frame, tf.Operation, list[Held]], list[Held]]] = {
    "IdentityN": lambda _, __, ___, inputs: inputs,
    "If": _branch,
    "StatelessIf": _branch,
    "Case": _case,
    "StatelessCase": _case,
    "While": _loop,
    "StatelessWhile": _loop,
    "PartitionedCall": _called,
    "StatefulPartitionedCall": _called,
}


# lists of tensors


def _zeros(shape: Held, kind: tf.DType) -> Item:
    """What is read where nothing was written."""
    assert isinstance(shape, Item)
    return Item(tf.zeros([max(int(k), 0) for k in array(shape.tensor).ravel()], kind))


def _entries(walk: Walk, op: tf.Operation, inputs: list[Held]) -> list[Held]:
    (whole, *_) = inputs
    assert isinstance(whole, Item)
    t, v = walk.tape, whole.value
    parts = v if isinstance(v, Pair) else (v,)
    taken = [[None if x is None else t.take(x, x.places[k]) for x in parts] for k in _rows(whole)]
    if isinstance(v, Pair):
        return [[Item(whole.tensor[k], Pair(*x)) for k, x in enumerate(taken)]]  # type: ignore[arg-type]
    return [[Item(whole.tensor[k], x) for k, (x,) in enumerate(taken)]]


def _rows(item: Item) -> range:
    return range(item.tensor.shape[0])


def _set(walk: Walk, op: tf.Operation, inputs: list[Held]) -> list[Held]:
    held, place, entry, *_ = inputs
    assert isinstance(held, list)
    entries = list(held)
    entries[_number(place)] = entry
    return [entries]


def _get(walk: Walk, op: tf.Operation, inputs: list[Held]) -> list[Held]:
    held, place, shape = inputs
    assert isinstance(held, list)
    found: Held | None = held[_number(place)]
    return [_zeros(shape, op.outputs[0].dtype) if found is None else found]


def _stack(walk: Walk, op: tf.Operation, inputs: list[Held]) -> list[Held]:
    """The entries of a list as one tensor."""
    held, shape, *_ = inputs
    assert isinstance(held, list)
    kind = op.outputs[0].dtype
    entries = [_zeros(shape, kind) if x is None else x for x in held]
    if not entries:
        return [Item(tf.zeros([0, *_zeros(shape, kind).tensor.shape], kind))]
    tensor = tf.stack([x.tensor for x in entries])
    if all(x.value is None for x in entries):
        return [Item(tensor)]
    t, whole = walk.tape, tuple(tensor.shape)
    pairs = [Pair.of(t, given(x)) for x in entries]
    re, im = (t.reshape(t.cat(x), whole) for x in zip(*pairs, strict=True))
    return [Item(tensor, Pair(re, im) if kind.is_complex else re)]


def _pop(walk: Walk, op: tf.Operation, inputs: list[Held]) -> list[Held]:
    (held, *_) = inputs
    assert isinstance(held, list)
    return [held[:-1], held[-1]]


def _resize(walk: Walk, op: tf.Operation, inputs: list[Held]) -> list[Held]:
    held, size = inputs
    assert isinstance(held, list)
    count = _number(size)
    return [held[:count] + [None] * (count - len(held))]


LISTS: dict[str, Callable[[Walk, tf.Operation, list[Held]], list[Held]]] = {
    "EmptyTensorList": lambda *_: [[]],
    "TensorListReserve": lambda _, __, inputs: [[None] * _number(inputs[1])],
    "TensorListFromTensor": _entries,
    "TensorListSetItem": _set,
    "TensorListGetItem": _get,
    "TensorListResize": _resize,
    "TensorListPushBack": lambda _, __, inputs: [[*inputs[0], inputs[1]]],
    "TensorListPopBack": _pop,
    "TensorListLength": lambda _, __, inputs: [Item(tf.constant(len(inputs[0])))],
    "TensorListStack": _stack,
}
