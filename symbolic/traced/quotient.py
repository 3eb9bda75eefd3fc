"""The check without a derivative rule: the difference quotient of enclosed values."""

from __future__ import annotations

import random
from collections.abc import Sequence
from itertools import combinations_with_replacement
from typing import NamedTuple

import numpy as np
from flint import arb, ctx, fmpq

from symgrad.court.program import Program
from symgrad.court.references import Ball, Matrix
from symgrad.symbolic.certified.enclosure import precision
from symgrad.symbolic.traced import blocked, smooth
from symgrad.symbolic.traced.decisions import RefusedError, UndecidedError
from symgrad.symbolic.traced.numbers import Array
from symgrad.symbolic.traced.sweep import Sweep

BITS = (256, 512)
"""The precisions, of which the first that tells is enough, unless f took more; the step, in units
of X, is half of its bits; of a central quotient a fourth."""
AGREE = 2.0**-80
"""To so many parts the difference quotient is the slope: it is off by about the step, 2⁻¹²⁸, or,
if it is a central one, by the squares of steps of 2⁻⁶⁴ and 2⁻¹²⁸."""
NEAR = 2.0**-64
"""The same of a slope near 0, in parts of f over the unit of X, for each order."""


class Valued(NamedTuple):
    """f, as it was enclosed with so many bits."""

    value: arb
    bits: int


def check(
    program: Program,
    X: Matrix,
    blocks: int,
    along: Sequence[Array],
    S: list[list[Ball]],
    name: str,
    f: Valued,
    moves: Sequence[Array] | None = None,
) -> None:
    """Hold ⟨S, D⟩, by rules, against the difference quotient of f, by values alone.

    If S is a Hessian, ``along`` are the parts of its direction, and the quotient is a mixed one, of
    second order.  ``moves`` says which entries of values depend on X, unless eigenvalues are
    equal.

    Raises:
        ArithmeticError: they contradict each other.
    """
    n, unit = len(X) // blocks, _unit(X)
    D = _direction(n, blocks, random.Random(f"{name} {n}"))
    whole = np.block([[D[0], -D[1]], [D[1], D[0]]]) if blocks == 2 else D[0]
    terms = _terms(S, whole)
    slope, scale = sum(terms, fmpq(0)), sum(map(abs, terms), fmpq(0))
    tried = BITS if along or f.bits <= BITS[0] else (f.bits, 2 * f.bits)
    for bits in tried:
        with precision(bits):
            try:
                here, quotient = (
                    _second(program, X, blocks, D, along, unit)
                    if along
                    else _first(program, X, blocks, D, f, moves, unit)
                )
            except RefusedError as error:
                if bits == tried[-1] and not isinstance(error, UndecidedError):
                    raise
                continue  # what is undecided, or decided otherwise so far off, tells nothing
            off = abs(quotient - arb(slope))
            most = arb(scale) * AGREE + NEAR * (1 + abs(here)) / unit ** (2 if along else 1)
            if off <= most:
                return
            if off > most and bits == tried[-1]:
                raise ArithmeticError(
                    f"{name}: the derivative by rules and the difference quotient contradict each "
                    "other; no verdict is possible"
                )


def _unit(X: Matrix) -> arb:
    """A power of 2 that is as large as X, so that a step is as near in any units."""
    largest = max(abs(float(x)) for row in X for x in row)
    return arb(2) ** int(np.frexp(largest)[1])


def _terms(S: list[list[Ball]], D: Array) -> list[fmpq]:
    """What ⟨S, D⟩ is the sum of; both are symmetric."""
    twice = (np.tril(D) + np.tril(D, -1)).tolist()
    pairs = (pair for row, to in zip(S, twice, strict=True) for pair in zip(row, to, strict=True))
    return [fmpq(b.mid.numerator, b.mid.denominator) * e for b, e in pairs if e]


def _direction(n: int, blocks: int, rng: random.Random) -> list[Array]:
    """Some direction of small integers in X (n×n), by its parts."""
    E = [np.zeros((n, n), int) for _ in range(blocks)]
    for i, j in combinations_with_replacement(range(n), 2):
        E[0][i, j] = E[0][j, i] = rng.randint(-8, 8)
        if blocks == 2 and i != j:
            E[1][i, j] = rng.randint(-8, 8)
            E[1][j, i] = -E[1][i, j]
    return E


def _first(
    program: Program,
    X: Matrix,
    blocks: int,
    D: Sequence[Array],
    f: Valued,
    moves: Sequence[Array] | None,
    unit: arb,
) -> tuple[arb, arb]:
    """f, and its difference quotient along D.

    Where ``moves`` are not known, eigenvalues of X are equal: beside X they have to be apart by
    more, and the quotient is a central one.
    """
    inputs = blocked.inputs(X, blocks)
    if moves is None:
        h = unit * arb(2) ** (-ctx.prec // 4)
        after, before = (_value(program, _beside(inputs, D, h * sign)) for sign in (1, -1))
        return after, (after - before) / (2 * h)
    h = unit * arb(2) ** (-ctx.prec // 2)
    if f.bits < ctx.prec:
        f = Valued(_value(program, inputs, moves), ctx.prec)
    return f.value, (_value(program, _beside(inputs, D, h), moves) - f.value) / h


def _second(
    program: Program,
    X: Matrix,
    blocks: int,
    D: Sequence[Array],
    along: Sequence[Array],
    unit: arb,
) -> tuple[arb, arb]:
    """f beside X, and its mixed central difference quotient, along D and the other direction."""
    h, inputs, ends = unit * arb(2) ** (-ctx.prec // 4), blocked.inputs(X, blocks), []
    for a, b in ((1, 1), (1, -1), (-1, 1), (-1, -1)):
        moved = _beside(_beside(inputs, D, h * a), along, h * b)
        ends.append(_value(program, moved))
    return ends[0], (ends[0] - ends[1] - ends[2] + ends[3]) / (4 * h * h)


def _value(program: Program, inputs: Sequence[Array], moves: Sequence[Array] | None = None) -> arb:
    return Sweep(smooth.balls(program, inputs), program, inputs, moves=moves).value.item()


def _beside(inputs: Sequence[Array], D: Sequence[Array], h: arb) -> list[Array]:
    """X + hD, by its parts."""
    return [_moved(M, e, h, k) for k, (M, e) in enumerate(zip(inputs, D, strict=True))]


def _moved(M: Array, E: Array, h: arb, part: int) -> Array:
    """M + hE, of which what is equal is one object again; part 1 is skew."""
    rows, columns = np.tril_indices(len(M))
    steps = {k: h * k for k in set(E.ravel().tolist())}
    there = M[rows, columns] + np.array([steps[k] for k in E[rows, columns].tolist()], object)
    moved = np.empty_like(M)
    moved[rows, columns] = there
    moved[columns, rows] = there if part == 0 else -there
    return moved
