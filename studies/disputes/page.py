"""Disputes as JSON, as Markdown and on a terminal."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import msgspec
from rich.console import Console
from rich.table import Table
from rich.text import Text

from symgrad.court.hearing import Hearing
from symgrad.court.verdicts import Number, Rows
from symgrad.report.document import TOOLKIT, environment
from symgrad.report.pages import opening
from symgrad.report.terminal import COLOURS, heading
from symgrad.studies.disputes.record import Asked, Dispute, Proposed
from symgrad.studies.disputes.rule import Checked, Document, Heard, settle

STATUSES = {"settled": "green", "not settled": "bold red", "not asked": "yellow"}
NONE = "—"
NOTHING = 1e-13
"""Relative to the largest entry: what rounding leaves of a zero."""
COLUMNS = ("who, and by what", "f at X", "G", "convention", "reads", "entrywise", "verdict")

TITLE = opening("Disputed gradients", "has read such a thread")
INTRODUCTION = """\
Public threads in which people disagreed about a gradient with respect to a symmetric (or Hermitian)
matrix: what was asked, what is true, and the checks that say so.  A check is a gradient that a
framework returned in this run, or a matrix that people proposed (or a former version returned),
made from the exact one; both are judged alike.  A gradient G is right if (G + Gᵀ)/2 is S, the exact
gradient on the symmetric matrices.  *Reads*: the entries that the forward pass depends on.
*Entrywise*: whether G is also the gradient of the forward pass in n² free entries, which is what a
check by differences in single entries asks.  Made by `python verify.py disputes --output docs`,
which fails if anything comes out otherwise."""


def make_disputes(hearing: Hearing, disputes: Sequence[Dispute]) -> Document:
    """The disputes, heard."""
    heard = settle(hearing, disputes)
    return Document(TOOLKIT, environment(hearing), heard)


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
    lines = [TITLE, "", INTRODUCTION, ""]
    for heard in document.disputes:
        lines += _section(heard)
    return "\n".join(lines).rstrip() + "\n"


def _section(heard: Heard) -> list[str]:
    dispute = heard.dispute
    links = [f"[{t.name}]({t.url})" if t.url else t.name for t in dispute.threads]
    lines = [f"## {dispute.question}", "", dispute.answer, ""]
    lines += [dispute.note, ""] if dispute.note else []
    lines += [f"`{dispute.id}`, {_status(heard)}; asked in {', '.join(links)}", ""]
    lines += ["| " + " | ".join(COLUMNS) + " |", "|---" * len(COLUMNS) + "|"]
    for checked in heard.checks:
        name, by, *cells = _cells(checked)
        quoted = [f"`{cell}`" if cell != NONE else cell for cell in cells[:2]]
        who = f"{name}: `{by}`" if isinstance(checked.check, Asked) else f"{name}: {by}"
        row = [cell.replace("|", "\\|") for cell in (who, *quoted, *cells[2:])]
        lines += ["| " + " | ".join(row) + " |"]
    remarks = [f"- {remark}" for checked in heard.checks for remark in _remarks(checked)]
    return [*lines, "", *remarks, *([""] if remarks else [])]


def show(console: Console, document: Document) -> None:
    """Each dispute: thread, question, answer, checks."""
    for heard in document.disputes:
        dispute = heard.dispute
        heading(console, dispute.id)
        for thread in dispute.threads:
            console.print(Text(f"{thread.name} {thread.url}".strip(), "dim"), soft_wrap=True)
        console.print(Text(dispute.question, "bold"))
        console.print(Text(dispute.answer))
        if dispute.note:
            console.print(Text(dispute.note, "dim"))
        console.print(_table(heard))
        for checked in heard.checks:
            for remark in _remarks(checked):
                console.print(Text(remark, "bold red" if checked.differs else "dim"))
        console.print(Text(_status(heard), STATUSES[heard.status]))


def _table(heard: Heard) -> Table:
    table = Table(header_style="bold", show_lines=True)
    for name in COLUMNS:
        table.add_column(name, overflow="fold", no_wrap=name == "G")
    for checked in heard.checks:
        name, by, what, matrix, *cells, verdict = _cells(checked)
        colour = COLOURS[checked.found.verdict] if checked.found else "dim"
        table.add_row(
            Text.assemble((f"{name}\n", "dim"), by),
            Text(what),
            Text(matrix.replace("; ", "\n")),
            *map(Text, cells),
            Text(verdict, "bold red" if checked.differs else colour),
        )
    return table


def closing_line(document: Document) -> Text:
    """The counts in one line."""
    count = Counter(heard.status for heard in document.disputes)
    checks = [checked for heard in document.disputes for checked in heard.checks]
    missing = sum(heard.missing for heard in document.disputes)
    right = sum(checked.found is not None and not checked.differs for checked in checks)
    counted = ", ".join(f"{number} {status}" for status, number in count.items())
    not_run = f", {missing} did not run" if missing else ""
    return Text(
        f"{len(document.disputes)} disputes: {counted}; "
        f"{right} of {len(checks)} checks came out as expected{not_run}"
    )


def _status(heard: Heard) -> str:
    if heard.status == "settled" and heard.missing:
        return f"settled by the checks that ran ({heard.missing} of {len(heard.checks)} did not)"
    return heard.status


def _cells(checked: Checked) -> list[str]:
    """One row: who, by what, and what came out."""
    check, found = checked.check, checked.found
    name, by = "proposed", check.by if isinstance(check, Proposed) else check.route
    if isinstance(check, Asked):
        name = f"{check.framework} {checked.version or ''}".rstrip()
        by += "" if check.mode == "reverse" else f", {check.mode} mode"
    what = f"{checked.answer.function} at {check.matrix}{_value(checked)}"
    if found is None:
        verdict = "no answer" if checked.differs else "not run"
        return [name, by, what, NONE, NONE, NONE, NONE, verdict]
    convention = ", ".join(filter(None, [found.convention, found.conjugation])) or NONE
    verdict = found.verdict + (", not as expected" if checked.differs else "")
    seen = [found.reads or NONE, found.off_symmetric or NONE]
    return [name, by, what, _matrix(checked.answer.gradient), convention, *seen, verdict]


def _value(checked: Checked) -> str:
    """The exact value, where its sign is what matters."""
    if checked.check.expected.sign is None or checked.answer.exact_value is None:
        return ""
    return f": f = {float(checked.answer.exact_value):.4g}"


def _remarks(checked: Checked) -> list[str]:
    """Why a gradient is wrong, and what came out otherwise than expected."""
    name, by, what = _cells(checked)[:3]
    found = checked.found
    wrong = [found.reason] if found and found.verdict == "disagrees" else []
    return [f"{name}, {by}, {what}: {text}" for text in (*wrong, *checked.differs)]


def _matrix(rows: Rows | None) -> str:
    """G by rows, to four digits; what is nothing beside its largest entry is printed as 0."""
    if rows is None:
        return NONE
    parts = [x for row in rows for entry in row for x in _parts(entry) if isinstance(x, float)]
    least = NOTHING * max(map(abs, parts), default=0.0)
    return "; ".join(" ".join(_entry(entry, least) for entry in row) for row in rows)


def _entry(entry: Number | tuple[Number, Number], least: float) -> str:
    real, *imaginary = (
        ("0" if abs(x) <= least else f"{x:.4g}") if isinstance(x, float) else x
        for x in _parts(entry)
    )
    return real + "".join(f"{'' if x[0] == '-' else '+'}{x}i" for x in imaginary)


def _parts(entry: Number | tuple[Number, Number]) -> tuple[Number, ...]:
    return entry if isinstance(entry, tuple) else (entry,)
