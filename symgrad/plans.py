"""Plans: what is put to both witnesses; each study has its own.

SymPy is imported by whoever asks for a plan's cases, while the workers import their frameworks.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple, Protocol

from symgrad.court.questions import Problem
from symgrad.court.references import Reference
from symgrad.court.scenario import Scenario

if TYPE_CHECKING:
    from symgrad.symbolic.catalogue import Instance
    from symgrad.symbolic.neighbours import Neighbour


class HasNeighbours(Protocol):
    """A case that can be asked again at matrices beside its own."""

    def neighbours(self, spread: float) -> Sequence[Neighbour]:
        """The same at those."""


class Case(HasNeighbours, Protocol):
    """A scenario, as it is put to both witnesses; of one ``framework`` alone if that is named."""

    @property
    def framework(self) -> str:
        """Who is asked; empty if it is everyone."""

    @property
    def function(self) -> Instance:
        """Which function is differentiated."""

    @property
    def scenario(self) -> Scenario:
        """What is asked, as the court knows it."""

    def problem(self, number: int) -> Problem:
        """What the frameworks are told of it."""

    def reference(self) -> Reference:
        """What is true of it."""

    def refused(self, why: str) -> Reference:
        """What is said of it where the exact side has no answer."""


class Plan(NamedTuple):
    """The cases; ``documents`` are the public calls whose docstrings are read, by framework.

    ``demonstrates`` says that the 2×2 case is worked out.  With an ``estimate`` the time that is
    left is told.
    """

    cases: Callable[[], Sequence[Case]]
    documents: Mapping[str, Sequence[str]] = {}
    demonstrates: bool = False
    estimate: bool = False
