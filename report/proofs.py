"""Proofs on the terminal."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from symgrad.court.references import Demonstration, Identity, Proved
from symgrad.report.wrapping import counted


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


def show_proof(console: Console, proof: Proved) -> None:
    """One function in one structure: how many identities were proved, by which routes."""
    vanishing = sum(i.vanishes for i in proof.identities)
    refuted = len(proof.identities) - vanishing
    told = Text("proved", "green") if proof.holds else Text("NOT PROVED", "bold red")
    line = Text.assemble(told, f"  {proof.function} of {proof.parameterization}({proof.size}): ")
    line.append(f"{counted(vanishing, 'residual')} {'is' if vanishing == 1 else 'are'} zero")
    if refuted:
        line.append(f", {refuted} of the spurious form are not")
    line.append(f"; {' and '.join(proof.routes)}")
    console.print(line.append(f"; {proof.remark}" if proof.remark else ""))
    for identity in proof.identities:
        if not identity.holds:
            where = f"{identity.gradient}, {identity.parameter}"
            console.print(Text(f"  {where}: residual {identity.residual}", "bold red"))
