"""What the main job puts to both witnesses."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

from symgrad.court.questions import Choice
from symgrad.plans import Plan
from symgrad.studies.experiment import rule

if TYPE_CHECKING:
    from symgrad.symbolic.cases import Case

DOCUMENTED = {
    "torch": ["linalg.eigh"],
    "torch@": ["symeig"],
    "tensorflow": ["linalg.eigh", "linalg.eigvalsh"],
    "tensorflow@": ["linalg.eigh"],
    "jax": ["linalg.eigh"],
}
"""The public calls whose docstrings the claims C8 and C10 are about; ``torch@`` is any former
version."""


def main_job(choice: Choice) -> Plan:
    """The eigenvalues of x = [[a, b], [b, c]], the sum of its entries, and the experiment."""

    def cases() -> Sequence[Case]:
        from symgrad.studies.experiment import cases

        return cases.main_job(choice, rule.matrix().tolist())

    return Plan(cases, documents(choice.resources.frameworks), demonstrates=True)


def documents(frameworks: Sequence[str]) -> dict[str, Sequence[str]]:
    """The docstrings that the claims are about, of these frameworks."""
    found = {name: DOCUMENTED.get(re.sub("@.*", "@", name)) for name in frameworks}
    return {name: calls for name, calls in found.items() if calls}
