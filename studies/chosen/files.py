"""What is written of a run beside what the terminal shows: data, a page, a picture."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from symgrad.court.errors import InputError, OutputError
from symgrad.court.hearing import Hearing
from symgrad.court.verdicts import Verdict
from symgrad.report import plot
from symgrad.report.document import Output, json_pieces
from symgrad.report.run import Run

if TYPE_CHECKING:
    from matplotlib.figure import Figure


class Files:
    """The files that ``--json``, ``--html`` and ``--plot`` name, tried before any work is done.

    Raises:
        InputError: one cannot be written, two are the same, matplotlib is not installed, or one of
            the ``units`` has no place in the picture.
    """

    def __init__(
        self, json: Path | None, page: Path | None, picture: Path | None, units: Sequence[str]
    ) -> None:
        named = [path.resolve() for path in (json, page, picture) if path]
        if len(set(named)) < len(named):
            raise InputError("--json, --html and --plot: give each a file of its own")
        if picture:
            plot.make_figure(1, 1)
        self.units = {unit: _drawn(unit) for unit in units} if picture else {}
        self.json = _open("--json", json)
        self.page = _open("--html", page)
        self.picture = _open("--plot", picture)

    def write(self, hearing: Hearing, run: Run) -> OutputError | None:
        """Write them; why one cannot be written, to be raised when all has been shown."""
        failure = _put(self.json, json_pieces(run))
        if self.page:
            from symgrad.studies.chosen import html

            failure = _put(self.page, [html.render(hearing, run)]) or failure
        if self.picture:
            failure = _put(self.picture, [plot.to_svg(self.draw(hearing, run))]) or failure
        return failure

    def draw(self, hearing: Hearing, run: Run) -> Figure:
        """The errors over their tolerances; against the units, where several were asked."""
        if len(set(self.units.values())) < 2:
            return run.plot()
        by: dict[float, list[Verdict]] = {x: [] for x in self.units.values()}
        for unit, x in self.units.items():
            by[x] += hearing.verdicts(label=unit)
        return plot.verdicts_against(by, "s, the unit: the matrices are s·X", "excess")

    def discard(self) -> None:
        """Leave nothing behind of what was not written."""
        for output in filter(None, (self.json, self.page, self.picture)):
            output.discard()


def _drawn(unit: str) -> float:
    """Where a unit stands on an axis.

    Raises:
        InputError: it is no positive number, or beyond float64.
    """
    from symgrad.symbolic.units import parse_scale

    exact = parse_scale(unit)
    try:
        x = float(exact)
    except OverflowError:
        x = 0.0
    if not x:
        raise InputError(f"--plot: --scale {unit} has no place on an axis; leave one of them out")
    return x


def _open(option: str, path: Path | None) -> Output | None:
    try:
        return Output(path) if path else None
    except OSError as error:
        raise InputError(f"{option} {path}: cannot be written, {error.strerror}") from error


def _put(output: Output | None, pieces: Iterable[bytes]) -> OutputError | None:
    try:
        if output:
            output.write(pieces)
    except OutputError as error:
        return error
    return None
