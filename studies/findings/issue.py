"""A finding as the text of an issue: what its framework's maintainers need, and no more."""

from __future__ import annotations

import math
import textwrap
from collections.abc import Sequence
from pathlib import Path

from symgrad.court.hearing import Hearing
from symgrad.studies.findings.record import OTHERS, Finding
from symgrad.studies.findings.rule import Answer, Entry, Examined

SCRIPTS = Path(__file__).with_name("scripts")
DIGITS = 6
TITLES = {
    "wrong": "the gradient is silently wrong",
    "value": "the value is silently wrong, and so is the gradient",
    "unstable": "the gradient silently loses half of its digits or more",
    "not finite": "the gradient is NaN or infinite, where it is finite",
    "raises": "an error is raised, where the gradient exists",
}
NO_CONVENTION = {
    "value": "The value itself is wrong, which has no convention.",
    "not finite": "Every convention (symmetric, lower or upper triangle, conjugate) has finite "
    "entries here.",
    "raises": "The gradient exists here, in every convention.",
    "forward": "A derivative along a direction is one number, which has no convention.",
    "": "A gradient G of a function of a symmetric (Hermitian) matrix may be written in several "
    "ways, that differ by a skew matrix: as a symmetric one, as one triangle with doubled entries, "
    "and by either conjugate. All of these have the same symmetric part (G + Gᴴ)/2, which is "
    "compared here.",
}


def to_text(examined: Examined, hearing: Hearing) -> str:
    """The issue, in Markdown."""
    finding, answer = examined.finding, examined.answer
    lines = [f"# `{finding.route}` ({finding.mode} mode): {TITLES[finding.kind]}", ""]
    lines += [finding.reason, "", "```python", _script(finding), "```", ""]
    lines += [f"At X = `{answer.matrix}` in {finding.dtype}, to {DIGITS} digits:", ""]
    lines += [*_numbers(answer, finding), "", f"Verdict here: {examined.status}.", ""]
    lines += ["Why no convention excuses it: " + _excuse(finding), ""]
    lines += [f"Documentation: {finding.documentation}", ""]
    lines += ["Other routes and frameworks, asked for the same gradient at the same matrix:", ""]
    lines += _others(finding, hearing)
    versions = ", ".join(f"{name} {hearing.versions[name]}" for name in sorted(hearing.versions))
    lines += ["", f"Versions: {versions}."]
    lines += [f"Known of: {finding.framework} {', '.join(finding.versions)}."]
    lines += [f"Reported before: {finding.issue}"] if finding.issue else []
    return "\n".join(lines)


def _script(finding: Finding) -> str:
    return (SCRIPTS / finding.script).read_text(encoding="utf-8").rstrip()


def _excuse(finding: Finding) -> str:
    by_mode = "forward" if finding.mode == "forward" else ""
    return NO_CONVENTION.get(finding.kind, NO_CONVENTION[by_mode])


def _numbers(answer: Answer, finding: Finding) -> list[str]:
    """Expected and actual, of what is wrong."""
    if finding.kind == "value":
        return [f"- expected value: `{_entry(answer.exact_value)}`", f"- actual: `{answer.value}`"]
    expected = f"- expected: `{_rows(answer.exact or [])}` (the symmetric part; enclosed exactly)"
    if answer.gradient is None:
        return [expected, f"- actual: {answer.reason or 'no gradient'}"]
    return [expected, f"- actual gradient, as returned: `{_rows(answer.gradient)}`"]


def _others(finding: Finding, hearing: Hearing) -> list[str]:
    """A line for each route of another framework, and for this one's other routes."""
    verdicts = [
        v for v in hearing.verdicts("known", label=OTHERS + finding.id) if v.mode == finding.mode
    ]
    told = []
    for v in verdicts:
        if (v.framework, v.route) != (finding.framework, finding.route):
            why = "" if v.verdict in ("agrees", "inaccurate") else f" ({clause(v.reason)})"
            said = {"agrees": "right", "inaccurate": "right, to fewer digits", "disagrees": "wrong"}
            word = said.get(v.verdict, v.verdict)
            told.append(f"- {v.framework} {v.version}, `{v.route}`: {word}{why}")
    return told or ["- there is no other route"]


def clause(reason: str) -> str:
    """The first clause of a reason, cut between words where it is long."""
    return textwrap.shorten(reason.partition("; ")[0], 160, placeholder=" …")


def _rows(rows: Sequence[Sequence[object]]) -> str:
    return "; ".join(" ".join(map(_entry, row)) for row in rows)


def _entry(entry: Entry | object) -> str:
    """A number, or the parts of a complex one, to six digits."""
    if isinstance(entry, tuple):
        real, imaginary = map(_entry, entry)
        return f"{real}{'' if imaginary[0] in '+-' else '+'}{imaginary}i"
    x = float(str(entry))
    return str(x) if not math.isfinite(x) else f"{x:.{DIGITS}g}"
