"""What is true of a program at X: f and its symmetric gradient, enclosed; what rounding does."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from functools import partial
from itertools import combinations_with_replacement

import numpy as np
from flint import arb
from jaxtyping import Float

from symgrad.court.program import Program
from symgrad.court.records import Ball, Direction, Matrix, Reference, Sparse
from symgrad.symbolic.certified.enclosure import precision, to_arb, to_ball
from symgrad.symbolic.certified.reference import contract, out_of_range, to_enclosure
from symgrad.symbolic.traced import noise, ties
from symgrad.symbolic.traced.balls import ZERO, Balls
from symgrad.symbolic.traced.decisions import RefusedError, UndecidedError
from symgrad.symbolic.traced.numbers import Array
from symgrad.symbolic.traced.sweep import Sweep

FIRST_BITS, MOST_BITS = 192, 1536
RELATIVE_RADIUS = Fraction(1, 10**32)
QUOTIENT_BITS = 512
"""The precision of the check by differences; half of it is the step."""
AGREE = 2.0**-80
"""To so many parts the difference quotient is the slope: of the step, 2⁻¹²⁸, much is left."""
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
) -> Reference:
    """What is true of the program, under a name, at an exact symmetric X (n×n).

    With ``blocks`` = 2, at the Hermitian A + iB that X = [[A, −B], [B, A]] stands for.  ``held``
    are numbers of values, of ``hold`` steps, that are taken for constants.  What has no derivative
    is refused, at the user's line.
    """
    floats = np.array([[float(x) for x in row] for row in X])
    about = (name, "", dict[str, str](), floats)
    try:
        value, S = _precisely(program, X, blocks, held)
        noise.check_gauge(program, _split(floats, blocks), held)
        about_rounding = (program, floats, blocks, held, _is_tied(program, X, blocks, held))
        (roundoff, moved), sensitivity = _rounding(*about_rounding)
        enclosed = to_enclosure(S)
        strange = out_of_range(floats, value, enclosed, sensitivity)
    except (RefusedError, OverflowError) as error:
        strange = str(error)
    if strange:
        nothing = np.zeros((0, 0))
        return Reference(*about, None, None, (), nothing, "traced", strange)
    _check_quotient(program, X, blocks, held, S, name)
    slopes = tuple(Direction(key, D, contract(S, D)) for key, D in directions.items())
    return Reference(
        *about,
        value,
        enclosed,
        slopes,
        sensitivity,
        "traced",
        hermitian=blocks == 2,
        roundoff=roundoff,
        value_roundoff=moved,
    )


def _precisely(
    program: Program, X: Matrix, blocks: int, held: frozenset[int]
) -> tuple[Ball, Balls2]:
    """f and S, with more bits until the radii are below 10⁻³² of the largest entry.

    Raises:
        RefusedError: there is no derivative, or it is not known within the most bits.
    """
    bits = FIRST_BITS
    while True:
        try:
            with precision(bits):
                value, S = _swept(program, X, blocks, held)
                largest = max(abs(b.mid) for row in S for b in row) or Fraction(1)
                if all(b.radius <= RELATIVE_RADIUS * largest for row in S for b in row):
                    return value, S
        except UndecidedError:
            if 2 * bits > MOST_BITS:
                raise
        if 2 * bits > MOST_BITS:
            raise RefusedError("domain", f"no enclosure to 32 digits within {MOST_BITS} bits")
        bits *= 2


def _swept(program: Program, X: Matrix, blocks: int, held: frozenset[int]) -> tuple[Ball, Balls2]:
    """The same at the precision in force.

    Raises:
        UndecidedError: a value is not finite.
    """
    N = Balls()
    sweep = Sweep(N, program, _inputs(X, blocks), held)
    if N.tied:
        N.within = ties.blocks(N.tied, partial(_in_basis, program, _inputs(X, blocks), held))
    value = sweep.value.item()
    if not value.is_finite():
        raise UndecidedError("domain", "f is not finite here")
    found = sweep.back({program.output: np.array(arb(1), object)})[:blocks]
    nothing = np.full(sweep.values[0].shape, ZERO, object)
    S = _symmetrized([nothing if g is None else g for g in found])
    if not all(x.is_finite() for x in S.flat):
        raise UndecidedError("domain", "the derivative is not finite here")
    return to_ball(value), [[to_ball(x) for x in row] for row in S]


def _in_basis(
    program: Program, inputs: list[Array], held: frozenset[int], turn: ties.Turn
) -> ties.Cotangents:
    """f, and the cotangents of what tied steps give, in turned bases of their eigenspaces."""
    N = Balls(turn)
    sweep = Sweep(N, program, inputs, held)
    found = sweep.back({program.output: np.array(arb(1), object)})
    told: ties.Cotangents = {}
    count = 0
    for step in program.steps:
        if id(step) in N.tied:
            told[id(step)] = (
                sweep.value.item(),
                found[count],
                found[count + 1],
                sweep.values[count + 1],
            )
        count += len(step.shapes)
    return told


def _inputs(X: Matrix, blocks: int) -> list[Array]:
    """X, or A and B of [[A, −B], [B, A]], in balls: what is equal is one object."""
    n = len(X) // blocks
    A = np.empty((n, n), object)
    B = np.full((n, n), ZERO, object)
    for i in range(n):
        for j in range(i + 1):
            A[i, j] = A[j, i] = to_arb(X[i][j])
            if blocks == 2 and i != j:
                B[i, j] = to_arb(X[n + i][j])
                B[j, i] = -B[i, j]
    return [A, B][:blocks]


def _split(X: Square, blocks: int) -> list[Array]:
    n = len(X) // blocks
    return [X] if blocks == 1 else [X[:n, :n], X[n:, :n]]


def _symmetrized(cotangents: Sequence[Array]) -> Array:
    """S of the cotangents of X, or of A and B: [[S_A, −S_B], [S_B, S_A]]/2."""
    half = 0.5 if cotangents[0].dtype != object else arb(0.5)
    A = (cotangents[0] + cotangents[0].T) * half
    if len(cotangents) == 1:
        return np.asarray(A)
    B = (cotangents[1] - cotangents[1].T) * half
    return np.asarray(np.block([[A, -B], [B, A]]) * half)


def _rounding(
    program: Program, X: Square, blocks: int, held: frozenset[int], tied: bool
) -> tuple[tuple[Square, float], Square]:
    """How far S and f move by roundings on the way, per unit roundoff, and S with X."""
    inputs = _split(X, blocks)
    about = (program, inputs, held, _symmetrized)
    directions = _directions(len(inputs[0]), blocks)
    if tied:  # float64 divides by 0 there; what is true beside tells how S moves
        roundoff = (np.zeros(X.shape), 0.0)
        at = partial(_floats_near, program, held)
    else:
        roundoff = noise.roundoff(*about)
        at = partial(noise.symmetrized_gradient, program, held, _symmetrized)
    sensitivity = noise.sensitivity(inputs, directions, at)
    if not (np.all(np.isfinite(roundoff[0])) and np.all(np.isfinite(sensitivity))):
        raise RefusedError("domain", "float64 cannot compute the gradient of f here")
    return roundoff, sensitivity


def _is_tied(program: Program, X: Matrix, blocks: int, held: frozenset[int]) -> bool:
    with precision(FIRST_BITS):
        N = Balls()
        Sweep(N, program, _inputs(X, blocks), held)
        return bool(N.tied)


def _floats_near(program: Program, held: frozenset[int], inputs: Sequence[Array]) -> Square:
    """S at matrices of floats beside X, rounded."""
    if len(inputs) > 1:
        raise RefusedError("spectrum", "equal eigenvalues of a Hermitian matrix are not looked at")
    X = tuple(tuple(map(Fraction, row)) for row in inputs[0].tolist())
    _, S = _precisely(program, X, 1, held)
    return np.array([[float(b.mid) for b in row] for row in S])


def _directions(n: int, blocks: int) -> list[list[Array]]:
    """Orthogonal directions of norm 1 in X, as its blocks have it; each by its parts."""
    found = []
    for i, j in combinations_with_replacement(range(n), 2):
        E = np.zeros((n, n))
        E[i, j] = E[j, i] = 1.0
        size = float(np.linalg.norm(E)) * np.sqrt(blocks)
        found.append([E / size, np.zeros((n, n))][:blocks])
        if blocks == 2 and i != j:
            K = np.zeros((n, n))
            K[i, j], K[j, i] = -1.0, 1.0
            found.append([np.zeros((n, n)), K / size])
    return found


def _check_quotient(
    program: Program, X: Matrix, blocks: int, held: frozenset[int], S: Balls2, name: str
) -> None:
    """Hold ⟨S, E⟩, by rules, against the difference quotient of f, by values alone.

    Raises:
        ArithmeticError: they contradict each other.
    """
    if held:  # f moves with what is held
        return
    n = len(X) // blocks
    rng = random.Random(f"{name} {n}")
    with precision(QUOTIENT_BITS):
        inputs = _inputs(X, blocks)
        E = [np.zeros((n, n), int) for _ in inputs]
        for i, j in combinations_with_replacement(range(n), 2):
            E[0][i, j] = E[0][j, i] = rng.randint(-8, 8)
            if blocks == 2 and i != j:
                E[1][i, j] = rng.randint(-8, 8)
                E[1][j, i] = -E[1][i, j]
        h = arb(2) ** (-QUOTIENT_BITS // 4)
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
        if off > to_arb(scale) * AGREE + arb(2) ** (-QUOTIENT_BITS // 8) * (1 + abs(ends[0])):
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


def cotangents(
    program: Program, X: Matrix, blocks: int = 1, held: frozenset[int] = NOTHING
) -> list[Array | None]:
    """∂f/∂v of every value v of the program, in its shape, rounded; None where f has none of it.

    Raises:
        RefusedError: f has no derivative here.
    """

    def swept() -> list[Array | None]:
        sweep = Sweep(Balls(), program, _inputs(X, blocks), held)
        return sweep.back({program.output: np.array(arb(1), object)})

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
        N = Balls()
        sweep = Sweep(N, program, _inputs(X, blocks))
        seeds = {k: N.constant(g) for k, g in zip(about.outputs, given, strict=True)}
        return sweep.back(seeds, call)

    found, shapes = _decided(swept), program.shapes
    mine = ((shapes[k], found[k]) for k in about.inputs)
    return [np.zeros(shape) if g is None else _rounded(g) for shape, g in mine]


def carried(program: Program, X: Matrix, seeds: Mapping[int, Array], blocks: int = 1) -> Square:
    """What cotangents of some values add to S (n×n, in blocks), rounded.

    Raises:
        RefusedError: a step before them has no derivative here.
    """

    def swept() -> list[Array | None]:
        N = Balls()
        sweep = Sweep(N, program, _inputs(X, blocks))
        return sweep.back({k: N.constant(g) for k, g in seeds.items()})

    found = _decided(swept)
    n = len(X) // blocks
    parts = [np.zeros((n, n)) if g is None else _rounded(g) for g in found[:blocks]]
    return np.asarray(_symmetrized(parts))


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
