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
from typing import TYPE_CHECKING, Any

import numpy as np
from jaxtyping import Float, Inexact

from symgrad.court.errors import InputError
from symgrad.court.formats import real, unit_roundoff
from symgrad.court.verdicts import Run, Verdict
from symgrad.report.routes import worst

if TYPE_CHECKING:
    from matplotlib.figure import Figure

COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#000000", "#8a8a00")
MARKS = "osD^vPX*"
WRITTEN = 6
"""Matrices up to this size have their entries written in the panels."""
LEAST = 1e-3
"""Errors below this share of the tolerance are drawn there: zero has no place on such an axis."""
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
    """The worst error over tolerance of each gradient, a row for each framework.

    Right of 1 is what rounding does not explain; NaN is drawn at the right edge.
    """
    names = list(dict.fromkeys(v.framework for v in verdicts))
    figure = make_figure(7, 1.2 + 0.35 * len(names))
    axes = figure.subplots()
    for k, name in enumerate(names):
        found = [c for v in verdicts if v.framework == name if (c := worst([v])) is not None]
        ratios = [float(c.error) / c.tolerance if c.tolerance else math.inf for c in found]
        kept = [max(r, LEAST) if math.isfinite(r) else 1e16 for r in ratios]
        spread = [k + 0.5 * ((i % 7) / 7 - 0.43) for i in range(len(kept))]
        axes.plot(kept, spread, MARKS[k % 8], color=COLOURS[k % 8], markersize=4, alpha=0.7)
    axes.axvline(1, color="#d55e00", linewidth=1)
    axes.set_xscale("log")
    axes.set_yticks(range(len(names)), names)
    axes.invert_yaxis()
    axes.set_xlabel("error / tolerance of the worst contraction (right of 1: not by rounding)")
    return figure


def of_run(run: Run) -> Figure:
    """The same of a run, as ``--json`` has it."""
    return of_verdicts(run.verdicts)


def against(runs: Mapping[float, Run], label: str, digits: bool = False) -> Figure:
    """The worst error of each framework, relative to ‖S‖, against a number: a gap, a scale, n.

    With ``digits``, −log₁₀ of it: how many are left.
    """
    figure = make_figure(7, 4)
    axes = figure.subplots()
    names = list(dict.fromkeys(v.framework for run in runs.values() for v in run.verdicts))
    for k, name in enumerate(names):
        told = {x: _relative([v for v in run.verdicts if v.framework == name])
                for x, run in sorted(runs.items())}  # fmt: skip
        points = [(x, y) for x, y in told.items() if y is not None]
        y = [-math.log10(y) if digits else y for _, y in points]
        look: dict[str, Any] = {"color": COLOURS[k % 8], "marker": MARKS[k % 8]}
        axes.plot([x for x, _ in points], y, markersize=5, label=name, **look)
    axes.set_xscale("log")
    axes.set_yscale("linear" if digits else "log")
    axes.set_xlabel(label)
    axes.set_ylabel("digits left" if digits else "worst error, relative to ‖S‖")
    if names:
        axes.legend(fontsize=7)
    return figure


def _relative(verdicts: Sequence[Verdict]) -> float | None:
    """The largest error of a contraction for the size of what is contracted; at least 10⁻¹⁷."""
    found = [
        float(c.error) / c.tolerance * float(c.detectable)
        for v in verdicts
        for c in v.parameters
        if c.tolerance and math.isfinite(float(c.error)) and math.isfinite(float(c.detectable))
    ]
    return max(max(found), 1e-17) if found else None
