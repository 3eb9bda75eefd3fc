"""The gradients of every route at one 2×2 matrix, as numbers: docs/matrices.json.

``make matrices`` asks by ``verify.py --json``, and keeps what the site shows of each verdict.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from decimal import Decimal
from pathlib import Path
from typing import Annotated

import click
import msgspec
from msgspec import Meta, Struct

from symgrad.court.data import decode
from symgrad.court.names import family
from symgrad.court.verdicts import Convention, Number, Outcome, Verdict
from symgrad.report.document import today
from symgrad.report.run import Run
from symgrad.symbolic.catalogue import CATALOGUE, instances

ROOT = Path(__file__).parents[2]
KEPT = ROOT / "docs" / "matrices.json"
MATRIX = "2 1; 1 3"
SIZE = 2
DIGITS = 17
"""What a float64 needs, and more than a page shows."""


class Contracted(Struct, frozen=True):
    """⟨G, ∂X/∂θ⟩ against ∂f/∂θ, for one parameter θ."""

    name: str
    contracted: Number
    exact: Decimal
    error: Number
    tolerance: float


class Reported(Struct, frozen=True):
    """What one route reports at the matrix, contracted and judged."""

    framework: str
    version: str
    function: str
    route: str
    gradient: Annotated[list[list[Number]] | None, Meta(description="G by rows")]
    convention: Convention | None
    parameters: list[Contracted]
    verdict: Outcome
    reason: str


class Matrices(Struct, frozen=True):
    """All routes at one matrix X = [[a, b], [b, c]]."""

    toolkit: dict[str, str]
    environment: dict[str, str]
    date: str
    matrix: str
    rows: list[Reported]


def members() -> list[str]:
    """One member of each family, as the atlas has it, at size 2."""
    found = [instances(family_of, SIZE) for family_of in CATALOGUE.values()]
    return [several[len(several) // 2].name for several in found if several]


def kept(run: Run) -> Matrices:
    """What is kept of a run."""
    environment = {k: v for k, v in run.environment.items() if k != "platform"}
    rows = [_row(verdict) for verdict in run.verdicts]
    return Matrices(run.toolkit, environment, today(), MATRIX, rows)


def _row(verdict: Verdict) -> Reported:
    parameters = [
        Contracted(c.name, c.contracted, _short(c.exact), c.error, c.tolerance)
        for c in verdict.parameters
    ]
    return Reported(
        verdict.framework,
        verdict.version,
        family(verdict.function),
        verdict.route,
        verdict.gradient,  # type: ignore[arg-type]  # of a real matrix, so of real numbers
        verdict.convention,
        parameters,
        verdict.verdict,
        verdict.reason,
    )


def _short(exact: Decimal) -> Decimal:
    return Decimal(f"{exact:.{DIGITS}g}")


def from_json(text: bytes) -> Matrices:
    """What a file written by :func:`to_json` holds; data only, nothing is executed.

    Raises:
        msgspec.DecodeError: it does not have the shape of the record.
    """
    return decode(text, Matrices)


def to_json(matrices: Matrices) -> bytes:
    """The record as JSON, a line per route."""
    encoder = msgspec.json.Encoder(decimal_format="number")
    head, _, tail = encoder.encode(msgspec.structs.replace(matrices, rows=[])).rpartition(b"[]")
    return head + b"[\n" + b",\n".join(map(encoder.encode, matrices.rows)) + b"\n]" + tail + b"\n"


@click.command()
@click.option("--output", type=click.Path(path_type=Path), default=KEPT, show_default=True)
def main(output: Path) -> None:
    """Ask every installed framework, and write the record."""
    with tempfile.TemporaryDirectory() as folder:
        run = Path(folder) / "run.json"
        command = [sys.executable, "verify.py", *members(), "--matrix", MATRIX]
        command += ["--timeout", "900"]  # PyTensor compiles each graph once
        done = subprocess.run([*command, "--json", str(run), "--quiet"], cwd=ROOT)
        if done.returncode not in (0, 1):  # 1: something disagrees, as findings do
            raise click.ClickException(f"verify.py ended with {done.returncode}")
        output.write_bytes(to_json(kept(decode(run.read_bytes(), Run))))


if __name__ == "__main__":
    main()
