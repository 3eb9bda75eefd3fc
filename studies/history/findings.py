"""The known findings in former versions: what each came to, and since when it is known to be so."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from msgspec import structs

from symgrad.court.former.recorded import Again, Findings
from symgrad.court.hearing import Hearing
from symgrad.court.names import name_of
from symgrad.studies.findings.record import Finding
from symgrad.studies.findings.rule import Examined, examine

IN = " in "
"""Between the name of a finding and the version that it is put to."""


def former_findings(known: Sequence[Finding], versions: Iterable[str]) -> list[Finding]:
    """Every finding as one of each version, as ``torch@2.0.0``, of its framework."""
    return [
        structs.replace(
            finding,
            id=f"{finding.id}{IN}{version}",
            framework=version,
            versions=(version.split("@")[1],),
        )
        for version in versions
        for finding in known
        if finding.framework == name_of(version)
    ]


def outcomes(hearing: Hearing, known: Sequence[Finding]) -> dict[str, Findings]:
    """What came of them, by version and by name."""
    found: dict[str, Findings] = {}
    for examined in examine(hearing, known) if known else []:
        name, _, version = examined.finding.id.partition(IN)
        if hearing.heard(version):
            found.setdefault(version, {})[name] = outcome(examined)
    return found


def outcome(examined: Examined) -> Again:
    """What came of one."""
    verdict = examined.answer.verdict
    if verdict is None:
        return "absent"
    if examined.status == "still wrong":
        return "wrong"
    if verdict == "refused":
        return "refused"
    if verdict == "failed":
        return "fails"
    return "wrong in another way" if examined.status == "wrong in another way" else "right"
