"""The main job's five parts on the terminal: proof, frameworks, sum, experiment, claims."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Console
from rich.table import Table
from rich.text import Text

from symgrad.court.references import Demonstration, Reference
from symgrad.court.verdicts import Claim, Verdict
from symgrad.report import proofs, terminal
from symgrad.report import verdicts as tables
from symgrad.report.answer import side_by_side


def show_proof(console: Console, demonstration: Demonstration) -> None:
    """Part 1: the 2×2 case, for all a, b, c."""
    terminal.heading(
        console, "1  x = [[a, b], [b, c]]: what is true, and what each convention gives"
    )
    proofs.show_demonstration(console, demonstration)


def show_frameworks(console: Console, verdicts: Sequence[Verdict], verbose: bool) -> None:
    """Part 2: every route to an eigenvalue of x; one point in full, then all in short."""
    terminal.heading(console, "2  What the frameworks report for the eigenvalues of x")
    console.print("eigenvalue[0] is λ₁, the smaller one; eigenvalue[1] is λ₂")
    first = [v for v in verdicts if v.function == "eigenvalue[0]" and v.point == verdicts[0].point]
    tables.show_verdicts(console, verdicts if verbose else first)
    points = len({str(v.point) for v in verdicts})
    console.print(f"\nBoth eigenvalues, all {points} points (--verbose shows each):")
    tables.show_summary(console, verdicts, verbose)


def show_sum(console: Console, verdicts: Sequence[Verdict]) -> None:
    """Part 3: the sum of the entries of x, written both ways."""
    terminal.heading(console, "3  The sum of the entries of x, written both ways")
    console.print(
        "x00 + x01 + x10 + x11 = a + 2b + c = x00 + x11 + 2·x01, so ∂f/∂(a, b, c) = 1, 2, 1"
    )
    tables.show_verdicts(console, verdicts)


def show_experiment(
    console: Console,
    reference: Reference,
    verdicts: Sequence[Verdict],
    verbose: bool,
) -> None:
    """Part 4: the gradients of the smallest eigenvalue of a random 4×4 matrix."""
    terminal.heading(
        console, "4  The reference experiment: the smallest eigenvalue of a 4×4 matrix"
    )
    shown = [v for v in verdicts if v.function == "eigenvalue[0]"]
    named: dict[str, Sequence[Sequence[object]]] = {}
    if reference.S is not None:
        named["exact S"] = reference.S.high.tolist()
    for v in side_by_side(verdicts):
        named[f"{v.framework} {v.version}, {v.route}"] = v.gradient or []
    tables.show_matrices(console, named)
    if verbose:
        tables.show_verdicts(console, shown)
    tables.show_summary(console, verdicts, verbose)


def show_settled(console: Console, claims: Sequence[Claim]) -> None:
    """Part 5: the claims about the experiment."""
    terminal.heading(console, "5  The claims about the experiment, settled by checks just run")
    show_claims(console, claims)


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
