"""``symgrad atlas``: every route of every framework, in one table."""

from __future__ import annotations

import os
from pathlib import Path

import click
from msgspec import structs
from rich.console import Console

from symgrad.commands.devices import choose_on
from symgrad.commands.options import (
    CLUSTER,
    DEBUG,
    DEVICE,
    FRAMEWORK,
    QUIET,
    SCALE,
    SEED,
    SETTINGS,
    TIMEOUT,
)
from symgrad.commands.session import BAD_INPUT, DISAGREES, INTERRUPTED, MISSING, Session
from symgrad.court.errors import ClusterError, InputError
from symgrad.court.former.recorded import read_record
from symgrad.court.hearing import Hearing
from symgrad.court.questions import Choice, Device, Resources
from symgrad.report import gradients, terminal
from symgrad.report.document import make_folder, write_together
from symgrad.studies.atlas import axes_page, plan
from symgrad.studies.atlas import page as table
from symgrad.studies.atlas.axes_record import AXES, news
from symgrad.studies.atlas.known import contradicted, mark
from symgrad.studies.atlas.record import with_since
from symgrad.studies.findings import candidates_page
from symgrad.studies.findings.candidates import search
from symgrad.studies.findings.record import Seen, read_known

MOST_JOBS = 1024
"""More processes than any machine has cores for."""


@click.command(
    context_settings=SETTINGS,
    short_help="What every route of every framework reads and reports.",
)
@click.argument("functions", nargs=-1, metavar="[FUNCTION | FILE.py]...")
@FRAMEWORK
@DEVICE
@click.option("--size", "-n", type=int, default=3, show_default=True, help="Rows of the matrices.")
@SEED
@TIMEOUT
@click.option(
    "--jobs",
    type=click.IntRange(1, MOST_JOBS),
    default=min(os.cpu_count() or 1, MOST_JOBS),
    show_default="the number of cores",
    help="How many worker processes run at once, without --cluster.",
)
@CLUSTER
@click.option(
    "--output",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path("atlas"),
    show_default=True,
    help="Folder for atlas.json and atlas.md, on cuda atlas-cuda.json and atlas-cuda.md.",
)
@click.option(
    "--axes",
    metavar="NAMES",
    help=f"Ask along further axes instead of the default set: any of {','.join(AXES)}.",
)
@SCALE
@click.option(
    "--candidates",
    type=click.Path(file_okay=False, path_type=Path),
    help="Folder for what --axes shows wrong and no finding covers: smallest cases, with scripts.",
)
@click.option(
    "--parquet",
    is_flag=True,
    help="Write every judged gradient too, as atlas.parquet or axes.parquet (symgrad[parquet]).",
)
@QUIET
@DEBUG
@click.pass_obj
def atlas(
    session: Session,
    /,
    functions: tuple[str, ...],
    asked: tuple[str, ...],
    device: Device,
    size: int,
    seed: int,
    timeout: float,
    jobs: int,
    cluster: str | None,
    output: Path,
    axes: str | None,
    scales: tuple[str, ...],
    candidates: Path | None,
    parquet: bool,
    quiet: bool,
    debug: bool,
) -> int:
    """Every route of every installed framework: what it reads, and what its gradient is.

    One table, on the terminal, as JSON and as Markdown.  One that was interrupted goes on where it
    was when it is started again with the same output.

    Exit status: 0 nothing wrong but known findings, 1 something else is wrong or a known finding is
    not any more, 2 nothing agrees, 3 a framework or a device that was asked for is missing, a
    worker died, the output cannot be written or the cluster cannot be used, 130 interrupted.
    """
    chosen_axes = tuple(dict.fromkeys(axes.split(","))) if axes is not None else ()
    if scales and "scale" not in chosen_axes:
        raise InputError("--scale gives the units of --axes scale; choose that too")
    if candidates and not chosen_axes:
        raise InputError("--candidates are of what --axes shows; choose some of them too")
    if device != "cpu" and (candidates or cluster):
        what = "--candidates are looked for" if candidates else "--cluster asks"
        raise InputError(f"{what} on the CPU; leave out --device {device}")
    if parquet:
        gradients.check()
    name = "axes" if chosen_axes else "atlas"
    name += f"-{device}" if device != "cpu" else ""
    journal = output / f"{name}.journal"
    with session.on(cluster or ""):
        frameworks, missing = session.choose(asked)
        if missing and cluster:
            raise ClusterError(f"no worker of {cluster} has {', '.join(missing)}; install it there")
        frameworks = choose_on(session, frameworks, asked, device)
        make_folder(output)
        within = Resources(
            frameworks=frameworks, timeout=timeout, jobs=jobs, journal=str(journal), device=device
        )
        chosen = Choice(resources=within, functions=functions, size=size, points=1, seed=seed)
        if chosen_axes:
            chosen = structs.replace(chosen, axes=chosen_axes, scales=scales)
            return along_axes(session, chosen, missing, output / name, candidates, parquet, quiet)
        return default_set(session, chosen, missing, output / name, parquet, quiet)


def default_set(
    session: Session, choice: Choice, missing: list[str], output: Path, parquet: bool, quiet: bool
) -> int:
    """What is asked if no axes are chosen: a record and a page of the name ``output``.

    The exit status.
    """
    hearing, journal = Hearing(choice), Path(choice.resources.journal)
    if session.hear(hearing, plan.atlas(choice)):
        click.echo(f"interrupted: the same command goes on from {journal}", err=True)
        return INTERRUPTED
    known = read_known()
    found = with_since(mark(table.make_atlas(hearing), known), read_record())
    is_here = choice.resources.device == "cpu"
    recorded = table.read_recorded(output.parent) if is_here else None
    pages = {
        f"{output.name}.json": table.to_json(found),
        f"{output.name}.md": table.to_markdown(found, recorded).encode(),
    }
    if parquet:
        pages[f"{output.name}.parquet"] = gradients.to_parquet(hearing)
    write_together(output.parent, pages)
    journal.unlink(missing_ok=True)  # last: where there is no room, the same command goes on
    console = terminal.make_console()
    if not quiet:
        table.show(console, found)
    console.print(table.closing_line(found.rows), soft_wrap=True)
    contradictions = contradicted(found, known) if is_here else []
    for line in contradictions:
        console.print(line, soft_wrap=True, markup=False)
    if missing or hearing.worker_died:
        return MISSING
    if contradictions or any(row.is_news for row in found.rows):
        return DISAGREES
    return 0 if any(row.valid == "agrees" for row in found.rows) else BAD_INPUT


def along_axes(
    session: Session,
    choice: Choice,
    missing: list[str],
    output: Path,
    candidates: Path | None,
    parquet: bool,
    quiet: bool,
) -> int:
    """The same along further axes: a record and a page of the name ``output``; the exit status."""
    hearing = Hearing(choice)
    if session.hear(hearing, plan.axes(choice, session.known())):
        journal = choice.resources.journal
        click.echo(f"interrupted: the same command goes on from {journal}", err=True)
        return INTERRUPTED
    found = axes_page.make_axes(hearing, read_known())
    pages = {
        f"{output.name}.json": axes_page.to_json(found),
        f"{output.name}.md": axes_page.to_markdown(found).encode(),
    }
    if parquet:
        pages[f"{output.name}.parquet"] = gradients.to_parquet(hearing)
    write_together(output.parent, pages)
    console = terminal.make_console()
    if candidates and look_for(session, choice, news(found), candidates, console):
        return INTERRUPTED
    Path(choice.resources.journal).unlink(missing_ok=True)
    if not quiet:
        axes_page.show(console, found)
    console.print(axes_page.closing_line(found), soft_wrap=True)
    if missing or hearing.worker_died:
        return MISSING
    if any(row.is_news for row in found.rows):
        return DISAGREES
    return 0 if any("agrees" in row.outcomes.values() for row in found.rows) else BAD_INPUT


def look_for(
    session: Session, choice: Choice, seen: list[Seen], folder: Path, console: Console
) -> bool:
    """Look for the smallest case of all that is news, and write what is found; if interrupted."""
    found, left, interrupted = search(session, choice, seen)
    if interrupted:
        click.echo("interrupted while smallest cases were looked for", err=True)
        return True
    seconds = choice.resources.timeout
    said = [session.run_script(c.script, seconds) if c.script else "" for c in found]
    candidates_page.write(folder, found, left, said)
    for candidate in found:
        finding = candidate.examined.finding
        told = f"{finding.id}: {finding.kind}, {finding.function}, X = {finding.matrix}"
        console.print(told, soft_wrap=True, markup=False)
    console.print(f"{len(found)} candidates in {folder}, {len(left)} at no small matrix")
    return False
