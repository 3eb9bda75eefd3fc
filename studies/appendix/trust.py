"""The trust table: each numbered sentence of the document, and what bears it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from msgspec import Struct

from symgrad.court.errors import InputError

KINDS = {
    "rocq": "proved by Rocq",
    "algebra": "proved by exact algebra",
    "enclosure": "certified by enclosure",
    "measured": "measured",
    "trusted": "trusted",
}
ALWAYS = (
    ("Rocq's kernel accepts only proofs.", "the kernel of Coq 8.16 and its standard library"),
    ("SymPy and python-flint compute in polynomial rings as they should.", "the two must agree"),
    ("Arb's balls contain what they should.", "recheck.py does without Arb where it can"),
    ("The processor and the operating system ran the programs as written.", "nothing checks this"),
)
"""What no part of the document bears."""


class Theorem(Struct, frozen=True):
    """A theorem that Rocq has checked, and the axioms that it rests on."""

    theorem: str
    statement: str
    file: str
    axioms: list[str]


class Row(NamedTuple):
    """A sentence, and what bears it."""

    sentence: str
    kind: str
    detail: str


class Trust:
    """Collects the sentences as the document is written, and numbers them."""

    def __init__(self, theorems: Sequence[Theorem]) -> None:
        self._theorems = {t.theorem: t for t in theorems}
        self.rows: list[Row] = []

    def sentence(self, kind: str, text: str, detail: str | Sequence[str]) -> str:
        """The sentence with its number, which is entered in the table.

        Raises:
            InputError: a theorem that it is said to follow from has not been checked.
        """
        told = detail if isinstance(detail, str) else "; ".join(map(self._cite, detail))
        self.rows.append(Row(text, KINDS[kind], told))
        return f"{text} ^\\[{len(self.rows)}\\]^"

    def table(self) -> str:
        """The table in Markdown, with what is trusted at its end."""
        rows = [(str(k), *row) for k, row in enumerate(self.rows, 1)]
        rows += [("", text, KINDS["trusted"], why) for text, why in ALWAYS]
        return markdown_table(("", "sentence", "", "by"), rows, (4, 44, 18, 34))

    def _cite(self, name: str) -> str:
        theorem = self._theorems.get(name)
        if theorem is None:
            raise InputError(f"the appendix cites {name}, which is not in proofs/theorems.json")
        axioms = ", ".join(f"`{axiom.split('.')[-1]}`" for axiom in theorem.axioms)
        return f"`{name}` in `{theorem.file}` ({axioms or 'no axioms'})"


def markdown_table(
    header: Sequence[str], rows: Sequence[Sequence[str]], widths: Sequence[int]
) -> str:
    """A pipe table, its columns as wide as the widths are to each other."""
    lines = [header, [":" + "-" * width for width in widths], *rows]
    return "\n".join("| " + " | ".join(_cell(cell) for cell in line) + " |" for line in lines)


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")
