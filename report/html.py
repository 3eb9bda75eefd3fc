"""A run as a page: one file that needs no network, is read on light and dark, and is printed."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from msgspec import Struct

from symgrad.court.references import Demonstration, Identity
from symgrad.court.verdicts import Component, Number, Rows, Verdict
from symgrad.report import terminal
from symgrad.report.answer import KINDS, Answer
from symgrad.report.queried import About, about
from symgrad.report.routes import worst
from symgrad.report.run import Run
from symgrad.report.verdicts import compared, convention, label

MOST_ROWS = 8
"""Larger matrices are named by their size; the JSON has them."""
STRONGEST = 0.55
"""Opacity of the colour of the largest entry: text on it stays legible on light and on dark."""
COLOURS = {True: "0 114 178", False: "230 159 0"}
"""Of negative and of positive entries: two that the colour-blind tell apart (M. Okabe, K. Ito)."""


class Cell(Struct, frozen=True):
    """One entry of a matrix, with the colour behind it."""

    text: str
    colour: str


def render(
    run: Run,
    found: Answer | None,
    demonstration: Demonstration | None,
    beside: Mapping[About, str] = {},
) -> bytes:
    """The page of a run; of the main job with its answer and its proof.

    ``beside`` is what is differentiated, where it is not f.
    """
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    shows = (cells, label, convention, compared, worst_of, point, identities, about)
    environment.filters |= {show.__name__: show for show in shows}
    page = environment.get_template("page.html.jinja").render(
        run=run,
        answer=found,
        demonstration=demonstration,
        beside=beside,
        kinds=KINDS,
        closing=terminal.closing_line(run.verdicts, run.claims, "").plain,
    )
    return page.encode()


def cells(G: Rows) -> list[list[Cell]]:
    """The entries of a matrix, the stronger in colour the larger they are; none of a large one."""
    if len(G) > MOST_ROWS:
        return []
    largest = max((abs(_real(x)) for row in G for x in row if _is_finite(x)), default=0.0) or 1.0

    def cell(x: Number | tuple[Number, Number]) -> Cell:
        if not _is_finite(x):
            return Cell(str(x), "transparent")
        share = abs(_real(x)) / largest * STRONGEST
        return Cell(_text(x), f"rgb({COLOURS[_real(x) < 0]} / {share:.2f})")

    return [[cell(x) for x in row] for row in G]


def worst_of(v: Verdict) -> Component | None:
    """The contraction that is farthest off for its tolerance."""
    return worst([v])


def point(v: Verdict) -> str:
    """The point in one line, or whose it is."""
    told = ", ".join(f"{name} = {value}" for name, value in v.point.items())
    return told if len(told) <= 60 else f"{told[:60].rpartition(',')[0]}, …"


def identities(proved: Sequence[Identity]) -> dict[tuple[str, str], list[Identity]]:
    """The residuals of each gradient of each function, in the order of the parameters."""
    found: dict[tuple[str, str], list[Identity]] = {}
    for identity in proved:
        found.setdefault((identity.function, identity.gradient), []).append(identity)
    return found


def _is_finite(x: Number | tuple[Number, Number]) -> bool:
    parts = x if isinstance(x, (tuple, list)) else (x,)
    return all(isinstance(part, (int, float)) and math.isfinite(part) for part in parts)


def _real(x: Number | tuple[Number, Number]) -> float:
    """A real entry, or of a complex one its modulus."""
    if isinstance(x, (tuple, list)):
        return math.hypot(*map(float, x))
    return float(x)


def _text(x: Number | tuple[Number, Number]) -> str:
    if isinstance(x, (tuple, list)):
        return f"{float(x[0]):.4g}{float(x[1]):+.4g}i"
    return f"{float(x):.4g}".replace("-", "−")
