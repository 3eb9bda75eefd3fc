"""What of the atlas is a known finding, and which findings it contradicts."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import structs

from symgrad.studies.atlas.record import REAL, Atlas, Row
from symgrad.studies.findings.record import Finding


def mark(atlas: Atlas, findings: Sequence[Finding]) -> Atlas:
    """The atlas with the ids of the findings beside what is wrong, or fails in float64."""
    return structs.replace(
        atlas,
        rows=[
            structs.replace(row, known=_known(row, findings))
            if row.wrong or row.valid == "failed"
            else row
            for row in atlas.rows
        ],
    )


def _known(row: Row, findings: Sequence[Finding]) -> dict[str, str]:
    """What is wrong in a row, or fails → the id of the finding that it is."""
    known: dict[str, str] = {}
    failed = (REAL,) if row.valid == "failed" else ()
    for finding in findings:
        if finding.is_about(row):
            for name in failed if finding.kind == "raises" else row.wrong:
                if finding.covers(name, name in row.lost):
                    known.setdefault(name, finding.id)
    return known


def contradicted(atlas: Atlas, findings: Sequence[Finding]) -> list[str]:
    """A line for each finding that the atlas should show in its own row, and does not."""
    return [
        f"{finding.id}: {row.framework} {row.version}, {row.function}, {row.route} is listed as "
        f"wrong and agrees ({finding.own_place})"
        for finding in findings
        if finding.in_atlas == "always" and finding.certain and not finding.against
        for row in filter(finding.is_own, atlas.rows)
        if _agrees(row, finding.own_place)
    ]


def _agrees(row: Row, place: str) -> bool:
    outcomes = {
        "real reverse": row.valid,
        "real forward": row.forward,
        "hermitian reverse": row.hermitian,
        "hermitian forward": row.forward_hermitian,
        **{f"{dtype} reverse": outcome for dtype, outcome in row.dtypes.items()},
    }
    return outcomes.get(place) == "agrees"
