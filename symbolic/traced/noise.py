"""What rounding does to a program: float64 with every rounding made larger, and X moved.

How far a gradient may be off that was computed step by step is seen from a few seeded runs, as no
bound by norms is near it; that these tell enough of all roundings is postulated, as p(n) is in
:mod:`symgrad.court.judging.tolerance`, and borne out by the tests of right gradients.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress

import numpy as np
from jaxtyping import Float

from symgrad.court.program import Program, Step
from symgrad.symbolic.traced.decisions import RefusedError
from symgrad.symbolic.traced.floats import Floats
from symgrad.symbolic.traced.numbers import Array
from symgrad.symbolic.traced.sweep import Sweep

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


def gradient(
    program: Program, inputs: Sequence[Array], N: Floats, held: frozenset[int]
) -> tuple[float, list[Array]]:
    """f and the cotangents of its inputs, in these numbers.

    Raises:
        RefusedError: a matrix is singular in float64.
    """
    try:
        with np.errstate(all="ignore"):
            sweep = Sweep(N, program, inputs, held)
            found = sweep.back({program.output: np.ones(())})
    except np.linalg.LinAlgError as error:
        raise RefusedError("domain", f"float64 cannot compute f here: {error}") from error
    mine = zip(found[: len(inputs)], inputs, strict=True)
    cotangents = [np.zeros(X.shape) if g is None else g for g, X in mine]
    return float(sweep.value), cotangents


def roundoff(
    program: Program, inputs: Sequence[Array], held: frozenset[int], symmetrized: Symmetrized
) -> tuple[Square, float]:
    """How far each entry of S, and f, are moved by roundings of every step, per unit roundoff."""
    f, G = gradient(program, inputs, Floats(), held)
    S = symmetrized(G)

    def spread(epsilon: float) -> tuple[Square, float]:
        runs = [gradient(program, inputs, Floats(epsilon, k), held) for k in range(SAMPLES)]
        moved = np.array([symmetrized(G) for _, G in runs])
        off = max(abs(value - f) for value, _ in runs)
        return np.max(np.abs(moved - S), axis=0) / epsilon, off / epsilon

    for epsilon in EPSILONS[:-1]:
        with suppress(RefusedError):
            found = spread(epsilon)
            if np.all(np.isfinite(found[0])):
                return found
    return spread(EPSILONS[-1])


def symmetrized_gradient(
    program: Program,
    held: frozenset[int],
    symmetrized: Symmetrized,
    inputs: Sequence[Array],
) -> Square:
    """S in float64."""
    return symmetrized(gradient(program, inputs, Floats(), held)[1])


def sensitivity(
    inputs: Sequence[Array],
    directions: Sequence[Sequence[Array]],
    at: Callable[[Sequence[Array]], Square],
) -> Square:
    """‖∂S_ij/∂X‖ in the Frobenius norm, by central differences along orthogonal directions.

    ``directions`` are all of them, normalized, each by its parts; of many only some are taken.
    ``at`` gives S beside X.
    """
    count = len(directions)
    chosen = directions
    if count > DIRECTIONS:
        rng = np.random.default_rng(count)
        weights = rng.standard_normal((DIRECTIONS, count))
        chosen = [
            [sum(w * E[k] for w, E in zip(ws, directions, strict=True)) for k in range(len(inputs))]
            for ws in weights
        ]
    h = STEP * (max(float(np.max(np.abs(X), initial=0.0)) for X in inputs) or 1.0)
    squares = np.zeros(())
    for E in chosen:
        before, after = (
            at([X + sign * h * e for X, e in zip(inputs, E, strict=True)]) for sign in (-1, 1)
        )
        squares = squares + ((after - before) / (2 * h)) ** 2
    return np.asarray(np.sqrt(squares * (1 if count <= DIRECTIONS else 1 / DIRECTIONS)))


class _Turned(Floats):
    """One eigenvector has the other sign."""

    def __init__(self, step: Step, column: int) -> None:
        super().__init__()
        self._step = step
        self._column = column

    def eigh(self, step: Step, A: Array) -> tuple[Array, Array]:
        """With that sign."""
        values, vectors = super().eigh(step, A)
        if step is self._step:
            vectors = vectors.copy()
            vectors[..., self._column] *= -1
        return values, vectors


def check_gauge(program: Program, inputs: Sequence[Array], held: frozenset[int]) -> None:
    """Whether f stays where an eigenvector takes the other sign, as X does not determine it.

    Raises:
        RefusedError: it does not.
    """
    with np.errstate(all="ignore"):
        here = float(Sweep(Floats(), program, inputs, held).value)
        for step in program.steps:
            for column in range(step.shapes[0][-1] if step.operation == "eigh" else 0):
                turned = float(Sweep(_Turned(step, column), program, inputs, held).value)
                if not abs(turned - here) <= CLOSE * max(abs(here), abs(turned)):
                    line = program.calls[step.call].line if step.call >= 0 else ""
                    why = f"f moves with the sign of eigenvector {column}, which X leaves free"
                    raise RefusedError("gauge", f"{line and f'{line}: '}{why}")
