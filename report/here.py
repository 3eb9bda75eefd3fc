"""What a caller is given: one verdict, with what a person wants of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from jaxtyping import Float, Inexact
from msgspec import Struct

from symgrad.court.blame import Blame
from symgrad.court.errors import InputError
from symgrad.court.program import Program
from symgrad.court.verdicts import RIGHT, Component, Outcome, Verdict
from symgrad.report.document import ENCODER

if TYPE_CHECKING:
    from matplotlib.figure import Figure
    from rich.console import Group

WORSE: tuple[Outcome, ...] = ("agrees", "inaccurate", "refused", "failed", "disagrees")
"""The outcomes, from the best."""
SHOWN = 6
"""Matrices up to this size are printed."""


class NoVerdictError(AssertionError):
    """A report that was refused, or failed, was taken for a verdict."""


class Derivative(Struct, frozen=True):
    """f(X) and its symmetric (Hermitian) gradient S, n×n, each within its radius of the truth.

    df = Re tr(Sᴴ dX) for all symmetric (Hermitian) dX.
    """

    value: float
    value_radius: float
    gradient: Inexact[np.ndarray, "n n"]
    radius: Float[np.ndarray, "n n"]


class Formula(Struct, frozen=True):
    """f and ∂f/∂θ_k in closed form, at a 2×2 matrix of symbols, as they are read.

    ``parameters`` are the names of θ, ``value`` f and ``derivatives`` ∂f/∂θ_k in Unicode; the same
    in LaTeX.
    """

    parameters: tuple[str, ...]
    value: str
    derivatives: tuple[str, ...]
    latex_value: str
    latex_derivatives: tuple[str, ...]

    def __str__(self) -> str:
        """A line each."""
        slopes = zip(self.parameters, self.derivatives, strict=True)
        named = [("f", self.value), *((f"∂f/∂{name}", text) for name, text in slopes)]
        return "\n".join(_equation(name, text) for name, text in named)


class Report(Struct, frozen=True):
    """The verdict on one gradient, and what is true in its place.

    ``exact`` is f(X) and the symmetric (Hermitian) gradient S in float64 (complex128), with bounds
    of their errors; None where there is no derivative.  ``reported`` is the gradient G (n×n) that
    was judged, None if there is none.  ``record`` is all that is known, as the command line writes
    it.  Of a callable whose forward pass was recorded, ``program`` is the record, and ``blame``
    names the steps whose derivatives are wrong, worst first.  ``deviations`` is
    |(G + Gᵀ)/2 − S| over what rounding explains of it, entry by entry; None if not compared.
    ``queried`` is what was differentiated, where that is not f: a Hessian along its E, ⟨W, F(X)⟩.
    """

    record: Verdict
    exact: Derivative | None
    reported: Inexact[np.ndarray, "n n"] | None
    strict: bool = False
    program: Program | None = None
    blame: tuple[Blame, ...] = ()
    derive: Callable[[], Formula | None] | None = None
    deviations: Float[np.ndarray, "n n"] | None = None
    queried: str = ""

    @property
    def verdict(self) -> Outcome:
        """``agrees``, ``inaccurate``, ``disagrees``, ``refused`` or ``failed``."""
        return self.record.verdict

    @property
    def is_right(self) -> bool:
        """Whether G is a valid gradient, perhaps but for digits that rounding lost.

        If ``strict``, none may be lost.
        """
        return self.verdict in (RIGHT[:1] if self.strict else RIGHT)

    @property
    def convention(self) -> str:
        """How the valid gradient is laid out: ``symmetric``, ``lower``, …; empty if it is none."""
        return self.record.convention or ""

    @property
    def reason(self) -> str:
        """What is wrong, what was refused and why, or what is to be said beside."""
        return self.record.reason

    @property
    def worst(self) -> Component | None:
        """The contraction ⟨G, ∂X/∂θ_k⟩ that is farthest off for its tolerance; None if none is."""
        return max(self.record.parameters, key=_excess, default=None)

    @property
    def error(self) -> float:
        """|⟨G, ∂X/∂θ_k⟩ − ∂f/∂θ_k| of the worst θ_k; NaN where there is nothing to compare."""
        return float(self.worst.error) if self.worst else float("nan")

    @property
    def tolerance(self) -> float:
        """The largest such error that rounding explains."""
        return self.worst.tolerance if self.worst else float("nan")

    @property
    def detectable(self) -> float:
        """The smallest error that would disagree, relative to ‖S‖."""
        return float(self.worst.detectable) if self.worst else float("nan")

    @property
    def formula(self) -> Formula | None:
        """f and its derivatives in closed form, where they are found within seconds."""
        return _formula(self.derive) if self.derive else None

    def to_json(self) -> bytes:
        """The ``record``, of the same schema as on the command line."""
        return ENCODER.encode(self.record)

    def __bool__(self) -> bool:
        """``is_right``, so that ``assert check(f, X)`` says what it seems to say.

        Raises:
            NoVerdictError: (an AssertionError) nothing was judged, so that it is neither.
        """
        if self.verdict in ("refused", "failed"):
            raise NoVerdictError(f"neither right nor wrong: {self.verdict}, {self.reason}")
        return self.is_right

    def __str__(self) -> str:
        """A few lines: the verdict, why, the step to blame, and both gradients if small."""
        return "\n".join(self._lines())

    __repr__ = __str__

    def _repr_html_(self) -> str:
        """The report in a notebook."""
        from symgrad.report import notebook

        exact = None if self.exact is None else self.exact.gradient
        matrices = notebook.Matrices(exact, self.reported, self.deviations)
        return notebook.to_html(self.record, self.worst, self.blame, matrices, self.queried)

    def plot(self, path: Path | str | None = None) -> Figure:
        """G, S, the error in ulps and the skew part; a figure of matplotlib (``symgrad[plot]``).

        It is written to ``path`` as SVG if one is given.

        Raises:
            InputError: matplotlib is not installed, or there are no two gradients to draw.
        """
        from symgrad.report import plot

        G, S = self.reported, None if self.exact is None else self.exact.gradient
        if G is None or S is None or G.shape != S.shape:
            raise InputError(f"nothing to draw, {self.verdict}: {self.reason or 'no gradient'}")
        v = self.record
        who = " ".join(filter(None, (v.framework, v.version)))
        title = f"{v.function}, {who}, {v.dtype}: {v.verdict}"
        return plot.save(plot.panels(np.asarray(G), S, v.dtype, title), path)

    def __rich__(self) -> Group:
        """The report in a terminal, where Rich prints it."""
        from symgrad.report.console import card

        worst_first = sorted(self.record.parameters, key=_excess, reverse=True)
        return card(self.record, worst_first, self.blame, self.queried)

    def _lines(self) -> Iterator[str]:
        v, worst = self.record, self.worst
        who = " ".join(filter(None, (v.framework, v.version)))
        yield f"{v.function} at a {v.size}×{v.size} matrix in {v.dtype}, {who}: {self.verdict}"
        yield from [f"  {self.queried}"] if self.queried else []
        yield from [f"  convention: {v.layout}"] if v.convention else []
        yield from [f"  forward pass reads: {v.reads}"] if v.reads else []
        yield from [f"  {self.reason}"] if self.reason else []
        yield from (f"  {blame}" for blame in self.blame)
        if worst:
            told = f"⟨G, ∂X/∂{worst.name}⟩ is {float(worst.contracted)!r}"
            yield f"  worst: {told}, exactly {float(worst.exact)!r}"
            yield f"  off by {self.error:.1e}, of which rounding explains {self.tolerance:.1e}"
        if v.size <= SHOWN:
            yield from ["  exact S:", *_rows(self.exact.gradient)] if self.exact else []
            yield from [] if self.reported is None else ["  reported G:", *_rows(self.reported)]


class Reports(tuple[Report, ...]):
    """Those of several matrices, in order."""

    @property
    def verdict(self) -> Outcome:
        """The worst of them."""
        return max((report.verdict for report in self), key=WORSE.index)

    @property
    def is_right(self) -> bool:
        """Whether all are."""
        return all(report.is_right for report in self)

    def __bool__(self) -> bool:
        """The same.

        Raises:
            NoVerdictError: one was not judged, and none is wrong.
        """
        wrong = any(report.verdict == "disagrees" for report in self)
        return not wrong and all(bool(report) for report in self)

    def to_json(self) -> bytes:
        """The records of all, in an array."""
        return ENCODER.encode([report.record for report in self])

    def _repr_html_(self) -> str:
        """The reports in a notebook, one after the other."""
        return "".join(report._repr_html_() for report in self)

    def plot(self, path: Path | str | None = None) -> Figure:
        """The worst error over tolerance of each; a figure of matplotlib, written as SVG.

        Raises:
            InputError: matplotlib is not installed.
        """
        from symgrad.report import plot

        return plot.save(plot.of_verdicts([report.record for report in self]), path)

    def __str__(self) -> str:
        """One after the other."""
        return "\n".join(f"[{k}] {report}" for k, report in enumerate(self))

    __repr__ = __str__


def _equation(name: str, text: str) -> str:
    """name = text, where the text has several lines in front of its middle one."""
    lines = text.splitlines()
    middle = len(lines) // 2
    head = f"{name} = "
    return "\n".join(
        (head if k == middle else " " * len(head)) + line for k, line in enumerate(lines)
    )


def _excess(component: Component) -> float:
    error = float(component.error)
    if np.isnan(error):
        return float("inf")
    return error / component.tolerance if component.tolerance else error


@lru_cache(maxsize=32)
def _formula(derive: Callable[[], Formula | None]) -> Formula | None:
    return derive()


def _rows(M: Inexact[np.ndarray, "n n"]) -> list[str]:
    text = np.array2string(M, precision=6, suppress_small=False, max_line_width=100)
    return [f"    {line}" for line in text.splitlines()]
