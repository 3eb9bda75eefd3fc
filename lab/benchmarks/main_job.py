"""How long the main job takes: ``make bench``.

Every time is the median of several runs of a whole process, all runs in turn, so that a ratio holds
when the machine's speed drifts.
"""

from __future__ import annotations

import subprocess
import sys
from functools import partial

from rich.console import Console
from rich.table import Table

from lab.benchmarks.timing import in_turn
from symgrad.numeric.pool import FIRST, is_installed, known_frameworks

RUNS = 5
AIM = 1.5
BASE = "import tensorflow"


def commands() -> dict[str, list[str]]:
    """What is timed, by what it measures."""
    python = sys.executable
    installed = [name for name in known_frameworks() if is_installed(name)]
    required = [f"--framework={name}" for name in FIRST]
    return {
        BASE: [python, "-c", BASE],
        "main job, numpy + torch + tensorflow": [python, "verify.py", "--quiet", *required],
        "main job, and jax": [python, "verify.py", "--quiet", *required, "--framework=jax"],
        "main job, all installed": [python, "verify.py", "--quiet"],
        **{
            f"  {name} alone, with the exact side": [python, "verify.py", "--quiet", "-f", name]
            for name in installed
        },
        "  import sympy": [python, "-c", "import sympy"],
    }


def run(argv: list[str]) -> None:
    """Run one process to its end."""
    subprocess.run(argv, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def main() -> None:
    """Time everything in turn, after one warm-up each, and print medians and ratios."""
    timings = in_turn({name: partial(run, argv) for name, argv in commands().items()}, RUNS)
    table = Table(title=f"medians of {RUNS} runs", header_style="bold")
    for column in ("what", "seconds", f"ratio to `{BASE}`"):
        table.add_column(column, justify="left" if column == "what" else "right")
    for name, timing in timings.items():
        table.add_row(name, f"{timing.seconds:.2f}", f"{timing.ratio(timings[BASE]):.2f}")
    Console().print(table, f"aim for the main job: at most {AIM}")


if __name__ == "__main__":
    main()
