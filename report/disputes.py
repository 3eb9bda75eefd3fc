"""Disputes as JSON, as Markdown and on a terminal."""

from __future__ import annotations

from collections import Counter

import msgspec
from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from court.disputes import Asked
from court.records import Number
from court.settled import Checked, Document, Heard
from report.terminal import COLOURS, heading

STATUSES = {"settled": "green", "not settled": "bold red", "not asked": "yellow"}
COLUMNS = ("who, and by what", "f at X", "G", "convention", "reads", "entrywise", "verdict")

INTRODUCTION = """\
# Disputed gradients

Public threads in which people disagreed about a gradient with respect to a symmetric (or Hermitian)
matrix: what was asked, what is true, and the checks that say so.  A check is a gradient that a
framework returned in this run, or a matrix that people proposed (or a former version returned),
made from the exact one; both are judged alike.  A gradient G is right if (G + Gᵀ)/2 is S, the exact
gradient on the symmetric matrices.  *Reads*: the entries that the forward pass depends on.
*Entrywise*: whether G is also the gradient of the forward pass in n² free entries, which is what a
check by differences in single entries asks.  Made by `python verify.py disputes --output docs`,
which fails if anything comes out otherwise."""


def to_json(document: Document) -> bytes:
    """The disputes as one JSON object; exact numbers have all their digits."""
    encoder = msgspec.json.Encoder(decimal_format="number")
    return msgspec.json.format(encoder.encode(document), indent=1) + b"\n"


def from_json(text: bytes) -> Document:
    """What a file written by :func:`to_json` holds; data only, nothing is executed.

    Raises:
        msgspec.ValidationError: it does not have the shape of a list of disputes.
    """
    return msgspec.json.decode(text, type=Document)


def to_markdown(document: Document) -> str:
    """A section per dispute."""
    lines = [INTRODUCTION, ""]
    for heard in document.disputes:
        lines += _section(heard)
    return "\n".join(lines).rstrip() + "\n"


def _section(heard: Heard) -> list[str]:
    dispute = heard.dispute
    links = [f"[{t.name}]({t.url})" if t.url else t.name for t in dispute.threads]
    lines = [f"## {dispute.question}", "", f"{dispute.answer}", ""]
    lines += [dispute.note, ""] if dispute.note else []
    lines += [f"`{dispute.id}`, {_status(heard)}; asked in {', '.join(links)}", ""]
    lines += ["| " + " | ".join(COLUMNS) + " |", "|---" * len(COLUMNS) + "|"]
    for checked in heard.checks:
        cells = _cells(checked)
        cells[1] = f"{cells[1]}{_value(checked)}"
        for k in (1, 2):
            cells[k] = f"`{cells[k]}`" if cells[k] != "—" else "—"
        lines += ["| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"]
    remarks = [remark for checked in heard.checks for remark in _remarks(checked)]
    return [*lines, "", *(f"- {remark}" for remark in remarks), *([""] if remarks else [])]


def show(console: Console, document: Document) -> None:
    """Each dispute: question, answer, checks, link."""
    for heard in document.disputes:
        dispute = heard.dispute
        heading(console, dispute.id)
        for name in (f"{t.name} {t.url}".strip() for t in dispute.threads):
            console.print(Text(name, "dim"), soft_wrap=True)
        console.print(Text(dispute.question, "bold"))
        console.print(Text(dispute.answer))
        if dispute.note:
            console.print(Text(dispute.note, "dim"))
        console.print(_table(heard))
        for checked in heard.checks:
            for remark in _remarks(checked):
                console.print(Padding(Text(remark, "dim"), (0, 0, 0, 2)))
        console.print(Text(_status(heard), STATUSES[heard.status]))


def _table(heard: Heard) -> Table:
    table = Table(header_style="bold", show_lines=True)
    for name in COLUMNS:
        table.add_column(name, overflow="fold")
    for checked in heard.checks:
        cells = [Text(cell.replace("; ", "\n")) for cell in _cells(checked)]
        cells[1] = Text(f"{_cells(checked)[1]}{_value(checked)}")
        colour = COLOURS[checked.found.verdict] if checked.found else "dim"
        cells[-1] = Text(_cells(checked)[-1], "bold red" if checked.differs else colour)
        table.add_row(*cells)
    return table


def closing_line(document: Document) -> Text:
    """The counts in one line."""
    count = Counter(heard.status for heard in document.disputes)
    checks = [checked for heard in document.disputes for checked in heard.checks]
    missing = sum(heard.missing for heard in document.disputes)
    line = Text(f"{len(document.disputes)} disputes: ")
    line.append(", ".join(f"{count[name]} {name}" for name in STATUSES if count[name]) or "none")
    line.append(f"; {sum(not c.differs and c.found is not None for c in checks)} of ")
    line.append(f"{len(checks)} checks came out as expected")
    return line.append(f", {missing} did not run" if missing else "")


def _status(heard: Heard) -> str:
    if heard.status == "settled" and heard.missing:
        return f"settled by the checks that ran ({heard.missing} of {len(heard.checks)} did not)"
    return heard.status


def _cells(checked: Checked) -> list[str]:
    """One row: what was checked, and what came out."""
    check, found = checked.check, checked.found
    if isinstance(check, Asked):
        mode = f", {check.mode} mode" if check.mode != "reverse" else ""
        who = f"{check.framework} {checked.version or ''}".strip() + f": {check.route}{mode}"
    else:
        who = f"proposed: {check.by}"
    what = f"{checked.answer.function}, {check.matrix}"
    if found is None:
        said = "not as expected" if checked.differs else "not run"
        return [who, what, "—", "—", "—", "—", said]
    convention = ", ".join(filter(None, [found.convention, found.conjugation])) or "—"
    verdict = found.verdict + (", not as expected" if checked.differs else "")
    reads, entrywise = found.reads or "—", found.off_symmetric or "—"
    return [who, what, _matrix(checked), convention, reads, entrywise, verdict]


def _value(checked: Checked) -> str:
    """The exact value, where its sign is what matters."""
    if checked.check.expected.sign is None or checked.answer.exact_value is None:
        return ""
    return f", f = {float(checked.answer.exact_value):.4g}"


def _remarks(checked: Checked) -> list[str]:
    """Why a gradient is wrong, and what came out otherwise than expected."""
    found = checked.found
    who = _cells(checked)[0]
    wrong = [f"{who}: {found.reason}"] if found and found.verdict == "disagrees" else []
    return wrong + [f"NOT AS EXPECTED: {who}: {text}" for text in checked.differs]


def _matrix(checked: Checked) -> str:
    """G by rows, to four digits."""
    rows = checked.answer.gradient
    if rows is None:
        return "—"
    return "; ".join(" ".join(map(_entry, row)) for row in rows)


def _entry(entry: Number | tuple[Number, Number]) -> str:
    if isinstance(entry, tuple):
        imaginary = _entry(entry[1])
        return f"{_entry(entry[0])}{imaginary if imaginary[0] == '-' else '+' + imaginary}i"
    return f"{entry:.4g}" if isinstance(entry, float) else entry
