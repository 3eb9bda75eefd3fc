"""The history: what each version of a framework reports, measured here or on record.

An answer on record is judged anew, against what is true today, and never counts as measured.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Annotated

from msgspec import Meta, Struct

from symgrad.court.former.recorded import Again, Record, unheard
from symgrad.court.hearing import Hearing
from symgrad.court.names import family, name_of, order_of
from symgrad.court.questions import Reads
from symgrad.court.scenario import Part
from symgrad.court.verdicts import Claim, Convention, Outcome, Verdict
from symgrad.studies.atlas.record import loses_digits_alone
from symgrad.studies.findings.record import Finding
from symgrad.studies.history.printout import DECIMALS, PRINTED, Printed
from symgrad.studies.history.rerun import Check

NONE = "—"

WRONG = ("disagrees", "failed")
ASKED = "real reverse"
"""The column of the atlas that the history's questions belong to."""


class Source(Struct, frozen=True):
    """One version of a framework: where its answers come from."""

    framework: str
    version: str
    recorded: Annotated[bool, Meta(description="whether it was not run here")]
    python: str
    platform: str
    date: str


class Reprint(Struct, frozen=True):
    """A matrix that was printed when the question was asked, and the same of this run."""

    title: str
    framework: str
    route: str
    printed: list[list[str]]
    found: Annotated[list[list[str]] | None, Meta(description="rounded likewise")]
    same: bool
    recorded: bool
    error: Annotated[float | None, Meta(description="worst contraction against the exact one")]
    tolerance: float | None
    verdict: Outcome | None


class Line(Struct, frozen=True):
    """One route of one version over all scenarios of a part."""

    part: Part
    framework: str
    version: str
    recorded: bool
    route: str
    conventions: list[Convention]
    reads: list[Reads]
    worst: Annotated[float | None, Meta(description="largest error / tolerance")]
    verdicts: dict[Outcome, int]


class Step(Struct, frozen=True):
    """What one version says by one route."""

    framework: str
    version: str
    recorded: bool
    verdict: Outcome
    convention: Convention | None
    reads: Reads | None


class Story(Struct, frozen=True):
    """One public route of one framework, through its versions in order."""

    framework: str
    function: str
    route: str
    steps: list[Step]

    @property
    def changes(self) -> list[tuple[Step, Step]]:
        """The pairs of successive versions between which the convention changed."""
        shown = [step for step in self.steps if step.convention and step.verdict == "agrees"]
        pairs = pairwise(shown)
        return [(old, new) for old, new in pairs if old.convention != new.convention]


class Fault(Struct, frozen=True):
    """A route whose gradients of some functions are wrong, or could not be had."""

    framework: str
    version: str
    route: str
    verdict: Outcome
    known: Annotated[bool, Meta(description="whether it is on record, or a known finding")]
    functions: list[str]
    reason: Annotated[str, Meta(description="of the first of them")]


class Known(Struct, frozen=True):
    """A known finding in the former versions that are on record, and in those it is known of."""

    finding: str
    framework: str
    versions: Annotated[dict[str, Again], Meta(description="as torch@2.0.0 → what came of it")]


class History(Struct, frozen=True):
    """All that a run shows of the past."""

    toolkit: dict[str, str]
    environment: dict[str, str]
    date: str
    sources: list[Source]
    matrices: list[Reprint]
    lines: list[Line]
    stories: list[Story]
    claims: list[Claim]
    faults: list[Fault]
    findings: list[Known]
    check: Check
    failures: list[str]
    notes: list[str]


class Told(Struct, frozen=True):
    """A verdict of today, on an answer that was measured or on one that is on record."""

    part: Part
    verdict: Verdict
    recorded: bool


def tell(hearing: Hearing, record: Record, wanted: Sequence[str]) -> list[Told]:
    """All verdicts on what was measured, then those on what the record has of what was not.

    ``wanted`` are the former versions that are to be shown.
    """
    lost = {name for name in wanted if not hearing.heard(name)}
    measured = [
        Told(scenario.part, verdict, False)
        for scenario, _, verdict in hearing.judged
        if verdict.framework not in lost
    ]
    recalled = unheard(hearing, record)
    return measured + [
        Told(r.part, r.verdict, True) for r in recalled if r.former.framework in wanted
    ]


def reprints(told: Sequence[Told]) -> list[Reprint]:
    """The matrices that were printed, beside those of the same versions today."""
    chosen = {
        (t.verdict.framework, t.verdict.route): t
        for t in told
        if (t.part, t.verdict.function) == ("experiment", "eigenvalue[0]")
    }
    shown = {t.verdict.framework for t in chosen.values()}
    return [
        _reprint(printed, chosen.get((printed.framework, printed.route)))
        for printed in PRINTED
        if printed.framework in shown
    ]


def _reprint(printed: Printed, told: Told | None) -> Reprint:
    rows = as_printed(printed.rows)
    about = (printed.title, printed.framework, printed.route, rows)
    if told is None or told.verdict.gradient is None:
        return Reprint(*about, None, False, bool(told and told.recorded), None, None, None)
    found = as_printed(told.verdict.gradient)
    worst = max(told.verdict.parameters, key=lambda c: float(c.error) / c.tolerance, default=None)
    return Reprint(
        *about,
        found,
        found == rows,
        told.recorded,
        float(worst.error) if worst else None,
        worst.tolerance if worst else None,
        told.verdict.verdict,
    )


def as_printed(rows: Sequence[Sequence[object]]) -> list[list[str]]:
    """A matrix to three decimals; a zero has no sign."""
    texts = [[f"{float(str(x)):.{DECIMALS}f}" for x in row] for row in rows]
    zero = f"{0:.{DECIMALS}f}"
    return [[zero if text == f"-{zero}" else text for text in row] for row in texts]


def lines(told: Sequence[Told], *parts: Part) -> list[Line]:
    """A line per part, version and route, in the order of versions."""
    found: dict[tuple[Part, str, str], list[Told]] = {}
    for t in told:
        if t.part in parts:
            found.setdefault((t.part, t.verdict.framework, t.verdict.route), []).append(t)
    ordered = sorted(found, key=lambda key: (parts.index(key[0]), _order(found[key][0].verdict)))
    return [_line(*key, found[key]) for key in ordered]


def _line(part: Part, framework: str, route: str, told: Sequence[Told]) -> Line:
    verdicts = [t.verdict for t in told]
    ratios = [float(c.error) / c.tolerance for v in verdicts for c in v.parameters if c.tolerance]
    outcomes = [v.verdict for v in verdicts]
    return Line(
        part,
        framework,
        verdicts[0].version,
        told[0].recorded,
        route,
        list(dict.fromkeys(v.convention for v in verdicts if v.convention)),
        list(dict.fromkeys(v.reads for v in verdicts if v.reads)),
        max(ratios, default=None),
        {outcome: outcomes.count(outcome) for outcome in dict.fromkeys(outcomes)},
    )


def stories(told: Sequence[Told]) -> list[Story]:
    """Each route that a former version has, through all versions that were asked about it."""
    found: dict[tuple[str, str, str], dict[str, Told]] = {}
    for t in told:
        if t.part == "real":
            v = t.verdict
            key = (name_of(v.framework), family(v.function), v.route)
            found.setdefault(key, {})[v.framework] = t
    return [
        Story(*key, [_step(t) for t in sorted(steps.values(), key=lambda t: _order(t.verdict))])
        for key, steps in sorted(found.items())
        if any("@" in framework for framework in steps)
    ]


def _step(told: Told) -> Step:
    v = told.verdict
    return Step(v.framework, v.version, told.recorded, v.verdict, v.convention, v.reads)


def _order(verdict: Verdict) -> tuple[str, bool, list[int]]:
    """By framework, and of each the former versions in order before the installed one."""
    name, version = order_of(verdict.framework)
    return name, "@" not in verdict.framework, version


def sources(
    record: Record,
    told: Sequence[Told],
    here: tuple[str, str, str],
    origins: dict[str, tuple[str, str]],
) -> list[Source]:
    """Where the answers of each version come from; ``here`` is (Python, platform, date)."""
    first = {t.verdict.framework: t for t in reversed(told)}
    found = []
    for t in sorted(first.values(), key=lambda t: _order(t.verdict)):
        name, version = t.verdict.framework, t.verdict.version
        former = record.get(name)
        if t.recorded and former is not None:
            place = (former.python, former.platform, former.date)
        else:
            place = (*origins.get(name, here[:2]), here[2])
        found.append(Source(name, version, t.recorded, *place))
    return found


def faults(told: Sequence[Told], record: Record, findings: Sequence[Finding]) -> list[Fault]:
    """What is wrong or raised an error, and whether that is known already."""
    on_record = {
        (former.framework, record.questions[answer.question].function, answer.route)
        for former in record.versions
        for answer in former.answers
        if answer.verdict in WRONG
    }
    found: dict[tuple[str, str, str, Outcome, bool], list[Verdict]] = {}
    for v in (t.verdict for t in told if t.verdict.verdict in WRONG):
        is_lost = loses_digits_alone(v)
        is_found = any(f.is_about(v) and f.covers(ASKED, is_lost) for f in findings)
        is_known = is_found or (v.framework, v.function, v.route) in on_record
        found.setdefault((v.framework, v.version, v.route, v.verdict, is_known), []).append(v)
    return [
        Fault(*key, list(dict.fromkeys(family(v.function) for v in verdicts)), verdicts[0].reason)
        for key, verdicts in found.items()
    ]


def findings_since(record: Record, findings: Sequence[Finding]) -> list[Known]:
    """What came of each finding in the versions on record, before those that it is known of."""
    found = []
    for finding in findings:
        versions: dict[str, Again] = {
            former.framework: former.findings[finding.id]
            for former in record.versions
            if finding.id in former.findings
        }
        now: dict[str, Again] = {f"{finding.framework}@{v}": "wrong" for v in finding.versions}
        if versions:
            found.append(Known(finding.id, finding.framework, versions | now))
    return found
