"""What the user's choice puts to both witnesses."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from symgrad.commands.session import Session
from symgrad.court.hearing import Hearing
from symgrad.court.questions import Choice
from symgrad.function_files import is_by_record
from symgrad.plans import Plan
from symgrad.studies.experiment.plan import main_job

if TYPE_CHECKING:
    from symgrad.symbolic.cases import Case
    from symgrad.symbolic.large_cases import LargeCase


def chosen(choice: Choice, frameworks: Sequence[str]) -> Plan:
    """What the user's choice means: the main job, if nothing is chosen.

    ``frameworks`` are the names that a function file may use.
    """

    def cases() -> Sequence[Case | LargeCase]:
        from symgrad.symbolic import cases

        return cases.chosen(choice, frameworks)

    return main_job(choice) if choice.is_main_job else Plan(cases)


def hear(session: Session, hearing: Hearing) -> bool:
    """Hear both witnesses on what the user chose, and judge; whether it was interrupted."""
    if any(map(is_by_record, hearing.choice.functions)):
        return session.trace(hearing)
    return session.hear(hearing, chosen(hearing.choice, session.known()))
