"""The operations of PyTorch on complex arrays, by their parts."""

from __future__ import annotations

from symgrad.numeric.recording.torch_rules import Executed, Rule


def of_complex(e: Executed) -> Rule | None:
    """The rule, if an argument is complex."""
    return None
