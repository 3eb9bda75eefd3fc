"""Verdicts on the terminal: each in full, or one line per route."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

from rich.columns import Columns
from rich.console import Console, Group
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from symgrad.court.verdicts import Component, Number, Verdict
from symgrad.report.queried import About, about
from symgrad.report.terminal import COLOURS, COUNTED
from symgrad.report.wrapping import Call, clipped

SHOWN = 6
"""Matrices up to this size and as many parameters are printed in full; the JSON has all."""


def label(v: Verdict) -> str:
    """The route, and the mode if it is not reverse mode."""
    return v.route if v.mode == "reverse" else f"{v.route}, {v.mode} mode"


def convention(v: Verdict) -> str:
    """The convention, and of a complex gradient which conjugate it is."""
    if v.conjugation is None:
        return v.convention or "—"
    return f"{v.convention or '—'}, {v.conjugation}"


def show_verdicts(
    console: Console, verdicts: Sequence[Verdict], beside: Mapping[About, str] = {}
) -> None:
    """One table per function and point, one row per route, everything shown.

    ``beside`` is what is differentiated, where it is not f.
    """
    for key in dict.fromkeys(map(_place, verdicts)):
        rows = [v for v in verdicts if _place(v) == key]
        first = rows[0]
        console.print()
        console.print(
            Text(
                f"{first.function} of {first.parameterization}({first.size}) in {first.dtype} "
                + place_of(first)
                + comma(beside.get(about(first))),
                "bold",
            )
        )
        judged = next((v for v in rows if v.parameters), None)
        if judged:
            for c in _worst_components(judged):
                console.print(f"  exact ∂f/∂{c.name} = {_digits(c)}")
            if len(judged.parameters) > SHOWN:
                console.print(
                    f"  … {len(judged.parameters)} parameters, the worst {SHOWN} are shown"
                )
            if told := of_all_directions(judged):
                console.print(f"  {told}")
        console.print(_table(rows))


def comma(text: str | None) -> str:
    """It as the end of a heading."""
    return f", {text}" if text else ""


def place_of(v: Verdict) -> str:
    """Where X is, ``at a = 1, b = 2, c = 3``."""
    known = [f"{name} = {_short(value)}" for name, value in v.point.items()]
    point = ", ".join(known if len(known) <= 2 * SHOWN else [*known[:SHOWN], "…"])
    return f"at {point}" if point else "at the given matrix"


def of_all_directions(v: Verdict) -> str:
    """Of a large matrix: that the worst direction alone is kept of all that were judged."""
    every = v.size * (v.size + 1) // 2
    if v.parameterization != "symmetric" or not 0 < len(v.parameters) < every:
        return ""
    return f"all {every} symmetric directions are judged, the worst is shown"


def _table(verdicts: Sequence[Verdict]) -> Table:
    table = Table(header_style="bold", show_lines=True)
    widest = max(len(line) for v in verdicts for line in _matrix(v.gradient).split("\n"))
    table.add_column("route and G as reported", min_width=max(24, widest))
    table.add_column("convention")
    table.add_column("⟨G, ∂X/∂θ⟩")
    table.add_column("error, and\ntolerance", no_wrap=True)
    table.add_column("verdict")
    for v in verdicts:
        components = _worst_components(v)
        table.add_row(
            Group(
                Text(f"{v.framework} {v.version}", "dim"), Call(label(v)), Text(_matrix(v.gradient))
            ),
            Text(f"{convention(v)}\nreads {v.reads or '—'}"),
            Text("\n".join(f"{c.name}: {_float(c.contracted, '.10g')}" for c in components)),
            Text("\n".join(compared(c) for c in components)),
            Text(_outcome(v), COLOURS[v.verdict]),
        )
    return table


def _outcome(v: Verdict) -> str:
    return v.verdict if v.digits is None else f"{v.verdict},\n{v.digits} digits"


def show_summary(console: Console, verdicts: Sequence[Verdict], whole: bool = False) -> None:
    """One row per route over all its points: conventions, worst error, outcomes.

    Reasons are given as a ``whole``, or without the last clauses of long ones.
    """
    table = Table(header_style="bold")
    for name in (
        "framework",
        "route",
        "convention",
        "reads",
        "worst error / tolerance",
        "verdicts",
    ):
        table.add_column(name, overflow="fold")
    for framework, route in dict.fromkeys((v.framework, label(v)) for v in verdicts):
        rows = [v for v in verdicts if (v.framework, label(v)) == (framework, route)]
        outcomes = Counter(v.verdict for v in rows)
        told = Text(", ").join(
            Text(f"{count} {COUNTED[outcome]}", COLOURS[outcome])
            for outcome, count in outcomes.items()
        )
        table.add_row(
            framework,
            Call(route),
            ", ".join(dict.fromkeys(map(convention, rows))),
            ", ".join(dict.fromkeys(v.reads or "—" for v in rows)),
            _worst(rows),
            told,
        )
    console.print(table)
    show_reasons(console, verdicts, whole)


def show_reasons(console: Console, verdicts: Sequence[Verdict], whole: bool = False) -> None:
    """Why something did not agree, once per route; without the last clauses if not ``whole``."""
    for (framework, route, reason), count in Counter(
        (v.framework, label(v), v.reason) for v in verdicts if v.reason
    ).items():
        outcome = next(v.verdict for v in verdicts if v.reason == reason)
        times = f" ({count} times)" if count > 1 else ""
        line = Text(f"{outcome}{times}: ", COLOURS[outcome])
        said = reason if whole else clipped(reason)
        console.print(line.append(f"{framework}, {route}: {said}", "default"))


def show_matrices(console: Console, named: Mapping[str, Sequence[Sequence[object]]]) -> None:
    """n×n matrices side by side, three decimals, each under its name."""
    blocks = [
        Text.assemble((name + "\n", "bold"), "\n".join(lines_of(matrix, 3)))
        for name, matrix in named.items()
    ]
    console.print(Columns([Padding(block, (1, 3, 0, 0)) for block in blocks]))


def _place(v: Verdict) -> tuple[str, str, str, str]:
    return v.function, v.parameterization, v.dtype, str(v.point)


def _worst(verdicts: Sequence[Verdict]) -> str:
    ratios = [
        float(c.error) / c.tolerance for v in verdicts for c in v.parameters if c.tolerance > 0
    ]
    return f"{max(ratios):.2g}" if ratios else "—"


def _matrix(G: list[list[Number | tuple[Number, Number]]] | None) -> str:
    if G is None or len(G) > SHOWN:
        return "—" if G is None else f"{len(G)}×{len(G)}"
    return "\n".join(lines_of(G, 4))


def lines_of(matrix: Sequence[Sequence[object]], digits: int) -> list[str]:
    """The lines of a matrix, with so many decimals."""
    cells = [[_float(x, f".{digits}f") for x in row] for row in matrix]
    width = max(len(cell) for row in cells for cell in row)
    return ["  ".join(cell.rjust(width) for cell in row) for row in cells]


def _worst_components(v: Verdict) -> list[Component]:
    """All parameters if they are few, else those with the largest errors for their tolerance."""
    if len(v.parameters) <= SHOWN:
        return v.parameters
    return sorted(v.parameters, key=lambda c: -float(c.error) / (c.tolerance or 1.0))[:SHOWN]


def compared(c: Component) -> str:
    """The error of a contraction beside its tolerance, ``8e-17 ≤ 3e-15``."""
    sign = "≤" if float(c.error) <= c.tolerance else ">"
    return f"{_float(c.error, '.0e')} {sign} {c.tolerance:.0e}"


def _float(x: object, form: str) -> str:
    if isinstance(x, tuple):
        real, imaginary = (_float(part, form) for part in x)
        return f"{real} {'-' if imaginary.startswith('-') else '+'} {imaginary.lstrip('-')}i"
    text = format(x, form) if isinstance(x, float) else str(x)
    return text.replace("-", "", 1) if text.strip("-0.") == "" else text


def _short(rational: str) -> str:
    if len(rational) <= 12:
        return rational
    numerator, _, denominator = rational.partition("/")
    return f"{int(numerator) / int(denominator or 1):.6g}…"


def _digits(component: Component) -> str:
    text = format(component.exact, "f")
    return text if len(text) <= 26 else f"{text[:26]}… ± {component.radius:.0e}"
