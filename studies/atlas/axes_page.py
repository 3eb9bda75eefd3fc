"""The further axes of the atlas as JSON, as Markdown and in one line."""

from __future__ import annotations

import sys
from collections import Counter
from pathlib import Path

import msgspec
from msgspec import structs
from rich.console import Console
from rich.text import Text

from symgrad.court.data import decode
from symgrad.court.hearing import Hearing
from symgrad.court.verdicts import Outcome
from symgrad.report.document import TOOLKIT, environment, today, write_together
from symgrad.report.machine import machine
from symgrad.report.pages import opening
from symgrad.studies.atlas.axes_record import Axes, AxisRow, columns, rows
from symgrad.studies.atlas.page import MARKS
from symgrad.studies.atlas.record import Made
from symgrad.studies.findings.record import Finding

LEGEND = """\
Every route of every framework, off the atlas's usual matrices.  A column is an axis, a value of it,
a dtype and a mode:

- *scale*: the same matrix in other units, s·X.
- *rank*: a singular matrix of that rank; *ties*: eigenvalues that coincide, `all`, a `pair`, or two
  that do but for their `sign`.
- *size*: a drawn matrix of that many rows.
- *execution*: the usual matrix; each way to execute is a route of its own.
- *query*: the usual matrix; `hvp` is the Hessian along a direction, in each way to differentiate
  twice, and `vjp` is ⟨W, F(X)⟩ with a W of each kind.

`yes`: the gradient is valid to rounding; `inaccurate`: right but for digits that rounding lost,
which is often that of this processor and its BLAS alone;
`NO`: wrong, `NO (known)`: see docs/findings.md; `refused`: f or the framework has no gradient
there; `fails`: it raises an error; `—`: not asked.  What is wrong is under each table, with why."""


def make_axes(hearing: Hearing, known: list[Finding]) -> Axes:
    """The table of what was found."""
    choice = hearing.choice
    made_by = {**environment(hearing), "machine": machine()}
    about = (TOOLKIT, made_by, Made(today()), choice.axes, choice.size)
    return Axes(*about, rows(hearing, known))


def to_json(axes: Axes) -> bytes:
    """The table as one JSON object."""
    return msgspec.json.format(msgspec.json.encode(axes), indent=1) + b"\n"


def from_json(text: bytes) -> Axes:
    """The table that :func:`to_json` wrote; data only, nothing is executed.

    Raises:
        msgspec.DecodeError: it does not have the shape of one.
    """
    return decode(text, Axes)


def portable(axes: Axes) -> Axes:
    """The table without what is another number on another processor: errors, and why in digits."""
    rows = [
        structs.replace(
            row,
            wrong={
                column: structs.replace(wrong, reason="", error=None)
                for column, wrong in row.wrong.items()
            },
        )
        for row in axes.rows
    ]
    return structs.replace(axes, rows=rows)


def to_markdown(axes: Axes) -> str:
    """A table per framework and axis, of the routes that are not right everywhere."""
    reader = "asks what breaks in other units, at ties, at other ranks, sizes and orders"
    lines = [opening("The atlas along its further axes", reader), "", LEGEND, ""]
    versions = {row.framework: row.version for row in axes.rows}
    made = ", ".join(f"{name} {version}" for name, version in versions.items())
    lines += [f"Made on {axes.made.date} with {made}; matrices of size {axes.size}."]
    lines += [f"On {axes.environment['machine']}.", ""]
    for framework, version in versions.items():
        mine = [row for row in axes.rows if row.framework == framework]
        lines += [f"## {framework} {version}", ""]
        for axis in axes.axes:
            lines += _table(axis, mine, [c for c in columns(axes) if c.split()[0] == axis])
        lines += reasons(mine)
        lines += [""]
    return "\n".join(lines).rstrip() + "\n"


def _table(axis: str, mine: list[AxisRow], names: list[str]) -> list[str]:
    asked = [row for row in mine if any(name in row.outcomes for name in names)]
    told = [row for row in asked if any(row.outcomes.get(n, "agrees") != "agrees" for n in names)]
    names = [name for name in names if any(name in row.outcomes for row in asked)]
    lines = [f"### {axis}", "", f"{len(asked) - len(told)} of {len(asked)} routes: yes everywhere."]
    if not told:
        return [*lines, ""]
    head = ["function", "route", *(name.removeprefix(f"{axis} ") for name in names)]
    lines += ["", _line(head), _line(["---"] * len(head))]
    lines += [_line([r.function, r.route, *(_cell(r, n) for n in names)]) for r in told]
    return [*lines, ""]


def _cell(row: AxisRow, name: str) -> str:
    known = name in row.wrong and row.wrong[name].known
    return MARKS[row.outcomes.get(name)] + (" (known)" if known else "")


def _line(cells: list[str]) -> str:
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def reasons(rows: list[AxisRow]) -> list[str]:
    """A line for each finding or reason of a row, with the columns where it is seen."""
    lines = []
    for row in rows:
        by_id: dict[str, list[str]] = {}
        for name, wrong in row.wrong.items():
            by_id.setdefault(wrong.known, []).append(name)
        for known, names in by_id.items():
            wrong = row.wrong[names[0]]
            why = wrong.reason or " or ".join(wrong.kinds) or "digits are lost"
            why = f"known: {known}" if known else why
            lines.append(f"- `{row.function}`, `{row.route}`, {', '.join(names)}: {why}")
    return lines


def show(console: Console, axes: Axes) -> None:
    """What is wrong, a line each."""
    for framework in dict.fromkeys(row.framework for row in axes.rows):
        told = reasons([row for row in axes.rows if row.framework == framework])
        console.print(Text(framework, "bold"))
        for line in told or ["- nothing is wrong"]:
            console.print(Text(line), soft_wrap=True)


def closing_line(axes: Axes) -> Text:
    """The counts in one line."""
    count = Counter(outcome for row in axes.rows for outcome in row.outcomes.values())
    news = sum(row.is_news for row in axes.rows)
    counted = ", ".join(f"{count[name]} {said}" for name, said in TOLD.items())
    return Text(
        f"{len(axes.rows)} routes along {', '.join(axes.axes)}: {counted}; "
        f"{sum(bool(row.wrong) for row in axes.rows)} wrong somewhere, {news} by what is no known "
        "finding"
    )


TOLD: dict[Outcome, str] = {
    "agrees": "right",
    "inaccurate": "inaccurate",
    "disagrees": "wrong",
    "refused": "refused",
    "failed": "failed",
}


def keep(folder: Path) -> None:
    """Write anew the table in a folder, without what depends on the processor."""
    kept = portable(from_json((folder / "axes.json").read_bytes()))
    write_together(folder, {"axes.json": to_json(kept), "axes.md": to_markdown(kept).encode()})


if __name__ == "__main__":
    keep(Path(sys.argv[1]))
