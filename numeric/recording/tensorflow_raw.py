"""One operation of a TensorFlow graph: how it is executed alone, and where it comes from."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf

from symgrad.numeric.recording.lines import PACKAGE
from symgrad.numeric.recording.tape import Array, UnsupportedError
from symgrad.numeric.recording.tensorflow_names import name_of

PACKAGES = ("tensorflow", "keras", "tf_keras", "tensorflow_probability")
READS = ("ReadVariableOp", "VarHandleOp", "ResourceGather", "ResourceGatherNd")
"""What reads a variable, and leaves it as it is."""
CHANGES = ("Assign", "ResourceApply", "ResourceScatter", "ResourceStridedSliceAssign")
CALLBACKS = ("PyFunc", "PyFuncStateless", "EagerPyFunc")
DIFFERENTIATION = ("eager/backprop.py", "eager/forwardprop.py", "ops/gradients_util.py")
"""Where TensorFlow puts derivatives into a graph."""

Place = tuple[str, int, str]
"""A frame of the program that put an operation into the graph: file, line, function."""


class Recipe:
    """How to execute an operation with other inputs, by tf.raw_ops; its name and line."""

    def __init__(self, op: tf.Operation) -> None:
        self.kind = str(op.type)
        self.name = name_of(self.kind)
        self.line = line_of(op)
        self.attributes = _attributes(op)
        self.constant = None
        if self.kind == "Const":
            made = tf.make_ndarray(op.get_attr("value"))
            self.constant = tf.constant(made, op.outputs[0].dtype)
            return
        self.function: Callable[..., Any] = getattr(tf.raw_ops, self.kind)
        inferred: set[str] = set()
        self.layout: list[tuple[str, int | None]] = []
        for about in op.op_def.input_arg:
            inferred |= {about.number_attr, about.type_attr, about.type_list_attr}
            count = None
            if about.number_attr:
                count = self.attributes[about.number_attr]
            elif about.type_list_attr:
                count = len(self.attributes[about.type_list_attr])
            self.layout.append((about.name, count))
        self.options = {k: x for k, x in self.attributes.items() if k not in inferred}
        self.named = _named(self.function, [name for name, _ in self.layout], self.options)

    @property
    def is_random(self) -> bool:
        """Whether it draws random numbers."""
        return "Random" in self.kind or self.kind in ("Multinomial", "TruncatedNormal")

    def execute(self, inputs: Sequence[Any]) -> list[tf.Tensor]:
        """Its outputs, computed by TensorFlow.

        Raises:
            UnsupportedError: TensorFlow raised an error.
        """
        if self.constant is not None:
            return [self.constant]
        left = iter(inputs)
        arguments: dict[str, Any] = dict(self.options)
        for name, count in self.layout:
            arguments[name] = next(left) if count is None else [next(left) for _ in range(count)]
        try:
            came = self.function(**{self.named.get(k, k): x for k, x in arguments.items()})
        except tf.errors.OpError as error:
            raise UnsupportedError(f"{self.name} ({self.line}): {error.message}") from error
        if isinstance(came, tf.Operation) or came is None:
            return []
        return list(came) if isinstance(came, (list, tuple)) else [came]


def _attributes(op: tf.Operation) -> dict[str, Any]:
    found = {}
    for attribute in op.op_def.attr:
        value = op.get_attr(attribute.name)
        found[attribute.name] = value.decode() if isinstance(value, bytes) else value
    return found


def _named(
    raw: Callable[..., Any], inputs: Sequence[str], options: dict[str, Any]
) -> dict[str, str]:
    """The names that tf.raw_ops has for arguments, where they are others than the graph's."""
    names = [name for name in inspect.signature(raw).parameters if name != "name"]
    given = [*inputs, *options]
    missing = [name for name in given if name not in names]
    free = [name for name in names if name not in given]
    return dict(zip(missing, free, strict=False))


def array(tensor: tf.Tensor) -> Array:
    """The numbers of a tensor, in float64 or complex128 if they are no integers."""
    if tensor.dtype in (tf.resource, tf.variant):
        return np.zeros(0)
    x = np.asarray(tensor.numpy())
    if tensor.dtype.is_complex:
        return x.astype(complex)
    return x.astype(float) if tensor.dtype.is_floating else x


def frames_of(op: tf.Operation) -> list[Place]:
    """Where it was put into the graph, from the outermost frame on."""
    return [(frame.filename, frame.lineno, frame.name) for frame in op.traceback]


def is_users(path: str) -> bool:
    """Whether a file is neither of TensorFlow nor of this package."""
    parts = Path(path).parts
    return PACKAGE not in Path(path).parents and not any(name in parts for name in PACKAGES)


def line_of(op: tf.Operation) -> str:
    """file:line of the innermost frame of an operation that is the user's."""
    for path, line, _ in reversed(frames_of(op)):
        if is_users(path):
            return f"{Path(path).name}:{line}"
    return ""


def refuse(op: tf.Operation) -> None:
    """Refuse what cannot be executed once more, or not without changing the caller's state.

    Raises:
        UnsupportedError: it is such an operation.
    """
    where = f"{name_of(op.type)} ({line_of(op)})"
    if op.type in CALLBACKS:
        raise UnsupportedError(
            f"{where} calls Python, where nothing is recorded; write it by operations of TensorFlow"
        )
    if any(path.endswith(DIFFERENTIATION) for path, _, _ in frames_of(op)):
        raise UnsupportedError(
            f"{where} is of a derivative that TensorFlow takes within the function, by its own "
            "rules; write that derivative out"
        )
    if not op.op_def.is_stateful or op.type in READS:
        return
    if op.type.startswith(("Rng", "Stateful")):
        raise UnsupportedError(f"{where} draws random numbers; draw them before the function")
    if "Random" not in op.type and op.type not in ("Multinomial", "TruncatedNormal"):
        raise UnsupportedError(
            f"{where} changes a state, or reads what changes; compute it before the function"
        )


def refuse_changes(graph: tf.Graph) -> None:
    """Refuse a function that changes variables, whether its result needs that or not.

    Raises:
        UnsupportedError: it does.
    """
    for op in graph.get_operations():
        if op.type.startswith(CHANGES):
            raise UnsupportedError(
                f"a variable is assigned to ({line_of(op)}); do so outside of the function, as "
                "layers do that are called with training=False"
            )
