"""The run on a terminal: what a person wants to read, in the order of the question."""

from __future__ import annotations

import os
import sys
from collections import Counter
from collections.abc import Mapping, Sequence

from rich.columns import Columns
from rich.console import Console
from rich.padding import Padding
from rich.rule import Rule
from rich.table import Table
from rich.text import Text

from court.records import (
    Claim,
    Component,
    Demonstration,
    Identity,
    Number,
    Proved,
    Started,
    Verdict,
)

COLOURS = {"agrees": "green", "disagrees": "bold red", "refused": "yellow", "failed": "magenta"}
WIDTH_OFF_TERMINAL = 120
SHOWN = 6
"""Matrices up to this size and as many parameters are printed in full; the JSON has all."""


class PatientConsole(Console):
    """A console whose reader may leave: the run goes on, and its exit status stays its own."""

    def on_broken_pipe(self) -> None:
        """Print nothing more; Rich would end the run with status 1, which says "disagrees"."""
        self.quiet = True
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


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


def show_demonstration(console: Console, shown: Demonstration) -> None:
    """The formulae of the 2×2 case, then each identity with its residual."""
    console.print(f"for all a, b, c with {shown.hypothesis}\n")
    half = len(shown.formulae) // 2
    grid = Table.grid(padding=(0, 6))
    for left, right in zip(shown.formulae[:half], shown.formulae[half:], strict=True):
        grid.add_row(Text(left), Text(right))
        grid.add_row("", "")
    console.print(Padding(grid, (0, 2)))
    console.print(
        "Proof: the residual ⟨G, ∂x/∂θ⟩ − ∂λ/∂θ of each gradient G, reduced exactly by SymPy"
    )
    for function in dict.fromkeys(i.function for i in shown.identities):
        console.print(
            _identities(function, [i for i in shown.identities if i.function == function])
        )


def _identities(function: str, identities: Sequence[Identity]) -> Table:
    parameters = list(dict.fromkeys(i.parameter for i in identities))
    table = Table(title=None, header_style="bold")
    table.add_column(f"G, a gradient of {function}", min_width=36)
    for parameter in parameters:
        table.add_column(f"residual in {parameter}", min_width=13)
    table.add_column("")
    for gradient in dict.fromkeys(i.gradient for i in identities):
        row = [i for i in identities if i.gradient == gradient]
        cells = [Text(i.residual, style="green" if i.vanishes else "bold red") for i in row]
        proved = all(i.vanishes for i in row)
        told = Text("proved", "green") if proved else Text("refuted", "bold red")
        table.add_row(Text(gradient), *cells, told)
    return table


def show_verdicts(console: Console, verdicts: Sequence[Verdict]) -> None:
    """One table per function and point, one row per route, everything shown."""
    for key in dict.fromkeys(map(_place, verdicts)):
        rows = [v for v in verdicts if _place(v) == key]
        first = rows[0]
        known = [f"{name} = {_short(value)}" for name, value in first.point.items()]
        point = ", ".join(known if len(known) <= 2 * SHOWN else [*known[:SHOWN], "…"])
        place = f"at {point}" if point else "at the given matrix"
        console.print()
        console.print(
            Text(
                f"{first.function} of {first.parameterization}({first.size}) in {first.dtype} "
                + place,
                "bold",
            )
        )
        judged = next((v for v in rows if v.parameters), None)
        if judged:
            for c in _worst_components(judged):
                console.print(f"  exact ∂f/∂{c.name} = {_digits(c)}")
            if len(judged.parameters) > SHOWN:
                console.print(
                    f"  … {len(judged.parameters)} parameters, the worst {SHOWN} are shown"
                )
            every = judged.size * (judged.size + 1) // 2
            if judged.parameterization == "symmetric" and len(judged.parameters) < every:
                console.print(f"  all {every} symmetric directions are judged, the worst is shown")
        console.print(_table(rows))


def first_points(verdicts: Sequence[Verdict]) -> list[Verdict]:
    """The verdicts on each function in each structure and dtype at its first point alone."""
    first: dict[tuple[str, str, str], str] = {}
    for v in verdicts:
        first.setdefault(_place(v)[:3], str(v.point))
    return [v for v in verdicts if str(v.point) == first[_place(v)[:3]]]


def _table(verdicts: Sequence[Verdict]) -> Table:
    table = Table(header_style="bold", show_lines=True)
    widest = max(len(line) for v in verdicts for line in _matrix(v.gradient).split("\n"))
    table.add_column("route and G as reported", overflow="fold", min_width=max(24, widest))
    table.add_column("convention")
    table.add_column("⟨G, ∂X/∂θ⟩")
    table.add_column("error, and\ntolerance", no_wrap=True)
    table.add_column("verdict")
    for v in verdicts:
        components = _worst_components(v)
        table.add_row(
            Text.assemble(
                (f"{v.framework} {v.version}\n", "dim"), f"{v.route}\n", _matrix(v.gradient)
            ),
            Text(f"{v.convention or '—'}\nreads {v.reads or '—'}"),
            Text("\n".join(f"{c.name}: {_float(c.contracted, '.10g')}" for c in components)),
            Text("\n".join(_compared(c) for c in components)),
            Text(v.verdict, COLOURS[v.verdict]),
        )
    return table


def show_reasons(console: Console, verdicts: Sequence[Verdict]) -> None:
    """Why something did not agree, once per route."""
    for (framework, route, reason), count in Counter(
        (v.framework, v.route, v.reason) for v in verdicts if v.reason
    ).items():
        outcome = next(v.verdict for v in verdicts if v.reason == reason)
        times = f" ({count} times)" if count > 1 else ""
        line = Text(f"{outcome}{times}: ", COLOURS[outcome])
        console.print(line.append(f"{framework}, {route}: {_clip(reason)}", "default"))


def show_summary(console: Console, verdicts: Sequence[Verdict]) -> None:
    """One row per route over all its points: conventions, worst error, outcomes."""
    table = Table(header_style="bold")
    for name in (
        "framework",
        "route",
        "convention",
        "reads",
        "worst error / tolerance",
        "verdicts",
    ):
        table.add_column(name, overflow="fold")
    for framework, route in dict.fromkeys((v.framework, v.route) for v in verdicts):
        rows = [v for v in verdicts if (v.framework, v.route) == (framework, route)]
        outcomes = Counter(v.verdict for v in rows)
        told = Text(", ").join(
            Text(f"{count} {'agree' if outcome == 'agrees' else outcome}", COLOURS[outcome])
            for outcome, count in outcomes.items()
        )
        table.add_row(
            framework,
            Text(route),
            ", ".join(dict.fromkeys(v.convention or "—" for v in rows)),
            ", ".join(dict.fromkeys(v.reads or "—" for v in rows)),
            _worst(rows),
            told,
        )
    console.print(table)
    show_reasons(console, verdicts)


def _place(v: Verdict) -> tuple[str, str, str, str]:
    return v.function, v.parameterization, v.dtype, str(v.point)


def _worst(verdicts: Sequence[Verdict]) -> str:
    ratios = [
        float(c.error) / c.tolerance for v in verdicts for c in v.parameters if c.tolerance > 0
    ]
    return f"{max(ratios):.2g}" if ratios else "—"


def show_matrices(console: Console, named: Mapping[str, Sequence[Sequence[object]]]) -> None:
    """n×n matrices side by side, three decimals, each under its name."""
    blocks = [
        Text.assemble((name + "\n", "bold"), "\n".join(_rows(matrix, 3)))
        for name, matrix in named.items()
    ]
    console.print(Columns([Padding(block, (1, 3, 0, 0)) for block in blocks]))


def show_claims(console: Console, claims: Sequence[Claim]) -> None:
    """Each claim, settled or open, and how."""
    table = Table(header_style="bold", show_lines=True)
    table.add_column("")
    table.add_column("claim", ratio=2)
    table.add_column("settled")
    table.add_column("by this check", ratio=3)
    for claim in claims:
        told = Text("holds", "green") if claim.settled else Text("open", "bold red")
        table.add_row(claim.id, Text(claim.text), told, Text(claim.how))
    console.print(table)


def show_list(
    console: Console,
    functions: Mapping[str, tuple[str, str, str]],
    parameterizations: Mapping[str, str],
    frameworks: Mapping[str, Started | None],
) -> None:
    """What there is to choose from, a line each."""
    table = Table(title="functions", title_justify="left", header_style="bold")
    for name in ("name", "f(X)", "domain", "source of its gradient"):
        table.add_column(name)
    for function, row in functions.items():
        table.add_row(function, *row)
    console.print(table)
    table = Table(title="parameterizations", title_justify="left", header_style="bold")
    table.add_column("name")
    table.add_column("X(θ)")
    for name, formula in parameterizations.items():
        table.add_row(name, formula)
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


def show_proof(console: Console, proof: Proved) -> None:
    """One function in one structure: how many identities were proved, by which routes."""
    vanishing = sum(i.vanishes for i in proof.identities)
    refuted = len(proof.identities) - vanishing
    told = Text("proved", "green") if proof.holds else Text("NOT PROVED", "bold red")
    line = Text.assemble(told, f"  {proof.function} of {proof.parameterization}({proof.size}): ")
    line.append(f"{vanishing} residuals are zero")
    if refuted:
        line.append(f", {refuted} of the spurious form are not")
    line.append(f"; {' and '.join(proof.routes)}")
    console.print(line.append(f"; {proof.remark}" if proof.remark else ""))
    for identity in proof.identities:
        if not identity.holds:
            where = f"{identity.gradient}, {identity.parameter}"
            console.print(Text(f"  {where}: residual {identity.residual}", "bold red"))


def closing_line_of_proofs(proved: Sequence[Proved]) -> Text:
    """The counts in one line."""
    count = sum(len(proof.identities) for proof in proved)
    held = sum(i.holds for proof in proved for i in proof.identities)
    return Text(f"{count} identities for all parameters: {held} as stated, {count - held} not")


def show_answer(
    console: Console, verdicts: Sequence[Verdict], identities: Sequence[Identity]
) -> None:
    """Who is right: the finding of the run in a few lines, before its details."""
    judged = [v for v in verdicts if v.verdict in ("agrees", "disagrees")]
    right = [v for v in judged if v.verdict == "agrees"]
    wrong = sorted({f"{v.framework} ({v.route})" for v in judged if v.verdict == "disagrees"})
    console.print(Text("Who is right?", "bold"))
    for convention in dict.fromkeys(v.convention for v in right):
        who = dict.fromkeys(v.framework for v in right if v.convention == convention)
        console.print(f"  {convention or ''}: reported by {', '.join(who)}")
    console.print(
        f"  {len(right)} of {len(judged)} gradients give the exact derivative once they are "
        "contracted with the parameterization: ⟨G, ∂x/∂θ⟩ = ∂f/∂θ."
    )
    if wrong:
        console.print(Text(f"  Wrong: {', '.join(wrong)}", COLOURS["disagrees"]))
    if any(i.gradient.startswith("spurious") and not i.vanishes for i in identities):
        console.print(
            "  2S − diag(S), “the gradient of a symmetric matrix”, does not: it is refuted below."
        )


def closing_line(verdicts: Sequence[Verdict], claims: Sequence[Claim], note: str) -> Text:
    """The counts in one line."""
    count: Counter[str] = Counter(v.verdict for v in verdicts)
    line = Text(f"{len(verdicts)} gradients: ")
    line.append(f"{count['agrees']} agree", COLOURS["agrees"])
    for outcome, word in (("disagrees", "disagree"), ("refused", "refused"), ("failed", "failed")):
        line.append(f", {count[outcome]} {word}", COLOURS[outcome] if count[outcome] else "")
    vacuous = sum(v.reason.startswith("vacuous") for v in verdicts)
    if vacuous:
        line.append(f" ({vacuous} vacuous)")
    if claims:
        line.append(f"; {sum(c.settled for c in claims)} of {len(claims)} claims settled")
    return line.append(f"; {note}" if note else "")


def _matrix(G: list[list[Number | tuple[Number, Number]]] | None) -> str:
    if G is None or len(G) > SHOWN:
        return "—" if G is None else f"{len(G)}×{len(G)}"
    return "\n".join(_rows(G, 4))


def _rows(matrix: Sequence[Sequence[object]], digits: int) -> list[str]:
    cells = [[_float(x, f".{digits}f") for x in row] for row in matrix]
    width = max(len(cell) for row in cells for cell in row)
    return ["  ".join(cell.rjust(width) for cell in row) for row in cells]


def _worst_components(v: Verdict) -> list[Component]:
    """All parameters if they are few, else those with the largest errors for their tolerance."""
    if len(v.parameters) <= SHOWN:
        return v.parameters
    return sorted(v.parameters, key=lambda c: -float(c.error) / (c.tolerance or 1.0))[:SHOWN]


def _compared(c: Component) -> str:
    sign = "≤" if float(c.error) <= c.tolerance else ">"
    return f"{_float(c.error, '.0e')} {sign} {c.tolerance:.0e}"


def _float(x: object, form: str) -> str:
    text = format(x, form) if isinstance(x, float) else str(x)
    return text.replace("-", "", 1) if text.strip("-0.") == "" else text


def _clip(text: str) -> str:
    return text if len(text) <= 300 else f"{text[:299]}…"


def _short(rational: str) -> str:
    if len(rational) <= 12:
        return rational
    numerator, _, denominator = rational.partition("/")
    return f"{int(numerator) / int(denominator or 1):.6g}…"


def _digits(component: Component) -> str:
    text = format(component.exact, "f")
    return text if len(text) <= 26 else f"{text[:26]}… ± {component.radius:.0e}"
