"""Errors in what the user gave: one line each, with what to do."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches


class InputError(ValueError):
    """What was given cannot be used; the message says what arrived and what to do."""


class DeviceError(InputError):
    """A device that was asked for is not there."""


class OutputError(InputError):
    """What was found cannot be written: the disk is full, or another run is writing there."""


class ClusterError(InputError):
    """The cluster cannot be used: it is not there, has other versions, or has gone."""


def check_known(kind: str, name: str, names: Iterable[str]) -> None:
    """Raise InputError, with the nearest match, unless ``name`` is one of ``names``."""
    known = list(names)
    if name not in known:
        near = get_close_matches(str(name), known, n=1)  # what is no name, as torch.float32, too
        hint = f"did you mean {near[0]!r}?" if near else f"choose from {', '.join(known)}"
        raise InputError(f"unknown {kind} {name!r}; {hint}")
