"""What findings put to both witnesses, and what the search for a smallest case does."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from symgrad.court.questions import Choice
from symgrad.plans import Plan
from symgrad.studies.findings.record import Finding

if TYPE_CHECKING:
    from symgrad.symbolic.cases import Case


def examined(known: Sequence[Finding]) -> Plan:
    """Known findings, each with a label of its own."""

    def cases() -> Sequence[Case]:
        from symgrad.studies.findings import cases

        return [case for finding in known for case in cases.examined(finding)]

    return Plan(cases)


def reported(finding: Finding) -> Plan:
    """One known finding, and the same question to every framework."""

    def cases() -> Sequence[Case]:
        from symgrad.studies.findings import cases

        return [*cases.examined(finding), cases.of_everyone(finding)]

    return Plan(cases)


def search(choice: Choice, frameworks: Sequence[str], route: str, is_hermitian: bool) -> Plan:
    """Small matrices of integers, for one route alone.

    ``frameworks`` are the names that a function file may use.
    """

    def cases() -> Sequence[Case]:
        from symgrad.symbolic import shrinking

        return shrinking.cases(choice, frameworks, route, is_hermitian)

    return Plan(cases)
