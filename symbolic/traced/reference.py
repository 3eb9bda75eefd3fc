"""What is true of a program at X: f and its symmetric gradient, enclosed; what rounding does."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from fractions import Fraction
from functools import partial
from itertools import chain
from typing import NamedTuple

import numpy as np
from flint import arb, ctx
from jaxtyping import Float

from symgrad.court.judging.tolerance import norm
from symgrad.court.program import Program
from symgrad.court.references import Ball, Direction, Matrix, Reference, Sparse
from symgrad.symbolic.algebra import Rows
from symgrad.symbolic.certified.enclosure import precision, to_arb, to_ball
from symgrad.symbolic.certified.reference import (
    around_zero,
    contract,
    out_of_range,
    to_enclosure,
)
from symgrad.symbolic.traced import blocked, jets, noise, quotient, smooth
from symgrad.symbolic.traced.balls import Balls
from symgrad.symbolic.traced.decisions import RefusedError, UndecidedError
from symgrad.symbolic.traced.noise import Rounding
from symgrad.symbolic.traced.numbers import Array, Decision
from symgrad.symbolic.traced.scalars import ZERO
from symgrad.symbolic.traced.sweep import Course, Sweep, placed
from symgrad.symbolic.traced.tangents import Tangents

FIRST_BITS, MOST_BITS = 256, 2048
RELATIVE_RADIUS = Fraction(1, 2**107)
"""Less than 10⁻³²."""
NOTHING: frozenset[int] = frozenset()

Square = Float[np.ndarray, "n n"]
Balls2 = list[list[Ball]]


def certify(
    program: Program,
    X: Matrix,
    name: str,
    *,
    blocks: int = 1,
    directions: Mapping[str, Sparse] = {},
    held: frozenset[int] = NOTHING,
    along: Rows = (),
) -> Reference:
    """What is true of the program, under a name, at an exact symmetric X (n×n).

    With ``blocks`` = 2, at the Hermitian A + iB that X = [[A, −B], [B, A]] stands for.  ``held``
    are numbers of values, of ``hold`` steps, that are taken for constants.  What has no derivative
    is refused, at the user's line.  With ``along``, a symmetric E (n×n, of integers), f is
    X → ⟨S(X), E⟩, so that S is its Hessian along E.
    """
    floats = np.array([[float(x) for x in row] for row in X])
    E = _parts(along, blocks)
    about = (name, "", dict[str, str](), floats)
    try:
        course = Course(program, held, E)
        known = _precisely(course, X, blocks)
        value, S = known.value, known.S
        noise.check_gauge(course, blocked.split(floats, blocks))
        rounding, sensitivity = _rounding(course, floats, blocks, known)
        enclosed = to_enclosure(S)
        strange = out_of_range(floats, value, enclosed, sensitivity)
    except (RefusedError, OverflowError) as error:
        strange = str(error)
    if strange:
        nothing = np.zeros((0, 0))
        return Reference(*about, None, None, (), nothing, "traced", strange)
    if not held:  # f moves with what is held
        quotient.check(program, X, blocks, E, S, name, known.f, known.moves)
    slopes = tuple(Direction(key, D, contract(S, D)) for key, D in directions.items())
    return Reference(
        *about,
        value,
        enclosed,
        slopes,
        sensitivity,
        "traced",
        hermitian=blocks == 2,
        kinks=noise.kinks(program, norm(floats), known.decided, rounding.decisions),
        roundoff=rounding.S,
        value_roundoff=rounding.value,
    )


class Known(NamedTuple):
    """f and S (n×n) in balls, what steps decide on, and whether eigenvalues are equal on the way.

    ``f`` is the value as Arb has it, at so many ``bits``; ``moves`` says which entries of all
    values depend on X, if that is so beside X too.
    """

    value: Ball
    S: Balls2
    decided: dict[int, Decision]
    is_tied: bool
    f: quotient.Valued
    moves: list[Array] | None


def _parts(E: Rows, blocks: int) -> list[Array]:
    """A real direction, by the parts that X has; nothing of none."""
    real = np.array(E, float)
    return [real, np.zeros(real.shape)][:blocks] if len(E) else []


def _precisely(course: Course, X: Matrix, blocks: int) -> Known:
    """f and S, with more bits until the radii are below 10⁻³² of the largest entry.

    Where all entries may be 0, as where f is smallest, they are below 10⁻³² of what X and roundings
    move S by, and S is 0.

    Raises:
        RefusedError: there is no derivative, or it is not known within the most bits.
    """
    bits = FIRST_BITS
    while True:
        try:
            with precision(bits):
                known, is_sharp = _swept(course, X, blocks)
                if is_sharp:
                    return known
                if _is_zero(known.S, partial(_size, course, X, blocks, known)):
                    return known._replace(S=[[around_zero(b) for b in row] for row in known.S])
        except UndecidedError:
            if 2 * bits > MOST_BITS:
                raise
        if 2 * bits > MOST_BITS:
            raise RefusedError("domain", f"no enclosure to 32 digits within {MOST_BITS} bits")
        bits *= 2


def _is_zero(S: Balls2, size: Callable[[], Fraction]) -> bool:
    """Whether S may be 0, and is less than 10⁻³² of the size of what it would be compared with."""
    balls = [b for row in S for b in row]
    if not all(abs(b.mid) <= b.radius for b in balls):
        return False
    return max(abs(b.mid) + b.radius for b in balls) < RELATIVE_RADIUS * size()


def _size(course: Course, X: Matrix, blocks: int, known: Known) -> Fraction:
    """‖X‖·‖∂S/∂X‖, and what roundings move S by, in float64; 0 where that is out of range."""
    floats = np.array([[float(x) for x in row] for row in X])
    rounding, sensitivity = _rounding(course, floats, blocks, known)
    size = norm(floats) * norm(sensitivity) + float(np.max(rounding.S, initial=0))
    return Fraction(size) if math.isfinite(size) else Fraction(0)


def _swept(course: Course, X: Matrix, blocks: int) -> tuple[Known, bool]:
    """The same at the precision in force, and whether that is enough.

    Raises:
        UndecidedError: a value is not finite.
    """
    inputs = blocked.inputs(X, blocks)
    N = smooth.balls(course.program, inputs)
    value, found, moves = (_twice if course.along else _once)(N, course, inputs)
    if not value.is_finite():
        raise UndecidedError("domain", "f is not finite here")
    nothing = np.full(inputs[0].shape, ZERO, object)
    S = blocked.symmetrized([nothing if g is None else g for g in found])
    if not all(x.is_finite() for x in S.flat):
        raise UndecidedError("domain", "the derivative is not finite here")
    lower = [x for i, row in enumerate(S.tolist()) for x in row[: i + 1]]
    largest = ZERO
    for x in lower:
        largest = largest.max(abs(x.mid()))
    most = (largest if largest > 0 else 1) * to_arb(RELATIVE_RADIUS)
    is_sharp = all(x.rad() <= most for x in lower)
    f = quotient.Valued(value, ctx.prec)
    return Known(to_ball(value), _symmetric(S), N.decided, bool(N.tied), f, moves), is_sharp


def _once(
    N: Balls, course: Course, inputs: list[Array]
) -> tuple[arb, list[Array | None], list[Array] | None]:
    """f, the cotangents of its inputs, and which entries of its values depend on them.

    The last is not told where eigenvalues are equal, as beside X they are not.
    """
    program, held = course.program, course.held
    sweep = Sweep(N, program, inputs, held)
    found = smooth.back(sweep, N, inputs, {program.output: np.ones(())})
    if not all(map(_is_finite, found[: len(inputs)])):
        raise _unbounded(program, found)
    return sweep.value.item(), found[: len(inputs)], None if N.tied else sweep.moves


def _is_finite(G: Array | None) -> bool:
    return G is None or all(x.is_finite() for x in G.flat)


def _unbounded(program: Program, found: Sequence[Array | None]) -> RefusedError:
    """What is said of cotangents that are not finite, with the last step that made one."""
    error = UndecidedError("domain", "the derivative is not finite here")
    after = len(found)
    for step in reversed(program.steps):
        outputs = range(after - len(step.shapes), after)
        after -= len(step.shapes)
        given = all(_is_finite(found[k]) for k in outputs)
        if given and not all(_is_finite(found[k]) for k in step.inputs):
            return placed(program, step, error)
    return error


def _twice(N: Balls, course: Course, inputs: list[Array]) -> tuple[arb, list[Array | None], None]:
    """⟨S, E⟩, and how the cotangents of the inputs move along E.

    Raises:
        ArithmeticError: f and S move differently.
    """
    T, output = Tangents(N), course.program.output
    E = [N.constant(part) for part in course.along]
    sweep = Sweep(T, course.program, list(map(T.join, inputs, E)), course.held)
    if N.tied:
        return *jets.hessian(course, inputs), None
    found = sweep.back({output: T.constant(np.ones(()))})[: len(inputs)]
    pairs = [(T.values(g), e) for g, e in zip(found, E, strict=True) if g is not None]
    slope = T.slopes(sweep.value).item()
    if not slope.overlaps(sum(((g * e).sum() for g, e in pairs), ZERO)):
        raise ArithmeticError("f and its gradient move differently; no verdict is possible")
    return slope, [None if g is None else T.slopes(g) for g in found], None


def _symmetric(S: Array) -> Balls2:
    """S, whose entries on both sides of the diagonal are one object."""
    lower = [[to_ball(x) for x in row[: i + 1]] for i, row in enumerate(S)]
    n = len(lower)
    return [[lower[max(i, j)][min(i, j)] for j in range(n)] for i in range(n)]


def _rounding(course: Course, X: Square, blocks: int, known: Known) -> tuple[Rounding, Square]:
    """What roundings on the way move, and how S moves with X (n×n)."""
    inputs = blocked.split(X, blocks)
    n = len(inputs[0])
    along = partial(blocked.directions, n, blocks)
    S: Iterable[Array]
    there = noise.beside(inputs, blocked.dimension(n, blocks), along, known.is_tied)
    if known.is_tied:  # float64 divides by 0 there; what is true beside tells how S moves
        rounding = Rounding(np.zeros(X.shape), 0.0, {})
        S = (_floats_near(course, chunk) for chunk in there.chunks)
    else:
        about = (course, blocked.symmetrized, known.decided)
        rounding, first = noise.rounding(*about, inputs, there.chunks[0])
        others = (noise.symmetrized_gradients(*about, chunk) for chunk in there.chunks[1:])
        S = chain([first], others)
    sensitivity = noise.sensitivity(there, S)
    if not (np.all(np.isfinite(rounding.S)) and np.all(np.isfinite(sensitivity))):
        raise RefusedError("domain", "float64 cannot compute the gradient of f here")
    return rounding, sensitivity


def _floats_near(course: Course, inputs: Sequence[Array]) -> Float[np.ndarray, "k n n"]:
    """S at k matrices of floats beside X, rounded."""
    found, blocks = [], len(inputs)
    for parts in zip(*inputs, strict=True):
        A, B = parts[0], parts[-1]
        M = A if blocks == 1 else np.block([[A, -B], [B, A]])
        X = tuple(tuple(map(Fraction, row)) for row in M.tolist())
        known = _precisely(course, X, blocks)
        found.append([[float(b.mid) for b in row] for row in known.S])
    return np.array(found)
