"""What changed between two releases of a framework: rows of the table, and findings."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Annotated, Literal, NamedTuple

from msgspec import Meta, Struct, structs

from symgrad.court.names import family
from symgrad.studies.atlas.record import Row
from symgrad.studies.findings.record import Finding
from symgrad.studies.findings.rule import Status
from symgrad.studies.watch.record import WRONG, Release

Kind = Literal[
    "wrong",
    "back",
    "mended",
    "other",
    "convention",
    "conjugation",
    "reads",
    "right",
    "off Sym(n)",
    "verdict",
    "gone",
    "new",
]
TITLES: dict[Kind, str] = {
    "wrong": "Wrong, and was not",
    "back": "A finding that is there again",
    "mended": "A finding that is mended",
    "other": "A finding that is otherwise",
    "convention": "Another convention",
    "conjugation": "Another conjugation",
    "reads": "Other entries are read",
    "right": "No longer wrong",
    "off Sym(n)": "Otherwise off the symmetric matrices",
    "verdict": "Another verdict",
    "gone": "A route that is gone",
    "new": "A route that is new",
}
"""The kinds of change, the gravest first."""
REAL = "real reverse"
INVALID = "invalid"
"""The convention of a gradient that is wrong."""
LACKING = ("has no attribute", "cannot import name", "No module named")
"""What a route says whose public name is not there."""
SAID: dict[Status, str] = {
    WRONG: "wrong",
    "passes unexpectedly": "right",
    "refused unexpectedly": "no gradient",
}
BY_CHANCE: tuple[Status, ...] = ("passes this time", "not installed", "another version")
"""Of these nothing follows."""


class Change(Struct, frozen=True):
    """One thing that is not as it was, of one route."""

    kind: Kind
    route: str
    functions: list[str]
    columns: Annotated[list[str], Meta(description="of the table; of a finding, its case")]
    before: str
    after: str
    reason: str = ""
    finding: Annotated[str, Meta(description="the id of the finding that it is about")] = ""


class Illustrated(NamedTuple):
    """The script that shows a change, and what it prints under the release."""

    script: str
    printed: str


class Compared(Struct, frozen=True):
    """A release, beside what it was held against."""

    framework: str
    version: str
    python: str
    requirements: list[str]
    against: Annotated[str, Meta(description="a version; empty where there is no record")]
    date: Annotated[str, Meta(description="when that was recorded")]
    changes: list[Change]


def compare(old: Release | None, new: Release, findings: Sequence[Finding]) -> Compared:
    """What changed, the gravest first; nothing where there is no record."""
    about = (new.framework, new.version, new.python, new.requirements)
    if old is None:
        return Compared(*about, "", "", [])
    of_findings = [*_of_findings(old, new, findings)]
    told = {change.finding for change in of_findings}
    by_chance = {f.id for f in findings if not f.certain}
    of_rows = [*_of_rows(old, new, told | by_chance)]
    found = sorted(_gathered([*of_findings, *of_rows]), key=lambda c: list(TITLES).index(c.kind))
    return Compared(*about, old.version, old.date, found)


def _of_findings(old: Release, new: Release, findings: Sequence[Finding]) -> Iterator[Change]:
    """Known findings that are not what they were."""
    for finding in findings:
        then, now = old.findings.get(finding.id), new.findings.get(finding.id)
        if then is None or now is None or then == now or {then, now} & {*BY_CHANCE}:
            continue
        kind: Kind = "other"
        if then == WRONG and now == "passes unexpectedly":
            kind = "mended"
        elif now == WRONG:
            kind = "back"
        yield Change(
            kind,
            finding.route,
            [finding.function],
            [f"X = {finding.matrix}, {finding.dtype}, {finding.mode}"],
            SAID.get(then, then),
            SAID.get(now, now),
            finding.reason,
            finding.id,
        )


def _of_rows(old: Release, new: Release, passed_over: set[str]) -> Iterator[Change]:
    """Rows that are not what they were, but for what belongs to findings that are passed over."""
    then = {(row.function, row.route): row for row in old.rows}
    now = {(row.function, row.route): row for row in new.rows}
    for key, row in now.items():
        if key not in then:
            yield Change("new", row.route, [family(row.function)], [REAL], "", row.valid)
    for key, row in then.items():
        later = now.get(key)
        about = (row.route, [family(row.function)])
        if later is None or (lacks(later) and not lacks(row)):
            why = later.missing.get(REAL, "") if later else "the release does not offer it"
            yield Change("gone", *about, [REAL], row.valid, later.valid if later else "", why)
        else:
            yield from _of_row(row, later, passed_over)


def lacks(row: Row) -> bool:
    """Whether the public name of a route is not there."""
    return row.valid in ("failed", "refused") and any(
        text in row.missing.get(REAL, "") for text in LACKING
    )


def _of_row(old: Row, new: Row, passed_over: set[str]) -> Iterator[Change]:
    about = (new.route, [family(new.function)])
    known = {**old.known, **new.known}
    then, now = columns(old), columns(new)
    for name in {**then, **now}:
        before, after = then.get(name), now.get(name)
        if _judged(before) == _judged(after) or known.get(name) in passed_over:
            continue
        kind: Kind = "verdict"
        if "disagrees" in (before, after):
            kind = "wrong" if after == "disagrees" else "right"
        reason = new.wrong.get(name) or new.missing.get(name, "")
        finding = new.known.get(name, "")
        yield Change(kind, *about, [name], before or "—", after or "—", reason, finding)
    if known.get(REAL) in passed_over:
        return
    others: tuple[tuple[Kind, str | None, str | None], ...] = (
        ("conjugation", old.conjugation, new.conjugation),
        ("reads", old.reads, new.reads),
        ("convention", old.convention, new.convention),
        ("off Sym(n)", old.off_symmetric, new.off_symmetric),
    )
    for kind, before_, after_ in others:
        if before_ and after_ and before_ != after_ and INVALID not in (before_, after_):
            place = "hermitian reverse" if kind == "conjugation" else REAL
            yield Change(kind, *about, [place], before_, after_)
            if kind == "convention":  # off Sym(n) it is then another gradient, too
                return


def _judged(verdict: str | None) -> str | None:
    """Digits that rounding takes are no change: another processor takes others."""
    return "agrees" if verdict == "inaccurate" else verdict


def columns(row: Row) -> dict[str, str | None]:
    """The verdicts of a row, by the columns of the table."""
    own = ("float64", "complex128")
    return {
        REAL: row.valid,
        "real forward": row.forward,
        "hermitian reverse": row.hermitian,
        "hermitian forward": row.forward_hermitian,
        **{f"{name} reverse": v for name, v in row.dtypes.items() if name not in own},
        **{f"{name} reverse": v for name, v in row.singular.items()},
    }


def _gathered(changes: Sequence[Change]) -> list[Change]:
    """One change for what happened alike: to a route's gradients of several functions, in columns.

    What is told of it is the reason of the first.
    """
    by_function: dict[tuple[object, ...], list[Change]] = {}
    for c in changes:
        key = (c.kind, c.route, *c.columns, c.before, c.after, c.finding)
        by_function.setdefault(key, []).append(c)
    by_column: dict[tuple[object, ...], list[Change]] = {}
    for alike in by_function.values():
        functions = list(dict.fromkeys(name for c in alike for name in c.functions))
        c = structs.replace(alike[0], functions=functions)
        key = (c.kind, c.route, *functions, c.before, c.after, c.finding)
        by_column.setdefault(key, []).append(c)
    return [
        structs.replace(alike[0], columns=[name for c in alike for name in c.columns])
        for alike in by_column.values()
    ]
