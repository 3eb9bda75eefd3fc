"""What a command may ask of the two witnesses; :mod:`verify` is who asks them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Literal, NamedTuple, Protocol

from symgrad.court.former.gathered import Gathered
from symgrad.court.former.releases import Found, Sought
from symgrad.court.hearing import Hearing
from symgrad.court.questions import Choice, Device, Started
from symgrad.court.references import Proved
from symgrad.plans import Plan

DISAGREES, BAD_INPUT, MISSING, INTERRUPTED = 1, 2, 3, 130
"""Exit statuses, beside 0."""


class Listing(NamedTuple):
    """What there is to choose from: (formula, domain, citation), formula, worker, each by name."""

    functions: dict[str, tuple[str, str, str]]
    parameterizations: dict[str, str]
    frameworks: dict[str, Started | None]


class Names(NamedTuple):
    """The names to choose from: functions and structures with their formulae, frameworks.

    Of a framework it says whether it is installed.
    """

    functions: dict[str, str]
    parameterizations: dict[str, str]
    frameworks: dict[str, bool]


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

    def on_device(
        self, frameworks: Sequence[str], asked: Sequence[str], device: Device
    ) -> tuple[list[str], list[str]]:
        """Those of the frameworks that find the device, and what the others say.

        Raises:
            InputError: one that was asked for is asked on the CPU alone.
            DeviceError: none finds it, or one that was asked for does not.
        """

    def known(self) -> list[str]:
        """The frameworks that there is a file for, installed or not."""

    def on(self, address: str) -> AbstractContextManager[None]:
        """Ask on a cluster as long as this lasts; by processes of this machine with no address.

        Raises:
            ClusterError: it cannot be used.
        """

    def hear(self, hearing: Hearing, plan: Plan) -> bool:
        """Hear both witnesses on the cases of a plan, and judge; whether it was interrupted."""

    def trace(self, hearing: Hearing) -> bool:
        """The same on callables of files, judged by what they execute."""

    def written(
        self,
        framework: str,
        wanted: Sequence[tuple[str, str]],
        files: Sequence[str],
        seconds: float,
        python: str = "",
    ) -> list[str]:
        """The lines that define routes as public calls, by function and route; empty of some.

        Of a framework under a ``python`` of its own.
        """

    def run_script(self, text: str, seconds: float, python: str = "") -> str:
        """What a script prints, errors and all, by the Python that runs this, or another."""

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

    def releases(self, sought: Sought, say: Callable[[str], None]) -> Found:
        """The releases that are sought, each with an environment, found or built.

        Raises:
            InputError: the Python to build with is none, or one that is too old.
        """

    def prove(self, choice: Choice) -> Iterator[Proved]:
        """The theorems of the chosen functions, one by one."""

    def listing(self, frameworks: Sequence[str], interpreters: Mapping[str, str] = {}) -> Listing:
        """What there is to choose from; the routes are those of these frameworks."""

    def names(self) -> Names:
        """The names that there are, with formulae; no framework is started."""

    def describe(self, name: str) -> dict[str, str]:
        """What is known of a function or a structure, by headings.

        Raises:
            InputError: it is neither.
        """
