"""Plans: what each study puts to both witnesses.

SymPy is imported by whoever asks for a plan's cases, while the workers import their frameworks.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

from symgrad.court import experiment
from symgrad.court.known.disputes import Dispute
from symgrad.court.known.findings import Finding
from symgrad.court.records import Choice

if TYPE_CHECKING:
    from symgrad.symbolic.cases import Case
    from symgrad.symbolic.large_cases import LargeCase

DOCUMENTED = {
    "torch": ["linalg.eigh"],
    "torch@": ["symeig"],
    "tensorflow": ["linalg.eigh", "linalg.eigvalsh"],
    "tensorflow@": ["linalg.eigh"],
    "jax": ["linalg.eigh"],
}
"""The public calls whose docstrings the claims C8 and C10 are about; ``torch@`` is any former
version."""


class Plan(NamedTuple):
    """The cases; ``documents`` are the public calls whose docstrings are read, by framework.

    ``demonstrates`` says that the 2×2 case is worked out.  With an ``estimate`` the time that is
    left is told.
    """

    cases: Callable[[], Sequence[Case | LargeCase]]
    documents: Mapping[str, Sequence[str]] = {}
    demonstrates: bool = False
    estimate: bool = False


def chosen(choice: Choice, frameworks: Sequence[str]) -> Plan:
    """What the user's choice means: the main job, if nothing is chosen.

    ``frameworks`` are the names that a function file may use.
    """

    def cases() -> Sequence[Case | LargeCase]:
        from symgrad.symbolic import cases

        return cases.chosen(choice, frameworks)

    return main_job(choice) if choice.is_main_job else Plan(cases)


def main_job(choice: Choice) -> Plan:
    """The eigenvalues of x = [[a, b], [b, c]], the sum of its entries, and the experiment."""

    def cases() -> Sequence[Case]:
        from symgrad.symbolic import cases

        return cases.main_job(choice, experiment.matrix().tolist())

    return Plan(cases, _documents(choice.resources.frameworks), demonstrates=True)


def history(choice: Choice) -> Plan:
    """What former versions were asked."""

    def cases() -> Sequence[Case]:
        from symgrad.symbolic import cases

        return cases.history(choice, experiment.matrix().tolist())

    return Plan(cases, _documents(choice.resources.frameworks), demonstrates=True)


def atlas(choice: Choice) -> Plan:
    """All that the atlas tells of a route."""

    def cases() -> Sequence[Case]:
        from symgrad.symbolic import cases

        return cases.atlas(choice)

    return Plan(cases, estimate=True)


def examined(choice: Choice, frameworks: Sequence[str], known: Sequence[Finding | Dispute]) -> Plan:
    """Known findings, or the checks of disputes, each with a label of its own."""

    def cases() -> Sequence[Case]:
        from symgrad.symbolic import cases

        about = (frameworks, choice.resources.timeout)
        return [case for item in known for case in cases.examined(item, *about)]

    return Plan(cases)


def search(choice: Choice, frameworks: Sequence[str], route: str, is_hermitian: bool) -> Plan:
    """Small matrices of integers, for one route alone."""

    def cases() -> Sequence[Case]:
        from symgrad.symbolic import shrinking

        return shrinking.cases(choice, frameworks, route, is_hermitian)

    return Plan(cases)


def _documents(frameworks: Sequence[str]) -> dict[str, Sequence[str]]:
    """The docstrings that the claims are about, of these frameworks."""
    found = {name: DOCUMENTED.get(re.sub("@.*", "@", name)) for name in frameworks}
    return {name: calls for name, calls in found.items() if calls}
