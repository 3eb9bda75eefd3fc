"""What the watch says: the text of an issue, and lines on a terminal."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from rich.console import Console
from rich.text import Text

from symgrad.court.names import name_of
from symgrad.report import terminal
from symgrad.studies.watch.changes import TITLES, Change, Compared, Illustrated

COLOURS = {"wrong": "bold red", "back": "bold red", "mended": "green", "right": "green"}
MOST_FUNCTIONS = 6
"""So many functions are named after a route on a terminal."""
Scripts = Mapping[tuple[str, int], Illustrated]
"""By release, and the place of the change."""


def to_issue(
    compared: Sequence[Compared], scripts: Scripts, failures: Sequence[str], date: str
) -> str:
    """All that changed, as the text of an issue in Markdown."""
    lines = [f"# {_title(compared)}", "", f"Watched on {date}.", ""]
    for c in compared:
        lines += [f"## {_name(c)}{_against(c)}", "", f"Python {c.python}; {_pins(c)}.", ""]
        told = ""
        for place, change in enumerate(c.changes):
            if change.kind != told:
                told = change.kind
                lines += [f"### {TITLES[change.kind]}", ""]
            lines += [*_entry(change), *_script(scripts.get((c.framework, place)), c)]
        if not c.changes:
            lines += ["Nothing changed." if c.against else "There is no earlier record.", ""]
    if failures:
        lines += ["## Not to be had", "", *(f"- {line}" for line in failures), ""]
    return "\n".join(lines).rstrip() + "\n"


def _title(compared: Sequence[Compared]) -> str:
    changed = [c for c in compared if c.changes]
    told = ", ".join(f"{_name(c)} ({len(c.changes)})" for c in changed)
    return f"Changed gradients: {told}" if changed else "No gradient changed"


def _name(c: Compared) -> str:
    return f"{name_of(c.framework)} {c.version}"


def _against(c: Compared) -> str:
    if not c.against:
        return ""
    same = ", the same version" if c.against == c.version else ""
    return f", against {c.against}{same}, recorded {c.date}"


def _pins(c: Compared) -> str:
    return ", ".join(f"`{pin.split()[0]}`" for pin in c.requirements)


def _entry(change: Change) -> list[str]:
    functions = ", ".join(f"`{name}`" for name in change.functions)
    named = f" ({change.finding})" if change.finding else ""
    lines = [
        f"- `{change.route}`, {functions}, {', '.join(change.columns)}: {_moved(change)}{named}"
    ]
    return [*lines, *([f"  {change.reason}"] if change.reason else []), ""]


def _moved(change: Change) -> str:
    if change.kind == "new":
        return change.after
    return f"{change.before} → {change.after or 'gone'}"


def _script(illustrated: Illustrated | None, c: Compared) -> list[str]:
    if illustrated is None:
        return []
    lines = ["```python", illustrated.script, "```", "", f"It prints with {_name(c)}:", ""]
    return [*lines, "```", illustrated.printed or "(nothing)", "```", ""]


def show(console: Console, compared: Sequence[Compared]) -> None:
    """A section per release, a line per change."""
    for c in compared:
        terminal.heading(console, f"{_name(c)}{_against(c)}")
        if not c.changes:
            console.print("nothing changed" if c.against else "there is no earlier record of it")
        for change in c.changes:
            colour = COLOURS.get(change.kind, "")
            console.print(Text(f"{TITLES[change.kind]}: {_line(change)}", colour), soft_wrap=True)


def _line(change: Change) -> str:
    named = change.functions[:MOST_FUNCTIONS]
    more = (
        f" and {len(change.functions) - len(named)} more" if change.functions[len(named) :] else ""
    )
    what, where = change.finding or change.route, ", ".join(change.columns)
    return f"{what} ({', '.join(named)}{more}), {where}: {_moved(change)}"


def closing_line(compared: Sequence[Compared], failures: Sequence[str]) -> Text:
    """The counts in one line."""
    count = sum(len(c.changes) for c in compared)
    changed = sum(bool(c.changes) for c in compared)
    missing = f"; {len(failures)} not to be had" if failures else ""
    return Text(f"{len(compared)} releases asked, {count} changes in {changed} of them{missing}")
