"""PyTensor's loops: pytensor.scan, whose passes are written down one after the other."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import chain
from typing import Any

import numpy as np
from pytensor.graph.basic import Apply, Variable

from symgrad.numeric.recording.pytensor_nodes import line
from symgrad.numeric.recording.tape import Tape, UnsupportedError, Value

Run = Callable[[Sequence[Variable], Sequence[Variable], Sequence[Any]], list[Any]]
"""What the outputs of a graph are where its inputs are some arguments."""
MOST_PASSES = 2000
"""Loops with more are not unrolled."""


def unrolled(t: Tape, run: Run, node: Apply, args: list[Any]) -> list[Any]:
    """The outputs of a loop: the rows of each state, the first ones among them, and of the rest.

    A state of which earlier rows are read is a buffer, whose rows are written in turn.

    Raises:
        UnsupportedError: it has too many passes, or what only gradients have in them.
    """
    op, info = node.op, node.op.info
    steps = int(args[0])
    if steps > MOST_PASSES or info.n_mit_mot:
        raise UnsupportedError(
            f"a loop of more than {MOST_PASSES} passes (scan, {line(node)}); check it with fewer"
        )
    sequences, fixed = op.outer_seqs(args), op.outer_non_seqs(args)
    taps = [*info.mit_sot_in_slices, *info.sit_sot_in_slices]
    behind = [-min(given) for given in taps]
    buffers = [*op.outer_mitsot(args), *op.outer_sitsot(args)]
    states = [
        [_row(t, x, k) for k in range(before)] for x, before in zip(buffers, behind, strict=True)
    ]
    untraced = list(op.outer_untraced_sit_sot(args))
    rest: list[list[Any]] = [[] for _ in range(info.n_nit_sot)]
    for k in range(steps):
        rows = [_row(t, x, k) for x in sequences]
        earlier = [
            [rows_of[k + before + tap] for tap in given]
            for rows_of, before, given in zip(states, behind, taps, strict=True)
        ]
        given = [*rows, *chain(*earlier), *untraced, *fixed]
        found = run(op.inner_inputs, op.inner_outputs, given)
        for rows_of, new in zip(states, found, strict=False):
            rows_of.append(new)
        for rows_of, new in zip(rest, found[len(states) :], strict=False):
            rows_of.append(new)
        untraced = list(op.inner_untraced_sit_sot_outs(found))
        if info.as_while and _is_over(found[-1], node):
            break
    shapes = [v.type for v in op.inner_outputs[len(states) : len(states) + len(rest)]]
    return [
        *(_stacked(t, rows_of) for rows_of in states),
        *(_stacked(t, rows_of, kind) for rows_of, kind in zip(rest, shapes, strict=True)),
        *untraced,
    ]


def _is_over(x: Any, node: Apply) -> bool:
    if isinstance(x, Value):
        raise UnsupportedError(f"a loop until a number of X; compare it (scan, {line(node)})")
    return bool(np.all(x))


def _row(t: Tape, x: Any, k: int) -> Any:
    return t.take(x, x.places[k]) if isinstance(x, Value) else np.asarray(x)[k]


def _stacked(t: Tape, rows: Sequence[Any], kind: Any = None) -> Any:
    """The rows as one array; of no rows one of that kind."""
    if not rows:
        return np.zeros((0, *(0 if n is None else n for n in kind.shape)), kind.dtype)
    if not any(isinstance(x, Value) for x in rows):
        return np.stack(rows)
    values = [t.value(x) for x in rows]
    return t.reshape(t.cat(values), (len(rows), *values[0].shape))
