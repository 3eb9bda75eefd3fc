"""Releases that are watched: which ones are sought, and what is found of them."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from msgspec import Meta, Struct


class Sought(Struct, frozen=True, kw_only=True):
    """The newest releases of some ``frameworks``, and ``versions`` by name, as ``jax@0.10.2``.

    With ``pre`` the newest pre-releases too.  ``offline``, no package index is asked and nothing
    is built: the newest release that has a lock is taken.  ``python`` is the one Python to use.
    """

    frameworks: list[str]
    versions: list[str]
    pre: bool
    offline: bool
    python: Path | None
    locks: Path
    environments: Path


class Built(Struct, frozen=True):
    """A release with an environment of its own."""

    name: Annotated[str, Meta(description="as jax@0.10.2")]
    path: Annotated[str, Meta(description="of the Python in its environment")]
    python: Annotated[str, Meta(description="the version of that Python")]
    platform: str
    requirements: list[str]


class Found(Struct, frozen=True):
    """What was found, and a line for each release that is not to be had."""

    releases: list[Built]
    failures: list[str]
