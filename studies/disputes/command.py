"""``symgrad disputes``: what people disagreed about in public, settled by checks that run."""

from __future__ import annotations

from pathlib import Path

import click

from symgrad.commands.options import DEBUG, FRAMEWORK, QUIET, SETTINGS, TIMEOUT
from symgrad.commands.session import DISAGREES, INTERRUPTED, MISSING, Session
from symgrad.court.hearing import Hearing
from symgrad.court.questions import Choice, Resources
from symgrad.report import terminal
from symgrad.report.document import make_folder, write_together
from symgrad.studies.disputes import page as report
from symgrad.studies.disputes import plan
from symgrad.studies.disputes.record import Asked, choose, read_known


@click.command(
    "disputes",
    context_settings=SETTINGS,
    short_help="What people argued about in public, settled.",
)
@click.argument("ids", nargs=-1, metavar="[ID]...")
@FRAMEWORK
@click.option(
    "--output",
    type=click.Path(file_okay=False, path_type=Path),
    help="Folder for disputes.json and disputes.md.",
)
@TIMEOUT
@QUIET
@DEBUG
@click.pass_obj
def disputes(
    session: Session,
    /,
    ids: tuple[str, ...],
    asked: tuple[str, ...],
    output: Path | None,
    timeout: float,
    quiet: bool,
    debug: bool,
) -> int:
    """Public threads in which a gradient was disputed: the question, the answer, the checks.

    An ID chooses one of them; without any, all are settled.  A framework that is not installed is
    not asked, and its checks are counted.

    Exit status: 0 if every check that ran came out as expected, 1 if one did not.
    """
    frameworks, missing = session.choose(asked)
    chosen = choose(read_known(), ids)
    checks = [check for dispute in chosen for check in dispute.checks]
    functions = tuple(sorted({check.file or check.function for check in checks}))
    used = {check.framework for check in checks if isinstance(check, Asked)}
    wanted = [name for name in frameworks if name in used]
    resources = Resources(frameworks=wanted, timeout=timeout)
    hearing = Hearing(Choice(resources=resources, functions=functions, points=1))
    if output:
        make_folder(output)
    if session.hear(hearing, plan.examined(hearing.choice, session.known(), chosen)):
        return INTERRUPTED
    document = report.make_disputes(hearing, chosen)
    if output:
        page = report.to_markdown(document).encode()
        write_together(output, {"disputes.json": report.to_json(document), "disputes.md": page})
    console = terminal.make_console()
    if not quiet:
        report.show(console, document)
    console.print(report.closing_line(document), soft_wrap=True)
    if missing or hearing.worker_died:
        return MISSING
    return DISAGREES if any(heard.status == "not settled" for heard in document.disputes) else 0
