"""Releases put to the table of the atlas and to the known findings."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import structs

from symgrad.commands.session import Session
from symgrad.court.former.releases import Built
from symgrad.court.hearing import Hearing
from symgrad.court.names import name_of, public
from symgrad.court.questions import Choice
from symgrad.report.document import today
from symgrad.studies.atlas import page as table
from symgrad.studies.atlas import plan
from symgrad.studies.atlas.known import mark
from symgrad.studies.findings import plan as of_findings
from symgrad.studies.findings.record import Finding
from symgrad.studies.findings.rule import Examined, examine
from symgrad.studies.watch.changes import Compared, Illustrated
from symgrad.studies.watch.record import WRONG, Release


def ask(
    session: Session, choice: Choice, releases: Sequence[Built], known: Sequence[Finding]
) -> tuple[list[Release], list[str]] | None:
    """What each release answered, and a line for each that could not be asked.

    Nothing if it was interrupted.
    """
    if not releases:
        return [], []
    hearing = Hearing(choice)
    if session.hear(hearing, plan.atlas(choice)):
        return None
    moved = [finding for release in releases for finding in of_release(known, release.name, "")]
    again = Hearing(without_journal(choice))
    if moved and session.hear(again, of_findings.examined(moved)):
        return None
    heard = [release for release in releases if release.name in hearing.versions]
    lost = [_lost(hearing, release.name) for release in releases if release not in heard]
    return [_release(release, hearing, again, known) for release in heard], lost


def of_release(known: Sequence[Finding], name: str, version: str) -> list[Finding]:
    """The findings of a framework as those of one release, each with a label of its own."""
    return [
        structs.replace(f, id=f"{f.id} {name}", framework=name, versions=(version,))
        for f in known
        if f.framework == name_of(name)
    ]


def without_journal(choice: Choice) -> Choice:
    """The choice for questions that are soon answered."""
    return structs.replace(choice, resources=structs.replace(choice.resources, journal=""))


def _release(built: Built, hearing: Hearing, again: Hearing, known: Sequence[Finding]) -> Release:
    """The record of a release: its rows, with the findings that are still wrong marked."""
    name, version = built.name, hearing.versions[built.name]
    examined = examine(again, of_release(known, name, public(version)))
    wrong = [_named(e) for e in examined if e.status == WRONG]
    atlas = table.make_atlas(hearing)
    mine = structs.replace(atlas, rows=[row for row in atlas.rows if row.framework == name])
    rows = mark(mine, wrong).rows
    return Release(
        name,
        version,
        built.python,
        built.platform,
        today(),
        built.requirements,
        {_named(e).id: e.status for e in examined},
        [structs.replace(row, framework=name_of(name)) for row in rows],
    )


def _named(examined: Examined) -> Finding:
    """The finding, by its own name again."""
    finding = examined.finding
    return structs.replace(finding, id=finding.id.removesuffix(f" {finding.framework}"))


def _lost(hearing: Hearing, name: str) -> str:
    """Why a release never answered."""
    errors = [r.error for r in hearing.reported if r.framework == name and r.worker_died]
    error = " ".join((errors or ["its worker ended"])[0].split())
    return error if error.startswith(name) else f"{name}: {error}"


def illustrated(
    session: Session, choice: Choice, compared: Sequence[Compared], known: Sequence[Finding]
) -> dict[tuple[str, int], Illustrated]:
    """Scripts of the changes, by release and place."""
    from symgrad.studies.watch import scripts  # which takes the exact side

    plain = without_journal(choice)
    return {
        (c.framework, place): shown
        for c in compared
        for place, shown in scripts.illustrate(session, plain, c, known).items()
    }
