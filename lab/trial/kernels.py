"""The tests under other kernels: ``make test-kernels``.

Which vectors a processor has, how many threads compute, and which kernel a BLAS picks decide the
last digits of every framework.  Each setting below makes one machine compute like another; the
tests of numbers have to pass under all of them.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping, Sequence

import click

FILES = (
    "tests/test_ties.py",
    "tests/test_frameworks.py",
    "tests/test_catalogue.py",
    "tests/test_judge.py",
    "tests/test_mistakes.py",
    "tests/test_experiment.py",
    "tests/test_findings.py",
)
"""The tests whose frameworks compute."""
FEW = FILES[:1]

OLD = {
    "OPENBLAS_CORETYPE": "Prescott",
    "ATEN_CPU_CAPABILITY": "default",
    "MKL_ENABLE_INSTRUCTIONS": "SSE4_2",
    "DNNL_MAX_CPU_ISA": "SSE41",
    "XLA_FLAGS": "--xla_cpu_max_isa=SSE4_2",
}
AVX2 = {
    "OPENBLAS_CORETYPE": "Haswell",
    "ATEN_CPU_CAPABILITY": "avx2",
    "MKL_ENABLE_INSTRUCTIONS": "AVX2",
    "DNNL_MAX_CPU_ISA": "AVX2",
    "XLA_FLAGS": "--xla_cpu_max_isa=AVX2",
}
SETTINGS: dict[str, dict[str, str]] = {
    "as it is": {},
    "two threads": {"SYMGRAD_THREADS": "2"},
    "SSE": OLD,
    "AVX2": AVX2,
    "AVX2, two threads": {**AVX2, "SYMGRAD_THREADS": "2"},
    "Sandybridge": {"OPENBLAS_CORETYPE": "Sandybridge"},
    "Zen": {"OPENBLAS_CORETYPE": "Zen"},
    "NumPy without AVX-512": {"NPY_DISABLE_CPU_FEATURES": "AVX512F AVX512CD AVX512_SKX"},
}
"""What is set in the environment of the tests, and so of the workers, by what it is called."""
SHORT = ("SSE", "AVX2, two threads")
"""The two that differ most."""


def run(name: str, setting: Mapping[str, str], files: Sequence[str]) -> bool:
    """Whether the tests of these files pass under a setting; what fails is printed."""
    command = [sys.executable, "-m", "pytest", "-q", "-n", "auto", "-p", "no:cacheprovider", *files]
    done = subprocess.run(
        command, env={**os.environ, **setting}, capture_output=True, text=True, check=False
    )
    lines = done.stdout.strip().splitlines() or [done.stderr.strip()[-300:]]
    click.echo(f"{name}: {lines[-1]}")
    if done.returncode:
        click.echo("\n".join(line for line in lines if line.startswith(("FAILED", "ERROR", "E  "))))
    return done.returncode == 0


@click.command()
@click.option("--short", is_flag=True, help="The two settings that differ most, one file.")
@click.argument("files", nargs=-1)
def main(short: bool, files: tuple[str, ...]) -> None:
    """Run the tests of numbers, or FILES, under each setting; status 1 if any fails."""
    chosen = {name: SETTINGS[name] for name in (SHORT if short else SETTINGS)}
    tests = files or (FEW if short else FILES)
    failed = [name for name, setting in chosen.items() if not run(name, setting, tests)]
    click.echo(f"{len(chosen)} settings: {len(failed)} failed" + "".join(f", {n}" for n in failed))
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
