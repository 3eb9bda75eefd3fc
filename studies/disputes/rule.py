"""Disputes put to the witnesses: what came out of each check, and whether that settles them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Literal

from msgspec import Meta, Struct, structs

from symgrad.court.hearing import Hearing
from symgrad.court.judging.printing import judge_proposed
from symgrad.court.questions import Reported
from symgrad.court.references import Reference
from symgrad.court.verdicts import Verdict
from symgrad.studies.atlas.record import off_symmetric
from symgrad.studies.disputes.record import Asked, Dispute, Outcomes, Proposed, Sign
from symgrad.studies.findings.rule import Answer, answer

Status = Literal["settled", "not settled", "not asked"]


class Checked(Struct, frozen=True):
    """A check, and what came out; nothing if its framework was not there to be asked."""

    check: Asked | Proposed
    version: Annotated[str | None, Meta(description="of the framework that was asked")]
    found: Outcomes | None
    differs: Annotated[tuple[str, ...], Meta(description="what came out otherwise than expected")]
    answer: Answer


class Heard(Struct, frozen=True):
    """A dispute, and what came out of its checks."""

    dispute: Dispute
    checks: tuple[Checked, ...]

    @property
    def status(self) -> Status:
        """Settled if every check that ran came out as expected, and one did."""
        if any(checked.differs for checked in self.checks):
            return "not settled"
        return "settled" if any(checked.found for checked in self.checks) else "not asked"

    @property
    def missing(self) -> int:
        """How many checks did not run, as their framework was not there or not chosen."""
        return sum(checked.found is None and not checked.differs for checked in self.checks)


class Document(Struct, frozen=True):
    """All disputes, heard, and what with."""

    toolkit: dict[str, str]
    environment: dict[str, str]
    disputes: list[Heard]


def settle(hearing: Hearing, disputes: Sequence[Dispute]) -> list[Heard]:
    """What a run says of some disputes, each of whose checks has a label of its own."""
    return [
        Heard(d, tuple(_check(hearing, check, d.label(k)) for k, check in enumerate(d.checks)))
        for d in disputes
    ]


def _check(hearing: Hearing, check: Asked | Proposed, label: str) -> Checked:
    (case,) = hearing.numbers("known", label)
    reference = hearing.references[case]
    if isinstance(check, Proposed):
        G = check.of(reference.S.high) if reference.S else None
        verdict = judge_proposed(reference, G, check.by, "float64", check.printing)
        found = _outcomes(verdict, reference)
        return Checked(
            check, None, found, _differences(check, found), answer(hearing, case, verdict)
        )
    reports = [r for r in hearing.reported if (r.problem, r.mode) == (case, check.mode)]
    verdicts = [v for v in hearing.verdicts("known", label=label) if v.mode == check.mode]
    judged = [_outcomes(v, reference, r) for v, r in zip(verdicts, reports, strict=True)]
    differs: tuple[str, ...] = ()
    if check.framework in hearing.choice.resources.frameworks:
        differs = _differences(check, judged[0]) if judged else (f"no answer by {check.route}",)
    return Checked(
        check,
        hearing.versions.get(check.framework),
        judged[0] if judged else None,
        differs,
        answer(hearing, case, verdicts[0] if verdicts else None),
    )


def _outcomes(verdict: Verdict, reference: Reference, reported: Reported | None = None) -> Outcomes:
    """What came out; slopes in single entries are those of a real matrix that was reported on."""
    with_slopes = reported and not reference.hermitian
    return Outcomes(
        verdict=verdict.verdict,
        convention=verdict.convention,
        reads=verdict.reads,
        off_symmetric=off_symmetric(reported) if reported and with_slopes else None,
        conjugation=verdict.conjugation,
        sign=_sign(reference),
        reason=verdict.reason,
    )


def _sign(reference: Reference) -> Sign | None:
    """The sign of f, where its enclosure leaves no doubt."""
    if reference.value is None or abs(reference.value.mid) <= reference.value.radius:
        return None
    return "positive" if reference.value.mid > 0 else "negative"


def _differences(check: Asked | Proposed, found: Outcomes) -> tuple[str, ...]:
    """What came out otherwise than expected, of all that is said of it."""
    expected = check.expected
    differs = [
        f"{name} is {getattr(found, name)}, expected {wanted}"
        for name, wanted in structs.asdict(expected).items()
        if name != "reason" and wanted is not None and getattr(found, name) != wanted
    ]
    if expected.reason not in found.reason:
        differs.append(f"the reason does not say “{expected.reason}”: {found.reason or 'none'}")
    return tuple(differs)
