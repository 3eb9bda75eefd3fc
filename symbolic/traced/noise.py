"""What rounding does to a program: float64 with every rounding made larger, and X moved.

How far a gradient may be off that was computed step by step is seen from a few seeded runs, as no
bound by norms is near it; that these tell enough of all roundings is postulated, as p(n) is in
:mod:`symgrad.court.judging.tolerance`, and borne out by the tests of right gradients.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
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
where that leaves the domain of f."""
SAMPLES = 6
STEP = 2.0**-24
"""Of X, for central differences."""
DIRECTIONS = 24
"""So many directions tell the size of a derivative within a fourth."""
CLOSE = 1e-8
"""What a value may move by, relatively, where the sign of an eigenvector is turned."""


def gradient(course: Course, inputs: Sequence[Array], N: Floats) -> tuple[float, list[Array]]:
    """f and the cotangents of its inputs, in these numbers.

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
    inputs: Sequence[Array],
    symmetrized: Symmetrized,
    known: Mapping[int, Decision],
) -> Rounding:
    """What they move where everything is decided as it is ``known`` to be.

    Raises:
        RefusedError: float64 cannot compute f.
    """

    def run(epsilon: float, seed: int) -> tuple[float, Square, dict[int, Decision]]:
        N = Floats(epsilon, seed, known)
        f, G = gradient(course, inputs, N)
        return f, symmetrized(G), N.decided

    f, S, decided = run(0.0, 0)

    def spread(epsilon: float) -> Rounding:
        runs = [run(epsilon, seed) for seed in range(SAMPLES)]
        moved = np.max([np.abs(other - S) for _, other, _ in runs], axis=0)
        return Rounding(
            moved / epsilon,
            max(abs(other - f) for other, _, _ in runs) / epsilon,
            {
                place: np.max([np.abs(d[place].off - decision.off) for _, _, d in runs], axis=0)
                / epsilon
                for place, decision in decided.items()
                if all(place in d for _, _, d in runs)
            },
        )

    for epsilon in EPSILONS[:-1]:
        with suppress(RefusedError), np.errstate(invalid="ignore"):  # what is infinite stays so
            found = spread(epsilon)
            if np.all(np.isfinite(found.S)):
                return found
    return spread(EPSILONS[-1])


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
            with np.errstate(divide="ignore", invalid="ignore"):
                distance = float(np.min(np.where(by > 0, X * off / by, math.inf)))
            if math.isfinite(distance):
                step = steps[place]
                told = program.place(step) or step.note or step.operation
                found.append(Kink(distance, math.inf, told))
    return tuple(found)


def symmetrized_gradient(
    course: Course,
    symmetrized: Symmetrized,
    known: Mapping[int, Decision],
    inputs: Sequence[Array],
) -> Square:
    """S in float64, decided as it is known."""
    return symmetrized(gradient(course, inputs, Floats(known=known))[1])


def sensitivity(
    inputs: Sequence[Array],
    dimension: int,
    along: Callable[[Array], Sequence[Array]],
    at: Callable[[Sequence[Array]], Square],
) -> Square:
    """‖∂S_ij/∂X‖ in the Frobenius norm, by central differences along orthogonal directions.

    ``dimension`` is the number of directions; of many only some combinations are taken, whose parts
    ``along`` gives by their weights.  ``at`` gives S beside X.
    """
    weights = np.eye(dimension)
    if dimension > DIRECTIONS:
        weights = np.random.default_rng(dimension).standard_normal((DIRECTIONS, dimension))
    h = STEP * (max(float(np.max(np.abs(X), initial=0.0)) for X in inputs) or 1.0)
    squares = np.zeros(())
    for E in map(along, weights):
        before, after = (
            at([X + sign * h * e for X, e in zip(inputs, E, strict=True)]) for sign in (-1, 1)
        )
        squares = squares + ((after - before) / (2 * h)) ** 2
    return np.asarray(np.sqrt(squares * (1 if dimension <= DIRECTIONS else 1 / DIRECTIONS)))


class _Turned(Floats):
    """One eigenvector of one matrix has the other sign, or, if complex, another phase.

    ``found`` is what the step gives without that.
    """

    def __init__(self, step: Step, place: tuple[int, ...], found: Sequence[Array]) -> None:
        super().__init__()
        self._step = step
        self._place = place
        self._found = found

    def eigh(self, step: Step, *A: Array) -> list[Array]:
        """With that phase: −1, or i."""
        if step is not self._step:
            return super().eigh(step, *A)
        values, *vectors = self._found
        *batch, column = self._place
        here: tuple[int | slice, ...] = (*batch, slice(None), column)
        parts = [V.copy() for V in vectors]
        turned = [-vectors[0][here]] if len(A) == 1 else [-vectors[1][here], vectors[0][here]]
        for V, v in zip(parts, turned, strict=True):
            V[here] = v
        return [values, *parts]


def check_gauge(course: Course, inputs: Sequence[Array]) -> None:
    """Whether f stays where an eigenvector takes another phase, as X does not determine it.

    Raises:
        RefusedError: it does not.
    """
    with np.errstate(all="ignore"):
        program, plain = course.program, course.over(Floats(), inputs)
        here, count = float(plain.value), 0
        for step in program.steps:
            found = plain.values[count : count + len(step.shapes)]
            count += len(step.shapes)
            for place in np.ndindex(*step.shapes[0]) if step.operation == "eigh" else ():
                turned = float(course.over(_Turned(step, place, found), inputs).value)
                if not abs(turned - here) <= CLOSE * max(abs(here), abs(turned)):
                    line = program.calls[step.call].line if step.call >= 0 else ""
                    which = "sign" if len(step.inputs) == 1 else "phase"
                    why = (
                        f"f moves with the {which} of eigenvector {place[-1]}, which X leaves free"
                    )
                    raise RefusedError("gauge", f"{line and f'{line}: '}{why}")
