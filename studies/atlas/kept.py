"""The table that is kept with the code, in docs/: an installed package has none."""

from __future__ import annotations

from pathlib import Path

import msgspec

from symgrad.court.errors import InputError
from symgrad.studies.atlas.page import from_json
from symgrad.studies.atlas.record import Atlas

DOCS = Path(__file__).resolve().parents[2] / "docs"


def read_atlas(file: Path | None = None) -> Atlas | None:
    """The table in a file, or the kept one; nothing where there is none.

    Raises:
        InputError: it is no table.
    """
    file = file or DOCS / "atlas.json"
    if not file.exists():
        return None
    try:
        return from_json(file.read_bytes())
    except msgspec.DecodeError as error:
        raise InputError(
            f"{file}: is no table of the atlas, {error}; name an atlas.json"
        ) from error
