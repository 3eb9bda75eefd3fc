"""What was aimed for in the comparison with the peers, and what this run measured: worst cases."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from rich.table import Table

from lab.benchmarks.checks import TOOLKIT
from lab.benchmarks.planted import Threshold
from lab.benchmarks.timing import Timing, growth, two_digits

Timings = dict[tuple[str, int], dict[str, Timing]]
"""By eigenvalue and size, then by checker."""
Thresholds = dict[int, dict[str, Threshold]]
"""By size, then by checker; all of the smallest eigenvalue."""

OURS, SLOW, FAST = TOOLKIT.name, "gradcheck", "gradcheck fast_mode"
FITTED_FROM = 16
"""Smallest n whose time enters the fitted growth: below it overheads dominate."""
FITTED = 3
"""How many sizes enter it, the largest ones."""
SMALLEST_ERROR = 1e-11

Row = tuple[str, str, str, bool]
"""What is measured, the aim, the measurement, whether it meets the aim."""


def fitted_growth(timings: Timings, name: str) -> float:
    """The exponent p of a checker's time ~ nᵖ over its largest sizes; NaN for less than two."""
    seconds = [(n, row[name].seconds) for (_, n), row in timings.items() if name in row]
    sizes = sorted({n for n, _ in seconds if n >= FITTED_FROM})[-FITTED:]
    fitted = [(n, s) for n, s in seconds if n in sizes]
    return growth([n for n, _ in fitted], [s for _, s in fitted])


def aims_table(timings: Timings, thresholds: Thresholds) -> Table:
    """Each aim whose sizes were measured."""
    rows = (*_speed(timings), *_errors(thresholds))
    return table_of("aims, by the worse of the two eigenvalues", rows)


def table_of(title: str, rows: Iterable[Row]) -> Table:
    """Aims and what was measured, one below the other."""
    table = Table(title=title, header_style="bold")
    for column in ("what", "aim", "measured", ""):
        table.add_column(column, justify="left" if column == "what" else "right")
    for what, aim, measured, met in rows:
        table.add_row(what, aim, measured, "met" if met else "not met")
    return table


def _speed(timings: Timings) -> Iterator[Row]:
    for n, peer, least in ((64, SLOW, 100.0), (64, FAST, 0.5), (128, SLOW, 1000.0)):
        rows = [row for (_, size), row in timings.items() if size == n]
        if rows:
            ratio = min(row[peer].ratio(row[OURS]) for row in rows)
            what = f"time of {peer} / {OURS}, n = {n}"
            yield what, f"≥ {least:g}", two_digits(ratio), ratio >= least
    p = fitted_growth(timings, OURS)
    if p == p:
        yield f"growth of {OURS} with n", "≤ n^3", f"n^{p:.1f}", p <= 3


def _errors(thresholds: Thresholds) -> Iterator[Row]:
    for n, row in thresholds.items():
        ours, fast = row[OURS], row[FAST]
        met = ours.sound and ours.rejected is not None and ours.rejected < SMALLEST_ERROR
        what = "smallest error rejected by"
        yield f"{what} {OURS}, n = {n}", f"< {SMALLEST_ERROR:.0e}", str(ours), met
        if n >= 64 and fast.accepted is not None:
            passed = f"{fast.accepted:.0e}"
            yield f"error accepted by {FAST}, n = {n}", "≥ 1e-01", passed, fast.accepted >= 0.1
