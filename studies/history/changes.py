"""What changed in which version: of each call, and of each finding, as far as the records tell.

The answers of former versions are those on record, judged anew; those of today are the rows of the
atlas, and those of releases since, of the watch.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import groupby, pairwise
from typing import Annotated, Literal

from msgspec import Meta, Struct, structs
from packaging.version import Version

from symgrad.court.former.recorded import Record
from symgrad.court.hearing import Hearing
from symgrad.court.names import family, public
from symgrad.court.verdicts import RIGHT, Outcome
from symgrad.report.document import TOOLKIT
from symgrad.studies.atlas.record import Atlas, Row
from symgrad.studies.findings.record import Finding
from symgrad.studies.findings.rule import Status
from symgrad.studies.history.record import ASKED, Step, Story, tell
from symgrad.studies.history.record import stories as told_stories
from symgrad.studies.watch.record import Release

What = Literal["convention", "verdict", "reads"]
WRONG = "wrong"
SAID: dict[Status, str] = {
    "still wrong": WRONG,
    "wrong in another way": "wrong in another way",
    "passes unexpectedly": "right",
    "refused unexpectedly": "refused",
}


class Change(Struct, frozen=True):
    """What one call said up to one version, and what it says from the next one on record on."""

    framework: str
    route: str
    functions: list[str]
    what: What
    last: Annotated[str, Meta(description="the last version on record that it is as before")]
    before: str
    first: Annotated[str, Meta(description="the next version on record")]
    after: str


class Dated(Struct, frozen=True):
    """A finding, and what came of it in the versions on record, in their order."""

    id: str
    framework: str
    route: str
    seen: Annotated[dict[str, str], Meta(description="version → what came of it, as `wrong`")]

    @property
    def first(self) -> str:
        """The first version on record in which it is wrong."""
        return next((version for version, said in self.seen.items() if said == WRONG), "")

    @property
    def previous(self) -> str:
        """The version on record before that one; empty where there is none."""
        versions = [*self.seen]
        place = versions.index(self.first) if self.first else 0
        return versions[place - 1] if place else ""

    @property
    def before(self) -> str:
        """That version, if it had the gradient right: the finding then began in between."""
        return self.previous if self.seen.get(self.previous) == "right" else ""

    @property
    def runs(self) -> list[tuple[str, str, str]]:
        """(what, first version, last version) of successive versions of which the same is said."""
        groups = [(said, [*of]) for said, of in groupby(self.seen, key=self.seen.__getitem__)]
        return [(said, of[0], of[-1]) for said, of in groups]


class Changes(Struct, frozen=True):
    """All that the records tell."""

    toolkit: dict[str, str]
    versions: Annotated[dict[str, list[str]], Meta(description="framework → versions, in order")]
    calls: Annotated[int, Meta(description="calls that more than one version was asked about")]
    changes: list[Change]
    findings: list[Dated]


def order(version: str) -> Version:
    """The place of a version, as a framework calls itself, among those of its framework."""
    return Version(public(version))


def make_changes(
    hearing: Hearing,
    record: Record,
    atlas: Atlas | None,
    watched: Sequence[Release],
    findings: Sequence[Finding],
) -> Changes:
    """What changed, by the record, judged anew by a hearing in which nobody was asked."""
    names = [former.framework for former in record.versions]
    rows = [*(atlas.rows if atlas else ()), *(row for release in watched for row in release.rows)]
    stories = extended(told_stories(tell(hearing, record, names)), rows)
    versions: dict[str, list[str]] = {}
    for story in stories:
        told = versions.setdefault(story.framework, [])
        told += [step.version for step in story.steps if step.version not in told]
    return Changes(
        TOOLKIT,
        {name: sorted(told, key=order) for name, told in sorted(versions.items())},
        sum(len(story.steps) > 1 for story in stories),
        changes(stories),
        dated(findings, stories, said_of_findings(record, watched)),
    )


def extended(stories: Sequence[Story], rows: Sequence[Row]) -> list[Story]:
    """The stories with the versions of rows of the atlas, all in order, and those of rows alone."""
    told: dict[tuple[str, str, str], list[Row]] = {}
    for row in rows:
        told.setdefault((row.framework, family(row.function), row.route), []).append(row)
    known = {(story.framework, story.function, story.route) for story in stories}
    asked_again = [Story(*key, []) for key, of in told.items() if len(of) > 1 and key not in known]
    found = []
    for story in [*stories, *asked_again]:
        later = told.get((story.framework, story.function, story.route), [])
        own = [structs.replace(step, version=public(step.version)) for step in story.steps]
        steps = {step.version: step for step in [*map(_step, later), *own]}
        ordered = sorted(steps.values(), key=lambda step: order(step.version))
        found.append(structs.replace(story, steps=ordered))
    return found


def _step(row: Row) -> Step:
    version = public(row.version)
    return Step(row.framework, version, False, row.valid, row.convention, row.reads)


def changes(stories: Sequence[Story]) -> list[Change]:
    """What changed between successive versions of each call; of several functions in one entry."""
    found: dict[tuple[str, ...], list[str]] = {}
    for story in stories:
        for old, new in pairwise(story.steps):
            between = (old.version, new.version)
            for what, before, after in _differences(old, new):
                about = (story.framework, story.route, what, between[0], before, between[1], after)
                found.setdefault(about, []).append(story.function)
    return [
        Change(framework, route, list(dict.fromkeys(functions)), what, *rest)  # type: ignore[arg-type]
        for (framework, route, what, *rest), functions in sorted(found.items(), key=_place)
    ]


def _place(item: tuple[tuple[str, ...], list[str]]) -> tuple[str, Version, str, str]:
    framework, route, what, _, _, first, _ = item[0]
    return framework, order(first), route, what


def _differences(old: Step, new: Step) -> list[tuple[What, str, str]]:
    """What differs: a convention only between gradients that are right."""
    if _judged(old.verdict) != _judged(new.verdict):
        return [("verdict", old.verdict, new.verdict)]
    found: list[tuple[What, str, str]] = []
    if old.verdict in RIGHT and old.convention and new.convention not in (None, old.convention):
        found.append(("convention", old.convention, str(new.convention)))
    if old.reads and new.reads not in (None, old.reads):
        found.append(("reads", old.reads, str(new.reads)))
    return found


def _judged(verdict: Outcome) -> str:
    """Digits that rounding takes are no change."""
    return "right" if verdict in RIGHT else verdict


def dated(
    findings: Sequence[Finding], stories: Sequence[Story], said: Mapping[str, Mapping[str, str]]
) -> list[Dated]:
    """When the records first show each finding; ``said`` is finding → version → what came of it.

    One that shows at every matrix is dated by what each version said of these, too.
    """
    found = []
    for finding in findings:
        seen = {**_by_stories(finding, stories), **said.get(finding.id, {})}
        seen |= dict.fromkeys(finding.versions, WRONG)
        ordered = {version: seen[version] for version in sorted(seen, key=order)}
        found.append(Dated(finding.id, finding.framework, finding.route, ordered))
    return found


def _by_stories(finding: Finding, stories: Sequence[Story]) -> dict[str, str]:
    """By the cases that every version is asked, where the finding shows in all of these."""
    if finding.in_atlas != "always" or not finding.certain or finding.own_place != ASKED:
        return {}
    own = (finding.framework, family(finding.function), finding.route)
    told = {"disagrees": WRONG, "failed": "fails", "refused": "refused"}
    return {
        step.version: told.get(step.verdict, "right")
        for story in stories
        if (story.framework, story.function, story.route) == own
        for step in story.steps
    }


def said_of_findings(record: Record, watched: Sequence[Release]) -> dict[str, dict[str, str]]:
    """Finding → version → what came of it, by the record and by the watch."""
    found: dict[str, dict[str, str]] = {}
    for former in record.versions:
        for name, said in former.findings.items():
            if said != "absent":
                found.setdefault(name, {})[public(former.version)] = said
    for release in watched:
        for name, status in release.findings.items():
            if status in SAID:
                found.setdefault(name, {})[public(release.version)] = SAID[status]
    return found
