"""The terminal: its console, its headings, its closing lines."""

from __future__ import annotations

import os
import sys
from collections import Counter
from collections.abc import Sequence

from rich.console import Console
from rich.rule import Rule
from rich.text import Text

from symgrad.court.references import Proved
from symgrad.court.verdicts import Claim, Verdict
from symgrad.report.wrapping import counted

COLOURS = {
    "agrees": "green",
    "inaccurate": "cyan",
    "disagrees": "bold red",
    "refused": "yellow",
    "failed": "magenta",
}
COUNTED = {
    "agrees": "agree",
    "inaccurate": "inaccurate",
    "disagrees": "disagree",
    "refused": "refused",
    "failed": "failed",
}
"""An outcome after a number."""
WIDTH_OFF_TERMINAL = 120


class PatientConsole(Console):
    """A console whose reader may leave: the run goes on, and its exit status stays its own."""

    def on_broken_pipe(self) -> None:
        """Print nothing more; Rich would end the run with status 1, which says "disagrees"."""
        self.quiet = True
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


PLAIN = {
    **dict(
        zip(
            "⟨⟩∂θλρκεΣ∇√≤≥≈≠−×·∈∞│─┃━…—–“”‘’→↦✗✓",
            "<>dtlrkeSVv<>~#-x*eo|-|-.--\"\"''>>xv",
            strict=True,
        )
    ),
    **dict(zip("₀₁₂₃₄₅₆₇₈₉ᵢⱼ⁰¹²³⁴⁵⁶⁷⁸⁹⁻ᵀᴴ", "0123456789ij0123456789-TH", strict=True)),
    **dict.fromkeys("┏┓┗┛┡┩└┘├┤┬┴┼┳┻╇┴╞╡╪┌┐", "+"),
}
"""What stands for a character that a terminal has not: one each, so that columns stay in line."""


def be_plain(error: UnicodeError) -> tuple[str, int]:
    """Write what an encoding lacks by :data:`PLAIN`, or as an escape (an error handler)."""
    assert isinstance(error, UnicodeEncodeError)
    missing = error.object[error.start : error.end]
    told = (PLAIN.get(c) or c.encode("ascii", "backslashreplace").decode() for c in missing)
    return "".join(told), error.end


def make_console(stderr: bool = False) -> Console:
    """A console with colour on a terminal alone, and wide tables where there is none."""
    console = PatientConsole(stderr=stderr, highlight=False, soft_wrap=False)
    if not console.is_terminal:
        console.width = WIDTH_OFF_TERMINAL
    return console


def heading(console: Console, text: str) -> None:
    """A rule across the page."""
    console.print()
    console.print(Rule(Text(text, style="bold"), align="left"))


def closing_line(verdicts: Sequence[Verdict], claims: Sequence[Claim], note: str) -> Text:
    """The counts in one line."""
    count: Counter[str] = Counter(v.verdict for v in verdicts)
    line = Text(f"{counted(len(verdicts), 'gradient')}: ")
    line.append(f"{count['agrees']} agree", COLOURS["agrees"])
    for outcome in ("inaccurate", "disagrees", "refused", "failed"):
        colour = COLOURS[outcome] if count[outcome] else ""
        line.append(f", {count[outcome]} {COUNTED[outcome]}", colour)
    vacuous = sum(v.is_said("vacuous") for v in verdicts)
    if vacuous:
        line.append(f" ({vacuous} vacuous)")
    if claims:
        line.append(f"; {sum(c.settled for c in claims)} of {len(claims)} claims settled")
    return line.append(f"; {note}" if note else "")


def closing_line_of_proofs(proved: Sequence[Proved]) -> Text:
    """The counts in one line."""
    count = sum(len(proof.identities) for proof in proved)
    held = sum(i.holds for proof in proved for i in proof.identities)
    noun = "identity" if count == 1 else "identities"
    return Text(f"{count} {noun} for all parameters: {held} as stated, {count - held} not")
