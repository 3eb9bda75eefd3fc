"""What the history puts to both witnesses."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from symgrad.court.questions import Choice
from symgrad.plans import Plan
from symgrad.studies.experiment import rule as experiment
from symgrad.studies.experiment.plan import documents

if TYPE_CHECKING:
    from symgrad.symbolic.cases import Case


def history(choice: Choice) -> Plan:
    """What former versions were asked."""

    def cases() -> Sequence[Case]:
        from symgrad.studies.history import cases

        return cases.history(choice, experiment.matrix().tolist())

    return Plan(cases, documents(choice.resources.frameworks), demonstrates=True)
