"""Repeated and nearly repeated eigenvalues: where each route leaves the road.

``make ties`` puts smooth functions before every framework at 3×3 matrices with the eigenvalues 1,
1 + gap and 2, turned by a rational orthogonal matrix and rounded to float64, and writes
``docs/ties.md``: the relative error of each gradient, and the verdict; and ``docs/ties.svg``, drawn
from that page.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path

import click
import numpy as np
from flint import fmpq_mat
from rich.progress import Progress

from lab.site import pictures
from symgrad.court.hearing import Hearing
from symgrad.court.questions import Choice, Reported, Resources
from symgrad.court.references import Matrix, Reference
from symgrad.court.verdicts import Verdict
from symgrad.inquiry import hear
from symgrad.numeric.pool import is_installed, known_frameworks
from symgrad.plans import Plan
from symgrad.report.machine import machine
from symgrad.report.pages import linked, opening
from symgrad.studies.atlas.page import MARKS
from symgrad.symbolic.algebra.spectrum import exact_matrix
from symgrad.symbolic.cases import Case
from symgrad.symbolic.catalogue import choose
from symgrad.symbolic.certified.reference import round_to
from symgrad.symbolic.parameterizations import symmetric
from symgrad.symbolic.points import coordinates

PAGE = Path(__file__).parents[2] / "docs" / "ties.md"
SKEW = ((0, 1, -2), (-1, 0, 3), (2, -3, 0))
"""Q = (I − SKEW/5)(I + SKEW/5)⁻¹ is orthogonal and rational (Cayley)."""
GAPS = tuple(Fraction(1, 10**k) for k in range(2, 15, 2))
FUNCTIONS = ("weighted_exp[full]", "subspace_projector[1]")


def rotation() -> fmpq_mat:
    """A rational orthogonal matrix, 3×3."""
    K = exact_matrix(tuple(tuple(Fraction(x, 5) for x in row) for row in SKEW))
    one = exact_matrix(diagonal(1, 1, 1))
    return (one - K) * (one + K).inv()


def diagonal(*entries: int | Fraction) -> Matrix:
    """A diagonal matrix, exactly."""
    n = range(len(entries))
    return tuple(tuple(Fraction(entries[i] if i == j else 0) for j in n) for i in n)


def rotated(*eigenvalues: int | Fraction) -> Matrix:
    """Q diag(eigenvalues) Qᵀ (3×3), rounded to float64: the eigenvalues move by some 10⁻¹⁶."""
    Q = rotation()
    X = Q * exact_matrix(diagonal(*eigenvalues)) * Q.transpose()
    rows = [[Fraction(int(x.p), int(x.q)) for x in row] for row in X.tolist()]
    return round_to(tuple(map(tuple, rows)), "float64")


def ties() -> dict[str, Matrix]:
    """The matrices, from far apart to exactly repeated, by what is said of them."""
    near = {f"{float(gap):.0e}": rotated(1, 1 + gap, 2) for gap in GAPS}
    return near | {
        "rounded tie": rotated(1, 1, 2),
        "diag(1, 1, 2)": diagonal(1, 1, 2),
        "I": diagonal(1, 1, 1),
    }


def judge_at(
    matrices: Sequence[Matrix], functions: Sequence[str], frameworks: Sequence[str]
) -> Hearing:
    """What the frameworks say of the functions at the matrices, by number as label, judged."""

    def cases() -> list[Case]:
        return [
            Case("numbered", function, symmetric(len(X)), theta, "float64")._replace(
                find_reads=False, prove=False, label=str(k)
            )
            for name in functions
            for k, X in enumerate(matrices)
            for function in choose(name, len(X))
            for theta in [coordinates(X, symmetric(len(X)), function.function.domain)]
        ]

    size = len(matrices[0])
    resources = Resources(frameworks=list(frameworks), timeout=300.0)
    hearing = Hearing(Choice(resources=resources, functions=tuple(functions), size=size))
    hearing.judge(hear(hearing, Plan(cases), Progress(disable=True)))
    return hearing


def relative_error(reported: Reported, reference: Reference) -> float:
    """‖(G + Gᵀ)/2 − S‖/‖S‖, in the largest entry."""
    G, S = reported.gradient, reference.S
    assert G is not None
    assert S is not None
    return float(np.max(np.abs((G + G.T) / 2 - S.high)) / np.max(np.abs(S.high)))


def digits(reported: Reported, reference: Reference) -> int | None:
    """The digits that are right in the largest entry; none of what is not finite, or not there."""
    if reported.gradient is None or reference.S is None:
        return None
    error = relative_error(reported, reference)
    if not np.isfinite(error):
        return None
    return min(16, max(0, math.floor(-math.log10(error)))) if error else 16


def _cell(verdict: Verdict, reported: Reported, reference: Reference) -> str:
    mark = MARKS[verdict.verdict]
    if reported.gradient is None or reference.S is None:
        return mark
    right = digits(reported, reference)
    return f"{right}: {mark}" if right is not None else f"not finite: {mark}"


def to_markdown(hearing: Hearing, columns: Sequence[str]) -> str:
    """A table per function, a row per route, a column per matrix."""
    made = ", ".join(f"{name} {version}" for name, version in sorted(hearing.versions.items()))
    title = opening("Repeated and nearly repeated eigenvalues", "works near repeated ones")
    lines = [INTRODUCTION.format(opening=title, made=made, where=machine())]
    verdicts = {
        (v.function, scenario.label, v.framework, v.route): v for scenario, _, v in hearing.judged
    }
    cells: dict[str, dict[tuple[str, str], dict[str, str]]] = {}
    for r in hearing.reported:
        label, reference = hearing.scenarios[r.problem].label, hearing.references[r.problem]
        verdict = verdicts[reference.function, label, r.framework, r.route]
        rows = cells.setdefault(reference.function, {})
        row = rows.setdefault((r.framework, r.route), {})
        row[columns[int(label)]] = _cell(verdict, r, reference)
    for function in hearing.choice.functions:
        lines += [f"## {function}", "", _row(["framework", "route", *columns])]
        lines += [_row(["---"] * (len(columns) + 2))]
        order = {name: k for k, name in enumerate(hearing.choice.resources.frameworks)}
        ordered = sorted(cells[function].items(), key=lambda item: order[item[0][0]])
        lines += [_row([*about, *(row[c] for c in columns)]) for about, row in ordered]
        lines += [""]
    return "\n".join(lines)


def _row(cells: Sequence[str]) -> str:
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def picture(page: str) -> bytes:
    """The digits of the first function's gradients against the gap, as SVG; of some routes."""
    rows, gaps = pictures.read_ties(page, FUNCTIONS[0])
    return pictures.drawn(pictures.digits(rows, gaps), "light", (7, 4.5), ground=True)


INTRODUCTION = """{opening}

Smooth functions at X = Q diag(1, 1 + gap, 2) Qᵀ, Q rational and orthogonal, rounded to float64, by
the gap; at the same with no gap, where rounding leaves one of some 10⁻¹⁶; and at two exact ties.
Each has a derivative at all of them: exp X does not tell the eigenvectors of a cluster apart, nor
does the projector onto the eigenvector of 2, but at I, where it is not defined and the verdict is
`refused`. In each cell: the decimal digits that are right in the largest entry, and whether the
verdict is that it agrees (`yes`), is inaccurate, or disagrees (`NO`). What divides by the gap loses
as many digits as the gap has, and ends in nonsense, finite or not: which of them, and the last
digits, depend on the processor, the BLAS and its kernel. Made by `make ties` with {made}, on
{where}.

![Digits left of weighted_exp against the gap: of each framework the first route by eigh](ties.svg)
"""


@click.command()
@click.option("--output", type=click.Path(path_type=Path), default=PAGE, show_default=True)
def main(output: Path) -> None:
    """Ask all that is installed, print the page and write it, with its picture beside it."""
    matrices = ties()
    frameworks = [name for name in known_frameworks() if is_installed(name)]
    hearing = judge_at(list(matrices.values()), FUNCTIONS, frameworks)
    page = to_markdown(hearing, list(matrices))
    output.write_text(linked(page, output.parent), encoding="utf-8")
    output.with_suffix(".svg").write_bytes(picture(page))
    click.echo(page)


if __name__ == "__main__":
    main()
