"""What disputes put to both witnesses."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from symgrad.court.questions import Choice
from symgrad.plans import Plan
from symgrad.studies.disputes.record import Dispute

if TYPE_CHECKING:
    from symgrad.symbolic.cases import Case


def examined(choice: Choice, frameworks: Sequence[str], known: Sequence[Dispute]) -> Plan:
    """The checks of disputes, each with a label of its own.

    ``frameworks`` are the names that a function file may use.
    """

    def cases() -> Sequence[Case]:
        from symgrad.studies.disputes import cases

        about = (frameworks, choice.resources.timeout)
        return [case for dispute in known for case in cases.examined(dispute, *about)]

    return Plan(cases)
