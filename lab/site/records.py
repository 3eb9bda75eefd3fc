"""The records that the site is made of, as they are kept in docs/; no framework is asked."""

from __future__ import annotations

from pathlib import Path

from msgspec import Struct

from lab.site import matrices
from symgrad.court.data import decode
from symgrad.studies.atlas import page as atlas_page
from symgrad.studies.atlas.axes_record import Axes
from symgrad.studies.atlas.record import Atlas
from symgrad.studies.disputes import page as disputes_page
from symgrad.studies.disputes.rule import Document as Disputes
from symgrad.studies.findings import page as findings_page
from symgrad.studies.findings.record import ranked
from symgrad.studies.findings.rule import Document as Findings
from symgrad.studies.findings.rule import Examined
from symgrad.studies.history import page as history_page
from symgrad.studies.history.record import History

DOCS = matrices.KEPT.parent
ROOT = DOCS.parent


class Records(Struct, frozen=True):
    """All of them."""

    atlas: Atlas
    findings: Findings
    disputes: Disputes
    history: History
    matrices: matrices.Matrices
    axes: Axes | None

    @property
    def examined(self) -> list[Examined]:
        """The findings, the gravest class first."""
        order = [finding.id for finding in ranked([e.finding for e in self.findings.findings])]
        return sorted(self.findings.findings, key=lambda e: order.index(e.finding.id))


def read(docs: Path = DOCS) -> Records:
    """What is kept in a folder.

    Raises:
        OSError: a record is not there (but for axes.json, which need not be).
        msgspec.DecodeError: one has another shape.
    """
    axes = docs / "axes.json"
    return Records(
        atlas_page.from_json((docs / "atlas.json").read_bytes()),
        findings_page.from_json((docs / "findings.json").read_bytes()),
        disputes_page.from_json((docs / "disputes.json").read_bytes()),
        history_page.from_json((docs / "history.json").read_bytes()),
        matrices.from_json((docs / "matrices.json").read_bytes()),
        decode(axes.read_bytes(), Axes) if axes.exists() else None,
    )
