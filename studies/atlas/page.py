"""The atlas as JSON, as Markdown and on a terminal."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

import msgspec
from rich.console import Console
from rich.table import Table
from rich.text import Text

from symgrad.court.data import decode
from symgrad.court.former.recorded import read_record
from symgrad.court.hearing import Hearing
from symgrad.court.verdicts import RIGHT, Outcome
from symgrad.report.document import TOOLKIT, environment, today, write_together
from symgrad.report.pages import opening
from symgrad.report.terminal import COLOURS
from symgrad.studies.atlas.record import REAL, Atlas, Made, Row, rows, with_since

MARKS = {
    "agrees": "yes",
    "inaccurate": "inaccurate",
    "disagrees": "NO",
    "refused": "refused",
    "failed": "fails",
    None: "—",
}
HEADERS = (
    "route",
    "reads",
    "convention",
    "since",
    "valid on Sym(n)",
    "true off Sym(n)",
    "forward mode",
    "Hermitian",
    "conjugation",
    "dtypes",
    "singular",
)
ROUTE_WIDTH = 24
"""Least width of a route on a terminal, however narrow."""
WIDE = 124
"""From this width on a terminal has room for all columns."""
NARROW = 6
"""So many columns are shown on a narrower one."""
SHORT_HEADERS = (
    "reads",
    "convention",
    "since",
    "valid",
    "off\nSym",
    "forward\nmode",
    "Hermitian",
    "conjugation",
    "dtypes",
    "singular",
)


def make_atlas(hearing: Hearing) -> Atlas:
    """The atlas of what was found."""
    made = Made(today())
    around = (TOOLKIT, environment(hearing), made, hearing.choice.size)
    return Atlas(*around, rows(hearing), dict(sorted(hearing.devices.items())))


def to_json(atlas: Atlas) -> bytes:
    """The atlas as one JSON object."""
    return msgspec.json.format(msgspec.json.encode(atlas), indent=1) + b"\n"


def from_json(text: bytes) -> Atlas:
    """The atlas that :func:`to_json` wrote; data only, nothing is executed.

    Raises:
        msgspec.DecodeError: it does not have the shape of an atlas.
    """
    return decode(text, Atlas)


def read_recorded(folder: Path) -> Atlas | None:
    """The atlas of an accelerator that is kept in a folder, if there is one."""
    kept = folder / "atlas-cuda.json"
    return from_json(kept.read_bytes()) if kept.exists() else None


def cells(row: Row) -> list[str]:
    """A row's cells, under :data:`HEADERS`."""
    hermitian = _mark(row, "hermitian reverse", row.hermitian)
    if row.forward_hermitian not in (None, row.hermitian):
        forward = _mark(row, "hermitian forward", row.forward_hermitian)
        hermitian += f" (forward mode: {forward})"
    agreeing = [_in_dtype(row, *item) for item in row.dtypes.items() if item[1] in RIGHT]
    return [
        row.route,
        row.reads or "—",
        row.convention or "—",
        row.since or "—",
        _mark(row, REAL, row.valid),
        row.off_symmetric or "—",
        _mark(row, "real forward", row.forward),
        hermitian,
        row.conjugation or "—",
        ", ".join(agreeing) or "—",
        _at_singular(row),
    ]


def _at_singular(row: Row) -> str:
    """By rank, where f has a derivative; once where all is the same."""
    told = {
        name: _mark(row, f"{name} reverse", outcome)
        for name, outcome in row.singular.items()
        if outcome != "refused"
    }
    if not told:
        return "refused" if row.singular else "—"
    if len(set(told.values())) == 1:
        return next(iter(told.values()))
    return ", ".join(f"{name}: {mark}" for name, mark in told.items())


def _mark(row: Row, name: str, outcome: Outcome | None) -> str:
    if outcome == "inaccurate":
        return f"{row.digits[name]} digits"
    return MARKS[outcome] + (" (known)" if name in row.known else "")


def _in_dtype(row: Row, dtype: str, outcome: Outcome) -> str:
    """The dtype in short, with the digits of one in which the gradient is inaccurate."""
    parts = {"float64": REAL, "complex128": "hermitian reverse"}
    left = row.digits.get(parts.get(dtype, f"{dtype} reverse"))
    return _short(dtype) if left is None else f"{_short(dtype)} ({left} digits)"


LEGEND = """\
Who is right about the gradient of a function of a symmetric matrix?  Every route below is one
public call (or a short chain of them) of one framework.

- *reads*: the entries that the forward pass depends on, found by moving a triangle at a time:
  `lower`, `upper`, `both` (only the sum of two mirrored entries counts), `entries` (each on its
  own).
- *convention*: which representative of the symmetric gradient S is reported: `symmetric` (S),
  `lower` (2 tril S − diag S), `upper`, `unsymmetric` (S + a skew part), `ambiguous` (several fit).
- *since*: the oldest version known to show this convention by this call, going back from this one
  without a break: of those that docs/history.md is about, or this one.
- *valid on Sym(n)*: (G + Gᵀ)/2 is S, the exact gradient on the symmetric matrices, so that G gives
  every directional derivative there.  All conventions do.
- *true off Sym(n)*: G is the gradient of what the forward pass computes at matrices that are not
  symmetric as well (by differences); `rejected`: it accepts no such matrix.
- *forward mode*: the derivatives along all symmetric directions, by forward mode, are exact.
- *Hermitian*: the same for a complex Hermitian matrix; *conjugation*: whether ∂f/∂Re + i ∂f/∂Im or
  its conjugate is reported.
- *dtypes*: those in which the gradient agrees with the exact one to rounding (f float, bf bfloat,
  c complex).
- *singular*: the same at singular matrices of every rank, where f has a derivative.
- *N digits*: `inaccurate`, right but for digits that rounding lost; N are left.
- `refused`: f or the framework has no such gradient, or nothing can be said at this point; `fails`:
  it raises an error; `NO`: wrong, see the reasons under the table; `NO (known)`, `fails (known)`:
  see docs/findings.md under the name that the reasons give."""


RECORDED = """\
The rows below are recorded: from a run on {}, kept in atlas-cuda.json, and not made anew with those
above.  They are of PyTorch and JAX on the device that stands over each table; its modes of reduced
precision are asked in float32 alone, and judged in the format in which they multiply."""
DOUBLED = ("lower", "upper")
DOUBLING = """\
Calls that report, of one function at least, a triangle with doubled entries: 2 tril S − diag S
(`lower`) or 2 triu S − diag S (`upper`).  Contracted, these give the same numbers as S does."""


def to_markdown(atlas: Atlas, recorded: Atlas | None = None) -> str:
    """A table per framework, under a legend; then what is ``recorded`` of an accelerator."""
    title = opening("Atlas of gradient conventions", "asks which calls double")
    lines = [title, "", LEGEND, ""]
    versions = {row.framework: row.version for row in atlas.rows}
    made = ", ".join(f"{name} {version}" for name, version in versions.items())
    lines += [f"Made on {atlas.made.date} with {made}; matrices of size {atlas.size}.", ""]
    lines += [f"{name} computed on {device}.\n" for name, device in atlas.devices.items()]
    lines += _doubling(atlas.rows)
    lines += _tables(atlas)
    if recorded:
        lines += ["## Recorded on an accelerator", "", RECORDED.format(recorded.made.date), ""]
        lines += _tables(recorded)
    return "\n".join(lines).rstrip() + "\n"


def _tables(atlas: Atlas) -> Iterator[str]:
    """One for each framework, under its name and version, and the accelerator if there is one."""
    for framework in dict.fromkeys(row.framework for row in atlas.rows):
        mine = [row for row in atlas.rows if row.framework == framework]
        place = f" on {atlas.devices[framework]}" if framework in atlas.devices else ""
        yield from (f"## {framework} {mine[0].version}{place}", "")
        yield _markdown_row(("function", *HEADERS))
        yield _markdown_row(["---"] * (len(HEADERS) + 1))
        yield from (_markdown_row((row.function, *cells(row))) for row in mine)
        yield from ("", *_reasons(mine))


def _doubling(rows: Sequence[Row]) -> list[str]:
    """Which calls report one triangle with doubled entries: a line per framework and triangle."""
    calls: dict[tuple[str, str], dict[str, None]] = {}
    for row in rows:
        if row.convention in DOUBLED:
            calls.setdefault((row.framework, row.convention), {})[row.route] = None
    told = [
        f"- {framework}, `{convention}`: {', '.join(f'`{route}`' for route in routes)}"
        for (framework, convention), routes in calls.items()
    ]
    return ["## Who doubles", "", DOUBLING, "", *(told or ["- none"]), ""]


def show(console: Console, atlas: Atlas) -> None:
    """One table per framework, then what is wrong or missing and why."""
    count = len(SHORT_HEADERS) if console.width >= WIDE else NARROW
    for framework in dict.fromkeys(row.framework for row in atlas.rows):
        mine = [row for row in atlas.rows if row.framework == framework]
        table = Table(
            title=f"{framework} {mine[0].version}",
            title_justify="left",
            header_style="bold",
            expand=True,
        )
        table.add_column("function\n  route", overflow="fold", ratio=1, min_width=ROUTE_WIDTH)
        for name in SHORT_HEADERS[:count]:
            table.add_column(name, overflow="fold")
        for function in dict.fromkeys(row.function for row in mine):
            table.add_row(Text(function, "bold"))
            for row in (row for row in mine if row.function == function):
                route, *rest = cells(row)[: 1 + count]
                colour = COLOURS["disagrees"] if row.is_wrong else ""
                table.add_row(*(Text(cell, colour) for cell in (f"  {route}", *rest)))
        console.print(table)
        for line in _reasons(mine):
            console.print(Text(line))
    if count < len(SHORT_HEADERS):
        left = ", ".join(SHORT_HEADERS[count:])
        console.print(f"not shown for want of room, but in atlas.md: {left}")


def closing_line(rows: Sequence[Row]) -> Text:
    """The counts in one line."""
    count: Counter[str] = Counter(row.valid for row in rows)
    wrong = sum(row.is_wrong for row in rows)
    known = sum(row.is_wrong and not row.is_news for row in rows)
    return Text(
        f"{len(rows)} routes: {count['agrees']} valid on Sym(n), {count['inaccurate']} inaccurate, "
        f"{count['disagrees']} not, "
        f"{count['refused']} refused, {count['failed']} failed; "
        f"{wrong} wrong somewhere: in a dtype, a mode, at Hermitian or singular matrices; "
        f"{known} of these are known findings"
    )


def _reasons(rows: Sequence[Row]) -> list[str]:
    return [
        f"- `{row.function}`, `{row.route}`, {name}: {reason}"
        + (f" (known: {row.known[name]})" if name in row.known else "")
        for row in rows
        for name, reason in {**row.wrong, **_known_failures(row)}.items()
    ]


def _known_failures(row: Row) -> dict[str, str]:
    return {name: reason for name, reason in row.missing.items() if name in row.known}


def _markdown_row(row: Sequence[str]) -> str:
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in row) + " |"


def _short(dtype: str) -> str:
    for long, short in {"bfloat": "bf", "float": "f", "complex": "c"}.items():
        if dtype.startswith(long):
            return short + dtype.removeprefix(long)
    return dtype


def refresh(folder: Path) -> None:
    """Bring a kept atlas up to date with what is recorded, without a framework.

    That is the column *since*, and the rows of an accelerator.
    """
    atlas = with_since(from_json((folder / "atlas.json").read_bytes()), read_record())
    page = to_markdown(atlas, read_recorded(folder))
    pages = {"atlas.json": to_json(atlas), "atlas.md": page.encode()}
    write_together(folder, pages)


if __name__ == "__main__":
    refresh(Path(sys.argv[1]))
