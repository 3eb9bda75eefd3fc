"""Functions with a derivative of their own, in a graph of TensorFlow.

``tf.custom_gradient`` leaves one operation behind, an IdentityN of its results and arguments, that
carries the user's derivative; it stands right behind the operations of the function.  To which call
these belong is told by the frames from which they were put into the graph.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import tensorflow as tf

from symgrad.numeric.recording.tensorflow_names import name_of
from symgrad.numeric.recording.tensorflow_raw import frames_of, is_users, line_of

FILE = "ops/custom_gradient.py"


@dataclass
class Custom:
    """One call of such a function: the operation that carries its derivative, and those within it.

    The first ``results`` inputs of the carrier are results, the others arguments.
    """

    carrier: tf.Operation
    results: int
    members: set[str]
    name: str
    line: str
    is_users: bool


def customs(graph: tf.Graph, ops: Sequence[tf.Operation]) -> dict[str, Custom]:
    """The calls that some operations belong to, by the names of these; of nested ones the outer."""
    found: dict[str, Custom] = {}
    carriers = [op for op in ops if _carries(op)]
    if not carriers:
        return found
    everything = graph.get_operations()
    places = {op.name: k for k, op in enumerate(everything)}
    for carrier in reversed(carriers):
        if carrier.name not in found:
            custom = _custom(carrier, everything[: places[carrier.name]])
            found |= dict.fromkeys([*custom.members, carrier.name], custom)
    return found


def _custom(carrier: tf.Operation, before: Sequence[tf.Operation]) -> Custom:
    """The call whose derivative the operation carries, of those that were put in before it."""
    outer = _outer(carrier)
    members: dict[str, tf.Operation] = {}
    for op in reversed(before):
        if not _is_within(op, outer) or (_carries(op) and _outer(op) == outer):
            break
        members[op.name] = op
    depth = len(outer) + 1
    name, own = _described(list(members.values()), depth)
    computed = {k for k, op in members.items() if not _is_conversion(op, depth)}
    results = _results(carrier, computed)
    return Custom(carrier, results, set(members), name, line_of(carrier), own)


def _is_conversion(op: tf.Operation, depth: int) -> bool:
    """Whether it makes a tensor of an argument, which is done before the function is called."""
    frames = _lines(op)
    return len(frames) > depth and frames[depth][0].endswith("util/nest.py")


def _results(carrier: tf.Operation, computed: set[str]) -> int:
    """How many of its inputs are results.

    The last of these is computed within the function, or is an argument given back and used.
    """
    within = [k for k, x in enumerate(carrier.inputs) if x.op.name in computed]
    outputs = {x.name for x in carrier.graph.outputs}
    used = [k for k, x in enumerate(carrier.outputs) if x.consumers() or x.name in outputs]
    return max([*within, *used, 0]) + 1


def _carries(op: tf.Operation) -> bool:
    if op.type != "IdentityN":
        return False
    try:
        return bytes(op.get_attr("_gradient_op_type")).startswith(b"CustomGradient")
    except ValueError:
        return False


def _lines(op: tf.Operation) -> list[tuple[str, int]]:
    """Its frames without the names of their functions, which AutoGraph changes on the way."""
    return [(path, line) for path, line, _ in frames_of(op)]


def _outer(carrier: tf.Operation) -> list[tuple[str, int]]:
    """The frames down to where TensorFlow calls the function."""
    frames = _lines(carrier)
    last = max(k for k, (path, _) in enumerate(frames) if path.endswith(FILE))
    return frames[:last]


def _is_within(op: tf.Operation, outer: list[tuple[str, int]]) -> bool:
    frames = _lines(op)
    inner = frames[len(outer)][0] if len(frames) > len(outer) else ""
    return frames[: len(outer)] == outer and inner.endswith(FILE)


def _described(members: Sequence[tf.Operation], depth: int) -> tuple[str, bool]:
    """The name of the function, whose frames are that deep, and whether it is the user's."""
    for op in members:
        frames = frames_of(op)
        if len(frames) > depth and not frames[depth][0].endswith(FILE):
            path, _, name = frames[depth]
            return name_of(name.removeprefix("tf__"), ""), is_users(path)
    return "tf.custom_gradient", True
