"""What changed in which version, as JSON and as Markdown."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
from rich.text import Text

from symgrad.court.data import decode
from symgrad.report.pages import opening
from symgrad.studies.history.changes import Change, Changes, Dated

TITLE = opening(
    "What changed in which version",
    "upgrades a framework, or has numbers that an older one gave",
)
INTRODUCTION = """\
Each call of a framework was put to several of its versions, at the same matrices in double
precision, by reverse mode.  *Last* and *first* are neighbours on record: where a version lies
between them, it was not run, and the change is in it or in the one under *first*.  The answers of
former versions are those in `court/former/recorded.json`, judged anew; those of the versions that
the project is tested with are from the [atlas](atlas.md), and those of releases since from a record
of `python verify.py watch`, `docs/watch.json`.  [History](history.md) has every call of every
former version.  Made by `make changes`."""
CLAIM = "symeig"
LEGEND = """\
What came of the smallest case of each finding, from which version on record to which: *wrong*, as
it is known to be, *right*, *refused* or *fails* where there was no gradient.  What changed between
two neighbours here changed in the later one, or in any between them that is not on record.  One
before the oldest that answered has no such call, was not asked by it, or is not on record."""


def to_json(found: Changes) -> bytes:
    """The record as one JSON object."""
    return msgspec.json.format(msgspec.json.encode(found), indent=1) + b"\n"


def from_json(text: bytes) -> Changes:
    """What :func:`to_json` wrote; data only, nothing is executed.

    Raises:
        msgspec.DecodeError: it does not have the shape of the record.
    """
    return decode(text, Changes)


def to_markdown(found: Changes) -> str:
    """The claim about PyTorch, a table per framework, and when each finding began."""
    symeig = [c for c in found.changes if c.framework == "torch" and CLAIM in c.route]
    lines = [TITLE, "", INTRODUCTION, "", "## When PyTorch became symmetric", ""]
    lines += [*map(_of_claim, [c for c in symeig if c.what == "convention"]), ""]
    for framework, versions in found.versions.items():
        mine = [c for c in found.changes if c.framework == framework]
        lines += [f"## {framework}", "", f"On record: {', '.join(versions)}.", ""]
        lines += [*_table(mine), ""] if mine else ["No call changed.", ""]
    lines += ["## The first version of every finding", "", LEGEND, ""]
    asked = [f for f in found.findings if len(f.seen) > 1]
    rows = [[f"[{f.id}](findings.md#{f.id})", f"`{f.route}`", _first(f), _runs(f)] for f in asked]
    lines += [*_rows(("finding", "call", "first wrong", "on record"), rows), ""] if rows else []
    rest: dict[str, list[str]] = {}
    for f in found.findings:
        if f not in asked:
            rest.setdefault(f"{f.framework} {f.first}", []).append(f.id)
    lines += ["Asked of one version alone, and perhaps older than that:", ""] if rest else []
    lines += [f"- {version}: {', '.join(names)}" for version, names in rest.items()]
    return "\n".join(lines).rstrip() + "\n"


def _of_claim(c: Change) -> str:
    return (
        f"- `{c.route}`: {c.before} in {c.last}, {c.after} in {c.first}, the next one on record: "
        f"{', '.join(c.functions)}"
    )


def _table(changes: Sequence[Change]) -> list[str]:
    headers = ("call", "functions", "what", "last", "first")
    return _rows(
        headers,
        [
            [
                f"`{c.route}`",
                ", ".join(c.functions),
                c.what,
                f"{c.before}: {c.last}",
                f"{c.after}: {c.first}",
            ]
            for c in changes
        ],
    )


def _first(f: Dated) -> str:
    if not f.previous:
        return f"{f.first}, the oldest that answered"
    return f"{f.first}; {f.seen[f.previous]} in {f.previous}"


def _runs(f: Dated) -> str:
    return ", ".join(
        f"{said} {first}" + (f" … {last}" if last != first else "") for said, first, last in f.runs
    )


def _rows(headers: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    lines = [headers, ["---"] * len(headers), *rows]
    return ["| " + " | ".join(x.replace("|", "\\|") for x in line) + " |" for line in lines]


def closing_line(found: Changes) -> Text:
    """The counts in one line."""
    versions = sum(map(len, found.versions.values()))
    dated = sum(bool(f.before) for f in found.findings)
    return Text(
        f"{found.calls} calls in {versions} versions: {len(found.changes)} changes; {dated} of "
        f"{len(found.findings)} findings began between two versions on record"
    )
