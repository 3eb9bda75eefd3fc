"""TensorFlow's graph of a function, walked at a point.

Every operation that the outputs need is executed by TensorFlow itself, in the order in which it was
put into the graph; those that X has a part in are written down.  Branches, loops and functions are
walked through: of each the bodies that were executed.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import tensorflow as tf

from symgrad.numeric.recording import tensorflow_operations as operations
from symgrad.numeric.recording.tape import PACKAGE, Array, Tape, UnsupportedError, Value
from symgrad.numeric.recording.tensorflow_names import name_of

PACKAGES = ("tensorflow", "keras", "tf_keras", "tensorflow_probability")
MOST_PASSES = 10_000
TOLERANCES = {"float64": 1e-6, "float32": 1e-3, "float16": 3e-2, "bfloat16": 1e-1}
"""The relative difference between the shadow and what a dtype computed that is rounding's."""


class Item(NamedTuple):
    """One tensor: TensorFlow's own, and its value on the tape, if X has a part in it."""

    tensor: tf.Tensor
    value: Value | None = None


Held = Item | list[Any]
"""A tensor, or a list of them."""


class Pulled(NamedTuple):
    """A call as it was executed, to be differentiated alone."""

    inputs: list[int]
    outputs: list[int]
    like: list[tf.Tensor]
    differentiate: Callable[[list[tf.Tensor]], list[tf.Tensor]]


@dataclass
class Frame:
    """One execution of a graph: what its tensors held."""

    graph: tf.Graph
    held: dict[tuple[str, int], Held] = field(default_factory=dict)
    parent: Frame | None = None

    def read(self, tensor: tf.Tensor) -> Held:
        """What a tensor of the graph held, or one that it captured."""
        key = _key(tensor)
        if key in self.held:
            return self.held[key]
        for outer, inner in self.graph.captures:
            if inner is tensor:
                return Item(outer) if hasattr(outer, "numpy") else self._of_parent(outer)
        raise UnsupportedError(f"{tensor.name} is not there yet")

    def _of_parent(self, tensor: tf.Tensor) -> Held:
        if self.parent is None:
            raise UnsupportedError(f"{tensor.name} is of another graph")
        return self.parent.read(tensor)


@dataclass
class Custom:
    """A function with a derivative of its own: the operation that carries it, and the results."""

    op: tf.Operation
    results: int
    members: set[str]


class Walk:
    """Graphs executed, and written on a tape."""

    def __init__(self, tape: Tape) -> None:
        self.tape = tape
        self.pulled: dict[int, Pulled] = {}
        self.differentiates = False
        self.tolerance = TOLERANCES.get(tape.dtype, 1e-3)

    def graph(
        self, graph: tf.Graph, inputs: Sequence[Held], parent: Frame | None = None
    ) -> list[Held]:
        """What the outputs of a function's graph hold, of these inputs."""
        frame = Frame(graph, parent=parent)
        for tensor, held in zip(graph.inputs, inputs, strict=True):
            frame.held[_key(tensor)] = held
        self.run(frame, graph.outputs)
        return [frame.read(tensor) for tensor in graph.outputs]

    def run(self, frame: Frame, outputs: Sequence[tf.Tensor]) -> None:
        """Execute what the outputs need and is not there yet."""
        ops = _needed(frame, outputs)
        customs = _customs(frame.graph, ops)
        begun: dict[str, int] = {}
        for op in ops:
            custom = customs.get(op.name)
            if custom is not None and custom.op.name not in begun:
                begun[custom.op.name] = self._begin(frame, custom)
            if custom is not None and custom.op is op:
                self._end(frame, custom, begun[op.name])
            else:
                for k, held in enumerate(self.execute(frame, op)):
                    frame.held[op.name, k] = held

    # functions with a derivative of their own

    def _begin(self, frame: Frame, custom: Custom) -> int:
        """The call of a function with its own derivative, or −1 within another call."""
        arguments = [x for x in custom.op.inputs[custom.results :] if _key(x) in frame.held]
        if self.tape.call >= 0 or all(_value(frame.read(x)) is None for x in arguments):
            return -1
        name, line, own = _described(custom.op, custom.members)
        return self.tape.begin(name, line, custom=own)

    def _end(self, frame: Frame, custom: Custom, call: int) -> None:
        op, k = custom.op, custom.results
        for place, tensor in enumerate(op.inputs):
            frame.held[op.name, place] = frame.read(tensor)
        if call < 0:
            return
        arguments = _values([frame.read(x) for x in op.inputs[k:]])
        results = _values([frame.read(x) for x in op.inputs[:k]])
        self.tape.end(call, [v for _, v in arguments], [v for _, v in results])

        def differentiate(cotangents: list[tf.Tensor]) -> list[tf.Tensor]:
            return self._by_own(
                frame,
                [op.outputs[place] for place, _ in results],
                [op.inputs[k + place] for place, _ in arguments],
                cotangents,
            )

        like = [frame.read(op.inputs[place]).tensor for place, _ in results]  # type: ignore[union-attr]
        self.pulled[call] = Pulled(
            [v.number for _, v in arguments], [v.number for _, v in results], like, differentiate
        )

    def _by_own(
        self,
        frame: Frame,
        results: list[tf.Tensor],
        arguments: list[tf.Tensor],
        cotangents: list[tf.Tensor],
    ) -> list[tf.Tensor]:
        """The user's derivative, put into the graph by tf.gradients, and executed.

        An argument that is given twice has the whole at its first place.
        """
        once = list({_key(x): x for x in arguments}.values())
        with frame.graph.as_default():
            given = [tf.compat.v1.placeholder(x.dtype, x.shape) for x in cotangents]
            found = tf.gradients(results, once, grad_ys=given, stop_gradients=once)
            asked = [tf.convert_to_tensor(x) for x in found if x is not None]
        held = {key: _constant(item) for key, item in frame.held.items()}
        held |= {_key(x): Item(c) for x, c in zip(given, cotangents, strict=True)}
        again = Frame(frame.graph, held, frame.parent)
        self.differentiates = True
        self.run(again, asked)
        answers = iter([again.read(x) for x in asked])
        gradients = {
            _key(x): None if g is None else next(answers).tensor  # type: ignore[union-attr]
            for x, g in zip(once, found, strict=True)
        }
        answer = []
        for x in arguments:
            gradient = gradients.pop(_key(x), None)
            like = frame.read(x).tensor  # type: ignore[union-attr]
            answer.append(tf.zeros_like(like) if gradient is None else gradient)
        return answer

    # operations

    def execute(self, frame: Frame, op: tf.Operation) -> list[Held]:
        """What the outputs of one operation hold."""
        inputs = [frame.read(tensor) for tensor in op.inputs]
        if op.type in CONTROL:
            return CONTROL[op.type](self, frame, op, inputs)
        if op.type in LISTS:
            return LISTS[op.type](self, op, inputs)
        if not self.differentiates:
            _refuse(op)
        tensors = [item.tensor for item in inputs]  # type: ignore[union-attr]
        came = _execute(op, tensors)
        if all(item.value is None for item in inputs):  # type: ignore[union-attr]
            if _random(op):
                self.tape.folded.append(f"{name_of(op.type)} ({line_of(op)})")
            return [Item(x) for x in came]
        return self._written(op, inputs, came)  # type: ignore[arg-type]

    def _written(self, op: tf.Operation, inputs: list[Item], came: list[tf.Tensor]) -> list[Held]:
        """The operation written down as a call of its own, or within one."""
        call = -1
        if self.tape.call < 0 and op.type not in operations.THROUGH:
            call = self.tape.begin(name_of(op.type), line_of(op))
        executed = operations.Executed(
            op.type,
            _attributes(op),
            [_given(item) for item in inputs],
            [_array(x) for x in came],
            lambda given: [_array(x) for x in _execute(op, given)],
        )
        try:
            outputs = operations.apply(self.tape, executed)
        except UnsupportedError as error:
            raise UnsupportedError(f"{name_of(op.type)} ({line_of(op)}): {error}") from error
        kept = [v if v is not None and v.depends else None for v in outputs]
        self._check(op, executed, kept)
        held = [Item(x, v) for x, v in zip(came, kept, strict=True)]
        if call >= 0:
            self._close(call, op, inputs, held)
        return list(held)

    def _close(self, call: int, op: tf.Operation, inputs: list[Item], outputs: list[Item]) -> None:
        read, gave = _values(inputs), _values(outputs)
        self.tape.end(call, [v for _, v in read], [v for _, v in gave])

        def differentiate(cotangents: list[tf.Tensor]) -> list[tf.Tensor]:
            given = [tf.identity(item.tensor) for item in inputs]
            watched = [given[place] for place, _ in read]
            with tf.GradientTape() as tape:
                tape.watch(watched)
                came = _execute(op, given)
                asked = [came[place] for place, _ in gave]
            return tape.gradient(  # type: ignore[no-any-return]
                asked, watched, cotangents, unconnected_gradients=tf.UnconnectedGradients.ZERO
            )

        like = [outputs[place].tensor for place, _ in gave]
        self.pulled[call] = Pulled(
            [v.number for _, v in read], [v.number for _, v in gave], like, differentiate
        )

    def _check(
        self, op: tf.Operation, executed: operations.Executed, outputs: Sequence[Value | None]
    ) -> None:
        """Whether what was recorded computes what TensorFlow did.

        Raises:
            UnsupportedError: it does not.
        """
        for kind in (x.dtype.name for x in op.outputs):
            self.tolerance = max(self.tolerance, TOLERANCES.get(kind, 0.0))
        read = [x.floats if isinstance(x, Value) else x for x in executed.given]
        largest = max((_largest(x) for x in read), default=0.0)
        for own, v in zip(executed.came, outputs, strict=True):
            if v is None:
                continue
            allowed = self.tolerance * max(largest, _largest(own))
            if own.shape != v.shape or not np.allclose(
                own.astype(float), v.floats, rtol=0, atol=allowed, equal_nan=True
            ):
                raise UnsupportedError(
                    f"{name_of(op.type)} ({line_of(op)}) computes something else than was recorded"
                )


def _largest(x: Array) -> float:
    """The largest finite size of an entry of numbers."""
    if x.dtype.kind not in "fiu" or not x.size:
        return 0.0
    sizes = np.abs(x.astype(float))
    return float(np.max(sizes, initial=0.0, where=np.isfinite(sizes)))


def _key(tensor: tf.Tensor) -> tuple[str, int]:
    return tensor.op.name, tensor.value_index


def _value(held: Held) -> Value | None:
    return held.value if isinstance(held, Item) else None


def _values(items: Sequence[Held]) -> list[tuple[int, Value]]:
    """The values that depend on X, and their places."""
    return [(k, v) for k, v in enumerate(map(_value, items)) if v is not None]


def _constant(held: Held) -> Held:
    if isinstance(held, Item):
        return Item(held.tensor)
    return [None if x is None else _constant(x) for x in held]


def _array(tensor: tf.Tensor) -> Array:
    """The numbers of a tensor, wide enough to compute with."""
    if tensor.dtype in (tf.resource, tf.variant):
        return np.zeros(0)
    x = tensor.numpy()
    return np.asarray(x, float) if tensor.dtype.is_floating else np.asarray(x)


def _given(item: Item) -> Value | Array:
    return _array(item.tensor) if item.value is None else item.value


# the graph


def _needed(frame: Frame, outputs: Sequence[tf.Tensor]) -> list[tf.Operation]:
    """The operations that are still to be executed, in the order in which they were put in."""
    needed: set[str] = set()
    waiting = list(outputs)
    while waiting:
        tensor = waiting.pop()
        if _key(tensor) in frame.held or tensor.op.name in needed:
            continue
        if tensor.op.type == "Placeholder":
            continue
        needed.add(tensor.op.name)
        waiting += tensor.op.inputs
    return [op for op in frame.graph.get_operations() if op.name in needed]


def _customs(graph: tf.Graph, ops: Sequence[tf.Operation]) -> dict[str, Custom]:
    """The functions with a derivative of their own, by the names of the operations within them."""
    found: dict[str, Custom] = {}
    carriers = [op for op in ops if _is_custom(op)]
    if not carriers:
        return found
    everything = graph.get_operations()
    places = {op.name: k for k, op in enumerate(everything)}
    for carrier in reversed(carriers):
        if carrier.name in found:
            continue
        prefix = _prefix(carrier)
        members: set[str] = set()
        for op in reversed(everything[: places[carrier.name]]):
            if not _starts_with(op, prefix) or (_is_custom(op) and _prefix(op) == prefix):
                break
            members.add(op.name)
        custom = Custom(carrier, _results(carrier, members), members)
        found |= dict.fromkeys([*members, carrier.name], custom)
    return found


def _results(carrier: tf.Operation, members: set[str]) -> int:
    """How many of its inputs are results; the others are the arguments.

    The last is computed within the function, or it is an argument that is given back and used.
    """
    within = [k for k, x in enumerate(carrier.inputs) if x.op.name in members]
    outputs = {_key(x) for x in carrier.graph.outputs}
    used = [k for k, x in enumerate(carrier.outputs) if x.consumers() or _key(x) in outputs]
    return max([*within, *used, 0]) + 1


def _is_custom(op: tf.Operation) -> bool:
    if op.type != "IdentityN":
        return False
    try:
        return bytes(op.get_attr("_gradient_op_type")).startswith(b"CustomGradient")
    except ValueError:
        return False


def _frames(op: tf.Operation) -> list[tuple[str, int, str]]:
    return [(frame.filename, frame.lineno, frame.name) for frame in op.traceback]


def _prefix(carrier: tf.Operation) -> list[tuple[str, int, str]]:
    """The frames down to where the function was called with its derivative."""
    frames = _frames(carrier)
    places = [k for k, (path, _, _) in enumerate(frames) if path.endswith("custom_gradient.py")]
    return frames[: places[-1]]


def _starts_with(op: tf.Operation, prefix: list[tuple[str, int, str]]) -> bool:
    frames = _frames(op)
    inner = frames[len(prefix)][0] if len(frames) > len(prefix) else ""
    return frames[: len(prefix)] == prefix and inner.endswith("custom_gradient.py")


def _outside(path: str) -> bool:
    """Whether a file is the user's."""
    parts = Path(path).parts
    return PACKAGE not in Path(path).parents and not any(name in parts for name in PACKAGES)


def line_of(op: tf.Operation) -> str:
    """file:line of the innermost frame of an operation that is the user's."""
    for path, line, _ in reversed(_frames(op)):
        if _outside(path):
            return f"{Path(path).name}:{line}"
    return ""


def _described(carrier: tf.Operation, members: set[str]) -> tuple[str, str, bool]:
    """The name of a function with its own derivative, its line, and whether it is the user's."""
    depth = len(_prefix(carrier))
    for op in carrier.graph.get_operations():
        frames = _frames(op) if op.name in members else []
        if len(frames) > depth + 1 and not frames[depth + 1][0].endswith("custom_gradient.py"):
            path, _, name = frames[depth + 1]
            return name.removeprefix("tf__"), line_of(carrier), _outside(path)
    return "tf.custom_gradient", line_of(carrier), True


# what is not walked through


def _random(op: tf.Operation) -> bool:
    return "Random" in op.type or op.type in ("Multinomial", "TruncatedNormal")


STATELESS = ("ReadVariableOp", "VarHandleOp", "ResourceGather", "ResourceGatherNd")
DIFFERENTIATION = ("eager/backprop.py", "eager/forwardprop.py", "ops/gradients_util.py")
CALLBACKS = ("PyFunc", "PyFuncStateless", "EagerPyFunc")


def _refuse(op: tf.Operation) -> None:
    """Refuse what cannot be executed once more, or not without changing the caller's state.

    Raises:
        UnsupportedError: it is such an operation.
    """
    name, line = name_of(op.type), line_of(op)
    if op.type in CALLBACKS:
        raise UnsupportedError(
            f"{name} ({line}) calls Python, where nothing is recorded; write it by operations of "
            "TensorFlow"
        )
    if any(path.endswith(DIFFERENTIATION) for path, _, _ in _frames(op)):
        raise UnsupportedError(
            f"{name} ({line}) is of a derivative that TensorFlow takes within the function, by its "
            "own rules; write that derivative out"
        )
    if op.op_def.is_stateful and op.type not in STATELESS and not _random(op):
        raise UnsupportedError(
            f"{name} ({line}) changes a state or reads one that changes; compute it before the "
            "function"
        )


def _attributes(op: tf.Operation) -> dict[str, Any]:
    found = {}
    for attribute in op.op_def.attr:
        value = op.get_attr(attribute.name)
        found[attribute.name] = value.decode() if isinstance(value, bytes) else value
    return found


def _execute(op: tf.Operation, inputs: Sequence[Any]) -> list[tf.Tensor]:
    """The outputs of an operation, executed by TensorFlow with these inputs."""
    if op.type == "Const":
        return [tf.constant(tf.make_ndarray(op.get_attr("value")), op.outputs[0].dtype)]
    arguments: dict[str, Any] = {}
    inferred: set[str] = set()
    left = iter(inputs)
    for about in op.op_def.input_arg:
        inferred |= {about.number_attr, about.type_attr, about.type_list_attr}
        many = about.number_attr or about.type_list_attr
        if many:
            said = op.get_attr(many)
            count = said if about.number_attr else len(said)
            arguments[about.name] = [next(left) for _ in range(count)]
        else:
            arguments[about.name] = next(left)
    for name, value in _attributes(op).items():
        if name not in inferred:
            arguments[name] = value
    raw = getattr(tf.raw_ops, op.type)
    outputs = raw(**_renamed(raw, arguments))
    if isinstance(outputs, tf.Operation) or outputs is None:
        return []
    return list(outputs) if isinstance(outputs, (list, tuple)) else [outputs]


def _renamed(raw: Callable[..., Any], arguments: dict[str, Any]) -> dict[str, Any]:
    """The arguments by the names that tf.raw_ops has for them, which differ for a few."""
    names = [name for name in inspect.signature(raw).parameters if name != "name"]
    missing = [name for name in arguments if name not in names]
    free = [name for name in names if name not in arguments]
    other = dict(zip(missing, free, strict=False))
    return {other.get(name, name): x for name, x in arguments.items()}


# branches, loops and functions


def _body(frame: Frame, name: str) -> tf.Graph:
    """The graph of a function of the graph's library, as it was traced."""
    return frame.graph._get_function(name).graph  # its lines are in no public form


def _numbers(held: Held) -> Array:
    return _array(held.tensor)  # type: ignore[union-attr]


def _branch(walk: Walk, frame: Frame, op: tf.Operation, inputs: list[Held]) -> list[Held]:
    chosen = "then_branch" if bool(_numbers(inputs[0])) else "else_branch"
    return walk.graph(_body(frame, op.get_attr(chosen).name), inputs[1:], frame)


def _case(walk: Walk, frame: Frame, op: tf.Operation, inputs: list[Held]) -> list[Held]:
    branches = op.get_attr("branches")
    chosen = int(_numbers(inputs[0]))
    chosen = chosen if 0 <= chosen < len(branches) else len(branches) - 1
    return walk.graph(_body(frame, branches[chosen].name), inputs[1:], frame)


def _loop(walk: Walk, frame: Frame, op: tf.Operation, inputs: list[Held]) -> list[Held]:
    condition = _body(frame, op.get_attr("cond").name)
    body = _body(frame, op.get_attr("body").name)
    held = inputs
    for _ in range(MOST_PASSES):
        if not bool(_numbers(walk.graph(condition, held, frame)[0])):
            return held
        held = walk.graph(body, held, frame)
    raise UnsupportedError(f"the loop of {line_of(op)} has more than {MOST_PASSES} passes")


def _called(walk: Walk, frame: Frame, op: tf.Operation, inputs: list[Held]) -> list[Held]:
    return walk.graph(_body(frame, op.get_attr("f").name), inputs, frame)


Control = Callable[[Walk, Frame, tf.Operation, list[Held]], list[Held]]
CONTROL: dict[str, Control] = {
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


# lists of tensors, as the bodies of loops fill them


def _of_shape(shape: Held, kind: tf.DType) -> Item:
    """What is read where nothing was written: zeros."""
    return Item(tf.zeros([max(int(k), 0) for k in np.ravel(_numbers(shape))], kind))


def _entries(walk: Walk, item: Held) -> list[Held]:
    tensor, v = item.tensor, item.value  # type: ignore[union-attr]
    parts = [None] * len(tensor) if v is None else [walk.tape.take(v, x) for x in v.places]
    return [Item(tensor[k], x) for k, x in enumerate(parts)]


def _set(inputs: list[Held]) -> list[Held]:
    entries, place = list(inputs[0]), int(_numbers(inputs[1]))
    entries[place] = inputs[2]
    return [entries]


def _get(op: tf.Operation, inputs: list[Held]) -> list[Held]:
    found = inputs[0][int(_numbers(inputs[1]))]
    return [_of_shape(inputs[2], op.outputs[0].dtype) if found is None else found]


def _stack(walk: Walk, op: tf.Operation, inputs: list[Held]) -> list[Held]:
    """The entries of a list as one tensor."""
    kind = op.outputs[0].dtype
    entries = [_of_shape(inputs[1], kind) if x is None else x for x in inputs[0]]
    if not entries:
        return [Item(tf.zeros([0, *_of_shape(inputs[1], kind).tensor.shape], kind))]
    tensor = tf.stack([x.tensor for x in entries])
    if all(x.value is None for x in entries):
        return [Item(tensor)]
    row = walk.tape.cat([_given(x) for x in entries])
    return [Item(tensor, walk.tape.reshape(row, tuple(tensor.shape)))]


LISTS: dict[str, Callable[[Walk, tf.Operation, list[Held]], list[Held]]] = {
    "EmptyTensorList": lambda *_: [[]],
    "TensorListReserve": lambda _, __, inputs: [[None] * int(_numbers(inputs[1]))],
    "TensorListFromTensor": lambda walk, _, inputs: [_entries(walk, inputs[0])],
    "TensorListSetItem": lambda _, __, inputs: _set(inputs),
    "TensorListGetItem": lambda _, op, inputs: _get(op, inputs),
    "TensorListPushBack": lambda _, __, inputs: [[*inputs[0], inputs[1]]],
    "TensorListPopBack": lambda _, __, inputs: [inputs[0][:-1], inputs[0][-1]],
    "TensorListLength": lambda _, __, inputs: [Item(tf.constant(len(inputs[0])))],
    "TensorListStack": _stack,
}
