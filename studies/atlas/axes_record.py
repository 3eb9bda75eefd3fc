"""The further axes of the atlas: of each route, the verdict in each column."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta, Struct

from symgrad.court.formats import real
from symgrad.court.hearing import Hearing
from symgrad.court.names import family
from symgrad.court.verdicts import Number, Outcome
from symgrad.studies.atlas.record import Made
from symgrad.studies.findings.record import Finding, Kind, Seen
from symgrad.studies.findings.rule import answer, lost

AXES = ("scale", "rank", "ties", "size", "execution", "query")
"""What can be chosen beside the default set."""


class Wrong(Struct, frozen=True):
    """What is wrong in one column: why, what is lost by half of the digits, and how far it is."""

    reason: str
    kinds: Annotated[tuple[Kind, ...], Meta(description="none if half of the digits are left")]
    error: Annotated[Number | None, Meta(description="of the gradient, relative to S")]
    known: Annotated[str, Meta(description="the id of the finding that it is")] = ""


RAISES: tuple[Kind, ...] = ("raises",)


class AxisRow(Struct, frozen=True):
    """One route of one framework along the axes; a column is ``scale 1e-12 float32 reverse``."""

    framework: str
    version: str
    function: str
    route: str
    outcomes: Annotated[dict[str, Outcome], Meta(description="column → verdict")]
    wrong: Annotated[
        dict[str, Wrong], Meta(description="column that disagrees or fails → what is wrong")
    ]
    missing: Annotated[dict[str, str], Meta(description="what was refused → why")]

    @property
    def is_news(self) -> bool:
        """Whether half of the digits are gone somewhere, and no finding is known of it."""
        return any(w.kinds and not w.known for w in self.wrong.values())


class Axes(Struct, frozen=True):
    """The table, and what it was made with."""

    toolkit: dict[str, str]
    environment: dict[str, str]
    made: Made
    axes: tuple[str, ...]
    size: int
    rows: list[AxisRow]


def rows(hearing: Hearing, findings: list[Finding]) -> list[AxisRow]:
    """One row per route that was asked, in the order of frameworks and functions."""
    order = {name: k for k, name in enumerate(hearing.choice.resources.frameworks)}
    found: dict[tuple[str, str, str], AxisRow] = {}
    for scenario, reported, verdict in hearing.judged:
        if reported is None:
            continue
        key = (verdict.framework, family(verdict.function), verdict.route)
        about = (verdict.framework, verdict.version, verdict.function, verdict.route)
        row = found.setdefault(key, AxisRow(*about, {}, {}, {}))
        column = f"{scenario.label} {verdict.mode}"
        row.outcomes[column] = verdict.verdict
        if verdict.verdict == "disagrees":
            said = answer(hearing, reported.problem, verdict)
            kinds = lost(said, real(scenario.dtype))
            known = _known(row, column, findings)
            row.wrong[column] = Wrong(verdict.reason, kinds, said.error, known)
        elif verdict.verdict == "failed":
            known = _known(row, column, findings)
            row.wrong[column] = Wrong(verdict.reason, RAISES, None, known)
        elif verdict.verdict == "refused":
            row.missing[column] = verdict.reason
    return sorted(found.values(), key=lambda row: order[row.framework])


def _known(row: AxisRow, column: str, findings: list[Finding]) -> str:
    """The id of the finding that is seen there, if one is."""
    seen = [f.id for f in findings if f.is_of_cause(row) and f.covers_axis(column)]
    return seen[0] if seen else ""


def news(axes: Axes) -> list[Seen]:
    """What is wrong by half of the digits, or raises, and is no known finding; by row and kind."""
    found: list[Seen] = []
    for row in axes.rows:
        unknown: dict[tuple[str, str], list[str]] = {}
        for column, wrong in row.wrong.items():
            if wrong.kinds and not wrong.known:
                axis = column.split()[0]
                unknown.setdefault((axis, wrong.kinds[0]), []).append(column)
        for names in unknown.values():
            kinds = row.wrong[names[0]].kinds
            about = (row.framework, row.version, row.function, row.route)
            found.append(Seen(*about, tuple(names), kinds))
    return found


def columns(axes: Axes) -> list[str]:
    """All columns, in the order in which they were asked."""
    return list(dict.fromkeys(column for row in axes.rows for column in row.outcomes))
