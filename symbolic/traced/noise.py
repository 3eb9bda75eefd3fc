"""What rounding does to a program: float64 with every rounding made larger, and X moved.

How far a gradient may be off that was computed step by step is seen from a few seeded runs, as no
bound by norms is near it; that these tell enough of all roundings is postulated, as p(n) is in
:mod:`symgrad.court.judging.tolerance`, and borne out by the tests of right gradients.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from typing import NamedTuple

import numpy as np
from jaxtyping import Float

from symgrad.court.program import Program, Step
from symgrad.court.references import Kink
from symgrad.symbolic.traced.decisions import RefusedError
from symgrad.symbolic.traced.floats import Floats
from symgrad.symbolic.traced.numbers import Array, Decision
from symgrad.symbolic.traced.sweep import Course

Square = Float[np.ndarray, "n n"]
Symmetrized = Callable[[Sequence[Array]], Square]
"""What makes S of the cotangents of the inputs."""

EPSILONS = (2.0**-36, 2.0**-44)
"""How large roundings are made: so far above those of float64 that these do not show; smaller ones
where that leaves the domain of f, or what is in proportion to them."""
LINEAR = 2.0**-12
"""By so much of S, or less, roundings that are made larger may move it: else what they move may not
be in proportion to them."""
SAMPLES = 6
STEP = 2.0**-24
"""Of X, for central differences."""
DIRECTIONS = 24
"""So many directions tell the size of a derivative within a fourth."""
ENTRIES = 2**17
"""A matrix of several runs at once has no more entries."""
SINGLY = 24
"""Up to so many eigenvectors are turned one by one, more of them several at once."""
HALVES = 8
"""So often half of them, drawn by lot, is turned."""
CLOSE = 1e-8
"""What a value may move by, relatively, where the sign of an eigenvector is turned."""


def gradient(course: Course, inputs: Sequence[Array], N: Floats) -> tuple[Array, list[Array]]:
    """f and the cotangents of its inputs, in these numbers; of every run.

    Raises:
        RefusedError: a matrix is singular in float64.
    """
    try:
        with np.errstate(all="ignore"):
            value, found = course.differentiate(N, inputs)
    except np.linalg.LinAlgError as error:
        raise RefusedError("domain", f"float64 cannot compute f here: {error}") from error
    mine = zip(found, inputs, strict=True)
    return value, [np.zeros(X.shape) if g is None else g for g, X in mine]


class Rounding(NamedTuple):
    """What roundings of every step move, per unit roundoff: S, f, and what steps decide on.

    ``decisions`` are by the identity of the step.
    """

    S: Square
    value: float
    decisions: dict[int, Array]


def rounding(
    course: Course,
    symmetrized: Symmetrized,
    known: Mapping[int, Decision],
    inputs: Sequence[Array],
    beside: Sequence[Array],
) -> tuple[Rounding, Float[np.ndarray, "k n n"]]:
    """What they move where everything is decided as it is ``known`` to be.

    And S at the matrices ``beside`` X, by their parts (k×n×n), without them, as one run of many
    takes hardly longer.

    Raises:
        RefusedError: float64 cannot compute f.
    """
    here = _repeated(inputs, 1 + SAMPLES)
    runs = [np.concatenate(pair) for pair in zip(here, beside, strict=True)]

    def spread(epsilon: float) -> tuple[Rounding, Array]:
        N = Floats(epsilon, known=known, runs=(len(runs[0]),), rounded=SAMPLES)
        f, found = gradient(course, runs, N)
        S = symmetrized(found)
        off = {place: _off(decision.off, epsilon) for place, decision in N.decided.items()}
        return Rounding(_off(S, epsilon), float(_off(f, epsilon)), off), S

    for epsilon in EPSILONS[:-1]:
        with suppress(RefusedError):
            found, S = spread(epsilon)
            if epsilon * np.max(found.S, initial=0) <= LINEAR * np.max(np.abs(S[0]), initial=0):
                return found, S[1 + SAMPLES :]
    found, S = spread(EPSILONS[-1])
    return found, S[1 + SAMPLES :]


def _off(runs: Array, epsilon: float) -> Array:
    """What roundings move the first run by, at most, per epsilon; what is infinite stays so."""
    with np.errstate(invalid="ignore"):
        return np.asarray(np.max(np.abs(runs[1 : 1 + SAMPLES] - runs[0]), axis=0) / epsilon)


def _repeated(inputs: Sequence[Array], count: int) -> list[Array]:
    """The same in every run."""
    return [np.broadcast_to(X, (count, *X.shape)) for X in inputs]


def _chunks(count: int, inputs: Sequence[Array]) -> list[range]:
    """So many runs, in parts that there is memory for."""
    size = max(1, ENTRIES // max(1, inputs[0].size))
    return [range(first, min(first + size, count)) for first in range(0, count, size)]


def kinks(
    program: Program, X: float, known: Mapping[int, Decision], moved: Mapping[int, Array]
) -> tuple[Kink, ...]:
    """How near each step is to deciding otherwise, in units of a relative change of X of norm X.

    A step that is moved by as much as it is off, by so many unit roundoffs, is at that part of ‖X‖;
    how far S jumps there is not known.
    """
    found = []
    steps = {id(step): step for step in program.steps}
    for place, decision in known.items():
        if place in moved and np.any(decision.asked):
            off, by = np.abs(decision.off)[decision.asked], moved[place][decision.asked]
            with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
                distance = float(np.min(np.where(by > 0, X * off / by, math.inf)))
            if math.isfinite(distance):
                step = steps[place]
                told = program.place(step) or step.note or step.operation
                found.append(Kink(distance, math.inf, told))
    return tuple(found)


def symmetrized_gradients(
    course: Course,
    symmetrized: Symmetrized,
    known: Mapping[int, Decision],
    inputs: Sequence[Array],
) -> Float[np.ndarray, "k n n"]:
    """S in float64 at k matrices, decided as it is known."""
    runs = (len(inputs[0]),)
    return symmetrized(gradient(course, inputs, Floats(known=known, runs=runs))[1])


class Beside(NamedTuple):
    """Matrices X ± hE along orthogonal directions E of norm 1, some at a time, by their parts.

    In each of the ``chunks`` (2k×n×n each part) all X + hE are before all X − hE.  If only some
    directions were taken, a sum of squares over them is so many ``times`` that over all.
    """

    chunks: list[list[Array]]
    h: float
    times: int


def beside(
    inputs: Sequence[Array],
    dimension: int,
    along: Callable[[Array], Sequence[Array]],
    generic: bool = False,
) -> Beside:
    """Some matrices beside X, to tell how S moves.

    ``dimension`` is the number of directions; of many only some combinations are taken, whose parts
    ``along`` gives by their weights.  They are those of entries, or ``generic`` ones, along which
    no eigenvalues stay equal.
    """
    if dimension > DIRECTIONS:
        weights = np.random.default_rng(dimension).standard_normal((DIRECTIONS, dimension))
    elif generic:
        drawn = np.random.default_rng(dimension).standard_normal((dimension, dimension))
        weights = np.linalg.qr(drawn)[0]
    else:
        weights = np.eye(dimension)
    h = STEP * (max(float(np.max(np.abs(X), initial=0.0)) for X in inputs) or 1.0)
    chunks = [
        [np.concatenate([X + h * e, X - h * e]) for X, e in zip(inputs, E, strict=True)]
        for E in (along(weights[list(chosen)]) for chosen in _chunks(len(weights), inputs))
    ]
    return Beside(chunks, h, 1 if dimension <= DIRECTIONS else DIRECTIONS)


def sensitivity(there: Beside, S: Iterable[Float[np.ndarray, "k n n"]]) -> Square:
    """‖∂S_ij/∂X‖ in the Frobenius norm, by central differences of S at each of the chunks."""
    squares = np.zeros(())
    for found in S:
        after, before = np.split(found, 2)
        squares = squares + np.sum(((after - before) / (2 * there.h)) ** 2, axis=0)
    return np.asarray(np.sqrt(squares / there.times))


class _Turned(Floats):
    """Some eigenvectors have the other sign, or, if complex, another phase.

    ``turned`` says which in every run, of all the eigenvectors of a step by its identity.
    """

    def __init__(self, turned: Mapping[int, Array]) -> None:
        super().__init__(runs=(len(next(iter(turned.values()))),))
        self._turned = turned

    def eigh(self, step: Step, *A: Array) -> list[Array]:
        """With that phase: −1, or i."""
        values, *V = super().eigh(step, *A)
        if id(step) not in self._turned:  # its eigenvectors are not read
            return [values, *V]
        turned = self._turned[id(step)][..., None, :]
        other = [-V[0]] if len(V) == 1 else [-V[1], V[0]]
        return [values, *(np.where(turned, w, v) for v, w in zip(V, other, strict=True))]


def check_gauge(course: Course, inputs: Sequence[Array]) -> None:
    """Whether f stays where eigenvectors take another phase, as X does not determine it.

    Few are turned one by one.  Of more each has a number, and those are turned that have a digit of
    1 at some place of it: so any two are told apart; and some halves, drawn by lot, which tell of
    products of several.

    Raises:
        RefusedError: it does not.
    """
    steps = list(_with_eigenvectors(course.program))
    count = sum(math.prod(step.shapes[0]) for step in steps)
    if not count:
        return
    one_by_one = np.eye(count, dtype=bool)
    moving = _moving(course, inputs, steps, one_by_one if count <= SINGLY else _several(count))
    if moving is None:
        return
    alone = moving if count <= SINGLY else _moving(course, inputs, steps, one_by_one)
    step, column = _place(steps, 0 if alone is None else alone)
    line = course.program.calls[step.call].line if step.call >= 0 else ""
    which = "sign" if len(step.inputs) == 1 else "phase"
    of = "eigenvectors" if alone is None else f"eigenvector {column}"
    why = f"f moves with the {which} of {of}, which X leaves free"
    raise RefusedError("gauge", f"{line and f'{line}: '}{why}")


def _with_eigenvectors(program: Program) -> Iterator[Step]:
    """The decompositions whose eigenvectors are read; of eigenvalues alone no phase is any."""
    read, first = {program.output}.union(*(step.inputs for step in program.steps)), 0
    for step in program.steps:
        behind = first + len(step.shapes)
        if step.operation == "eigh" and not read.isdisjoint(range(first + 1, behind)):
            yield step
        first = behind


def _several(count: int) -> Array:
    """Which of so many are turned, in runs in which several are."""
    digits = range(count.bit_length())
    numbered = [[(k + 1) >> digit & 1 for k in range(count)] for digit in digits]
    drawn = np.random.default_rng(count).integers(0, 2, (HALVES, count))
    return np.concatenate([np.array(numbered, bool), drawn.astype(bool)])


def _moving(
    course: Course, inputs: Sequence[Array], steps: Sequence[Step], turned: Array
) -> int | None:
    """The first of some runs in which f moves; ``turned`` are the eigenvectors of all steps."""
    ends = np.cumsum([math.prod(step.shapes[0]) for step in steps])[:-1]
    for chosen in _chunks(len(turned), inputs):
        rows = np.concatenate([np.zeros((1, turned.shape[1]), bool), turned[list(chosen)]])
        by_step = {
            id(step): part.reshape(len(rows), *step.shapes[0])
            for step, part in zip(steps, np.split(rows, ends, axis=-1), strict=True)
        }
        with np.errstate(all="ignore"):
            f = course.over(_Turned(by_step), _repeated(inputs, len(rows))).value
            moves = ~(np.abs(f - f[0]) <= CLOSE * np.maximum(np.abs(f), np.abs(f[0])))
        if moves[1:].any():
            return chosen[int(np.argmax(moves[1:]))]
    return None


def _place(steps: Sequence[Step], number: int) -> tuple[Step, int]:
    """Of which step the eigenvector of that number is, and its column there."""
    for step in steps:
        size = math.prod(step.shapes[0])
        if number < size:
            return step, number % step.shapes[0][-1]
        number -= size
    raise IndexError(number)
