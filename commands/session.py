"""What a command may ask of the two witnesses; :mod:`verify` is who asks them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Literal, NamedTuple, Protocol

from symgrad.court.former.history import Gathered
from symgrad.court.hearing import Hearing
from symgrad.court.known.disputes import Dispute
from symgrad.court.known.findings import Finding
from symgrad.court.records import Choice, Proved, Started

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

    def choose(
        self, asked: Sequence[str], interpreters: Mapping[str, str] = {}
    ) -> tuple[list[str], list[str]]:
        """The frameworks to run, and those that were asked for and are not installed.

        Those of the ``interpreters`` (``torch@1.0.1`` → path) are run beside the others.

        Raises:
            InputError: a framework is unknown.
        """

    def hear(self, hearing: Hearing) -> bool:
        """Hear both witnesses on what the user chose, and judge; whether it was interrupted."""

    def survey(self, hearing: Hearing) -> bool:
        """The same on all that the atlas tells of."""

    def examine(self, hearing: Hearing, known: Sequence[Finding | Dispute]) -> bool:
        """The same on findings, each the part of its own, or on disputes."""

    def search(self, hearing: Hearing, route: str, is_hermitian: bool) -> bool:
        """The same on small matrices of integers, by one route alone."""

    def choose_former(
        self, asked: Sequence[str], others: Sequence[str]
    ) -> tuple[list[str], list[str], list[str]]:
        """What names of frameworks and former versions mean: installed, former, not installed.

        ``others`` are former versions that no environment can be built of.

        Raises:
            InputError: a name is unknown.
        """

    def gather(
        self,
        wanted: Sequence[str],
        asked: Sequence[str],
        given: Mapping[str, str],
        python: Path | None,
        folder: Path,
        building: Literal["none", "required", "all"],
        say: Callable[[str], None],
    ) -> Gathered:
        """The interpreters of the wanted versions: given, there in the folder, or built in it.

        Raises:
            InputError: the Python to build with is none, or none of the version that is needed.
        """

    def revisit(self, hearing: Hearing) -> bool:
        """The same as :meth:`hear` on the cases of the history."""

    def prove(self, choice: Choice) -> Iterator[Proved]:
        """The theorems of the chosen functions, one by one."""

    def listing(self, frameworks: Sequence[str], interpreters: Mapping[str, str] = {}) -> Listing:
        """What there is to choose from; the routes are those of these frameworks."""
