"""A report in a terminal, as Rich renders it."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from symgrad.court.blame import Blame
from symgrad.court.verdicts import Component, Verdict
from symgrad.report.terminal import COLOURS

MOST_ROWS = 6
"""Of the contractions the worst ones are shown."""


def card(
    verdict: Verdict, components: Sequence[Component], blame: Sequence[Blame], queried: str
) -> Group:
    """The verdict, why, the steps to blame and the contractions, which are given worst first.

    ``queried`` is what is differentiated, where it is not f.
    """
    v = verdict
    who = " ".join(filter(None, (v.framework, v.version)))
    line = Text(f"{v.function} at a {v.size}×{v.size} matrix in {v.dtype}, {who}: ")
    line.append(v.verdict, COLOURS[v.verdict])
    line.append(f", {v.layout}" if v.convention else "")
    told = [Text(f"  {said}") for said in (queried, v.reason, *map(str, blame)) if said]
    parts: list[RenderableType] = [line, *told]
    if components:
        parts.append(_contractions(components[:MOST_ROWS], v.verdict == "disagrees"))
    left = len(components) - MOST_ROWS
    if left > 0:
        parts.append(Text(f"  and {left} that {'is' if left == 1 else 'are'} less far off"))
    return Group(*parts)


def _contractions(components: Sequence[Component], is_wrong: bool) -> Table:
    """⟨G, ∂X/∂θ⟩ against ∂f/∂θ; those that are off by more than rounding explains are marked."""
    table = Table(box=None, padding=(0, 1))
    table.add_column("")
    table.add_column("θ")
    for title in ("⟨G, ∂X/∂θ⟩", "exactly ∂f/∂θ", "off by", "rounding explains"):
        table.add_column(title, justify="right")
    for c in components:
        off = is_wrong and not float(c.error) <= c.tolerance
        numbers = (f"{float(c.contracted):.10g}", f"{float(c.exact):.10g}", f"{float(c.error):.1e}")
        cells = ("✗" if off else "", c.name, *numbers, f"{c.tolerance:.1e}")
        table.add_row(*map(Text, cells), style=COLOURS["disagrees"] if off else "")
    return table
