"""The run as JSON, its schema, and the writing of files that are whole or not there."""

from __future__ import annotations

import os
import platform
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timezone
from importlib import metadata
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
from msgspec import Struct, structs

from symgrad.court import VERSION
from symgrad.court.data import decode, plain
from symgrad.court.errors import OutputError
from symgrad.court.hearing import Hearing
from symgrad.court.verdicts import Claim
from symgrad.report.pages import linked
from symgrad.report.run import Run

ENCODER = msgspec.json.Encoder(decimal_format="number", enc_hook=np.ndarray.tolist)
"""Of decimals all digits are written, of arrays their rows."""
SCHEMA = Path(__file__).with_name("schema.json")
TOOLKIT = {"name": "symgrad", "version": VERSION}
PACKAGES = ("numpy", "sympy", "python-flint", "msgspec", "click", "rich")


def environment(hearing: Hearing) -> dict[str, str]:
    """What it was found with: Python, the platform, and versions by name."""
    return {
        "python": platform.python_version(),
        "platform": platform.platform(),
        **{name: metadata.version(name) for name in PACKAGES},
        **dict(sorted(hearing.versions.items())),
    }


def make_run(hearing: Hearing, settled: Sequence[Claim], command: Sequence[str]) -> Run:
    """Everything that was found, with the claims that it settles, as the record that is written."""
    demonstration = hearing.demonstration
    return Run(
        toolkit=TOOLKIT,
        environment=environment(hearing),
        devices=dict(sorted(hearing.devices.items())),
        command=[plain(word) for word in command],
        identities=demonstration.identities if demonstration else [],
        claims=[*settled],
        verdicts=hearing.verdicts(),
    )


def today() -> str:
    """The date in UTC; that of SOURCE_DATE_EPOCH where it is set, for files that are reproducible.

    The variable is that of https://reproducible-builds.org/specs/source-date-epoch/.
    """
    epoch = os.environ.get("SOURCE_DATE_EPOCH")
    now = datetime.fromtimestamp(int(epoch), timezone.utc) if epoch else datetime.now(timezone.utc)
    return now.date().isoformat()


def to_json(run: Run) -> bytes:
    """The run as one JSON object; every number has all its digits."""
    return b"".join(json_pieces(run))


def json_pieces(run: Run) -> Iterator[bytes]:
    """The same in pieces, one for each verdict: the gradients of large matrices fill gigabytes."""

    def encode(part: Struct) -> bytes:
        return msgspec.json.format(ENCODER.encode(part), indent=1)

    head, key, tail = encode(structs.replace(run, verdicts=[])).partition(b'"verdicts": []')
    yield head + key[:-1]
    for k, verdict in enumerate(run.verdicts):
        yield (b",\n  " if k else b"\n  ") + encode(verdict).replace(b"\n", b"\n  ")
    yield (b"\n ]" if run.verdicts else b"]") + tail + b"\n"


def from_json(text: bytes) -> Run:
    """The run that a file written by :func:`to_json` holds; data only, nothing is executed.

    Raises:
        msgspec.DecodeError: it does not have the shape of a run.
    """
    return decode(text, Run)


def schema() -> dict[str, Any]:
    """The JSON Schema (2020-12) of a run, generated from the records."""
    (reference,), components = msgspec.json.schema_components([Run], ref_template="#/$defs/{name}")
    definitions = {name: _decimals_as_numbers(part) for name, part in components.items()}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        **reference,
        "$defs": definitions,
    }


def _decimals_as_numbers(part: Any) -> Any:
    """Decimals are written as JSON numbers with all their digits, not as strings."""
    if isinstance(part, dict):
        if part.get("format") == "decimal":
            return {**{k: v for k, v in part.items() if k != "format"}, "type": "number"}
        return {key: _decimals_as_numbers(value) for key, value in part.items()}
    if isinstance(part, list):
        return [_decimals_as_numbers(value) for value in part]
    return part


class Output:
    """A file that appears whole at :meth:`write`, or not at all; what stood there before stays.

    Raises:
        OSError: on creation, if the folder is not there or cannot be written to.
    """

    def __init__(self, path: Path) -> None:
        self.path = path.resolve()
        if self.path.is_dir():
            raise IsADirectoryError(21, "it is a folder", str(path))
        # a pipe or a device is written directly
        self._is_plain = self.path.is_file() or not self.path.exists()
        self._draft: Path | None = None
        if self._is_plain:  # only tried: a run that is killed leaves no draft behind
            tempfile.TemporaryFile(dir=self.path.parent).close()

    def write(self, pieces: Iterable[bytes]) -> None:
        """Put the content in place, in one step.

        Raises:
            OutputError: it cannot be written; nothing is left of it, and the rest is as it was.
        """
        try:
            self.fill(pieces)
            self.publish()
        except OSError as error:
            self.discard()
            raise OutputError(f"{self.path}: cannot be written, {error.strerror}") from error

    def fill(self, pieces: Iterable[bytes]) -> None:
        """Write the content where nobody looks yet; a pipe or a device is written directly."""
        if self._is_plain:
            handle, name = tempfile.mkstemp(prefix=f".{self.path.name}.", dir=self.path.parent)
            os.close(handle)
            self._draft = Path(name)
        with (self._draft or self.path).open("wb") as file:
            file.writelines(pieces)

    def publish(self) -> None:
        """Put in place what was written."""
        if self._draft is None:
            return
        mask = os.umask(0)
        os.umask(mask)
        self._draft.chmod(0o666 & ~mask)
        self._draft.replace(self.path)

    def discard(self) -> None:
        """Leave nothing behind, if nothing was written."""
        if self._draft is not None:
            self._draft.unlink(missing_ok=True)


def make_folder(folder: Path) -> None:
    """Make the folder of what is to be written, where it is not there.

    Raises:
        OutputError: it cannot be made.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputError(f"{folder}: cannot be made, {error.strerror}") from error


def write_together(folder: Path, files: Mapping[str, bytes]) -> None:
    """Write several files to a folder: all of them, or none where there is no room.

    A page gets its links back.

    Raises:
        OutputError: there is no room.
    """
    outputs: list[Output] = []
    try:
        for name, content in files.items():
            outputs.append(Output(folder / name))
            if name.endswith(".md"):
                content = linked(content.decode(), folder).encode()
            outputs[-1].fill([content])
        for output in outputs:
            output.publish()
    except OSError as error:
        raise OutputError(f"{folder}: cannot be written to, {error.strerror}") from error
    finally:
        for output in outputs:
            output.discard()


def write_schema() -> None:
    """Bring ``report/schema.json`` up to date with the records."""
    SCHEMA.write_bytes(msgspec.json.format(msgspec.json.encode(schema()), indent=2) + b"\n")


if __name__ == "__main__":
    write_schema()
