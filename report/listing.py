"""What there is to choose from, on the terminal."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from rich.console import Console
from rich.table import Table
from rich.text import Text

from symgrad.court.questions import Started
from symgrad.report.wrapping import Call

MORE = (
    "--list NAME tells all about a function, a structure or a framework, its routes included; "
    "--list -f FRAMEWORK what a framework can be asked."
)


def show_names(
    console: Console,
    functions: Mapping[str, str],
    parameterizations: Mapping[str, str],
    frameworks: Mapping[str, bool],
) -> None:
    """Names and formulae, a line each."""
    console.print(Text("Functions f(X)", "bold"))
    console.print(_grid(functions))
    console.print(Text("\nParameterizations X(θ) (-p)", "bold"))
    console.print(_grid(parameterizations))
    for is_there, title in ((True, "Frameworks (-f)"), (False, "Not installed")):
        names = [name for name, installed in frameworks.items() if installed == is_there]
        if names:
            console.print(Text.assemble((f"\n{title}: ", "bold"), ", ".join(names)))
    console.print(Text(f"\n{MORE}", "dim"))


def show_about(console: Console, name: str, told: Mapping[str, str]) -> None:
    """One function, or one structure."""
    console.print(Text(name, "bold"))
    console.print(_grid(told))


def show_routes(
    console: Console, frameworks: Mapping[str, Started | None], functions: Sequence[str] = ()
) -> None:
    """The routes of each framework, to some functions or to all, and how else it executes."""
    for name, started in frameworks.items():
        if started is None:
            console.print(Text(f"\n{name}: not installed", "yellow"))
            continue
        routes = {f: r for f, r in started.routes.items() if not functions or f in functions}
        if not routes:
            console.print(Text(f"\n{name} {started.version}: no route", "dim"))
            continue
        console.print(Text(f"\n{name} {started.version}", "bold"))
        grid = Table.grid(padding=(0, 2))
        for function, calls in routes.items():
            for k, call in enumerate(calls):
                grid.add_row("" if functions else ("" if k else function), Call(call))
        console.print(grid)
        if started.executions and not functions:
            told = f"  --execution {', '.join(started.executions)}"
            console.print(Text(told))
        if started.modes and not functions:
            console.print(Text(f"  modes {', '.join(started.modes)}"))


def _grid(rows: Mapping[str, str]) -> Table:
    grid = Table.grid(padding=(0, 2))
    for name, text in rows.items():
        grid.add_row("", Text(name), Text(text))
    return grid
