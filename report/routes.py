"""Verdicts on the terminal in short: a line for each route, with its worst contraction."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

from rich.console import Console
from rich.table import Table
from rich.text import Text

from symgrad.court.verdicts import Component, Verdict
from symgrad.report.queried import About, about
from symgrad.report.terminal import COLOURS, COUNTED
from symgrad.report.verdicts import (
    comma,
    compared,
    convention,
    label,
    of_all_directions,
    place_of,
    show_reasons,
)
from symgrad.report.wrapping import Call

ROOMY = 100
"""Columns of a terminal that has room for what a route reads."""


def show_routes(
    console: Console, verdicts: Sequence[Verdict], beside: Mapping[About, str] = {}
) -> None:
    """One table for each function, structure and dtype, a row for each route over all points.

    ``beside`` is what is differentiated, where it is not f.
    """
    for key in dict.fromkeys(map(_about, verdicts)):
        rows = [v for v in verdicts if _about(v) == key]
        function, parameterization, size, dtype = key
        points = len({str(v.point) for v in rows})
        where = place_of(rows[0]) if points == 1 else f"at {points} points"
        told = f"{function} of {parameterization}({size}) in {dtype} {where}"
        told += comma(beside.get(about(rows[0])))
        console.print(Text(f"\n{told}", "bold"))
        if every := next(filter(None, map(of_all_directions, rows)), ""):
            console.print(f"  {every}")
        console.print(_table(rows, console.width >= ROOMY))
    show_reasons(console, verdicts)


def worst(verdicts: Sequence[Verdict]) -> Component | None:
    """The contraction that is farthest off for its tolerance, of all; None if none was made."""
    components = [c for v in verdicts for c in v.parameters]
    return max(components, key=lambda c: float(c.error) / (c.tolerance or 1.0), default=None)


def outcomes(verdicts: Sequence[Verdict]) -> Text:
    """How many there are of each outcome, ``3 agree, 1 refused``, and the digits that are left."""
    count = Counter(v.verdict for v in verdicts)
    told = [Text(f"{n} {COUNTED[outcome]}", COLOURS[outcome]) for outcome, n in count.items()]
    digits = [v.digits for v in verdicts if v.digits is not None]
    told += [Text(f"{min(digits)} digits left", COLOURS["inaccurate"])] if digits else []
    return Text(", ").join(told)


def _about(v: Verdict) -> tuple[str, str, int, str]:
    return v.function, v.parameterization, v.size, v.dtype


def _table(verdicts: Sequence[Verdict], is_roomy: bool) -> Table:
    table = Table(box=None, header_style="dim", pad_edge=False, padding=(0, 2, 0, 0))
    names = ["route", "convention", *(["reads"] if is_roomy else []), "worst: error, tolerance", ""]
    for name in names:
        table.add_column(name)
    framework = ""
    for key in dict.fromkeys((v.framework, v.version, label(v)) for v in verdicts):
        rows = [v for v in verdicts if (v.framework, v.version, label(v)) == key]
        if framework != key[0]:
            framework = key[0]
            table.add_row(Text(f"{framework} {key[1]}", "bold"))
        c = worst(rows)
        reads = [", ".join(dict.fromkeys(v.reads or "—" for v in rows))] if is_roomy else []
        table.add_row(
            Call(key[2]),
            Text(", ".join(dict.fromkeys(map(convention, rows)))),
            *map(Text, reads),
            Text(f"{c.name}: {compared(c)}" if c else "—"),
            outcomes(rows),
        )
    return table
