"""The site's pictures, as SVG: the same bytes for the same data, one for light and one for dark."""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from symgrad.report.plot import LINES, MARKS

INK = {"light": "#1d1d1f", "dark": "#e6e6ea"}
COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#8f8f8f", "#7a5c00")
"""Those of Okabe and Ito, which the colour-blind tell apart."""
Left = tuple[str, list[int | None]]
"""A route, and the digits that are left at each gap; None is not finite."""


def drawn(
    draw: Callable[[Axes], None], ink: str, size: tuple[float, float], ground: bool = False
) -> bytes:
    """A picture, on no ground if not on white; its text is text."""
    settings: dict[Any, Any] = {
        "svg.hashsalt": "symgrad",
        "svg.fonttype": "none",
        "font.family": "sans-serif",
    }
    names = ("text.color", "axes.labelcolor", "axes.edgecolor", "xtick.color", "ytick.color")
    with mpl.rc_context(settings | dict.fromkeys(names, INK[ink])):
        figure = Figure(figsize=size, layout="constrained")
        draw(figure.add_subplot())
        text = io.BytesIO()
        figure.savefig(text, format="svg", transparent=not ground, metadata={"Date": None})
    return text.getvalue()


def crossing(axes: Axes) -> None:
    """λ₀ and λ₁ of [[1 + t, s], [s, 1 − t]]: they cross at s = 0 and avoid each other beside it."""
    t = np.linspace(-1, 1, 401)
    for s, colour, line in ((0.0, COLOURS[1], "-"), (0.2, COLOURS[0], "--")):
        r = np.hypot(t, s)
        axes.plot(t, 1 + r, line, color=colour, label=f"s = {s:g}")
        axes.plot(t, 1 - r, line, color=colour)
    axes.annotate("λ₁", (0.8, 1.8), (0.62, 1.86))
    axes.annotate("λ₀", (0.8, 0.2), (0.62, 0.1))
    axes.plot([0], [1], "o", color=COLOURS[1])
    axes.annotate("λ₀ = λ₁: no gradient", (0, 1), (0.12, 0.97))
    axes.set(xlabel="t", ylabel="eigenvalues of [[1 + t, s], [s, 1 − t]]")
    axes.legend(loc="upper center", framealpha=0)


def digits(rows: list[Left], gaps: list[float]) -> Callable[[Axes], None]:
    """Digits that are left against the gap, a line for each (label, digits at the gaps).

    Whole numbers of them coincide: what is drawn first is broader, and seen beneath the rest.
    """
    rows = first_of_each(rows)

    def draw(axes: Axes) -> None:
        for k, (label, left) in enumerate(rows):
            style = LINES[k // len(COLOURS) % len(LINES)]
            known = [(g, d) for g, d in zip(gaps, left, strict=True) if d is not None]
            x, y = zip(*known, strict=True)
            width = 1 + 0.45 * (len(rows) - 1 - k)
            colour, mark = COLOURS[k % len(COLOURS)], MARKS[k % len(MARKS)]
            look: dict[str, Any] = {
                "linewidth": width,
                "marker": mark,
                "markersize": 3 + 1.2 * width,
            }
            axes.plot(x, y, style, color=colour, label=label, **look)
        axes.set(xscale="log", xlabel="gap of two eigenvalues", ylabel="decimal digits left")
        axes.set_ylim(-0.5, 16.5)
        axes.invert_xaxis()
        axes.legend(fontsize=7, handlelength=3, framealpha=0, loc="lower left")

    return draw


def first_of_each(rows: list[Left]) -> list[Left]:
    """Of each framework the first route by eigh, and the first that needs no eigenvectors."""
    found: dict[tuple[str, bool], Left] = {}
    for row in rows:
        label = row[0]
        if "eig(" not in label + "(":
            found.setdefault((label.split(":")[0], "eigh" in label), row)
    return [row for (_, by_eigenvectors), row in found.items() if by_eigenvectors] + [
        row for (_, by_eigenvectors), row in found.items() if not by_eigenvectors
    ][:1]


CELL = re.compile(r"(\d+): ")


def read_ties(markdown: str, function: str) -> tuple[list[Left], list[float]]:
    """The table of one function in docs/ties.md: digits by route, at the gaps; None is not finite.

    Raises:
        ValueError: there is no such table.
    """
    _, found, rest = markdown.partition(f"\n## {function}\n")
    lines = [line for line in rest.split("\n## ")[0].splitlines() if line.startswith("| ")]
    if not found or len(lines) < 3:
        raise ValueError(f"docs/ties.md has no table of {function}")
    head, _, *body = ([cell.strip() for cell in line.strip("|").split("|")] for line in lines)
    columns = [k for k, name in enumerate(head) if re.fullmatch(r"\de-\d\d", name)]
    rows = []
    for cells in body:
        left = [CELL.match(cells[k]) for k in columns]
        if any(left):
            label = f"{cells[0]}: {cells[1]}"
            rows.append((label, [int(match[1]) if match else None for match in left]))
    return rows, [float(head[k]) for k in columns]
