"""Text that is cut where it may be: a call between its parts, a reason between its clauses."""

from __future__ import annotations

import re

from rich.console import Console, ConsoleOptions, RenderResult
from rich.measure import Measurement
from rich.text import Text

PARTS = re.compile(r"(?<=[(,])(?!\s)|(?<=\s)|(?=\.[A-Za-z_])")
"""A call breaks after a parenthesis, a comma or a space, and before the dot of a name."""
CLAUSES = re.compile(r"(?<=[.;:!?])\s+")
MOST = 300
"""Reasons of more characters lose their last clauses, but in full."""


class Call:
    """A public call with its options, which never breaks inside a word."""

    def __init__(self, text: str, style: str = "") -> None:
        self.text = text
        self.style = style

    def __rich_measure__(self, console: Console, options: ConsoleOptions) -> Measurement:
        """At least its longest part, at most all of it."""
        return Measurement(max(map(len, _parts(self.text))), len(self.text))

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """Its lines; those that continue it are set in."""
        yield Text("\n".join(folded(self.text, options.max_width)), self.style, overflow="fold")


def folded(call: str, width: int) -> list[str]:
    """The lines of a call, each of ``width`` characters at most where its words are not longer."""
    lines = [""]
    for part in _parts(call):
        if lines[-1].strip() and len((lines[-1] + part).rstrip()) > width:
            lines[-1] = lines[-1].rstrip()
            lines.append("  " if len(part.rstrip()) + 2 <= width else "")
        lines[-1] += part
    return lines


def _parts(call: str) -> list[str]:
    return [part for part in PARTS.split(call) if part] or [""]


def clipped(reason: str, most: int = MOST) -> str:
    """A reason, whole clauses of it: as many as ``most`` characters hold, and at least one."""
    kept, *clauses = CLAUSES.split(reason)
    for k, clause in enumerate(clauses):
        if len(kept) + 1 + len(clause) > most:
            return f"{kept} […] (--verbose: {counted(len(clauses) - k, 'clause')} more)"
        kept = f"{kept} {clause}"
    return kept


def counted(number: int, noun: str) -> str:
    """``1 gradient``, ``2 gradients``."""
    return f"{number} {noun}{'' if number == 1 else 's'}"
