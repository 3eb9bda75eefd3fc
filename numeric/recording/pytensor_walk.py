"""PyTensor's graph, walked at X node by node as the user built it; what depends on X is noted."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from pytensor.compile.builders import OpFromGraph
from pytensor.compile.sharedvalue import SharedVariable
from pytensor.graph.basic import Apply, Constant, Variable
from pytensor.graph.traversal import walk_toposort
from pytensor.ifelse import IfElse
from pytensor.scan.op import Scan
from pytensor.tensor.random.op import RandomVariable

from symgrad.numeric.recording.pytensor_matrices import MATRICES
from symgrad.numeric.recording.pytensor_moves import MOVES, moved
from symgrad.numeric.recording.pytensor_nodes import (
    core,
    executed,
    floats,
    has_own_derivative,
    is_users,
    line,
    told,
)
from symgrad.numeric.recording.pytensor_operations import OPERATIONS, SAME, Executed
from symgrad.numeric.recording.pytensor_scan import unrolled
from symgrad.numeric.recording.tape import Tape, UnsupportedError, Value


class Pulled(NamedTuple):
    """A call as it was executed: the node, its arguments as arrays, and what was written of it."""

    node: Apply
    args: list[Any]
    inputs: list[Any]
    outputs: list[Any]


class Walk:
    """Executes a graph: values, and whatever there is without X in it."""

    def __init__(self, tape: Tape) -> None:
        self.tape = tape
        self.pulled: dict[int, Pulled] = {}

    def run(
        self, inputs: Sequence[Variable], outputs: Sequence[Variable], args: Sequence[Any]
    ) -> list[Any]:
        """What these outputs are, where the inputs are the arguments."""
        known = dict(zip(inputs, args, strict=True))
        return self._all(outputs, known)

    def _all(self, wanted: Sequence[Variable], known: dict[Variable, Any]) -> list[Any]:
        """These variables, and what they need; of a branch that is not taken, nothing."""

        def needs(x: Any) -> list[Any]:
            if isinstance(x, Apply):
                return list(x.inputs[:1] if isinstance(x.op, IfElse) else x.inputs)
            return [x.owner] if x.owner is not None and x not in known else []

        for x in list(walk_toposort(wanted, needs)):
            if isinstance(x, Apply) and x.outputs[0] not in known:
                known.update(zip(x.outputs, self._node(x, known), strict=True))
        return [_read(v, known) for v in wanted]

    def _node(self, node: Apply, known: dict[Variable, Any]) -> list[Any]:
        if isinstance(node.op, IfElse):
            return self._all(_branch(node, _read(node.inputs[0], known)), known)
        args = [_read(v, known) for v in node.inputs]
        moves = any(isinstance(a, Value) for a in args)
        name = type(core(node.op)).__name__
        if isinstance(node.op, Scan):
            return unrolled(self.tape, self.run, node, args)
        if isinstance(node.op, OpFromGraph):
            is_one = has_own_derivative(node.op) or name in OPERATIONS
            return self._recorded(node, args) if moves and is_one else self._entered(node, args)
        if not moves:
            return self._folded(node, args, name)
        if name in SAME:
            return args[:1]
        return self._recorded(node, args)

    def _entered(self, node: Apply, args: list[Any]) -> list[Any]:
        return self.run(node.op.inner_inputs, node.op.inner_outputs, args)

    def _folded(self, node: Apply, args: list[Any], name: str) -> list[Any]:
        """What does not depend on X, as it comes out."""
        if isinstance(node.op, RandomVariable):
            self.tape.folded.append(f"{name} ({line(node)})")
        if name == "AllocEmpty":  # whatever is read of it was written before
            return [np.zeros(tuple(int(k) for k in args), node.outputs[0].type.dtype)]
        return executed(node, args)

    def _recorded(self, node: Apply, args: list[Any]) -> list[Any]:
        op, nested = node.op, self.tape.call >= 0
        custom = isinstance(op, OpFromGraph) and is_users(op) and has_own_derivative(op)
        call = -1 if nested else self.tape.begin(told(node), line(node), custom)
        try:
            _check_real(node)
            found = self._found(node, args)
        except UnsupportedError as error:
            if isinstance(error.__cause__, UnsupportedError):  # it has its place, inside of this
                raise
            raise UnsupportedError(f"{error} ({told(node)}, {line(node)})") from error
        if call >= 0:
            read, gave = ([x for x in xs if isinstance(x, Value)] for xs in (args, found))
            self.tape.end(call, read, gave)
            self.pulled[call] = Pulled(node, floats(node, args), args, found)
        return found

    def _found(self, node: Apply, args: list[Any]) -> list[Any]:
        op = core(node.op)
        name = type(op).__name__
        entrywise = getattr(op, "scalar_op", None)
        kind = type(entrywise).__name__ if name == "Elemwise" else name
        executed_ = Executed(self.tape, kind, args, node)
        if name in MOVES:
            return moved(executed_)
        rules = MATRICES if name in MATRICES else OPERATIONS
        if kind in rules:
            found = rules[kind](executed_)
            return list(found) if isinstance(found, list) else [found]
        if isinstance(op, OpFromGraph) and op is node.op:
            return self._entered(node, args)
        raise UnsupportedError(_unknown(node))


def _unknown(node: Apply) -> str:
    if type(core(node.op)).__module__.startswith("pytensor."):
        return "an operation that is not known; write it by others"
    return (
        "an Op of its own, whose forward pass is no graph; write it as "
        "OpFromGraph(inputs, outputs, pullback=…)"
    )


def _check_real(node: Apply) -> None:
    for v in (*node.inputs, *node.outputs):
        if str(getattr(v.type, "dtype", "")).startswith("complex"):
            raise UnsupportedError("complex numbers are not recorded of PyTensor; write it by real")


def _read(v: Variable, known: dict[Variable, Any]) -> Any:
    """What a variable is.

    Raises:
        UnsupportedError: nobody said.
    """
    if v in known:
        return known[v]
    if isinstance(v, Constant):
        return v.data
    if isinstance(v, SharedVariable):
        return v.get_value(borrow=False)
    raise UnsupportedError(f"the graph reads {v}, which is neither X nor a constant")


def _branch(node: Apply, condition: Any) -> list[Variable]:
    """The variables of the branch that is taken."""
    if isinstance(condition, Value):
        raise UnsupportedError(f"a branch by a number of X; compare it (ifelse, {line(node)})")
    half = node.op.n_outs
    return list(node.inputs[1 : 1 + half] if np.all(condition) else node.inputs[1 + half :])
