"""How long the main job takes: ``make bench``.

Every time is the median of several runs of a whole process, all runs in turn, so that a ratio holds
when the machine's speed drifts.
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import time

from rich.console import Console
from rich.table import Table

from numeric.pool import is_installed, known_frameworks

RUNS = 5
AIM = 1.5
BASE = "import tensorflow"


def commands() -> dict[str, list[str]]:
    """What is timed, by what it measures."""
    python = sys.executable
    installed = [name for name in known_frameworks() if is_installed(name)]
    required = [f"--framework={name}" for name in installed if name != "jax"]
    return {
        BASE: [python, "-c", BASE],
        "main job, numpy + torch + tensorflow": [python, "verify.py", "--quiet", *required],
        "main job, all installed": [python, "verify.py", "--quiet"],
        **{
            f"  {name} alone, with the exact side": [python, "verify.py", "--quiet", "-f", name]
            for name in installed
        },
        "  import sympy": [python, "-c", "import sympy"],
    }


def run(argv: list[str]) -> float:
    """Wall time of one process, in seconds."""
    start = time.perf_counter()
    subprocess.run(argv, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return time.perf_counter() - start


def main() -> None:
    """Time everything in turn, after one warm-up each, and print medians and ratios."""
    timed = commands()
    for argv in timed.values():
        run(argv)
    rounds = [{name: run(argv) for name, argv in timed.items()} for _ in range(RUNS)]
    table = Table(title=f"medians of {RUNS} runs", header_style="bold")
    for column in ("what", "seconds", f"ratio to `{BASE}`"):
        table.add_column(column, justify="left" if column == "what" else "right")
    for name in timed:
        seconds = statistics.median(r[name] for r in rounds)
        ratio = statistics.median(r[name] / r[BASE] for r in rounds)
        table.add_row(name, f"{seconds:.2f}", f"{ratio:.2f}")
    Console().print(table, f"aim for the main job: at most {AIM}")


if __name__ == "__main__":
    main()
