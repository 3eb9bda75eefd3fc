"""Names: of frameworks with and without a version, of functions with and without a member."""

from __future__ import annotations


def family(function: str) -> str:
    """The family of a member's name: ``eigenvalue`` of ``eigenvalue[1]``."""
    return function.split("[")[0]


def public(version: str) -> str:
    """A version without its local part: ``2.13.0`` of ``2.13.0+cpu``."""
    return version.split("+")[0]


def name_of(framework: str) -> str:
    """A framework's name without the version that it may have: ``torch`` of ``torch@1.0.1``."""
    return framework.split("@")[0]


def order_of(framework: str) -> tuple[str, list[int]]:
    """The place of ``torch@1.0.1`` among all versions: by name, then by numbers."""
    name, _, version = framework.partition("@")
    return name, [int(part) for part in version.split(".") if part.isdigit()]


def is_callable(name: str) -> bool:
    """Whether a name is that of a callable in a file: ``my_loss.py:loss``."""
    return ".py:" in name
