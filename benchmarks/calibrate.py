"""Is the tolerance neither vacuous nor a trap?  ``make calibrate``.

Correct gradients of NumPy, PyTorch and TensorFlow are compared with certified references over
random problems of four kinds and all dtypes.  The largest error of an entry, divided by its
tolerance, has to stay below 1 with no exception, and its median has to be above 1/1000.  Writes
``docs/calibration.md`` and its figure.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator
from fractions import Fraction
from pathlib import Path

import click
import matplotlib.pyplot as plt
import numpy as np
from jaxtyping import Float
from rich.console import Console
from rich.progress import track

from court.judging.contraction import skew_part, symmetric_error
from court.judging.judge import judge
from court.judging.tolerance import entry_tolerances
from court.records import Problem, Reported
from numeric.pool import Pool
from symbolic.catalogue import Instance, choose
from symbolic.certified.reference import certify, round_to

DOCS = Path(__file__).parent.parent / "docs"
FRAMEWORKS = ("numpy", "torch", "tensorflow")
FULL = ("eigenvalue", "log_det", "inverse_quadratic_form", "weighted_inverse", "det")
HALF = ("trace_cube",)
FUNCTIONS = {"float64": FULL, "float32": FULL, "float16": HALF, "bfloat16": HALF}
"""Low precision has no factorizations, in any of the three; a product of matrices is left."""

Array = Float[np.ndarray, "n n"]


def well(rng: np.random.Generator, n: int) -> Array:
    """Eigenvalues of the size 1 to n, apart."""
    return _rotated(rng, np.arange(1, n + 1) + rng.uniform(-0.3, 0.3, n))


def ill(rng: np.random.Generator, n: int) -> Array:
    """Condition number up to 10⁸, eigenvalues spaced geometrically."""
    return _rotated(rng, np.logspace(0, -rng.uniform(2, 8), n))


def graded(rng: np.random.Generator, n: int) -> Array:
    """Rows and columns scaled by powers of ten, down to 10⁻⁴."""
    scale = 10.0 ** -np.linspace(0, rng.uniform(1, 4), n)
    return np.asarray(scale[:, None] * well(rng, n) * scale)


def close(rng: np.random.Generator, n: int) -> Array:
    """The two smallest eigenvalues 10⁻² to 10⁻¹⁰ apart."""
    values = np.arange(1.0, n + 1)
    values[1] = values[0] + 10 ** -rng.uniform(2, 10)
    return _rotated(rng, values)


def _rotated(rng: np.random.Generator, values: Float[np.ndarray, " n"]) -> Array:
    Q = np.linalg.qr(rng.standard_normal((len(values), len(values))))[0]
    X = Q * values @ Q.T
    return np.asarray((X + X.T) / 2)


KINDS: dict[str, Callable[[np.random.Generator, int], Array]] = {
    "well conditioned": well,
    "ill conditioned": ill,
    "graded": graded,
    "nearly degenerate": close,
}


def problems(dtype: str, count: int) -> Iterator[tuple[str, Instance, Problem]]:
    """Random problems, all kinds and functions in turn, n from 2 to 8."""
    rng = np.random.default_rng(0)
    kinds, functions = list(KINDS), FUNCTIONS[dtype]
    for number in range(count):
        kind = kinds[number % len(kinds)]
        n = int(rng.integers(2, 9))
        family = choose(functions[number // len(kinds) % len(functions)], n)
        function = family[int(rng.integers(len(family)))]
        X = KINDS[kind](rng, n)
        exact = round_to(tuple(tuple(map(Fraction, row)) for row in X.tolist()), dtype)
        rows = [[float(x) for x in row] for row in exact]
        about = (number, function.name, function.constants, rows, dtype)
        yield kind, function, Problem(*about, find_reads=False)


def ratios(dtype: str, count: int) -> dict[str, list[float]]:
    """Largest error/tolerance of each gradient, by kind; a refusal or a disagreement is NaN."""
    asked = list(problems(dtype, count))
    found: dict[str, list[float]] = defaultdict(list)
    with Pool(FRAMEWORKS, 300) as pool:
        for _, _, problem in asked:
            pool.ask(problem)
        pool.close()
        references = [
            certify(function, tuple(tuple(map(Fraction, row)) for row in problem.matrix), {})
            for _, function, problem in track(asked, f"{dtype}: references")
        ]
        for event in pool.events():
            if isinstance(event, Reported) and not event.error:
                kind, reference = asked[event.problem][0], references[event.problem]
                verdict = judge(reference, event, dtype).verdict
                if verdict == "refused":
                    found[kind].append(float("nan"))
                    continue
                assert event.gradient is not None
                assert reference.S is not None
                error = np.abs(symmetric_error(event.gradient, reference.S))
                tolerance = entry_tolerances(reference, skew_part(event.gradient), dtype)
                found[kind].append(float(np.max(error / tolerance)))
    return found


@click.command()
@click.option("--problems", "count", default=10_000, show_default=True, help="Per dtype.")
@click.option("--output", type=click.Path(path_type=Path), default=DOCS, show_default=True)
def main(count: int, output: Path) -> None:
    """Measure, print the table, and write it with its figure."""
    measured = {dtype: ratios(dtype, count) for dtype in FUNCTIONS}
    lines = [
        "| dtype | kind | gradients | refused as vacuous | median | 99 % | largest |",
        "|---|---|---|---|---|---|---|",
    ]
    for dtype, kinds in measured.items():
        rows = {"all": [x for values in kinds.values() for x in values], **kinds}
        for kind, values in rows.items():
            judged = np.array([x for x in values if x == x])
            told = "— | — | —"
            if len(judged):
                told = f"{np.median(judged):.4f} | {np.quantile(judged, 0.99):.3f} | "
                told += f"{judged.max():.3f}"
            refused = len(values) - len(judged)
            lines.append(f"| {dtype} | {kind} | {len(values)} | {refused} | {told} |")
    table = "\n".join(lines)
    Console().print(table)
    output.mkdir(exist_ok=True)
    (output / "calibration.md").write_text(PAGE.format(count=count, table=table), encoding="utf-8")
    draw(measured, output / "calibration.svg")


PAGE = """# Calibration of the tolerance

Error divided by tolerance, the largest over the entries of each gradient, of the correct gradients
that NumPy, PyTorch and TensorFlow report, against certified references: {count} random problems
per dtype, n from 2 to 8. Below 1 everywhere, the tolerance convicts no correct gradient; with a
median above 1/1000 it is not vacuous either. Where the tolerance exceeds the whole gradient (two
eigenvalues closer than the dtype can tell apart) the verdict is a refusal.

Made by `make calibrate`.

{table}

![Distribution of error/tolerance by dtype](calibration.svg)
"""


def draw(measured: dict[str, dict[str, list[float]]], path: Path) -> None:
    """The distribution of error/tolerance for each dtype, on a logarithmic axis."""
    plt.rcParams["svg.hashsalt"] = "symgrad"  # the same data give the same file
    figure, axes = plt.subplots(len(measured), 1, figsize=(7, 7), sharex=True, layout="constrained")
    bins = np.linspace(-6, 0.5, 66)
    for axis, (dtype, kinds) in zip(axes, measured.items(), strict=True):
        for kind, values in kinds.items():
            judged = np.array([x for x in values if x > 0])
            axis.hist(np.log10(judged), bins, histtype="step", label=kind, density=True)
        axis.axvline(0, color="black", linewidth=1)
        axis.set_ylabel(dtype)
        axis.set_yticks([])
    axes[0].legend(fontsize="small", loc="upper left")
    axes[-1].set_xlabel(
        "log₁₀ (error / tolerance); right of the line a correct gradient is convicted"
    )
    figure.savefig(path, metadata={"Date": None})


if __name__ == "__main__":
    main()
