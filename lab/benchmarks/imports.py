"""How long ``import symgrad`` takes, in a process of its own: ``make bench``."""

from __future__ import annotations

import subprocess
import sys
from functools import partial

from rich.console import Console
from rich.table import Table

from lab.benchmarks.timing import duration, in_turn

RUNS = 15
NOTHING = "pass"
AIM = "below 50 ms, more than an interpreter that does nothing"


def run(code: str) -> None:
    """Run some code in a new interpreter."""
    subprocess.run([sys.executable, "-c", code], check=True)


def main() -> None:
    """Time the imports in turn, and print medians."""
    code = (NOTHING, "import symgrad", "from symgrad import check", "import numpy", "import sympy")
    timings = in_turn({each: partial(run, each) for each in code}, RUNS)
    table = Table(title=f"medians of {RUNS} runs", header_style="bold")
    for column in ("what", "time", f"more than `{NOTHING}`"):
        table.add_column(column, justify="left" if column == "what" else "right")
    base = timings[NOTHING].seconds
    for each, timing in timings.items():
        more = timing.seconds - base
        table.add_row(each, duration(timing.seconds), duration(more) if more > 0 else "—")
    Console().print(table, f"aim for `import symgrad`: {AIM}")


if __name__ == "__main__":
    main()
