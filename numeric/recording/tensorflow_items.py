"""What the tensors of a graph held when it was executed."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, NamedTuple

import tensorflow as tf

from symgrad.numeric.recording.pairs import Pair
from symgrad.numeric.recording.tape import Array, UnsupportedError, Value
from symgrad.numeric.recording.tensorflow_raw import array


class Item(NamedTuple):
    """One tensor: TensorFlow's own, and its value on the tape, if X has a part in it."""

    tensor: tf.Tensor
    value: Value | Pair | None = None

    @property
    def parts(self) -> list[Value]:
        """The values on the tape: none, one, or the two parts of a complex tensor."""
        if self.value is None:
            return []
        return list(self.value) if isinstance(self.value, Pair) else [self.value]


Held = Item | list[Any]
"""A tensor, or a list of them."""


def given(item: Item) -> Value | Pair | Array:
    """What a rule is given: the value, or the numbers."""
    return array(item.tensor) if item.value is None else item.value


def constant(held: Held) -> Held:
    """The same, where X is no matter."""
    if isinstance(held, Item):
        return Item(held.tensor)
    return [None if x is None else constant(x) for x in held]


@dataclass
class Frame:
    """One execution of a graph: what its tensors held, by their names."""

    graph: tf.Graph
    held: dict[str, Held] = field(default_factory=dict)
    parent: Frame | None = None

    def read(self, tensor: tf.Tensor) -> Held:
        """What a tensor of the graph held, or one that it captured.

        Raises:
            UnsupportedError: it was not computed.
        """
        if tensor.name in self.held:
            return self.held[tensor.name]
        for outer, inner in self.graph.captures:
            if inner is tensor and hasattr(outer, "numpy"):
                return Item(outer)
            if inner is tensor and self.parent is not None:
                return self.parent.read(outer)
        raise UnsupportedError(f"{tensor.name} was not computed")

    def item(self, tensor: tf.Tensor) -> Item:
        """What a tensor held that is no list.

        Raises:
            UnsupportedError: it is one.
        """
        held = self.read(tensor)
        if isinstance(held, Item):
            return held
        raise UnsupportedError(f"{tensor.name} is a list of tensors; stack them")

    def needed(self, outputs: list[tf.Tensor]) -> list[tf.Operation]:
        """The operations that are still to be executed, in the order in which they were put in."""
        needed: set[str] = set()
        waiting = list(outputs)
        while waiting:
            tensor = waiting.pop()
            is_there = tensor.name in self.held or tensor.op.type == "Placeholder"
            if not is_there and tensor.op.name not in needed:
                needed.add(tensor.op.name)
                waiting += tensor.op.inputs
        return [op for op in self.graph.get_operations() if op.name in needed]
