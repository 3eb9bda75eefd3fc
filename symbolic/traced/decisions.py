"""What stops a sweep: a step that has no derivative here, or of which more bits may tell."""

from __future__ import annotations

from typing import Literal

Kind = Literal["kink", "domain", "spectrum", "gauge", "path"]


class RefusedError(Exception):
    """f has no derivative here, or none that can be given."""

    def __init__(self, kind: Kind, why: str) -> None:
        super().__init__(why)
        self.kind = kind
        self.why = why


class UndecidedError(RefusedError):
    """The same, unless more bits tell otherwise."""
