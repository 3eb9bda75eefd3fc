"""The history as JSON, as Markdown and on a terminal."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import msgspec
from rich.console import Console
from rich.table import Table
from rich.text import Text

from symgrad.court.former.gathered import Gathered
from symgrad.court.former.recorded import Record
from symgrad.court.hearing import Hearing
from symgrad.court.names import name_of, public
from symgrad.report import terminal
from symgrad.report.document import TOOLKIT, environment, today
from symgrad.report.pages import opening
from symgrad.report.terminal import COLOURS, COUNTED
from symgrad.studies.experiment import page as main_job
from symgrad.studies.experiment.claims import claims
from symgrad.studies.findings.record import read_known
from symgrad.studies.history.record import (
    Fault,
    History,
    Line,
    Reprint,
    Source,
    Step,
    Story,
    faults,
    findings_since,
    lines,
    reprints,
    sources,
    stories,
    tell,
)
from symgrad.studies.history.rerun import check
from symgrad.studies.history.spans import (
    from_to,
    in_order,
    lines_together,
    rows_of_findings,
    rows_of_stories,
)

SHOWN = 20
"""Lines of what is not as it was that are printed; the JSON has all."""
PARTS = {
    "2×2": "the eigenvalues of x = [[a, b], [b, c]]",
    "sum": "the sum of the entries of x, written both ways",
    "experiment": "the eigenvalues of the 4×4 matrix",
}
TITLE = opening("Conventions of former versions", "has an old result")
INTRODUCTION = """\
The question why the gradients of PyTorch and TensorFlow differ was asked of PyTorch 1.0.1 and
TensorFlow 1.14.0.  Here they are beside their successors, at the same matrices.  What is *recorded*
was not run for this page: the answers are those of an earlier run, kept in
`court/former/recorded.json` and judged anew against what is true.  All else was measured.  Made by
`python verify.py history --output docs`, which builds the environments of the former versions where
there is a Python that runs them."""

LEGEND = """\
The conventions are those of docs/atlas.md.  *1.1.0 … 1.3.0* are all versions from one to the other
that were asked; one that is in no such span has no such call, or is asked by another.  `refused`:
it has no such gradient; `fails`: it raises an error; `NO`: wrong, see below."""

FINDINGS = """\
What each finding of docs/findings.md comes to in the versions that are on record: `right`, `wrong`
as it is today, `refused`, or `fails` where there is an error in the place of a gradient.  In the
others there is no such call, or its route is not asked."""


def make_history(
    hearing: Hearing,
    record: Record,
    wanted: Sequence[str],
    gathered: Gathered,
    lost: Sequence[str],
) -> History:
    """What is known of former versions, from this run and from the record."""
    around = environment(hearing)
    here = (around["python"], around["platform"], today())
    told = tell(hearing, record, wanted)
    return History(
        toolkit=TOOLKIT,
        environment=around,
        date=here[2],
        sources=sources(record, told, here, gathered.origins),
        matrices=reprints(told),
        lines=lines(told, "2×2", "sum", "experiment"),
        stories=stories(told),
        claims=claims(hearing),
        faults=faults(told, record, read_known()),
        findings=findings_since(record, read_known()),
        check=check(hearing, record, wanted),
        failures=[*gathered.failures, *lost],
        notes=gathered.notes,
    )


def to_json(history: History) -> bytes:
    """The history as one JSON object."""
    return msgspec.json.format(msgspec.json.encode(history), indent=1) + b"\n"


def from_json(text: bytes) -> History:
    """What :func:`to_json` wrote; data only, nothing is executed.

    Raises:
        msgspec.ValidationError: it does not have the shape of a history.
    """
    return msgspec.json.decode(text, type=History)


def to_markdown(history: History) -> str:
    """All parts as one page."""
    page = [TITLE, "", INTRODUCTION, ""]
    page += ["## The three matrices as they were printed", ""]
    for reprint in history.matrices:
        page += [f"### {reprint.title}, `{reprint.route}`", "", "```", *_side_by_side(reprint)]
        page += ["```", "", f"{_compared(reprint)}.", ""]
    page += [*_changes(history.stories), LEGEND, ""]
    for name in dict.fromkeys(story.framework for story in history.stories):
        page += _table_of_stories([s for s in history.stories if s.framework == name])
    for part, told in PARTS.items():
        chosen = [line for line in history.lines if line.part == part]
        together = map(_cells, lines_together(chosen))
        page += [f"## In short: {told}", "", *_table(HEADERS, together), ""]
    if history.faults:
        page += ["## What is wrong", "", *(f"- {line}" for line in _faults(history.faults)), ""]
    if history.findings:
        table = _table(("finding", "by version"), rows_of_findings(history.findings))
        page += ["## The known findings", "", FINDINGS, "", *table, ""]
    page += ["## The claims", "", *_table(("", "claim", "", "by this check"), _claims(history)), ""]
    page += ["## Who answered", "", *_sources(history.sources)]
    page += ["## The record", "", *(f"- {line}" for line in record_lines(history))]
    page += [f"- {line}" for line in history.failures]
    return "\n".join(page).rstrip() + "\n"


def show(console: Console, history: History) -> None:
    """The same on a terminal, in short."""
    if history.matrices:
        terminal.heading(console, "The three matrices as they were printed, and today")
    for reprint in history.matrices:
        console.print(Text(f"\n{reprint.title}, {reprint.route}", "bold"))
        for line in _side_by_side(reprint):
            console.print(Text(f"  {line}"), soft_wrap=True)
        colour = "green" if reprint.same else "bold red"
        console.print(Text(f"  {_compared(reprint)}", colour), soft_wrap=True)
    for part, told in PARTS.items():
        terminal.heading(console, told[0].upper() + told[1:])
        chosen = [line for line in history.lines if line.part == part]
        console.print(_grid(chosen))
    terminal.heading(console, "When each call changed its convention")
    for line in _changed(history.stories):
        console.print(Text(line), soft_wrap=True)
    if history.faults:
        terminal.heading(console, "What is wrong")
    for line in _faults(history.faults):
        console.print(Text(line, COLOURS["disagrees"]), soft_wrap=True)
    if history.claims:
        terminal.heading(console, "The claims about the experiment")
        main_job.show_claims(console, history.claims)
    terminal.heading(console, "Who answered")
    for source in history.sources:
        console.print(Text(f"{_version(source)}: {_origin(source)}"), soft_wrap=True)
    terminal.heading(console, "The record")
    for line in record_lines(history):
        console.print(Text(line), soft_wrap=True)


def record_lines(history: History) -> list[str]:
    """What holds of the record, and what was not asked."""
    check = history.check
    again = f"; of {check.gradients} gradients {check.identical} are equal to the last bit"
    count = (
        f"{check.judged} recorded answers judged anew, {check.repeated} of them asked again here"
        + (again if check.repeated else "")
    )
    said = "it holds" if check.holds else f"IT DOES NOT HOLD, {len(check.differences)} differ"
    left = len(check.differences) - SHOWN
    more = [f"… and {left} more"] if left > 0 else []
    return [
        f"{count}: {said}",
        *check.differences[:SHOWN],
        *more,
        *history.notes,
    ]


def closing_line(history: History) -> Text:
    """The counts in one line."""
    here = sum(not source.recorded for source in history.sources)
    same = sum(reprint.same for reprint in history.matrices)
    line = Text(f"versions: {here} measured, {len(history.sources) - here} recorded; ")
    by_record = sum(reprint.same and reprint.recorded for reprint in history.matrices)
    if history.matrices:
        line.append(f"{same} of {len(history.matrices)} printed matrices come back")
        line.append(f" ({by_record} from the record); " if by_record else "; ")
    changed = sum(bool(story.changes) for story in history.stories)
    line.append(f"{changed} of {len(history.stories)} calls changed their convention; the record ")
    holds = history.check.holds
    return line.append(*(("holds", "green") if holds else ("does not hold", "bold red")))


HEADERS = ("version", "route", "convention", "reads", "worst error / tolerance", "verdicts")


def _cells(together: Sequence[Line]) -> list[str]:
    line, worst = together[0], [line.worst for line in together if line.worst is not None]
    counted = [f"{number} {COUNTED[outcome]}" for outcome, number in line.verdicts.items()]
    versions = from_to(line.version, together[-1].version)
    return [
        f"{name_of(line.framework)} {versions}{' (recorded)' if line.recorded else ''}",
        line.route,
        ", ".join(line.conventions) or "—",
        ", ".join(line.reads) or "—",
        f"{max(worst):.2g}" if worst else "—",
        ", ".join(counted),
    ]


def _grid(lines: Sequence[Line]) -> Table:
    """The table on a terminal."""
    table = Table(header_style="bold")
    for header in HEADERS:
        table.add_column(header, overflow="fold")
    for together in lines_together(lines):
        wrong = set(together[0].verdicts) & {"disagrees", "failed"}
        colour = COLOURS["disagrees"] if wrong else ""
        table.add_row(*(Text(cell, colour) for cell in _cells(together)))
    return table


def _version(told: Source) -> str:
    mark = " (recorded)" if told.recorded else ""
    return f"{name_of(told.framework)} {told.version}{mark}"


def _origin(source: Source) -> str:
    how = "recorded" if source.recorded else "measured"
    return f"{how} {source.date}, Python {source.python}, {source.platform}"


def _sources(sources: Sequence[Source]) -> list[str]:
    return [*_table(("version", "answers"), ([_version(s), _origin(s)] for s in sources)), ""]


def _side_by_side(reprint: Reprint) -> list[str]:
    """The printed matrix and that of today, row by row."""
    how = "recorded" if reprint.recorded else "measured"
    found = reprint.found or [["?" for _ in row] for row in reprint.printed]
    left = ["  ".join(x.rjust(6) for x in row) for row in reprint.printed]
    right = ["  ".join(x.rjust(6) for x in row) for row in found]
    heading = f"{'printed'.ljust(len(left[0]))}     {how}"
    return [heading, *(f"{a}     {b}" for a, b in zip(left, right, strict=True))]


def _compared(reprint: Reprint) -> str:
    if reprint.found is None or reprint.error is None or reprint.tolerance is None:
        return "there is no such gradient to compare with"
    same = (
        "the same to the printed digits" if reprint.same else "NOT THE SAME to the printed digits"
    )
    return (
        f"{same}; in full, its worst contraction is off by {reprint.error:.1e} from the exact "
        f"gradient's (tolerance {reprint.tolerance:.1e}): {reprint.verdict}"
    )


def _faults(faults: Sequence[Fault]) -> list[str]:
    """A line for each thing that is wrong, with all versions that it is wrong in."""
    alike: dict[tuple[object, ...], list[Fault]] = {}
    for fault in faults:
        key = (name_of(fault.framework), fault.route, fault.verdict, fault.known, *fault.functions)
        alike.setdefault(key, []).append(fault)
    return [_fault(of) for of in alike.values()]


def _fault(alike: Sequence[Fault]) -> str:
    version = {one.framework: public(one.version) for one in alike}
    fault, versions = alike[0], ", ".join(version[name] for name in in_order(version))
    mark = " (on record)" if fault.known else ""
    about = f"{name_of(fault.framework)} {versions}, `{fault.route}`, {', '.join(fault.functions)}"
    return f"{about}: {fault.verdict}{mark}; {fault.reason}"


def _changes(stories: Sequence[Story]) -> list[str]:
    lines = [f"- {line}" for line in _changed(stories)]
    return ["## When each call changed its convention", "", *lines, ""]


def _changed(stories: Sequence[Story]) -> list[str]:
    """A line for each change, then how many calls have none."""
    told: dict[str, list[str]] = {}
    for story in stories:
        for old, new in story.changes:
            line = (
                f"{story.framework}, `{story.route}`: {old.convention} in {_step(old)}, "
                f"{new.convention} in {_step(new)}"
            )
            told.setdefault(line, []).append(story.function)
    still = sum(not story.changes for story in stories)
    lines = [f"{line}: {', '.join(functions)}" for line, functions in told.items()]
    return [*lines, f"{still} calls show no other convention in any version that is known here"]


def _step(step: Step) -> str:
    return public(step.version) + (" (recorded)" if step.recorded else "")


def _table_of_stories(stories: Sequence[Story]) -> list[str]:
    """The routes of one framework, and which versions of it were asked."""
    steps = {step.framework: step for story in stories for step in story.steps}
    asked = ", ".join(_step(steps[name]) for name in in_order(steps))
    table = _table(("function", "route", "by version"), rows_of_stories(stories))
    return [f"## {stories[0].framework}", "", f"Versions: {asked}.", "", *table, ""]


def _claims(history: History) -> Iterator[list[str]]:
    for claim in history.claims:
        yield [claim.id, claim.text, "holds" if claim.settled else "open", claim.how]


def _table(headers: Sequence[str], rows: Iterator[list[str]] | Sequence[list[str]]) -> list[str]:
    return [_row(headers), _row(["---"] * len(headers)), *map(_row, rows)]


def _row(cells: Sequence[str]) -> str:
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"
