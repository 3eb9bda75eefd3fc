"""A run: all that a report shows."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from msgspec import Meta, Struct

from symgrad.court.references import Identity
from symgrad.court.verdicts import Claim, Verdict

if TYPE_CHECKING:
    from matplotlib.figure import Figure


class Run(Struct, frozen=True):
    """Everything that one command found: the object that ``--json`` writes."""

    toolkit: dict[str, str]
    environment: dict[str, str]
    command: list[str]
    identities: list[Identity]
    claims: list[Claim]
    verdicts: list[Verdict]
    devices: Annotated[
        dict[str, str],
        Meta(description="framework → accelerator that it computed on, with its libraries"),
    ] = {}

    def plot(self, path: Path | str | None = None) -> Figure:
        """The error over tolerance of each gradient; a figure of matplotlib (``symgrad[plot]``).

        It is written to ``path`` as SVG if one is given.

        Raises:
            InputError: matplotlib is not installed.
        """
        from symgrad.report.plot import of_verdicts, save  # only who draws waits for matplotlib

        return save(of_verdicts(self.verdicts), path)
