"""What the benchmarks share: work timed in turn, medians, ratios, growth, cut-offs."""

from __future__ import annotations

import math
import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np


class CutOffError(Exception):
    """A run's time was up; ``fraction`` of its evaluations were done by then."""

    def __init__(self, fraction: float) -> None:
        super().__init__(f"cut off after {fraction:.0%} of its evaluations")
        self.fraction = fraction


class Meter:
    """Counts a run's evaluations of a function and ends the run when its time is up.

    A checker by finite differences cannot be interrupted, but it calls the function all the time.
    """

    def __init__(self, total: int, limit: float = math.inf) -> None:
        """``total`` evaluations are expected; ``limit`` is in seconds."""
        self._total = total
        self._limit = limit
        self._done = 0
        self._start = time.perf_counter()

    def tick(self) -> None:
        """Count one evaluation, about to begin.

        Raises:
            CutOffError: the time is up.
        """
        if self._done and time.perf_counter() - self._start > self._limit:
            raise CutOffError(min(1.0, self._done / self._total))
        self._done += 1


@dataclass
class Timing:
    """The wall times of one piece of work, in seconds, after ``warm_up`` that are not counted.

    If a run was cut off, ``full`` is what all its evaluations would have taken at its pace.
    """

    times: list[float] = field(default_factory=list)
    warm_up: int = 0
    full: float | None = None

    @property
    def seconds(self) -> float:
        """The median; of a run that was cut off, what its pace gives."""
        return self.full if self.full is not None else statistics.median(self._counted)

    @property
    def _counted(self) -> list[float]:
        """Without the warm-up, unless that was so slow that there was time for nothing else."""
        return self.times[self.warm_up :] or self.times

    def run(self, work: Callable[[], object]) -> None:
        """Time it once more."""
        start = time.perf_counter()
        try:
            work()
        except CutOffError as cut:
            self.full = (time.perf_counter() - start) / cut.fraction
        self.times.append(time.perf_counter() - start)

    def ratio(self, base: Timing) -> float:
        """How many times as long as ``base``: the median over the turns that both had."""
        turns = list(zip(self.times, base.times, strict=False))[self.warm_up :]
        if self.full is not None or not turns:
            return self.seconds / base.seconds
        return statistics.median(mine / other for mine, other in turns)


def in_turn(
    work: Mapping[str, Callable[[], object]], runs: int, budget: float = math.inf
) -> dict[str, Timing]:
    """Time everything in turn, so that ratios hold when the machine's speed drifts.

    Each has a warm-up and then ``runs`` runs, fewer if it has spent ``budget`` seconds by then.
    """
    timings = {name: Timing(warm_up=1) for name in work}
    for _ in range(1 + runs):
        for name, timing in timings.items():
            if sum(timing.times) <= budget and timing.full is None:
                timing.run(work[name])
    return timings


def growth(sizes: Sequence[int], seconds: Sequence[float]) -> float:
    """The exponent p of the least-squares fit seconds = c·nᵖ; NaN for less than two sizes."""
    if len(set(sizes)) < 2:
        return math.nan
    slope, _ = np.polyfit(np.log(sizes), np.log(seconds), 1)
    return float(slope)


def duration(seconds: float) -> str:
    """Seconds to two digits, in the unit that suits them."""
    for unit, factor in (("s", 1.0), ("ms", 1e3)):
        if seconds * factor >= 1:
            return f"{two_digits(seconds * factor)} {unit}"
    return f"{two_digits(seconds * 1e6)} µs"


def two_digits(x: float) -> str:
    """A positive number to two significant digits, written out, thousands apart."""
    digits = max(0, 1 - math.floor(math.log10(x)))
    return f"{round(x, 1 - math.floor(math.log10(x))):,.{digits}f}"
