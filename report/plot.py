"""Pictures: one gradient as four panels, the errors of a run, errors or digits against a number.

They need matplotlib (``symgrad[plot]``), are drawn without its global state, and are the same SVG,
byte for byte, for the same data and the same matplotlib.  The colours are those that the
colour-blind tell apart (M. Okabe and K. Ito, Color universal design, 2008), each with a mark of its
own.
"""

from __future__ import annotations

import io
import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Protocol

import numpy as np
from jaxtyping import Float, Inexact

from symgrad.court.errors import InputError
from symgrad.court.formats import real, unit_roundoff
from symgrad.court.verdicts import JUDGED, Component, Verdict

if TYPE_CHECKING:
    from matplotlib.figure import Figure

COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#000000", "#8a8a00")
MARKS = "osD^vPX*"
LINES = ("-", "--", "-.", ":")
"""A colour that comes again has another."""
WRITTEN = 6
"""Matrices up to this size have their entries written in the panels."""
LEAST = 1e-3
"""Errors below this share of the tolerance are drawn there: zero has no place on such an axis."""
MOST = 1e16
"""Beyond this nothing is drawn: what is NaN, infinite or no matrix stands there."""
TICKS = 8
"""Up to so many numbers are all written below their axis."""
STYLE: Any = {"svg.hashsalt": "symgrad", "svg.fonttype": "path", "font.family": "DejaVu Sans"}


def make_figure(width: float, height: float) -> Figure:
    """An empty figure, in inches.

    Raises:
        InputError: matplotlib is not installed.
    """
    try:
        from matplotlib.figure import Figure
    except ImportError as error:
        raise InputError("a picture needs matplotlib: pip install 'symgrad[plot]'") from error
    return Figure(figsize=(width, height), layout="constrained")


def to_svg(figure: Figure) -> bytes:
    """The figure as SVG, without a date."""
    from matplotlib import rc_context

    written = io.BytesIO()
    with rc_context(STYLE):
        figure.savefig(written, format="svg", metadata={"Date": None})
    return written.getvalue()


def save(figure: Figure, path: Path | str | None) -> Figure:
    """The figure, written as SVG to a path if there is one."""
    if path is not None:
        Path(path).write_bytes(to_svg(figure))
    return figure


def ulps(
    G: Inexact[np.ndarray, "n n"], S: Inexact[np.ndarray, "n n"], dtype: str
) -> Float[np.ndarray, "n n"]:
    """|(G + Gᴴ)/2 − S|, in units of the last place that S_ij has in the dtype; n×n.

    Of an entry that is zero it is that of the largest one.
    """
    largest = float(np.max(np.abs(S))) or 1.0
    size = np.where(S == 0, largest, np.abs(S))
    unit = 2 * unit_roundoff(real(dtype)) * 2.0 ** np.floor(np.log2(size))
    found: Float[np.ndarray, "n n"] = np.abs((G + G.conj().T) / 2 - S) / unit
    return found


def panels(
    G: Inexact[np.ndarray, "n n"], S: Inexact[np.ndarray, "n n"], dtype: str, title: str
) -> Figure:
    """G as reported, S as it is, the error of G's symmetric part, and its skew part (n×n each)."""
    figure = make_figure(9, 2.6)
    figure.suptitle(title, fontsize=9)
    scale = max(float(np.nanmax(np.abs(M[np.isfinite(M)]), initial=0.0)) for M in (G, S)) or 1.0
    skew = (G - G.conj().T) / 2
    signed = {"vmin": -scale, "vmax": scale, "cmap": "PuOr_r"}
    off = ulps(G, S, dtype)
    most = float(np.max(off[np.isfinite(off)], initial=1.0))
    shown = (
        ("G, reported", G, signed, ".3g"),
        ("S, exact", S, signed, ".3g"),
        ("error of (G + Gᵀ)/2, ulps", off, {"vmin": 0, "vmax": most, "cmap": "Greys"}, ".2g"),
        ("skew part (G − Gᵀ)/2", skew, signed, ".3g"),
    )
    for axes, (name, M, look, form) in zip(figure.subplots(1, 4), shown, strict=True):
        _matrix(figure, axes, M, look, form)
        axes.set_title(name, fontsize=8)
    return figure


def _matrix(figure: Figure, axes: Any, M: np.ndarray, look: dict[str, Any], form: str) -> None:
    """One matrix in colours; of a complex one the moduli, its entries written in full."""
    drawn = np.abs(M) if np.iscomplexobj(M) else M
    image = axes.imshow(np.ma.masked_invalid(drawn), **look)
    figure.colorbar(image, ax=axes, shrink=0.7).ax.tick_params(labelsize=6)
    axes.set_xticks(range(len(M)) if len(M) <= WRITTEN else [])
    axes.set_yticks(range(len(M)) if len(M) <= WRITTEN else [])
    axes.tick_params(labelsize=6)
    if len(M) <= WRITTEN:
        low, high = image.get_clim()
        for (i, j), x in np.ndenumerate(M):
            strength = abs(float(np.abs(x))) / (max(abs(low), abs(high)) or 1.0)
            colour = "white" if strength > 0.6 else "black"
            written = format(x, form)
            axes.text(j, i, written, ha="center", va="center", fontsize=6, color=colour)


def of_verdicts(verdicts: Sequence[Verdict]) -> Figure:
    """The error over tolerance of each gradient that was judged, a row for each framework.

    It is that of the worst contraction; NaN, and what is no n×n matrix, stands at MOST.
    """
    names = list(dict.fromkeys(v.framework for v in verdicts))
    figure = make_figure(7, 1.2 + 0.35 * len(names))
    axes = figure.subplots()
    for k, name in enumerate(names):
        kept = [x for v in verdicts if v.framework == name if (x := _worst([v], "excess"))]
        spread = [k + 0.5 * ((i % 7) / 7 - 0.43) for i in range(len(kept))]
        axes.plot(kept, spread, MARKS[k % 8], color=COLOURS[k % 8], markersize=4, alpha=0.7)
    axes.axvline(1, color="0.4", linewidth=1)
    axes.set_xscale("log")
    axes.set_yticks(range(len(names)), names)
    axes.invert_yaxis()
    axes.set_xlabel("error / tolerance of the worst contraction (right of 1: inaccurate or wrong)")
    return figure


Measure = Literal["excess", "error", "digits"]
"""What is drawn: errors over tolerances, errors relative to ‖S‖·‖∂X/∂θ‖, or −log₁₀ of these."""
MEASURES: dict[Measure, str] = {
    "excess": "worst error / tolerance",
    "error": "worst error, relative to ‖S‖",
    "digits": "digits left",
}


def verdicts_against(
    verdicts: Mapping[float, Sequence[Verdict]], label: str, measure: Measure = "error"
) -> Figure:
    """The worst of each framework against a positive number, told by ``label``: a gap, a unit, n.

    Where nothing was judged there is no point; NaN stands at MOST, or has no digits left.  Errors
    coincide where frameworks share a library: what is drawn first is broader, and seen beneath.
    """
    figure = make_figure(7, 4)
    axes = figure.subplots()
    names = list(dict.fromkeys(v.framework for found in verdicts.values() for v in found))
    for k, name in enumerate(names):
        worst = {
            x: _worst([v for v in found if v.framework == name], measure)
            for x, found in sorted(verdicts.items())
        }
        told = {x: y for x, y in worst.items() if y is not None}
        look: dict[str, Any] = {"color": COLOURS[k % 8], "marker": MARKS[k % 8], "label": name}
        width = 4 - 3 * k / max(len(names) - 1, 1)
        if told:
            look |= {
                "linewidth": width,
                "markersize": 3 + 2 * width,
                "linestyle": LINES[k // 8 % 4],
            }
            axes.plot([*told], [*told.values()], **look)
    if measure == "excess":
        axes.axhline(1, color="0.4", linewidth=1, label="above: inaccurate or wrong")
    axes.set_xscale("log")
    axes.set_yscale("linear" if measure == "digits" else "log")
    if len(verdicts) <= TICKS:
        axes.set_xticks([*verdicts], [f"{x:g}" for x in verdicts])
        axes.set_xticks([], minor=True)
    axes.set_xlabel(label)
    axes.set_ylabel(MEASURES[measure])
    if axes.get_legend_handles_labels()[1]:
        figure.legend(fontsize=7, loc="outside right upper")
    return figure


class HasVerdicts(Protocol):
    """A run, as ``--json`` has it."""

    @property
    def verdicts(self) -> Sequence[Verdict]:
        """All that were passed."""


def against(runs: Mapping[float, HasVerdicts], label: str, measure: Measure = "error") -> Figure:
    """The same of several runs, as ``--json`` has them, by the number."""
    return verdicts_against({x: run.verdicts for x, run in runs.items()}, label, measure)


def _excess(c: Component) -> float:
    """Its error over its tolerance."""
    error = float(c.error)
    return error and (error / c.tolerance if c.tolerance else math.inf)


def _relative(c: Component) -> float:
    """Its error over ‖S‖·‖∂X/∂θ‖."""
    excess = _excess(c)
    return excess and (excess * float(c.detectable) if c.detectable else math.inf)


def _worst(verdicts: Sequence[Verdict], measure: Measure) -> float | None:
    """The largest error of a contraction, or the digits that it leaves; None if none was judged.

    A gradient that is judged and has no contraction is NaN, infinite, or no n×n matrix.
    """
    of, least = (_excess, LEAST) if measure == "excess" else (_relative, 1e-17)
    judged = [v for v in verdicts if v.verdict in JUDGED]
    found = [x for v in judged for x in ([of(c) for c in v.parameters] or [math.inf])]
    numbers = [min(max(x, least), MOST) if math.isfinite(x) else MOST for x in found]
    worst = max(numbers, default=None)
    return max(0.0, -math.log10(worst)) if worst and measure == "digits" else worst
