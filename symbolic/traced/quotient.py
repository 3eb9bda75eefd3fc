"""The check without a derivative rule: the difference quotient of enclosed values."""

from __future__ import annotations

import random
from fractions import Fraction
from itertools import combinations_with_replacement

import numpy as np
from flint import arb

from symgrad.court.program import Program
from symgrad.court.records import Ball, Matrix
from symgrad.symbolic.certified.enclosure import precision, to_arb
from symgrad.symbolic.traced import blocked
from symgrad.symbolic.traced.balls import Balls
from symgrad.symbolic.traced.decisions import UndecidedError
from symgrad.symbolic.traced.numbers import Array
from symgrad.symbolic.traced.sweep import Sweep

BITS = 512
"""The precision; a fourth of it is the step."""
AGREE = 2.0**-80
"""To so many parts the difference quotient is the slope: of the step, 2⁻¹²⁸, much is left."""


def check(
    program: Program, X: Matrix, blocks: int, held: frozenset[int], S: list[list[Ball]], name: str
) -> None:
    """Hold ⟨S, E⟩, by rules, against the difference quotient of f, by values alone.

    Raises:
        ArithmeticError: they contradict each other.
    """
    if held:  # f moves with what is held
        return
    n = len(X) // blocks
    rng = random.Random(f"{name} {n}")
    with precision(BITS):
        inputs = blocked.inputs(X, blocks)
        E = [np.zeros((n, n), int) for _ in inputs]
        for i, j in combinations_with_replacement(range(n), 2):
            E[0][i, j] = E[0][j, i] = rng.randint(-8, 8)
            if blocks == 2 and i != j:
                E[1][i, j] = rng.randint(-8, 8)
                E[1][j, i] = -E[1][i, j]
        h = arb(2) ** (-BITS // 4)
        ends = []
        for sign in (1, -1):
            try:
                moved = [
                    _moved(M, e, h * sign, k)
                    for k, (M, e) in enumerate(zip(inputs, E, strict=True))
                ]
                ends.append(Sweep(Balls(), program, moved).value.item())
            except UndecidedError:
                return  # what is undecided so near tells nothing
        quotient = (ends[0] - ends[1]) / (2 * h)
        whole = np.block([[E[0], -E[1]], [E[1], E[0]]]) if blocks == 2 else E[0]
        flat = [b.mid for row in S for b in row]
        terms = [mid * int(e) for mid, e in zip(flat, whole.flat, strict=True)]
        slope, scale = sum(terms, Fraction(0)), sum(map(abs, terms), Fraction(0))
        off = abs(quotient - to_arb(slope))
        if off > to_arb(scale) * AGREE + arb(2) ** (-BITS // 8) * (1 + abs(ends[0])):
            raise ArithmeticError(
                f"{name}: the derivative by rules and the difference quotient contradict each "
                "other; no verdict is possible"
            )


def _moved(M: Array, E: Array, h: arb, part: int) -> Array:
    """M + hE, of which what is equal is one object again; part 1 is skew."""
    moved = M.copy()
    for i in range(len(M)):
        for j in range(i + 1):
            moved[i, j] = M[i, j] + h * int(E[i, j])
            moved[j, i] = moved[i, j] if part == 0 else -moved[i, j]
    return moved
