"""Cotangents of single values of a program, rounded: for who asks which step is wrong."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np
from jaxtyping import Float

from symgrad.court.program import Program
from symgrad.court.references import Matrix
from symgrad.symbolic.certified.enclosure import precision
from symgrad.symbolic.traced import blocked, smooth
from symgrad.symbolic.traced.decisions import UndecidedError
from symgrad.symbolic.traced.numbers import Array
from symgrad.symbolic.traced.reference import FIRST_BITS, MOST_BITS, NOTHING
from symgrad.symbolic.traced.sweep import Sweep

Square = Float[np.ndarray, "n n"]


def cotangents(
    program: Program, X: Matrix, blocks: int = 1, held: frozenset[int] = NOTHING
) -> list[Array | None]:
    """∂f/∂v of every value v of the program, in its shape, rounded; None where f has none of it.

    Raises:
        RefusedError: f has no derivative here.
    """

    def swept() -> list[Array | None]:
        return _back(program, X, blocks, {program.output: np.ones(())}, held=held)

    return [None if g is None else _rounded(g) for g in _decided(swept)]


def pullback(
    program: Program, X: Matrix, call: int, given: Sequence[Array], blocks: int = 1
) -> list[Array]:
    """The vector–Jacobian product of one call alone, of float64 cotangents of its outputs.

    One array per input of the call, in its shape, rounded; the values are those at X, exactly.

    Raises:
        RefusedError: it has no derivative here.
    """
    about = program.calls[call]

    def swept() -> list[Array | None]:
        seeds = dict(zip(about.outputs, given, strict=True))
        return _back(program, X, blocks, seeds, call)

    found, shapes = _decided(swept), program.shapes
    mine = ((shapes[k], found[k]) for k in about.inputs)
    return [np.zeros(shape) if g is None else _rounded(g) for shape, g in mine]


def values(program: Program, X: Matrix, numbers: Sequence[int], blocks: int = 1) -> list[Array]:
    """What some values are at X, in their shapes, rounded.

    Raises:
        RefusedError: a step before them has none here.
    """

    def swept() -> list[Array | None]:
        inputs = blocked.inputs(X, blocks)
        return list(Sweep(smooth.balls(program, inputs), program, inputs).values)

    found = _decided(swept)
    return [_rounded(x) for x in (found[k] for k in numbers) if x is not None]


def carried(program: Program, X: Matrix, seeds: Mapping[int, Array], blocks: int = 1) -> Square:
    """What cotangents of some values add to S (n×n, in blocks), rounded.

    Raises:
        RefusedError: a step before them has no derivative here.
    """

    def swept() -> list[Array | None]:
        return _back(program, X, blocks, seeds)

    found = _decided(swept)
    n = len(X) // blocks
    parts = [np.zeros((n, n)) if g is None else _rounded(g) for g in found[:blocks]]
    return np.asarray(blocked.symmetrized(parts))


def _back(
    program: Program,
    X: Matrix,
    blocks: int,
    seeds: Mapping[int, Array],
    call: int | None = None,
    held: frozenset[int] = NOTHING,
) -> list[Array | None]:
    inputs = blocked.inputs(X, blocks)
    N = smooth.balls(program, inputs)
    return smooth.back(Sweep(N, program, inputs, held), N, inputs, seeds, call)


def _decided(swept: Callable[[], list[Array | None]]) -> list[Array | None]:
    """What a sweep gives, with more bits until all is decided."""
    bits = FIRST_BITS
    while True:
        try:
            with precision(bits):
                return swept()
        except UndecidedError:
            if 2 * bits > MOST_BITS:
                raise
            bits *= 2


def _rounded(x: Array) -> Array:
    return np.asarray(np.frompyfunc(lambda entry: float(entry.mid()), 1, 1)(x), float)
