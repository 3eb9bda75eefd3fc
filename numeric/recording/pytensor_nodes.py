"""One node of PyTensor's graph: executed alone, its name and its line."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytensor
from pytensor.compile.builders import OpFromGraph
from pytensor.graph.basic import Apply
from pytensor.tensor.blockwise import Blockwise

from symgrad.numeric.recording.lines import PACKAGE
from symgrad.numeric.recording.tape import Array, UnsupportedError, Value

OTHERS = (Path(pytensor.__file__).parent, Path(np.__file__).parent, PACKAGE.parent)
"""Where no line is the user's."""


def core(op: Any) -> Any:
    """The operation of one matrix, where it is mapped over a batch."""
    return op.core_op if isinstance(op, Blockwise) else op


def executed(node: Apply, args: Sequence[Any]) -> list[Any]:
    """What the node gives of these arrays, by its own Python.

    Raises:
        UnsupportedError: it has none.
    """
    storage: list[list[Any]] = [[None] for _ in node.outputs]
    try:
        node.op.perform(node, list(args), storage)
    except NotImplementedError as error:
        raise UnsupportedError(f"{told(node)} is not executed by Python") from error
    return [cell[0] for cell in storage]


def floats(node: Apply, args: Sequence[Any]) -> list[Any]:
    """What PyTensor is given in place of the values."""
    return [_floats(a, v) for a, v in zip(args, node.inputs, strict=True)]


def _floats(a: Any, v: Any) -> Any:
    return np.asarray(a.floats, v.type.dtype) if isinstance(a, Value) else a


def again(node: Apply, args: Sequence[Any]) -> list[Array]:
    """It executed once more, at the numbers of its values."""
    return [np.asarray(y) for y in executed(node, floats(node, args))]


def has_own_derivative(op: Any) -> bool:
    """Whether a function with a graph of its own is differentiated otherwise than by that."""
    overridden = getattr(op, "pullback_overrides", None) is not None
    return overridden or type(op).pullback is not OpFromGraph.pullback


def is_users(op: Any) -> bool:
    """Whether a function with a graph of its own is the user's."""
    return type(op) is OpFromGraph or not type(op).__module__.startswith("pytensor.")


def told(node: Apply) -> str:
    """What it is called: what the user called it, or its kind."""
    op = core(node.op)
    name = getattr(op, "name", None)
    inner = getattr(op, "scalar_op", None)
    is_reduction = type(op).__module__.startswith("pytensor.tensor.math")
    if isinstance(op, OpFromGraph) and name:
        return str(name)
    return type(op if inner is None or is_reduction else inner).__name__


def line(node: Apply) -> str:
    """file:line of the user's innermost frame, where PyTensor kept it."""
    traces = [trace for v in node.outputs for trace in getattr(v.tag, "trace", ())]
    for trace in traces:
        for file, number, *_ in reversed(trace):
            path = Path(file)
            if not any(own in path.parents for own in OTHERS):
                return f"{path.name}:{number}"
    return ""
