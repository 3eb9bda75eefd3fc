"""The trust table: each numbered sentence of the document, and what bears it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from msgspec import Struct

from symgrad.court.errors import InputError

KINDS = {
    "rocq": "proved by Rocq",
    "argument": "proved in the text",
    "algebra": "proved by exact algebra",
    "enclosure": "certified by enclosure",
    "measured": "measured",
    "trusted": "trusted",
}
ALWAYS = (
    (
        "The Rocq theorems say what the sentences say that cite them.",
        "reading both: each statement with its hypotheses is in proofs/theorems.json",
    ),
    (
        "Rocq's kernel accepts only proofs, and its libraries define what they name.",
        "the kernel of Coq and its standard library; what matrices, determinants and derivatives "
        "are in MathComp and Coquelicot (@boldo2015): {versions}; the proofs are in the folder "
        "`proofs` here, their hashes in the certificate, and compile: `proofs/check.py`",
    ),
    (
        "The proofs in the text are right: the differential of f determines S (Riesz), Weyl's "
        "inequality, the theorems of the implicit and the inverse function.",
        "reading them; linear algebra and analysis of a first course",
    ),
    (
        "The toolkit's formula of each function is the f that its theorem names.",
        "reading symbolic/catalogue; a wrong one would disagree with every framework's value",
    ),
    (
        "SymPy (@meurer2017) and python-flint compute in polynomial rings as they should.",
        "the other of the two where a row names both; where it names one, that alone",
    ),
    (
        "Arb's balls contain what they should.",
        "the re-checker, which does without Arb, for what it says that it derived",
    ),
    (
        "Rounding explains errors as large as the tolerances, and no larger ones.",
        "a postulate, p(n) = 8n, and its calibration: docs/calibration.md",
    ),
    (
        "The frameworks, NumPy and the toolkit were those of the versions named, unaltered.",
        "nothing: run it again",
    ),
    (
        "The re-checker is right, and so is the Python that runs it.",
        "reading it: it is short, and of the standard library",
    ),
    ("The processor and the operating system ran the programs as written.", "nothing"),
)
"""What no part of the document bears, and what there is to say for it."""


class Theorem(Struct, frozen=True):
    """A theorem that Rocq has checked, and the axioms that it rests on."""

    theorem: str
    statement: str
    file: str
    axioms: list[str]


class Proofs(Struct, frozen=True):
    """``proofs/theorems.json``: what was checked, from which files (SHA-256), by which versions."""

    versions: dict[str, str]
    files: dict[str, str]
    theorems: list[Theorem]


class Row(NamedTuple):
    """A sentence, and what bears it."""

    sentence: str
    kind: str
    detail: str


class Trust:
    """Collects the sentences as the document is written, and numbers them."""

    def __init__(self, theorems: Sequence[Theorem], versions: Mapping[str, str] = {}) -> None:
        self._theorems = {t.theorem: t for t in theorems}
        told = [f"{name} {version}" for name, version in versions.items()]
        self._versions = ", ".join(told) or "Coq 8.16, MathComp 1.15, Coquelicot 3.2"
        self.rows: list[Row] = []

    def mark(self, kind: str, about: str, detail: str | Sequence[str]) -> str:
        """The number of a sentence, linked to its row in the table, which tells what it is about.

        Raises:
            InputError: a theorem that it is said to follow from has not been checked.
        """
        told = detail if isinstance(detail, str) else "; ".join(map(self._cite, detail))
        self.rows.append(Row(about, KINDS[kind], told))
        number = len(self.rows)
        return f"[^[\\[{number}\\]](#trust:{number})^]{{#from:{number}}}"

    def sentence(self, kind: str, text: str, detail: str | Sequence[str]) -> str:
        """The sentence with its number; it is in the table as it stands."""
        return f"{text} {self.mark(kind, text, detail)}"

    def known(self, names: Iterable[str]) -> list[str]:
        """Those of the names that Rocq has checked theorems of."""
        return [name for name in names if name in self._theorems]

    def rows_of(self, told: Iterable[tuple[str, Sequence[str]]]) -> list[str]:
        """The sentences all of whose theorems Rocq has checked."""
        return [
            self.sentence("rocq", text, names)
            for text, names in told
            if self.known(names) == [*names]
        ]

    def table(self) -> str:
        """The table in Markdown, with what is trusted at its end."""
        rows = [(f"[[{k}](#from:{k})]{{#trust:{k}}}", *row) for k, row in enumerate(self.rows, 1)]
        trusted = KINDS["trusted"]
        rows += [("", text, trusted, why.format(versions=self._versions)) for text, why in ALWAYS]
        return markdown_table(("", "sentence", "", "by"), rows, (4, 44, 18, 34))

    def _cite(self, name: str) -> str:
        theorem = self._theorems.get(name)
        if theorem is None:
            raise InputError(f"the appendix cites {name}, which is not in proofs/theorems.json")
        axioms = ", ".join(f"`{axiom.split('.')[-1]}`" for axiom in theorem.axioms)
        return f"`{name}` in `{theorem.file}` ({axioms or 'no axioms'})"


def plain(text: str) -> str:
    """Text that Markdown takes for nothing but text."""
    return re.sub(r"([\\`*_{}\[\]<>^~|$#@])", r"\\\1", " ".join(text.split()))


def markdown_table(
    header: Sequence[str], rows: Sequence[Sequence[str]], widths: Sequence[int]
) -> str:
    """A pipe table, its columns as wide as the widths are to each other."""
    lines = [header, [":" + "-" * width for width in widths], *rows]
    return "\n".join("| " + " | ".join(_cell(cell) for cell in line) + " |" for line in lines)


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")
