"""The smallest planted error that each gradient checker rejects."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from lab.benchmarks.checks import Checker, Problem, draw
from lab.benchmarks.timing import CutOffError

ERRORS = tuple(m * 10.0**k for k in range(-15, 2) for m in (1, 1.5, 2, 3, 5, 7))
"""The relative errors tried, 10⁻¹⁵ to 70."""


@dataclass(frozen=True)
class Threshold:
    """The largest of the errors seen accepted and the smallest seen rejected, if there are any.

    ``complete`` says that they are neighbours in :data:`ERRORS`: the search was not cut off.
    """

    accepted: float | None
    rejected: float | None
    complete: bool = True
    sound: bool = True
    """Whether the right gradient itself was accepted."""

    def __str__(self) -> str:
        if not self.sound:
            return "rejects 0"
        if self.rejected is not None and self.complete:
            return f"{self.rejected:.0e}"
        if self.rejected is not None:
            return f"≤ {self.rejected:.0e}"
        return f"> {self.accepted:.0e}" if self.accepted is not None else "cut off"


def threshold(accepts: Callable[[float], bool], guess: float | None = None) -> Threshold:
    """Where acceptance ends among :data:`ERRORS`, by bisection.

    That is sound, since the planted error enters every comparison in proportion.  ``accepts`` may
    raise CutOffError: then the answer is what was known before.  A ``guess`` of the smallest error
    rejected, one of :data:`ERRORS`, is tried first with its neighbours: a check may take long.
    """
    near = ERRORS.index(guess) if guess is not None else -1
    first = [near, near - 1, near + 1] if near >= 0 else []
    low, high = -1, len(ERRORS)
    try:
        while high - low > 1:
            middle = next((k for k in first if low < k < high), (low + high) // 2)
            low, high = (middle, high) if accepts(ERRORS[middle]) else (low, middle)
        sound = low >= 0 or accepts(0.0)
    except CutOffError:
        sound = True
    return Threshold(
        ERRORS[low] if low >= 0 else None,
        ERRORS[high] if high < len(ERRORS) else None,
        high - low == 1,
        sound,
    )


def smallest_rejected(
    checker: Checker, n: int, index: int, limit: float, guess: float | None = None
) -> Threshold:
    """What one checker makes of wrong gradients of λ_index at one n×n matrix.

    ``limit`` is the time for one check, in seconds; ``guess`` is :func:`threshold`'s.
    """
    X = draw(n)

    def accepts(error: float) -> bool:
        return checker.accepts(Problem(X, index, error, checker.meter(n, limit)))

    return threshold(accepts, guess)
