"""Cotangents by balls, also where eigenvalues are equal and what is made of them is smooth."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from flint import arb

from symgrad.court.program import Program
from symgrad.symbolic.traced import ties
from symgrad.symbolic.traced.balls import Balls
from symgrad.symbolic.traced.decisions import RefusedError
from symgrad.symbolic.traced.numbers import Array
from symgrad.symbolic.traced.rationals import Exactly
from symgrad.symbolic.traced.scalars import ZERO
from symgrad.symbolic.traced.sweep import Sweep, placed

Seeds = Mapping[int, Array]
"""float64 cotangents of some values, by number."""


def balls(program: Program, inputs: Sequence[Array], turn: ties.Turn = lambda *_: None) -> Balls:
    """The numbers to run the program over."""
    return Balls(Exactly(program, inputs), turn)


def back(
    sweep: Sweep, N: Balls, inputs: Sequence[Array], seeds: Seeds, call: int | None = None
) -> list[Array | None]:
    """The cotangents of all values, from some; through the steps of one call alone.

    Raises:
        RefusedError: eigenvalues are equal, and what has these cotangents is not smooth there.
    """
    if N.tied:
        try:
            N.within = ties.blocks(N.tied, lambda turn: _turned(sweep, inputs, seeds, call, turn))
        except RefusedError as error:
            (step, _), *others = N.tied.values()
            raise error if others else placed(sweep.program, step, error) from error
    return sweep.back({k: N.constant(g) for k, g in seeds.items()}, call)


def _turned(
    plain: Sweep, inputs: Sequence[Array], seeds: Seeds, call: int | None, turn: ties.Turn
) -> ties.Cotangents:
    """What the seeds make of their values, and the cotangents of what tied steps give.

    In turned bases of their eigenspaces.
    """
    N = balls(plain.program, inputs, turn)
    sweep = Sweep(N, plain.program, inputs, plain.held)
    there = {k: N.constant(g) for k, g in seeds.items()}
    found = sweep.back(there, call)
    products = [np.asarray(g * sweep.values[k], object) for k, g in there.items()]
    f = sum((x for product in products for x in product.flat), ZERO)
    told: ties.Cotangents = {}
    count = 0
    for step in plain.program.steps:
        if id(step) in N.tied:
            V = slice(count + 1, count + len(step.shapes))
            told[id(step)] = ties.Told(arb(f), found[count], found[V], sweep.values[V])
        count += len(step.shapes)
    return told
