"""The check without a derivative rule: the difference quotient of enclosed values."""

from __future__ import annotations

import random
from collections.abc import Sequence
from itertools import combinations_with_replacement

import numpy as np
from flint import arb, fmpq

from symgrad.court.program import Program
from symgrad.court.references import Ball, Matrix
from symgrad.symbolic.certified.enclosure import precision
from symgrad.symbolic.traced import blocked
from symgrad.symbolic.traced.balls import Balls
from symgrad.symbolic.traced.decisions import RefusedError, UndecidedError
from symgrad.symbolic.traced.numbers import Array
from symgrad.symbolic.traced.sweep import Sweep

BITS = (256, 512)
"""The precisions, of which the first that tells is enough; a fourth of each is its step."""
AGREE = 2.0**-80
"""To so many parts the difference quotient is the slope: of the steps, 2⁻⁶⁴ and 2⁻¹²⁸, whose
squares it is off by, much is left."""
NEAR = 2.0**-64
"""The same of a slope near 0, in parts of f."""


def check(
    program: Program,
    X: Matrix,
    blocks: int,
    along: Sequence[Array],
    S: list[list[Ball]],
    name: str,
) -> None:
    """Hold ⟨S, D⟩, by rules, against the difference quotient of f, by values alone.

    If S is a Hessian, ``along`` are the parts of its direction, and the quotient is a mixed one, of
    second order.

    Raises:
        ArithmeticError: they contradict each other.
    """
    n = len(X) // blocks
    D = _direction(n, blocks, random.Random(f"{name} {n}"))
    whole = np.block([[D[0], -D[1]], [D[1], D[0]]]) if blocks == 2 else D[0]
    flat = [fmpq(b.mid.numerator, b.mid.denominator) for row in S for b in row]
    terms = [mid * int(e) for mid, e in zip(flat, whole.flat, strict=True)]
    slope, scale = sum(terms, fmpq(0)), sum(map(abs, terms), fmpq(0))
    for bits in BITS:
        with precision(bits):
            try:
                h = arb(2) ** (-bits // 4)
                f, quotient = _quotient(program, blocked.inputs(X, blocks), D, along, h)
            except RefusedError as error:
                if bits == BITS[-1] and not isinstance(error, UndecidedError):
                    raise
                continue  # what is undecided, or decided otherwise so far off, tells nothing
            off = abs(quotient - arb(slope))
            most = arb(scale) * AGREE + NEAR * (1 + abs(f))
            if off <= most:
                return
            if off > most and bits == BITS[-1]:
                raise ArithmeticError(
                    f"{name}: the derivative by rules and the difference quotient contradict each "
                    "other; no verdict is possible"
                )


def _direction(n: int, blocks: int, rng: random.Random) -> list[Array]:
    """Some direction of small integers in X (n×n), by its parts."""
    E = [np.zeros((n, n), int) for _ in range(blocks)]
    for i, j in combinations_with_replacement(range(n), 2):
        E[0][i, j] = E[0][j, i] = rng.randint(-8, 8)
        if blocks == 2 and i != j:
            E[1][i, j] = rng.randint(-8, 8)
            E[1][j, i] = -E[1][i, j]
    return E


def _quotient(
    program: Program, inputs: Sequence[Array], D: Sequence[Array], along: Sequence[Array], h: arb
) -> tuple[arb, arb]:
    """f beside X, and its central difference quotient with the step h along D, or along both."""
    ends = []
    for sign in (1, -1):
        parts = enumerate(zip(inputs, D, strict=True))
        moved = [_moved(M, e, h * sign, k) for k, (M, e) in parts]
        if along:
            ends.append(_quotient(program, moved, along, (), h))
        else:
            value = Sweep(Balls(), program, moved).value.item()
            ends.append((value, value))
    return ends[0][0], (ends[0][1] - ends[1][1]) / (2 * h)


def _moved(M: Array, E: Array, h: arb, part: int) -> Array:
    """M + hE, of which what is equal is one object again; part 1 is skew."""
    moved = M.copy()
    for i in range(len(M)):
        for j in range(i + 1):
            moved[i, j] = M[i, j] + h * int(E[i, j])
            moved[j, i] = moved[i, j] if part == 0 else -moved[i, j]
    return moved
