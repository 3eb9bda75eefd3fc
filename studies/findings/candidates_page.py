"""Candidates of findings as files: the records, a script each, and a page for their reader."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import msgspec

from symgrad.report.document import make_folder, write_together
from symgrad.studies.findings.candidates import Candidate
from symgrad.studies.findings.record import CLASSES, Seen, ranked
from symgrad.studies.findings.rule import Answer

INTRODUCTION = """\
# Candidates of findings

What a sweep saw wrong and no finding covers, at the smallest matrix that was tried and shows it.
`candidates.json` has them in the form of `studies/findings/known.json`, and `scripts` shows each by
its framework and NumPy alone.  Nobody has read the documentation of these calls yet."""


def write(
    folder: Path, found: Sequence[Candidate], left: Sequence[Seen], run: Sequence[str]
) -> None:
    """The files; ``run`` is what each script printed, and ``left`` was seen at no small matrix.

    Raises:
        OutputError: they cannot be written.
    """
    make_folder(folder / "scripts")
    order = [f.id for f in ranked([c.examined.finding for c in found])]
    pairs = sorted(
        zip(found, run, strict=True), key=lambda p: order.index(p[0].examined.finding.id)
    )
    records = [candidate.examined.finding for candidate, _ in pairs]
    pages = {
        "candidates.json": msgspec.json.format(msgspec.json.encode(records), indent=1) + b"\n",
        "candidates.md": to_markdown(pairs, left).encode(),
    }
    write_together(folder, pages)
    scripts = {c.examined.finding.script: c.script.encode() for c in found if c.script}
    write_together(folder / "scripts", scripts)


def to_markdown(pairs: Sequence[tuple[Candidate, str]], left: Sequence[Seen]) -> str:
    """An entry for each candidate, the gravest class first, and a line for each that is none."""
    lines = [INTRODUCTION, ""]
    for candidate, said in pairs:
        lines += _entry(candidate, said)
    if left:
        lines += ["## Seen by the sweep, and at no small matrix", ""]
        lines += [
            f"- {s.framework}, `{s.function}`, `{s.route}`: {', '.join(s.columns)}" for s in left
        ]
    return "\n".join(lines).rstrip() + "\n"


def _entry(candidate: Candidate, said: str) -> list[str]:
    finding, answer = candidate.examined.finding, candidate.examined.answer
    count = Counter(candidate.others.values())
    others = ", ".join(f"{number} {verdict}" for verdict, number in sorted(count.items()))
    lines = [
        f"## {finding.id}",
        "",
        f"- class: {CLASSES[finding.rank]}",
        f"- {candidate.examined.status} in {finding.framework} {candidate.examined.version}",
        f"- `{finding.function}` by `{finding.route}`, {finding.mode} mode, {finding.dtype}",
        f"- X = `{finding.matrix}`",
        f"- why: {finding.reason}",
        *_errors(answer),
        f"- seen in: {', '.join(finding.along)}",
        f"- others at this matrix: {others or 'none'}",
        *(f"  - {name}: {verdict}" for name, verdict in candidate.others.items()),
    ]
    if candidate.script:
        name = finding.script
        lines += [f"- [`{name}`](scripts/{name}) printed here:", "", "```", said, "```"]
    else:
        lines += ["- no script: the route is more than public calls and functions of them"]
    return [*lines, ""]


def _errors(answer: Answer) -> list[str]:
    pairs = (("gradient", answer.error), ("value", answer.value_error))
    return [
        f"- relative error of the {what}: {error}" for what, error in pairs if error is not None
    ]
