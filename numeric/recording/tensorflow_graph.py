"""TensorFlow's graph of a function, walked at a point.

Every operation that the outputs need is executed by TensorFlow itself, in the order in which it was
put into the graph; those that X has a part in are written down, and compared with what TensorFlow
computed.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import NamedTuple

import numpy as np
import tensorflow as tf

from symgrad.numeric.recording.pairs import Pair
from symgrad.numeric.recording.tape import Array, Tape, UnsupportedError, Value
from symgrad.numeric.recording.tensorflow_bodies import CONTROL, LISTS
from symgrad.numeric.recording.tensorflow_complex import apply_complex
from symgrad.numeric.recording.tensorflow_custom import Custom, customs
from symgrad.numeric.recording.tensorflow_items import Frame, Held, Item, constant, given
from symgrad.numeric.recording.tensorflow_operations import THROUGH, apply
from symgrad.numeric.recording.tensorflow_raw import Recipe, array, refuse, refuse_changes
from symgrad.numeric.recording.tensorflow_rules import Executed, Operand

TOLERANCES = {"float64": 1e-6, "float32": 1e-3, "float16": 3e-2, "bfloat16": 1e-1}
TOLERANCES |= {"complex128": 1e-6, "complex64": 1e-3}
"""The relative difference between the shadow and what a dtype computed that is rounding's."""

Differentiate = Callable[[list[tf.Tensor]], list[tf.Tensor]]


class Pulled(NamedTuple):
    """A call as it was executed, to be differentiated alone: cotangents in, cotangents out.

    Of each tensor that X has a part in the numbers of its values, two of a complex one.
    """

    inputs: list[list[int]]
    outputs: list[list[int]]
    like: list[tf.Tensor]
    differentiate: Differentiate


class Plan(NamedTuple):
    """What of a graph is executed, and the functions with their own derivatives in it."""

    graph: tf.Graph
    ops: list[tf.Operation]
    customs: dict[str, Custom]


class Walk:
    """Graphs executed, and written on a tape."""

    def __init__(self, tape: Tape) -> None:
        self.tape = tape
        self.pulled: dict[int, Pulled] = {}
        self.plans: dict[int, Plan] = {}
        self.recipes: dict[tf.Operation, Recipe] = {}
        self.differentiates = False
        self.tolerance = TOLERANCES.get(tape.dtype, 1e-3)

    def graph(
        self,
        graph: tf.Graph,
        inputs: Sequence[Held],
        parent: Frame | None = None,
        results: int | None = None,
    ) -> list[Held]:
        """What the outputs of a function's graph hold, of these inputs; the first ``results``.

        Raises:
            UnsupportedError: an operation in it cannot be recorded.
        """
        frame = Frame(graph, parent=parent)
        for tensor, held in zip(graph.inputs, inputs, strict=True):
            frame.held[tensor.name] = held
        if id(graph) not in self.plans:
            self.plans[id(graph)] = self._plan(frame, graph.outputs[:results])
        self._run(frame, self.plans[id(graph)])
        return [frame.read(tensor) for tensor in graph.outputs[:results]]

    def _plan(self, frame: Frame, outputs: list[tf.Tensor]) -> Plan:
        if not self.differentiates:
            refuse_changes(frame.graph)
        ops = frame.needed(outputs)
        return Plan(frame.graph, ops, customs(frame.graph, ops))

    def _run(self, frame: Frame, plan: Plan) -> None:
        begun: dict[str, int] = {}
        for op in plan.ops:
            custom = plan.customs.get(op.name)
            if custom is not None and custom.carrier.name not in begun:
                begun[custom.carrier.name] = self._begin(frame, custom)
            if custom is not None and custom.carrier is op:
                self._end(frame, custom, begun[op.name])
                continue
            for tensor, held in zip(op.outputs, self._execute(frame, op), strict=True):
                frame.held[tensor.name] = held

    # functions with a derivative of their own

    def _begin(self, frame: Frame, custom: Custom) -> int:
        """The call of such a function; −1 within another, and where X has no part in it."""
        arguments = [x for x in custom.carrier.inputs[custom.results :] if x.name in frame.held]
        if self.tape.call >= 0 or not any(frame.item(x).parts for x in arguments):
            return -1
        return self.tape.begin(custom.name, custom.line, custom=custom.is_users)

    def _end(self, frame: Frame, custom: Custom, call: int) -> None:
        op, k = custom.carrier, custom.results
        items = [frame.item(x) for x in op.inputs]
        for tensor, item in zip(op.outputs, items, strict=True):
            frame.held[tensor.name] = item
        if call < 0:
            return
        arguments = [x for x, item in zip(op.inputs[k:], items[k:], strict=True) if item.parts]
        results = [x for x, item in zip(op.outputs[:k], items, strict=False) if item.parts]
        self._close(call, items[k:], items[:k], partial(self._by_own, frame, results, arguments))

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
        once = list({x.name: x for x in arguments}.values())
        with frame.graph.as_default():
            seeds = [tf.compat.v1.placeholder(x.dtype, x.shape) for x in cotangents]
            found = tf.gradients(results, once, grad_ys=seeds, stop_gradients=once)
            asked = {
                x.name: tf.convert_to_tensor(g)
                for x, g in zip(once, found, strict=True)
                if g is not None
            }
        again = Frame(frame.graph, {k: constant(x) for k, x in frame.held.items()}, frame.parent)
        again.held |= {x.name: Item(c) for x, c in zip(seeds, cotangents, strict=True)}
        self.differentiates = True
        try:
            self._run(again, self._plan(again, list(asked.values())))
        finally:
            self.differentiates = False
        answer = []
        for x in arguments:
            g = asked.pop(x.name, None)
            answer.append(
                tf.zeros_like(frame.item(x).tensor) if g is None else again.item(g).tensor
            )
        return answer

    # operations

    def _recipe(self, op: tf.Operation) -> Recipe:
        if op not in self.recipes:
            if not self.differentiates:
                refuse(op)
            self.recipes[op] = Recipe(op)
        return self.recipes[op]

    def _execute(self, frame: Frame, op: tf.Operation) -> list[Held]:
        """What the outputs of one operation hold."""
        inputs = [frame.read(tensor) for tensor in op.inputs]
        if op.type in CONTROL:
            return CONTROL[op.type](self, frame, op, inputs)
        if op.type in LISTS:
            return LISTS[op.type](self, op, inputs)
        if op.type in THROUGH and isinstance(inputs[0], list):
            return inputs
        recipe = self._recipe(op)
        items = [frame.item(tensor) for tensor in op.inputs]
        came = recipe.execute([item.tensor for item in items])
        if any(item.parts for item in items):
            return list(self._written(recipe, items, came))
        if recipe.is_random:
            self.tape.folded.append(f"{recipe.name} ({recipe.line})")
        return [Item(x) for x in came]

    def _written(self, recipe: Recipe, inputs: list[Item], came: list[tf.Tensor]) -> list[Item]:
        """The operation written down, as a call of its own if it is within none."""
        call = -1
        if self.tape.call < 0 and recipe.kind not in THROUGH:
            call = self.tape.begin(recipe.name, recipe.line)
        executed = Executed(
            recipe.kind,
            recipe.attributes,
            [given(item) for item in inputs],
            [array(x) for x in came],
            lambda inputs: [array(x) for x in recipe.execute(inputs)],
        )
        is_complex = any(x.dtype.is_complex for x in [*came, *(item.tensor for item in inputs)])
        try:
            found = (apply_complex if is_complex else apply)(self.tape, executed)
            kept = [v if v is not None and v.depends else None for v in found]
            self._check(executed, came, kept)
        except UnsupportedError as error:
            raise UnsupportedError(f"{recipe.name} ({recipe.line}): {error}") from error
        outputs = [Item(x, v) for x, v in zip(came, kept, strict=True)]
        if call >= 0:
            self._close(call, inputs, outputs, partial(_alone, recipe, inputs, outputs))
        return outputs

    def _close(
        self, call: int, inputs: list[Item], outputs: list[Item], differentiate: Differentiate
    ) -> None:
        """The call is over, and this is its derivative; what it reads twice is one value."""
        read = [item for item in inputs if item.parts]
        gave = [item for item in outputs if item.parts]
        self.tape.end(call, _once(read), _once(gave))
        self.pulled[call] = Pulled(
            [_numbers(item) for item in read],
            [_numbers(item) for item in gave],
            [item.tensor for item in gave],
            differentiate,
        )

    def _check(
        self, executed: Executed, came: list[tf.Tensor], outputs: Sequence[Operand | None]
    ) -> None:
        """Whether what was recorded computes what TensorFlow did.

        Raises:
            UnsupportedError: it does not.
        """
        self.tolerance = max(self.tolerance, *(TOLERANCES.get(x.dtype.name, 0.0) for x in came))
        largest = max((_largest(_floats(x)) for x in executed.given), default=0.0)
        for own, v in zip(executed.came, outputs, strict=True):
            if v is None:
                continue
            found = _floats(v)
            allowed = self.tolerance * max(largest, _largest(own))
            if own.shape != found.shape or not np.allclose(
                own, found, rtol=0, atol=allowed, equal_nan=True
            ):
                raise UnsupportedError(
                    "it computes something else than was recorded; write it by other operations"
                )


def _once(items: list[Item]) -> list[Value]:
    return list({v.number: v for item in items for v in item.parts}.values())


def _numbers(item: Item) -> list[int]:
    """The numbers of its values, as a call has them; −1 for a part that X has no part in."""
    return [v.number if v.depends else -1 for v in item.parts]


def _alone(
    recipe: Recipe, inputs: list[Item], outputs: list[Item], cotangents: list[tf.Tensor]
) -> list[tf.Tensor]:
    """The derivative of one operation, by a tape about it alone."""
    tensors = [tf.identity(item.tensor) for item in inputs]
    watched = [x for x, item in zip(tensors, inputs, strict=True) if item.parts]
    with tf.GradientTape() as tape:
        tape.watch(watched)
        came = recipe.execute(tensors)
        asked = [x for x, item in zip(came, outputs, strict=True) if item.parts]
    found = tape.gradient(
        asked, watched, cotangents, unconnected_gradients=tf.UnconnectedGradients.ZERO
    )
    return [tf.convert_to_tensor(x) for x in found]


def _floats(x: Operand) -> Array:
    """The numbers of a value, or of a constant."""
    if isinstance(x, Pair):
        return np.asarray(x.re.floats + 1j * x.im.floats)
    return x.floats if isinstance(x, Value) else x


def _largest(x: Array) -> float:
    """The largest finite size of an entry of numbers."""
    if x.dtype.kind not in "cfiu":
        return 0.0
    sizes = np.abs(x)
    return float(np.max(sizes, initial=0.0, where=np.isfinite(sizes)))
