"""What the atlas puts to both witnesses."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from symgrad.court.questions import Choice
from symgrad.plans import Plan

if TYPE_CHECKING:
    from symgrad.symbolic.cases import Case
    from symgrad.symbolic.large_cases import LargeCase


def atlas(choice: Choice) -> Plan:
    """All that the atlas tells of a route."""

    def cases() -> Sequence[Case]:
        from symgrad.studies.atlas import cases

        return cases.atlas(choice)

    return Plan(cases, estimate=True)


def axes(choice: Choice, known: Sequence[str] = ()) -> Plan:
    """What the chosen further axes ask of every route.

    ``known`` are the names of frameworks that a function file may use.
    """

    def cases() -> Sequence[Case | LargeCase]:
        from symgrad.studies.atlas import axes

        return axes.cases(choice, known)

    return Plan(cases, estimate=True)
