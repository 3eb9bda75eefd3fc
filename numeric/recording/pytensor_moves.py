"""What only moves data in PyTensor, by its own action on positions."""

from __future__ import annotations

from typing import Any

import numpy as np
from pytensor.tensor.subtensor import indices_from_subtensor

from symgrad.numeric.recording import composites
from symgrad.numeric.recording.pytensor_nodes import executed
from symgrad.numeric.recording.pytensor_operations import Executed
from symgrad.numeric.recording.tape import Array, Value

ALL, FIRST, BUT_FIRST = slice(None), slice(0, 1), slice(1, None)
WRITES = ("IncSubtensor", "AdvancedIncSubtensor", "AdvancedIncSubtensor1")
MOVES: dict[str, slice] = {
    **dict.fromkeys(("DimShuffle", "Reshape", "Subtensor", "AdvancedSubtensor"), FIRST),
    **dict.fromkeys(("AdvancedSubtensor1", "Split", "Alloc", "ExtractDiag", "Repeat"), FIRST),
    **dict.fromkeys(("JoinDims", "SplitDims", "PermuteRowElements"), FIRST),
    **dict.fromkeys(("FillDiagonal", "FillDiagonalOffset"), slice(0, 2)),
    **dict.fromkeys(("MakeVector", "BlockDiagonal"), ALL),
    "Join": BUT_FIRST,
    **dict.fromkeys(WRITES, slice(0, 2)),
}
"""Which of the arguments are data; the others say where."""


def moved(e: Executed) -> list[Value]:
    """What a node gives that only moves data, or adds some of it to the rest."""
    name = type(e.op).__name__
    if name in WRITES:
        return [_written(e, name)]
    data = list(range(len(e.args)))[MOVES[name]]
    values = [e.tape.value(e.args[k]) for k in data]

    def move(places: list[Array], k: int) -> Array:
        given = list(e.args)
        for place, p in zip(data, places, strict=True):
            given[place] = p
        return np.asarray(executed(e.node, given)[k]).astype(int)

    outputs = range(len(e.node.outputs))
    return [composites.moved(e.tape, values, lambda p, k=k: move(p, k)) for k in outputs]


def _written(e: Executed, name: str) -> Value:
    """x with y set, or added, at the entries that its indices name."""
    t, x, y = e.tape, e.tape.value(e.args[0]), e.tape.value(e.args[1])
    where = x.places[_indices(e, name)]
    u = t.broadcast(y, where.shape)
    if e.op.set_instead_of_inc:
        return t.put(x, where, u)
    if getattr(e.op, "ignore_duplicates", False):
        return t.put(x, where, t.binary("add", t.take(x, where), u))
    return t.put_add(x, where, u)


def _indices(e: Executed, name: str) -> tuple[Any, ...]:
    """The index as NumPy has it."""
    given = e.args[2:]
    if name == "AdvancedIncSubtensor1":
        return (given[0],)
    return tuple(indices_from_subtensor(given, e.op.idx_list))
