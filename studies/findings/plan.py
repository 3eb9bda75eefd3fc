"""What findings put to both witnesses, and what the search for a smallest case does."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from symgrad.court.questions import Choice
from symgrad.plans import Plan
from symgrad.studies.findings.record import Finding, Seen

if TYPE_CHECKING:
    from symgrad.symbolic.cases import Case
    from symgrad.symbolic.catalogue import MatrixFunction


def examined(known: Sequence[Finding]) -> Plan:
    """Known findings, each with a label of its own."""

    def cases() -> Sequence[Case]:
        from symgrad.studies.findings import cases

        return [case for finding in known for case in cases.examined(finding)]

    return Plan(cases)


ROUNDS = 4
"""How many times small matrices are tried, each time more of them."""


def small(left: Mapping[int, Seen], number: int, choice: Choice, known: Sequence[str]) -> Plan:
    """What a sweep saw, at the small matrices of one round.

    ``known`` are the names that a function file may use.
    """

    def cases() -> Sequence[Case]:
        from symgrad.studies.findings import seen

        return seen.small_cases(left, seen.ROUNDS[number], own_functions(choice, known))

    return Plan(cases)


def candidates(findings: Sequence[Finding], choice: Choice, known: Sequence[str]) -> Plan:
    """What may be findings, and the same questions to every framework."""

    def cases() -> Sequence[Case]:
        from symgrad.studies.findings import cases

        own = own_functions(choice, known)
        mine = [case for finding in findings for case in cases.examined(finding, own)]
        return [*mine, *(cases.of_everyone(finding, own) for finding in findings)]

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


def own_functions(choice: Choice, known: Sequence[str]) -> dict[str, MatrixFunction]:
    """The functions of users' files, by name.

    Raises:
        InputError: a file cannot be used.
    """
    from symgrad.symbolic.extension import load_function

    seconds = choice.resources.timeout
    loaded = [load_function(Path(file), known, seconds) for file in choice.files]
    return {function.name: function for function in loaded}
