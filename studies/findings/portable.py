"""What of the findings is kept: no number that another processor, or another run, has otherwise."""

from __future__ import annotations

from msgspec import structs

from symgrad.court.verdicts import Number, Rows
from symgrad.studies.findings.rule import Answer, Document, Examined

KEPT = 4
"""Digits of what came back that are the same on every processor, where not all are noise."""
SMALL = 1e-10
"""Relative to what it is an error of: nothing."""


def portable(document: Document) -> Document:
    """The document without what is another number on another processor, or in another run."""
    findings = [structs.replace(e, answer=_portable(e)) for e in document.findings]
    return structs.replace(document, findings=findings)


def _portable(examined: Examined) -> Answer:
    found, noise = examined.answer, examined.finding.is_noise
    G, value = found.gradient, found.value
    return structs.replace(
        found,
        reason=found.reason if found.verdict not in ("disagrees", "failed") else "",
        of_value=found.of_value and found.verdict != "disagrees",
        value=None if noise or value is None else _kept(value, 0.0),
        gradient=None if noise or G is None else _kept_rows(G),
        error=None if noise or found.error is None else _kept(found.error, SMALL),
        value_error=None if noise or found.value_error is None else _kept(found.value_error, SMALL),
    )


def _kept_rows(G: Rows) -> Rows:
    """G to a few digits, with 0 for what is nothing beside its largest entry."""
    parts = [x for row in G for entry in row for x in _parts(entry) if isinstance(x, float)]
    least = SMALL * max(map(abs, parts), default=0.0)
    return [
        [
            (_kept(e[0], least), _kept(e[1], least)) if isinstance(e, tuple) else _kept(e, least)
            for e in row
        ]
        for row in G
    ]


def _parts(entry: Number | tuple[Number, Number]) -> tuple[Number, ...]:
    return entry if isinstance(entry, tuple) else (entry,)


def _kept(x: Number, least: float) -> Number:
    if isinstance(x, str):
        return x
    return 0.0 if abs(x) <= least else float(f"{x:.{KEPT - 1}e}")
