"""What is written of a run beside what the terminal shows: data, and a page."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from symgrad.court.errors import InputError, OutputError
from symgrad.court.hearing import Hearing
from symgrad.court.verdicts import Run
from symgrad.report.document import Output, json_pieces


class Files:
    """The files that ``--json`` and ``--html`` name, tried before any work is done.

    Raises:
        InputError: one cannot be written, or both are the same.
    """

    def __init__(self, json: Path | None, page: Path | None) -> None:
        if json and page and json.resolve() == page.resolve():
            raise InputError(f"--json and --html both name {json}; give each a file of its own")
        self.json = _open("--json", json)
        self.page = _open("--html", page)

    def write(self, hearing: Hearing, run: Run) -> OutputError | None:
        """Write them; why one cannot be written, to be raised when all has been shown."""
        failure = _put(self.json, json_pieces(run))
        if self.page:
            from symgrad.studies.chosen import html

            failure = _put(self.page, [html.render(hearing, run)]) or failure
        return failure

    def discard(self) -> None:
        """Leave nothing behind of what was not written."""
        for output in filter(None, (self.json, self.page)):
            output.discard()


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
