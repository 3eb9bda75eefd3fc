"""What there is to choose from, on the terminal."""

from __future__ import annotations

from collections.abc import Mapping

from rich.console import Console
from rich.table import Table
from rich.text import Text

from symgrad.court.questions import Started


def show_list(
    console: Console,
    functions: Mapping[str, tuple[str, str, str]],
    parameterizations: Mapping[str, str],
    frameworks: Mapping[str, Started | None],
) -> None:
    """What there is to choose from, a line each."""
    table = Table(title="functions", title_justify="left", header_style="bold")
    for name in ("name", "f(X)", "domain", "source of its gradient"):
        table.add_column(name, overflow="fold")
    for function, row in functions.items():
        table.add_row(function, *row)
    console.print(table)
    table = Table(title="parameterizations", title_justify="left", header_style="bold")
    table.add_column("name")
    table.add_column("X(θ)")
    for name, formula in parameterizations.items():
        table.add_row(name, formula)
    console.print(table)
    table = Table(title="executions", title_justify="left", header_style="bold")
    for name in ("framework", "--execution"):
        table.add_column(name, overflow="fold")
    for name, started in frameworks.items():
        for execution in started.executions if started else ():
            table.add_row(name, Text(execution))
    console.print(table)
    table = Table(title="frameworks and routes", title_justify="left", header_style="bold")
    for name in ("framework", "function", "route"):
        table.add_column(name, overflow="fold")
    for name, started in frameworks.items():
        if started is None:
            table.add_row(name, "", Text("not installed", "yellow"))
            continue
        for function, routes in started.routes.items():
            for route in routes:
                table.add_row(f"{name} {started.version}", function, Text(route))
    console.print(table)
