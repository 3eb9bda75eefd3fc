"""Findings as JSON, as Markdown and on a terminal."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import msgspec
from rich.console import Console
from rich.text import Text

from symgrad.court.data import decode
from symgrad.court.hearing import Hearing
from symgrad.report.document import TOOLKIT, environment
from symgrad.report.pages import opening
from symgrad.report.terminal import heading
from symgrad.studies.findings.record import CLASSES, SCRIPTS, Finding
from symgrad.studies.findings.rule import Answer, Document, Examined, examine

COLOURS = {
    "still wrong": "bold red",
    "passes unexpectedly": "bold magenta",
    "refused unexpectedly": "bold magenta",
    "wrong in another way": "bold magenta",
}

TITLE = opening("Wrong gradients of released frameworks", "uses or maintains a framework")
INTRODUCTION = """\
Each finding is the smallest case known, among symmetric (or Hermitian) matrices of small integers,
at which one route of one framework returns what is no valid gradient under any convention: the
symmetric part (G + Gᵀ)/2 is not S, the exact gradient on the symmetric matrices; at a complex
matrix, neither with G nor with its conjugate.  At least half of the digits are gone, by an error of
√u or more relative to S or to the value; what rounding loses beside is no finding.  They are listed
by class, the gravest first.  *exact* is enclosed within *radius*; *returned* is given to four
digits, and not where it depends on the processor or on the run.  The scripts need the framework and
NumPy alone.  Made by `python verify.py findings --output docs`; `python verify.py findings --report
NAME` prints one, by the name over it, as an issue for its framework's maintainers."""


def make_findings(hearing: Hearing, known: Sequence[Finding]) -> Document:
    """The findings, examined."""
    return Document(TOOLKIT, environment(hearing), examine(hearing, known))


def to_json(document: Document) -> bytes:
    """The findings as one JSON object; exact numbers have all their digits."""
    encoder = msgspec.json.Encoder(decimal_format="number")
    return msgspec.json.format(encoder.encode(document), indent=1) + b"\n"


def from_json(text: bytes) -> Document:
    """What a file written by :func:`to_json` holds; data only, nothing is executed.

    Raises:
        msgspec.DecodeError: it does not have the shape of a list of findings.
    """
    return decode(text, Document)


def to_markdown(document: Document) -> str:
    """A section per class, an entry per finding."""
    lines = [TITLE, "", INTRODUCTION, ""]
    for name, said in CLASSES.items():
        found = [e for e in document.findings if e.finding.rank == name]
        lines += [f"## {said}", ""] if found else []
        for examined in found:
            lines += _section(examined)
    return "\n".join(lines).rstrip() + "\n"


def _section(examined: Examined) -> list[str]:
    finding, answer = examined.finding, examined.answer
    seen = "" if finding.certain else " (not reproducible: it passes at times)"
    asked = f"{finding.framework} {examined.version or '(not installed)'}"
    lines = [f"### {finding.id}", "", f"{finding.reason}", ""]
    lines += [f"- {examined.status}{seen} in {asked}; known of {_list(finding.versions)}"]
    lines += [f"- `{finding.function}` by `{finding.route}`, {finding.mode} mode, {finding.dtype}"]
    lines += [f"- X = `{answer.matrix}`"]
    lines += [f"- {name}: `{text}`" for name, text in _compared(examined)]
    lines += [f"- {text}" for text in _how_far(examined)]
    lines += [f"- verdict: {answer.reason}"] if answer.reason else []
    lines += [f"- documentation: {finding.documentation}"]
    if finding.also:
        lines += ["- the same cause: " + "; ".join(f"`{f}`, `{r}`" for f, r in finding.also)]
    lines += [f"- reported: {finding.issue}"] if finding.issue else []
    script = f"{SCRIPTS}/{finding.script}"
    return [*lines, f"- script: [`{script}`](../{script})", ""]


def show(console: Console, document: Document) -> None:
    """A few lines per finding, by class."""
    told = ""
    for examined in document.findings:
        finding = examined.finding
        if finding.rank != told:
            told = finding.rank
            heading(console, CLASSES[told])
        status = Text(f"{finding.id}: {_status(examined)}", COLOURS.get(examined.status, "yellow"))
        console.print(status, soft_wrap=True)
        console.print(Text(f"  {_where(finding)}"), soft_wrap=True)
        show_answer(console, examined.answer, finding.kind)
        for text in _how_far(examined):
            console.print(Text(f"    {text}"), soft_wrap=True)


def show_smallest(console: Console, answer: Answer | None, tried: int) -> None:
    """The smallest case that was found, or that there is none."""
    if answer is None:
        console.print(f"right, or refused, at all {tried} matrices that were tried")
        return
    console.print(Text(f"smallest of {tried} cases: {answer.function} at X = {answer.matrix}"))
    show_answer(console, answer)


def show_answer(console: Console, answer: Answer, kind: str = "") -> None:
    """What came back, and what is true."""
    for name, text in _numbers(answer, kind):
        console.print(Text(f"    {name:14} {text}"), soft_wrap=True)
    if answer.reason:
        console.print(Text(f"    {answer.reason}"), soft_wrap=True)


def closing_line(document: Document) -> Text:
    """The counts in one line."""
    count = Counter(examined.status for examined in document.findings)
    counted = ", ".join(f"{number} {status}" for status, number in count.items())
    classes = Counter(examined.finding.rank for examined in document.findings)
    told = ", ".join(f"{classes[name]} {name}" for name in CLASSES if classes[name])
    return Text(
        f"{len(document.findings)} findings"
        + (f" ({told}): {counted}" if counted else ": none is about these frameworks")
    )


def _status(examined: Examined) -> str:
    finding = examined.finding
    if examined.status == "another version":
        known = _list(finding.versions)
        said = examined.answer.verdict or "no answer"
        return f"skipped, {finding.framework} {examined.version} is not {known} ({said} here)"
    if examined.status == "not installed":
        return f"skipped, {finding.framework} is not installed"
    return examined.status.upper() if examined.fails else examined.status


def _where(finding: Finding) -> str:
    return (
        f"{finding.framework}, {finding.function}, {finding.route}, {finding.mode} mode, "
        f"{finding.dtype}, X = {finding.matrix}"
    )


def _compared(examined: Examined) -> list[tuple[str, str]]:
    """What came back and what is true, but for what is noise."""
    return _numbers(examined.answer, examined.finding.kind)


def _numbers(answer: Answer, kind: str) -> list[tuple[str, str]]:
    """The value if it is wrong, else the gradients."""
    if kind == "value" or answer.of_value:
        return [("value", str(answer.value)), ("exact value", str(answer.exact_value))]
    if answer.exact is None:
        return []
    exact = ("exact", f"{_rows(answer.exact)}, radius {answer.radius:.1g}")
    return [exact] if answer.gradient is None else [("returned", _rows(answer.gradient)), exact]


def _how_far(examined: Examined) -> list[str]:
    """How far off it is; of what is noise no more than every run has."""
    finding, answer = examined.finding, examined.answer
    if examined.version is None or finding.against:
        return []
    if finding.is_noise:
        return ["not finite, or off by more than half of the digits"]
    error = answer.value_error if finding.kind == "value" else answer.error
    if not isinstance(error, float):
        return []
    return [f"relative error {error:.1g}" + (" of the value" if finding.kind == "value" else "")]


def _rows(rows: Sequence[Sequence[object]]) -> str:
    return "; ".join(" ".join(map(_entry, row)) for row in rows)


def _entry(entry: object) -> str:
    if isinstance(entry, tuple):
        real, imaginary = map(_entry, entry)
        return f"{real}{imaginary if imaginary[0] in '+-' else '+' + imaginary}i"
    return str(entry).removesuffix(".0")


def _list(versions: Sequence[str]) -> str:
    return " or ".join(versions)
