"""A callable as it ran: recorded by its framework, differentiated exactly, its wrong step named.

What crosses is the record of the forward pass, as JSON; it is made before any gradient is.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from jaxtyping import Float, Inexact

from symgrad.court import program as records
from symgrad.court.blame import Blame
from symgrad.court.errors import InputError
from symgrad.court.judging.mistakes import recognise
from symgrad.court.judging.tolerance import entry_tolerances
from symgrad.court.program import Program
from symgrad.court.records import Matrix, Reference, Sparse
from symgrad.numeric.recording.recording import Recording
from symgrad.symbolic import traced

Square = Inexact[np.ndarray, "n n"]
RECORDERS = ("torch", "jax", "tensorflow")
"""The frameworks that say what they execute."""


class Traced(NamedTuple):
    """A recording, its record as it crossed, and where it was made: exactly, in blocks."""

    recording: Recording
    program: Program
    X: Matrix
    blocks: int
    name: str

    def at(self, X: Matrix, directions: Mapping[str, Sparse], held: frozenset[int]) -> Reference:
        """What is true of the recorded program at X or near it."""
        about = {"blocks": self.blocks, "directions": directions, "held": held}
        return traced.certify(self.program, X, self.name, **about)


def record(
    framework: str, f: Callable[..., Any], M: Square, X: Matrix, blocks: int, dtype: str, name: str
) -> Traced:
    """Run f forward at M (n×n), X exactly, and write down what was executed.

    Raises:
        InputError: the framework does not say what it executes, or f cannot be recorded; in one
            line that says what to do.
    """
    if framework not in RECORDERS:
        raise InputError(
            f"{framework} does not tell what f executes; give function=, a name of the catalogue or "
            f"a definition in SymPy, or write f in {', '.join(RECORDERS)}"
        )
    recorder = importlib.import_module(f"symgrad.numeric.recording.{framework}")
    recording = recorder.record(f, M, dtype, name)
    return Traced(recording, records.read(records.write(recording.program)), X, blocks, name)


def blame(run: Traced, reference: Reference, dtype: str) -> tuple[Blame, ...]:
    """The calls whose vector–Jacobian products are wrong by more than rounding, worst first.

    Each call alone is asked for its product at the values that it had, with the exact cotangents of
    what it gave; what it is off by is carried on to X exactly, so that no convention is blamed.
    """
    cotangents = traced.cotangents(run.program, run.X)
    tolerances = entry_tolerances(reference, None, dtype)
    found = []
    for number, call in enumerate(run.program.calls):
        given = [_or_zeros(cotangents[k], run.program.shapes[k]) for k in call.outputs]
        if call.inputs and any(np.any(G) for G in given):
            true = traced.pullback(run.program, run.X, number, given)
            told = _told(run.recording, number, given, true)
            share = _share(run, call.inputs, told, true, tolerances)
            if share > 1:
                found.append(_blame(run.program, number, told, true, share))
    return tuple(sorted(found, key=lambda b: -b.share))


def _or_zeros(G: np.ndarray | None, shape: Sequence[int]) -> np.ndarray:
    return np.zeros(shape) if G is None else G


def _told(
    recording: Recording, number: int, given: list[np.ndarray], true: list[np.ndarray]
) -> list[np.ndarray]:
    """The framework's own product; not finite where it raises an error."""
    try:
        return [np.asarray(G, float) for G in recording.pullback(number, given)]
    except Exception:  # whatever the user's backward raises
        return [np.full_like(G, np.nan) for G in true]


def _share(
    run: Traced,
    inputs: Sequence[int],
    told: list[np.ndarray],
    true: list[np.ndarray],
    tolerances: Float[np.ndarray, "n n"],
) -> float:
    """How much of the gradient's error is by this call, in units of what rounding explains."""
    off = {k: a - b for k, a, b in zip(inputs, told, true, strict=True)}
    if not all(np.all(np.isfinite(x)) for x in off.values()):
        return float("inf")
    carried = traced.carried(run.program, run.X, off, run.blocks)
    return float(np.max(np.abs(carried) / tolerances))


def _blame(
    program: Program, number: int, told: list[np.ndarray], true: list[np.ndarray], share: float
) -> Blame:
    call = program.calls[number]
    mistakes = [recognise(a, b, _is_symmetric(b)) for a, b in zip(told, true, strict=True)]
    mistake, factor = next((m for m in mistakes if m[0]), (None, None))
    about = {"name": call.name, "line": call.line, "custom": call.custom}
    return Blame(call=number, share=share, mistake=mistake, factor=factor, **about)


def _is_symmetric(M: np.ndarray) -> bool:
    """Whether the right cotangent is that of symmetric matrices."""
    is_square = M.ndim >= 2 and M.shape[-1] == M.shape[-2]
    return is_square and bool(np.array_equal(M, M.swapaxes(-1, -2)))
