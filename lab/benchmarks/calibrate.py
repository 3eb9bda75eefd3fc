"""Is the court fair, and is it sharp?  ``make calibrate``.

Every route of every installed framework to every function of the catalogue is asked at random
matrices, well and badly conditioned, graded, nearly degenerate and in other units.  What disagrees
and is known to be wrong (``studies/findings/known.json``) is counted on its own.  Of the rest,
right formulas all, none may disagree, unless rounding left it less than a third of its digits.
Writes ``docs/calibration.md`` and its figure.
"""

from __future__ import annotations

import sys
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from fractions import Fraction
from itertools import cycle, islice
from pathlib import Path
from typing import NamedTuple

import click
import matplotlib.pyplot as plt
import numpy as np
from rich.console import Console
from rich.progress import Progress, track

from lab.benchmarks.matrices import KINDS, Array
from symgrad.court.errors import InputError
from symgrad.court.judging import scatter
from symgrad.court.judging.contraction import skew_part, symmetric_error
from symgrad.court.judging.judge import judge
from symgrad.court.judging.tolerance import entry_tolerances
from symgrad.court.questions import NEIGHBOURS, Choice, Problem, Reported, Resources
from symgrad.court.references import Matrix, Reference
from symgrad.court.verdicts import RIGHT, Verdict
from symgrad.inquiry import ask_near
from symgrad.numeric.pool import Pool, is_installed, known_frameworks
from symgrad.report.machine import machine
from symgrad.report.pages import linked, opening
from symgrad.studies.atlas.record import Row
from symgrad.studies.findings.record import Finding, read_known
from symgrad.symbolic.catalogue import CATALOGUE, DIFFERENTIABLE, Instance, choose
from symgrad.symbolic.certified.reference import certify, round_to
from symgrad.symbolic.domains import DOMAINS
from symgrad.symbolic.neighbours import Neighbour, neighbours

DOCS = Path(__file__).parents[2] / "docs"
SIZES = (2, 3, 4, 8)
DTYPES = {"float64": 1.0, "float32": 0.25, "float16": 0.05, "bfloat16": 0.05}
"""The share of the problems that each dtype has."""
TIMEOUT = 300.0
LIMITED = 20
"""Of one in so many problems it is measured how large an error would have been convicted."""
SLOW = "pytensor"
"""A framework that takes seconds to be asked again is asked so only where it seems wrong."""


class Asked(NamedTuple):
    """A problem, with what is needed to say what is true at it and near it."""

    kind: str
    function: Instance
    X: Matrix
    problem: Problem

    def neighbours(self, spread: float) -> list[Neighbour]:
        """The same, and at matrices beside it."""
        dtype = self.problem.dtype
        near = [self.X, *neighbours(self.X, dtype, spread=spread)]
        return [Neighbour(self.function, Y, dtype) for Y in near]


class Found(NamedTuple):
    """What was made of one gradient: error/tolerance, and the errors convicted before and now."""

    kind: str
    verdict: Verdict
    ratio: float
    limits: tuple[float, float] | None
    is_spent: bool = False
    finding: str = ""

    @property
    def is_wrong(self) -> bool:
        """Whether a right gradient disagrees."""
        return self.verdict.verdict == "disagrees" and not self.is_spent and not self.finding


def problems(dtype: str, count: int) -> Iterator[Asked]:
    """Random problems: all functions at one size, and then at the next, as compilers like it."""
    rng = np.random.default_rng(0)
    names = [name for name in DIFFERENTIABLE for _ in SIZES]
    each = max(1, round(count / len(names)))
    number, kinds = 0, cycle(KINDS)
    for n in SIZES:
        for name in DIFFERENTIABLE:
            family = choose(name, n)
            for kind in islice(kinds, each):
                function = family[int(rng.integers(len(family)))]
                try:
                    X = _exactly(KINDS[kind](rng, n), dtype)
                except InputError:  # too large for the dtype
                    continue
                if DOMAINS[CATALOGUE[name].domain].missing(X):
                    continue
                yield Asked(kind, function, X, _problem(number, function, X, dtype))
                number += 1


def _exactly(X: Array, dtype: str) -> Matrix:
    return round_to(tuple(tuple(map(Fraction, row)) for row in X.tolist()), dtype)


def _problem(number: int, function: Instance, X: Matrix, dtype: str) -> Problem:
    rows = [[float(x) for x in row] for row in X]
    about = (number, function.name, function.constants, rows, dtype)
    return Problem(*about, find_reads=False)


def hear(dtype: str, count: int, frameworks: list[str]) -> list[Found]:
    """What was made of each gradient of a right formula."""
    asked = list(problems(dtype, count))
    reports: list[Reported] = []
    with Pool(frameworks, TIMEOUT) as pool:
        for item in asked:
            pool.ask(item.problem)
        pool.close()
        references = [
            certify(item.function, item.X, {}) for item in track(asked, f"{dtype}: references")
        ]
        for event in track(pool.events(), f"{dtype}: gradients", total=None):
            if isinstance(event, Reported) and not event.error:
                reports += [event] if not references[event.problem].refusal else []
    verdicts = [judge(references[r.problem], r, dtype) for r in reports]
    again = [
        k
        for k, (r, verdict) in enumerate(zip(reports, verdicts, strict=True))
        if verdict.verdict == "disagrees" or (r.problem % LIMITED == 0 and r.framework != SLOW)
    ]
    choice = Choice(resources=Resources(frameworks=frameworks, timeout=TIMEOUT), dtypes=(dtype,))
    chosen = [reports[k] for k in again]
    near = ask_near(asked, references, choice, Progress(disable=True), chosen)
    there = dict(zip(again, near, strict=True))
    known = read_known()
    return [
        _examine(asked[r.problem], references[r.problem], known, *there.get(k, (r, ())))
        for k, r in enumerate(reports)
    ]


def _examine(
    item: Asked,
    reference: Reference,
    known: Sequence[Finding],
    reported: Reported,
    true: Sequence[Reference | None],
) -> Found:
    dtype = item.problem.dtype
    verdict = judge(reference, reported, dtype, true)
    if verdict.verdict not in RIGHT:
        finding = _finding(known, reported, item.function.name)
        left = scatter.share_left(reference, reported, dtype)
        is_spent = verdict.verdict == "disagrees" and left < scatter.KEPT and not finding
        return Found(item.kind, verdict, np.nan, None, is_spent, finding)
    G, S = reported.gradient, reference.S
    assert G is not None
    assert S is not None
    tolerances = entry_tolerances(reference, skew_part(G), dtype)
    ratio = float(np.max(np.abs(symmetric_error(G, S)) / tolerances))
    limits = _limits(reference, reported, true, tolerances) if true else None
    return Found(item.kind, verdict, ratio, limits)


def _limits(
    reference: Reference, reported: Reported, near: Sequence[Reference | None], tolerances: Array
) -> tuple[float, float] | None:
    """The smallest error of the largest entry, relative to it, that disagrees: before, and now."""
    assert reference.S is not None
    errors = scatter.errors(reference, reported, near, range(NEIGHBOURS)).gradients
    size = float(np.max(np.abs(reference.S.high)))
    if len(errors) < scatter.LEAST or size == 0:
        return None
    deviation = float(np.sqrt(np.sum((errors - errors.mean(axis=0)) ** 2) / (len(errors) - 1)))
    before = float(np.max(tolerances))
    stays = before * scatter.remainder(reference, reported.dtype)
    return before / size, max(stays, scatter.SYSTEMATIC * deviation) / size


def _finding(known: Sequence[Finding], reported: Reported, function: str) -> str:
    """The id of a finding that a route's formula or value is wrong; empty if there is none."""
    about = (reported.framework, reported.version, function, reported.route)
    row = Row(*about, None, None, "disagrees", None, None, None, None, None, {}, {}, {})
    wrong = (f for f in known if f.kind in ("wrong", "value"))
    return next((finding.id for finding in wrong if finding.is_of_cause(row)), "")


def table(found: dict[str, list[Found]]) -> str:
    """A row per dtype, and per kind of matrix in it."""
    lines = [HEADER, "|---" * HEADER.count(" |") + "|"]
    for dtype, everything in found.items():
        kinds: dict[str, list[Found]] = defaultdict(list)
        for item in everything:
            kinds["all"].append(item)
        for item in everything:
            kinds[item.kind].append(item)
        lines += [_row(dtype, kind, items) for kind, items in kinds.items()]
    return "\n".join(lines)


HEADER = (
    "| dtype | kind | gradients | agree | inaccurate | refused | known | no digits left | disagree "
    "| error/tolerance: median | 99 % | smallest error convicted: sharp | with scatter |"
)


def _row(dtype: str, kind: str, items: list[Found]) -> str:
    count: Counter[str] = Counter(item.verdict.verdict for item in items)
    spent, wrong = sum(item.is_spent for item in items), sum(item.is_wrong for item in items)
    ratios = np.array([item.ratio for item in items if item.verdict.verdict == "agrees"])
    limits = np.array([item.limits for item in items if item.limits])
    told = f"{np.median(ratios):.1e} | {np.quantile(ratios, 0.99):.2f}" if len(ratios) else "— | —"
    sharp = " | ".join(f"{x:.0e}" for x in np.median(limits, axis=0)) if len(limits) else "— | —"
    return (
        f"| {dtype} | {kind} | {len(items)} | {count['agrees']} | {count['inaccurate']} "
        f"| {count['refused']} | {count['disagrees'] - spent - wrong} | {spent} | {wrong} "
        f"| {told} | {sharp} |"
    )


@click.command()
@click.option("--problems", "count", default=5000, show_default=True, help="In float64.")
@click.option("--framework", "-f", "named", multiple=True, help="This one alone (repeatable).")
@click.option("--output", type=click.Path(path_type=Path), default=DOCS, show_default=True)
def main(count: int, named: tuple[str, ...], output: Path) -> None:
    """Measure, print the table, write it with its figure; status 1 if a right one disagrees."""
    frameworks = list(named) or [name for name in known_frameworks() if is_installed(name)]
    found = {d: hear(d, int(count * share), frameworks) for d, share in DTYPES.items()}
    told = table(found)
    Console().print(told)
    convicted = [item.verdict for items in found.values() for item in items if item.is_wrong]
    for v in convicted:
        click.echo(f"{v.framework}, {v.function}, {v.route}, {v.dtype}: {v.reason}")
    output.mkdir(exist_ok=True)
    page = PAGE.format(
        opening=opening("Calibration: is the court fair, and is it sharp?", "doubts the tolerance"),
        count=count,
        table=told,
        made=f"{', '.join(frameworks)} on {machine()}",
        disagree=len(convicted),
        total=sum(map(len, found.values())),
        known=_known(found),
    )
    (output / "calibration.md").write_text(linked(page, output), encoding="utf-8")
    draw(found, output / "calibration.svg")
    sys.exit(1 if convicted else 0)


def _known(found: dict[str, list[Found]]) -> str:
    """The findings that were met again, and how often."""
    everything = [item for items in found.values() for item in items]
    met = Counter(i.finding for i in everything if i.finding and i.verdict.verdict == "disagrees")
    return ", ".join(f"{name} ({count})" for name, count in met.most_common()) or "none"


PAGE = """{opening}

Every route of every framework to every differentiable function of the catalogue, through eigh, svd,
qr, eig, expm, Cholesky and the rest, at random symmetric matrices of sizes 2, 3, 4 and 8: {count}
problems in float64, a quarter of that in float32 and a twentieth in each half precision. The kinds:
eigenvalues apart; condition numbers to 10⁸; rows graded to 10⁻⁴; two eigenvalues 10⁻² to 10⁻¹⁰
apart; units from 10⁻¹⁵⁰ to 10¹⁵⁰. Points at which f is refused are left out. What disagrees by a
route whose formula or value is found to be wrong (docs/findings.md) is counted as *known*. The
formulas of all others are right, so none of these gradients may disagree, but where rounding left
less than a third of the digits, or NaN (*no digits left*). Of these here {disagree} did, among
{total} gradients.

Known: {known}.

*error/tolerance* is that of the largest entry, of the gradients that agree. *Smallest error
convicted*: the least error in the largest entry, relative to it, that disagrees, median: by the
tolerance alone (*sharp*, which holds for a gradient that is given as numbers), and where the route
is asked near X as well and the error has to stand out of its scatter. Refused is what rounding X
alone may change by a quarter, what a named mistake would pass too, and what leaves the dtype's
range; in bfloat16 with its two digits that is nearly everything.

Made by `python -m lab.benchmarks.calibrate --problems {count}` with {made};
the last digits are those of that machine.

{table}

![Distribution of error/tolerance by dtype](calibration.svg)
"""


def draw(found: dict[str, list[Found]], path: Path) -> None:
    """The distribution of error/tolerance for each dtype, on a logarithmic axis."""
    plt.rcParams["svg.hashsalt"] = "symgrad"  # the same data give the same file
    figure, axes = plt.subplots(len(found), 1, figsize=(7, 7), sharex=True, layout="constrained")
    bins = np.linspace(-6, 4, 101)
    for axis, (dtype, items) in zip(axes, found.items(), strict=True):
        for kind in KINDS:
            ratios = np.array([i.ratio for i in items if i.kind == kind and i.ratio > 0])
            if len(ratios):
                axis.hist(np.log10(ratios), bins, histtype="step", label=kind, density=True)
        axis.axvline(0, color="black", linewidth=1)
        axis.set_ylabel(dtype)
        axis.set_yticks([])
    axes[0].legend(fontsize="small", loc="upper left")
    axes[-1].set_xlabel("log₁₀ (error / tolerance); right of the line a gradient is inaccurate")
    figure.savefig(path, metadata={"Date": None})


if __name__ == "__main__":
    main()
