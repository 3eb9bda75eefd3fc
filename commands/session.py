"""What a command may ask of the two witnesses; :mod:`verify` is who asks them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple, Protocol

from court.disputes import Dispute
from court.findings import Finding
from court.hearing import Hearing
from court.records import Choice, Proved, Started

DISAGREES, BAD_INPUT, MISSING, INTERRUPTED = 1, 2, 3, 130
"""Exit statuses, beside 0."""


class Listing(NamedTuple):
    """What there is to choose from: (formula, domain, citation), formula, worker, each by name."""

    functions: dict[str, tuple[str, str, str]]
    parameterizations: dict[str, str]
    frameworks: dict[str, Started | None]


class Session(Protocol):
    """One run of the program, with the ``arguments`` that it was started with."""

    arguments: list[str]

    def choose(self, asked: Sequence[str]) -> tuple[list[str], list[str]]:
        """The frameworks to run, and those that were asked for and are not installed.

        Raises:
            InputError: a framework is unknown.
        """

    def hear(self, hearing: Hearing) -> bool:
        """Hear both witnesses on what the user chose, and judge; whether it was interrupted."""

    def examine(self, hearing: Hearing, known: Sequence[Finding | Dispute]) -> bool:
        """The same on findings, each the part of its own, or on disputes."""

    def search(self, hearing: Hearing, route: str, is_hermitian: bool) -> bool:
        """The same on small matrices of integers, by one route alone."""

    def prove(self, choice: Choice) -> Iterator[Proved]:
        """The theorems of the chosen functions, one by one."""

    def listing(self, frameworks: Sequence[str]) -> Listing:
        """What there is to choose from; the routes are those of these frameworks."""
