"""The record of the watch: what each release answered, and which one a release is held against."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import msgspec
from msgspec import Meta, Struct
from packaging.version import Version

from symgrad.court.data import decode
from symgrad.court.errors import InputError
from symgrad.court.names import name_of, public
from symgrad.studies.atlas.record import Atlas, Row
from symgrad.studies.findings.record import Finding
from symgrad.studies.findings.rule import Status

FILE = "watch.json"
WRONG: Status = "still wrong"


class Release(Struct, frozen=True):
    """All that one release answered, in one run."""

    framework: Annotated[str, Meta(description="as jax@0.10.2")]
    version: Annotated[str, Meta(description="what it calls itself")]
    python: str
    platform: str
    date: Annotated[str, Meta(description="the day of the run, UTC")]
    requirements: Annotated[list[str], Meta(description="the pins of its environment")]
    findings: Annotated[dict[str, Status], Meta(description="known finding → what it is there")]
    rows: Annotated[list[Row], Meta(description="of the table, as in docs/atlas.json")]

    @property
    def order(self) -> Version:
        """Its place among the releases of its framework."""
        return Version(public(self.framework.partition("@")[2]))


class Watch(Struct, frozen=True):
    """The last record of each release."""

    toolkit: dict[str, str]
    releases: list[Release]


def read(file: Path, toolkit: dict[str, str]) -> Watch:
    """The record that is kept in a file, or an empty one.

    Raises:
        InputError: it is none.
    """
    if not file.exists():
        return Watch(toolkit, [])
    try:
        return decode(file.read_bytes(), Watch)
    except msgspec.DecodeError as error:
        raise InputError(
            f"{file}: is no record of a watch, {error}; name another --output"
        ) from error


def to_json(watch: Watch) -> bytes:
    """The record as one JSON object."""
    return msgspec.json.format(msgspec.json.encode(watch), indent=1) + b"\n"


def enter(watch: Watch, new: Sequence[Release], toolkit: dict[str, str]) -> Watch:
    """The record with new releases in the place of what it had of the same."""
    names = {release.framework for release in new}
    kept = [release for release in watch.releases if release.framework not in names]
    ordered = sorted([*kept, *new], key=lambda r: (name_of(r.framework), r.order))
    return Watch(toolkit, ordered)


def of_atlas(atlas: Atlas | None, findings: Sequence[Finding]) -> list[Release]:
    """What the atlas and the list of findings say of the versions that they were made with."""
    if atlas is None:
        return []
    versions = {row.framework: row.version for row in atlas.rows}
    about = (atlas.environment.get("python", ""), atlas.environment.get("platform", ""))
    return [
        Release(
            f"{name}@{public(version)}",
            version,
            *about,
            atlas.made.date,
            [],
            {
                f.id: WRONG
                for f in findings
                if f.framework == name and public(version) in f.versions
            },
            [row for row in atlas.rows if row.framework == name],
        )
        for name, version in versions.items()
    ]


def last(release: Release, records: Sequence[Release]) -> Release | None:
    """What a release is held against: its own last record, else that of the version before it.

    Where all are of later versions it is the first of these; of two of one version, the first.
    """
    name = name_of(release.framework)
    known = [kept for kept in records if name_of(kept.framework) == name]
    own = [kept for kept in known if kept.order == release.order]
    before = [kept for kept in known if kept.order < release.order]
    if own or not known:
        return own[0] if own else None
    if before:
        return max(before, key=lambda kept: kept.order)
    return min(known, key=lambda kept: kept.order)
