"""Reasons: what is said of a verdict, each of a kind; nothing is decided by the words."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated, Literal

from msgspec import Meta, Struct

Kind = Literal[
    "no derivative",
    "definition",
    "subgradient",
    "raised",
    "declined",
    "malformed",
    "not finite",
    "out of range",
    "vacuous",
    "value",
    "contraction",
    "entry",
    "systematic",
    "rounding",
    "mistake",
    "turned",
    "gauge",
    "asked twice",
    "not asked again",
    "printing",
    "note",
    "blame",
]
"""What a reason is about.

``no derivative``: f has none at X, or none is certified; ``definition``: f is defined twice, and
not alike; ``subgradient``: whether G is one there.
``raised`` by a route, ``declined`` by its framework.  ``malformed``, ``not finite``: the report
itself.  ``out of range``, ``vacuous``: the check could not have failed.  ``value``,
``contraction``, ``entry``: what is off.  ``systematic``: it stays off beside X; ``rounding``: it
scatters there.  ``mistake``: the gradient is made of S by a known mistake.  ``turned``: the value
is f's with a sign that X does not determine; ``gauge``: at another point it is not.  ``asked
twice``, ``not asked again``: how the route was asked; ``printing``: how a proposed matrix was
rounded.  ``note``: what else is worth knowing.  ``blame``: the step that is wrong.
"""


class Reason(Struct, frozen=True, omit_defaults=True):
    """One thing that is said of a verdict."""

    kind: Kind
    text: str
    lost: Annotated[
        bool, Meta(description="of what is off: digits are lost, the formula need not be wrong")
    ] = False


def say(kind: Kind, text: str) -> tuple[Reason, ...]:
    """The one reason, or none where there is nothing to be said."""
    return (Reason(kind, text),) if text else ()


def told(reasons: Iterable[Reason]) -> str:
    """All of them in one line."""
    return "; ".join(reason.text for reason in reasons)
