"""``symgrad findings``: the known wrong gradients, put to their frameworks again."""

from __future__ import annotations

from pathlib import Path

import click
from msgspec import structs

from symgrad.commands.options import DEBUG, FRAMEWORK, QUIET, SCALE, SETTINGS, TIMEOUT
from symgrad.commands.session import DISAGREES, INTERRUPTED, MISSING, Session
from symgrad.court import formats
from symgrad.court.errors import InputError, check_known
from symgrad.court.hearing import Hearing
from symgrad.court.questions import Choice, Mode, Resources
from symgrad.report import terminal
from symgrad.report.document import make_folder, write_together
from symgrad.studies.findings import issue, plan
from symgrad.studies.findings import page as report
from symgrad.studies.findings.portable import portable
from symgrad.studies.findings.record import read_known
from symgrad.studies.findings.rule import examine, smallest


@click.command(
    "findings",
    context_settings=SETTINGS,
    short_help="The gradients that are wrong in current releases.",
)
@click.argument("functions", nargs=-1, metavar="[FUNCTION | FILE.py]")
@FRAMEWORK
@click.option(
    "--output",
    type=click.Path(file_okay=False, path_type=Path),
    help="Folder for findings.json and findings.md.",
)
@click.option("--shrink", is_flag=True, help="Look for the smallest case of one --route instead.")
@click.option("--route", default="", metavar="NAME", help="The route to shrink, as in --list.")
@click.option("--hermitian", is_flag=True, help="Shrink among Hermitian matrices.")
@click.option("--forward", is_flag=True, help="Shrink for forward mode.")
@click.option(
    "--dtype",
    type=click.Choice(list(formats.REAL)),
    default="float64",
    show_default=True,
    help="Floating-point type to shrink in.",
)
@SCALE
@click.option(
    "--report",
    "reported",
    default="",
    metavar="NAME",
    help="Print a report of one finding, for its framework's maintainers.",
)
@TIMEOUT
@QUIET
@DEBUG
@click.pass_obj
def findings(
    session: Session,
    /,
    functions: tuple[str, ...],
    asked: tuple[str, ...],
    output: Path | None,
    shrink: bool,
    route: str,
    hermitian: bool,
    forward: bool,
    dtype: str,
    scales: tuple[str, ...],
    reported: str,
    timeout: float,
    quiet: bool,
    debug: bool,
) -> int:
    """Put every known finding, a wrong gradient of a released framework, to its framework again.

    They are listed by class: a wrong formula, a wrong value, lost digits (half or more), NaN, and
    what the documentation excludes or warns of.

    With --report, one of them as an issue for its framework's maintainers.

    Exit status: 0 if each is still wrong, 1 if one is not any more.  With --shrink: 1 if a small
    matrix of integers was found at which the route is wrong, 0 if none.
    """
    frameworks, missing = session.choose(asked)
    resources = Resources(frameworks=frameworks, timeout=timeout)
    choice = Choice(
        resources=resources,
        functions=functions,
        points=1,
        forward=forward,
        dtypes=(dtype,),
        scales=scales,
    )
    if reported:
        return show_report(session, choice, reported)
    if shrink:
        return show_smallest(session, choice, route, hermitian)
    if functions or route or hermitian or forward or scales or dtype != "float64":
        raise InputError(
            "a function and --route, --hermitian, --forward, --dtype and --scale are for --shrink"
        )
    known = [f for f in read_known() if not asked or f.framework in asked]
    used = {f.framework for f in known}
    resources = structs.replace(resources, frameworks=[f for f in frameworks if f in used])
    hearing = Hearing(structs.replace(choice, resources=resources))
    if output:
        make_folder(output)
    if session.hear(hearing, plan.examined(known)):
        return INTERRUPTED
    document = report.make_findings(hearing, known)
    if output:
        kept = portable(document)
        page = report.to_markdown(kept).encode()
        write_together(output, {"findings.json": report.to_json(kept), "findings.md": page})
    console = terminal.make_console()
    if not quiet:
        report.show(console, document)
    console.print(report.closing_line(document), soft_wrap=True)
    if missing or hearing.worker_died:
        return MISSING
    return DISAGREES if any(examined.fails for examined in document.findings) else 0


def show_report(session: Session, choice: Choice, name: str) -> int:
    """Print one finding as its maintainers can use it; the exit status.

    Raises:
        InputError: no finding has that name.
    """
    known = {finding.id: finding for finding in read_known()}
    check_known("finding", name, known)
    finding = known[name]
    hearing = Hearing(choice)
    if session.hear(hearing, plan.reported(finding)):
        return INTERRUPTED
    (examined,) = examine(hearing, [finding])
    click.echo(issue.to_text(examined, hearing))
    if examined.version is None:
        return MISSING
    return DISAGREES if examined.fails else 0


def show_smallest(session: Session, choice: Choice, route: str, is_hermitian: bool) -> int:
    """Print the first small matrix at which one route of one framework is wrong."""
    if len(choice.resources.frameworks) != 1 or len(choice.functions) != 1 or not route:
        raise InputError("--shrink needs one FUNCTION, one -f FRAMEWORK and --route NAME")
    if len(choice.scales) > 1:
        raise InputError(f"--shrink looks in one unit, and --scale gives {len(choice.scales)}")

    hearing = Hearing(choice)
    small = plan.search(choice, session.known(), route, is_hermitian)
    if session.hear(hearing, small):
        return INTERRUPTED
    mode: Mode = "forward" if choice.forward else "reverse"
    tried = [v for v in hearing.verdicts() if v.mode == mode]
    if not tried:
        raise InputError(
            f"{choice.resources.frameworks[0]} has no route {route!r} there; see --list"
        )
    console = terminal.make_console()
    report.show_smallest(console, smallest(hearing, mode), len(tried))
    return DISAGREES if any(v.verdict == "disagrees" for v in tried) else 0
