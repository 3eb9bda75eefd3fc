"""The answer of the main job on one screen of a terminal."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from rich.console import Console, RenderableType
from rich.table import Table
from rich.text import Text

from symgrad.court.verdicts import Rows, Verdict
from symgrad.report.answer import KINDS, Answer, Contracted
from symgrad.report.terminal import COLOURS
from symgrad.report.wrapping import Call, clipped, counted

GAP = 3
ROOM = ((2, 4), (2, 3), (1, 2))
"""Spaces between columns and decimals of the matrices, as many as there is room for."""
WIDE = 72
"""Columns of a terminal that has room for tables."""
MORE = (
    "All of it: --verbose, or --section proof|frameworks|sum|experiment|claims; as a page: "
    "--html FILE; as data: --json FILE."
)
RADICAL = "r = √((a − c)² + 4b²)"


def show(console: Console, found: Answer) -> None:
    """What is reported, the contraction, the conventions, the spurious form; the answer last."""
    if found.shown:
        console.print(Text("What is the gradient of λ_min at a symmetric 4×4 matrix?\n", "bold"))
        console.print(_matrices(console, found.shown))
    if found.spurious:
        x = found.parameter
        one = "they are one number" if found.is_one_number else "they are NOT one number"
        told = f"Contracted with ∂X/∂{x} {one}: ⟨G, ∂X/∂{x}⟩ = G01 + G10"
        console.print(Text(f"\n{told}", "bold"))
        console.print(_contractions(found, console.width >= WIDE))
    console.print(Text("\nRoutes by convention", "bold"))
    console.print(_conventions(found, console.width >= WIDE))
    console.print()
    for line in _told(found):
        console.print(line)
    console.print()
    console.print(_answer(found))


def _matrices(console: Console, shown: Sequence[Verdict]) -> RenderableType:
    """Side by side, where that fits; else one below the other."""
    for gap, digits in ROOM:
        blocks = [_lines(v.gradient or [], digits, gap) for v in shown]
        widths = [max(map(len, block)) for block in blocks]
        fits = sum(widths) + GAP * (len(shown) - 1) <= console.width
        if fits:
            break
    grid = Table.grid(padding=(0, GAP, 0, 0))
    if fits:
        for width in widths:
            grid.add_column(min_width=width)
        cells = [_cells(v, block) for v, block in zip(shown, blocks, strict=True)]
        for row in zip(*cells, strict=True):
            grid.add_row(*row)
        return grid
    for v, block in zip(shown, blocks, strict=True):
        for cell in (*_cells(v, block), ""):
            grid.add_row(cell)
    return grid


def _cells(v: Verdict, block: Sequence[str]) -> list[RenderableType]:
    """Who reports it by which route, the matrix, and what it is."""
    return [
        Text(f"{v.framework} {v.version}", "bold"),
        Call(v.route),
        Text("\n".join(block), no_wrap=True),
        Text(v.convention or v.verdict, COLOURS[v.verdict]),
    ]


def _lines(G: Rows, digits: int, gap: int) -> list[str]:
    """The rows of a matrix; a zero that is exact is 0."""
    cells = [[f"{x:.{digits}f}" if x else "0" for x in row] for row in G]
    width = max(len(cell) for row in cells for cell in row)
    return [(" " * gap).join(cell.rjust(width) for cell in row) for row in cells]


def _contractions(found: Answer, is_wide: bool) -> RenderableType:
    """G_01 + G_10 of each, which is one number, and what the spurious form makes of it."""
    exactly = ("exactly", "", f"∂λ/∂{found.parameter}", f"= {found.exact:.5f}")
    lines = [*map(_sum, found.contracted), exactly]
    spurious = _sum(found.spurious) if found.spurious else ()
    if not is_wide:
        text = Text("\n".join(" ".join(filter(None, line)) for line in lines))
        return text.append(f"\n{' '.join(spurious)}" if spurious else "", COLOURS["disagrees"])
    table = Table(box=None, show_header=False, pad_edge=False, padding=(0, 1, 0, 0))
    for justify in ("left", "right", "right", "right", "left"):
        table.add_column(justify=justify)
    for line in lines:
        table.add_row(*line)
    if spurious:
        table.add_row(*spurious, "wrong: twice as much", style=COLOURS["disagrees"])
    return table


def _sum(line: Contracted) -> tuple[str, str, str, str]:
    sign = "-" if line.below < 0 else "+"
    above, below = _number(line.above), _number(abs(line.below))
    return line.who, above, f"{sign} {below}", f"= {line.contracted:.5f}"


def _number(x: float) -> str:
    return f"{x:.5f}" if x else "0"


def _conventions(found: Answer, is_wide: bool) -> RenderableType:
    """The routes of each framework to an eigenvalue, by convention."""
    if not is_wide:
        told = [
            f"{line.framework} {line.version}: "
            + ", ".join(f"{line.count[kind]} {kind}" for kind in found.kinds if kind in line.count)
            for line in found.conventions
        ]
        return Text("\n".join(told))
    table = Table(box=None, header_style="dim", pad_edge=False, padding=(0, 2, 0, 0))
    table.add_column("")
    for kind in found.kinds:
        table.add_column(f"{kind}\n{KINDS.get(kind, '')}".rstrip(), justify="right")
    for line in found.conventions:
        cells = [str(line.count.get(kind, "·")) for kind in found.kinds]
        table.add_row(f"{line.framework} {line.version}", *cells)
    return table


def _told(found: Answer) -> Iterator[Text]:
    """Why the spurious form is wrong, and who declined."""
    if found.residuals:
        off = " and ".join(f"{_product(r)} for {name}" for name, r in found.residuals.items())
        yield Text.assemble(
            ("2S − diag(S)", COLOURS["disagrees"]),
            ", “the gradient of a symmetric matrix”, counts entries off the diagonal twice: at "
            f"[[a, b], [b, c]] its contraction in b is off by {off}, {RADICAL}: refuted.",
        )
    if found.refused:
        routes = counted(sum(map(len, found.refused.values())), "route")
        told = f"{routes} without a verdict, see --section frameworks: "
        yield Text(f"{told}{_by_framework(found.refused)}.", COLOURS["refused"])
    yield Text(MORE, "dim")


def _answer(found: Answer) -> Text:
    """Who is right, in a sentence."""
    line = Text("Who is right? ", "bold")
    if not found.judged:
        return line.append("Nothing was judged.", COLOURS["refused"])
    if found.right == found.judged:
        line.append("All of them. ", COLOURS["agrees"])
    line.append(
        f"{found.right} of {counted(found.judged, 'gradient')} of eigenvalues "
        f"{'gives' if found.judged == 1 else 'give'} the exact derivative, contracted with the "
        "parameterization: ⟨G, ∂X/∂θ⟩ = ∂f/∂θ."
    )
    line.append(" These differ by skew matrices alone." if found.right > 1 else "")
    if found.digits_left:
        line.append(
            f" {len(found.digits_left)} are inaccurate: rounding left {min(found.digits_left)} "
            "digits or more."
        )
    for route, reason in found.why.items():
        line.append(f"\nWrong: {route}, {clipped(reason)}", COLOURS["disagrees"])
    return line


def _by_framework(routes: Mapping[str, Sequence[str]]) -> str:
    return "; ".join(", ".join(calls) for calls in routes.values())


def _product(residual: str) -> str:
    """SymPy's -2*b/r as it is read."""
    return residual.replace("*", "").replace("-", "−")
