"""How long the main job takes, and the default atlas: ``make bench``.

Every time of the main job is the median of several runs of a whole process, all runs in turn, so
that a ratio holds when the machine's speed drifts.  A first run has an empty cache of what JAX has
compiled.  The atlas is made once.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from functools import partial

from rich.console import Console
from rich.table import Table

from lab.benchmarks.aims import Row, table_of
from lab.benchmarks.timing import Timing, in_turn
from symgrad.numeric.pool import FIRST, is_installed, known_frameworks

RUNS = 5
BASE = "import tensorflow"
THREE, FOUR, ALL = "numpy + torch + tensorflow", "and jax", "all installed"
MOST = {THREE: 1.3, FOUR: 1.5, ALL: 2.0}
"""The largest ratios to the base that are aimed for, of a second run."""
ATLAS = 90
"""The most seconds of the default atlas that are aimed for."""
PROGRAM = [sys.executable, "verify.py"]


def commands() -> dict[str, list[str]]:
    """What is timed, by what it measures."""
    required = [f"--framework={name}" for name in FIRST]
    asked = {THREE: required, FOUR: [*required, "--framework=jax"], ALL: []}
    return {
        BASE: [sys.executable, "-c", BASE],
        **{f"main job, {who}": [*PROGRAM, "--quiet", *options] for who, options in asked.items()},
        **{
            f"  {name} alone, with the exact side": [*PROGRAM, "--quiet", "-f", name]
            for name in known_frameworks()
            if is_installed(name)
        },
        "  import sympy": [sys.executable, "-c", "import sympy"],
    }


def run(argv: list[str], cache: str | None = None) -> None:
    """Run one process to its end, with another folder for what is kept where one is given."""
    environment = {**os.environ, **({"XDG_CACHE_HOME": cache} if cache else {})}
    quiet = subprocess.DEVNULL
    subprocess.run(argv, check=True, stdout=quiet, stderr=quiet, env=environment)


def run_first(argv: list[str]) -> None:
    """The same with nothing kept."""
    with tempfile.TemporaryDirectory() as cache:
        run(argv, cache)


def atlas() -> Timing:
    """The default atlas, once; it may find something wrong."""
    timing = Timing()
    with tempfile.TemporaryDirectory() as folder:
        command = [*PROGRAM, "atlas", "--quiet", "--output", folder]
        timing.run(partial(subprocess.run, command, stdout=subprocess.DEVNULL))
    return timing


def aims(timings: dict[str, Timing], made: Timing) -> Iterator[Row]:
    """What was aimed for."""
    for who, most in MOST.items():
        ratio = timings[f"main job, {who}"].ratio(timings[BASE])
        yield f"main job, {who}", f"≤ {most:g} times", f"{ratio:.2f}", ratio <= most
    yield "the default atlas", f"< {ATLAS} s", f"{made.seconds:.0f} s", made.seconds < ATLAS


def main() -> None:
    """Time everything in turn, after one warm-up each, and print medians, ratios and aims."""
    work = {name: partial(run, argv) for name, argv in commands().items()}
    for who in (FOUR, ALL):
        work[f"  {who}, first run"] = partial(run_first, commands()[f"main job, {who}"])
    timings = in_turn(work, RUNS)
    table = Table(title=f"medians of {RUNS} runs", header_style="bold")
    for column in ("what", "seconds", f"ratio to `{BASE}`"):
        table.add_column(column, justify="left" if column == "what" else "right")
    for name, timing in timings.items():
        table.add_row(name, f"{timing.seconds:.2f}", f"{timing.ratio(timings[BASE]):.2f}")
    console = Console()
    console.print(table, table_of("aims, of second runs", aims(timings, atlas())))


if __name__ == "__main__":
    main()
