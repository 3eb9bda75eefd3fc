"""What a caller is given: one verdict, with what a person wants of it."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float, Inexact
from msgspec import Struct

from symgrad.court.records import RIGHT, Outcome, Verdict

SHOWN = 6
"""Matrices up to this size are printed."""


class Report(Struct, frozen=True):
    """The verdict on one gradient, and what is true in its place.

    ``S`` is the symmetric (Hermitian) gradient, n×n, rounded to float64 or complex128, with
    df = Re tr(Sᴴ dX); None where there is no derivative.  ``G`` is the gradient that was judged,
    None if there is none.  All else that is known is in the ``verdict``, the record that the
    command line writes as JSON.
    """

    verdict: Verdict
    S: Inexact[np.ndarray, "n n"] | None
    G: Inexact[np.ndarray, "n n"] | None

    @property
    def outcome(self) -> Outcome:
        """``agrees``, ``inaccurate``, ``disagrees``, ``refused`` or ``failed``."""
        return self.verdict.verdict

    @property
    def is_right(self) -> bool:
        """Whether G is a valid gradient, perhaps but for digits that rounding lost."""
        return self.outcome in RIGHT

    @property
    def convention(self) -> str:
        """How the valid gradient is laid out: ``symmetric``, ``lower``, …; empty if it is none."""
        return self.verdict.convention or ""

    @property
    def reason(self) -> str:
        """What is wrong, what was refused and why, or what is to be said beside."""
        return self.verdict.reason

    @property
    def error(self) -> float:
        """The largest entry of (G + Gᴴ)/2 − S, NaN where there is nothing to compare."""
        if self.S is None or self.G is None or self.S.shape != self.G.shape:
            return float("nan")
        return float(np.max(np.abs((self.G + np.conj(self.G.T)) / 2 - self.S)))

    def __bool__(self) -> bool:
        """``is_right``, so that ``assert check(f, X, function=…)`` says what it seems to say."""
        return self.is_right

    def __str__(self) -> str:
        """A few lines: the verdict, why, and both gradients if they are small."""
        v = self.verdict
        who = " ".join(filter(None, (v.framework, v.version)))
        lines = [f"{v.function} at a {v.size}×{v.size} matrix in {v.dtype}, {who}: {self.outcome}"]
        lines += [f"  convention: {v.convention}"] if v.convention else []
        lines += [f"  forward pass reads: {v.reads}"] if v.reads else []
        lines += [f"  {self.reason}"] if self.reason else []
        lines += [] if np.isnan(self.error) else [f"  largest error: {self.error:.1e}"]
        if v.size <= SHOWN:
            lines += [] if self.S is None else ["  exact S:", *_rows(self.S)]
            lines += [] if self.G is None else ["  reported G:", *_rows(self.G)]
        return "\n".join(lines)


def _rows(M: Inexact[np.ndarray, "n n"]) -> list[str]:
    text = np.array2string(M, precision=6, suppress_small=False, max_line_width=100)
    return [f"    {line}" for line in text.splitlines()]


class Derivative(Struct, frozen=True):
    """f(X) and its symmetric (Hermitian) gradient S, n×n, each within its radius of the truth.

    df = Re tr(Sᴴ dX) for all symmetric (Hermitian) dX.
    """

    value: float
    value_radius: float
    gradient: Inexact[np.ndarray, "n n"]
    radius: Float[np.ndarray, "n n"]
