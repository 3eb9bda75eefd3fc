"""What is gathered before former versions are asked: their interpreters."""

from __future__ import annotations

from msgspec import Struct


class Gathered(Struct, frozen=True):
    """The interpreters of former versions that a run has, and why it lacks the others.

    ``paths`` and ``origins`` (Python version, platform) are by name, as ``torch@1.0.1``.
    ``failures`` are a line for each that was needed and cannot be had, with what mends it;
    ``notes`` one for each that was not needed that much.
    """

    paths: dict[str, str]
    origins: dict[str, tuple[str, str]]
    failures: list[str]
    notes: list[str]
