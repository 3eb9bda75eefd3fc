"""``symgrad history``: former versions of the frameworks, run here or shown from the record."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Literal

import click
import platformdirs

from symgrad.commands.options import DEBUG, INTERPRETER, QUIET, SETTINGS, TIMEOUT
from symgrad.commands.session import DISAGREES, INTERRUPTED, MISSING, Session
from symgrad.court.errors import InputError
from symgrad.court.former import recorded
from symgrad.court.former.gathered import Gathered
from symgrad.court.former.recorded import Findings, Record
from symgrad.court.hearing import Hearing
from symgrad.court.questions import Choice, Resources
from symgrad.report import terminal
from symgrad.report.document import TOOLKIT, make_folder, today, write_together
from symgrad.studies.atlas.kept import DOCS, read_atlas
from symgrad.studies.findings import plan as findings
from symgrad.studies.findings.record import read_known
from symgrad.studies.history import changes, changes_page, plan
from symgrad.studies.history import page as report
from symgrad.studies.history.findings import former_findings, outcomes
from symgrad.studies.history.record import History
from symgrad.studies.watch import record as watch_record


@click.command(
    "history",
    context_settings=SETTINGS,
    short_help="Former versions: PyTorch 1.0.1, TensorFlow 1.14.0 and others.",
)
@click.option(
    "--framework",
    "-f",
    "asked",
    multiple=True,
    metavar="NAME[@VERSION]",
    help="This framework in all versions, or this version alone (repeatable).  Default: all.",
)
@INTERPRETER
@click.option(
    "--python",
    type=click.Path(path_type=Path),
    metavar="PATH",
    help="The Python to build environments with.  Default: one found on the PATH.",
)
@click.option(
    "--environments",
    "folder",
    type=click.Path(file_okay=False, path_type=Path),
    default=lambda: platformdirs.user_data_path("symgrad", appauthor=False) / "former",
    show_default="the user's data folder",
    help="Folder of the environments of former versions.",
)
@click.option("--no-build", "building", flag_value="none", help="Build no environment.")
@click.option(
    "--build-all",
    "building",
    flag_value="all",
    help="Build all environments, not only those that the experiment is about.",
)
@click.option(
    "--record",
    "recording",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Write the record to FILE, with what was measured now in the place of what was before.",
)
@click.option(
    "--output",
    type=click.Path(file_okay=False, path_type=Path),
    help="Folder for history.json and history.md.",
)
@click.option(
    "--changes",
    "changed",
    is_flag=True,
    help="Run nothing: what changed in which version, by the records alone, as changes.json and "
    "changes.md in --output.",
)
@TIMEOUT
@QUIET
@DEBUG
@click.pass_obj
def history(
    session: Session,
    /,
    asked: tuple[str, ...],
    interpreters: dict[str, str],
    python: Path | None,
    folder: Path,
    building: Literal["none", "all"] | None,
    recording: Path | None,
    output: Path | None,
    changed: bool,
    timeout: float,
    quiet: bool,
    debug: bool,
) -> int:
    """The reference experiment in PyTorch 1.0.1, TensorFlow 1.14.0 and other former versions.

    Their environments are built where there is a Python that runs them.  A version that cannot be
    run here is shown as it was recorded, and its recorded answers are judged anew.

    Exit status: 0 all is as it was printed and recorded, 1 something is not, or is wrong and not on
    record as wrong, 2 bad input, 3 a version that was asked for is missing, an environment cannot
    be built, a worker died, or the output cannot be written, 130 interrupted.
    """
    record = recorded.read_record()
    if changed:
        if asked or interpreters or python or building or recording:
            raise InputError("--changes runs nothing: it takes --output, and nothing of versions")
        return tell_changes(session, record, output, timeout)
    asked = (*asked, *interpreters) if asked else ()
    known = [*interpreters, *(former.framework for former in record.versions)]
    installed, wanted, missing = session.choose_former(asked, known)
    if output:
        make_folder(output)
    gathered = session.gather(
        wanted,
        (*asked, *interpreters),
        interpreters,
        python,
        folder,
        building or "required",
        lambda text: None if quiet else click.echo(text, err=True),
    )
    frameworks = [*installed, *gathered.paths]
    resources = Resources(frameworks=frameworks, timeout=timeout, interpreters=gathered.paths)
    hearing = Hearing(Choice(resources=resources))
    if session.hear(hearing, plan.history(hearing.choice)):
        return INTERRUPTED
    lost = lines_of_the_lost(hearing, gathered)
    if recording:
        put = former_findings(read_known(), gathered.paths)
        second = Hearing(hearing.choice)
        if put and session.hear(second, findings.examined(put)):
            return INTERRUPTED
        record = keep(hearing, record, gathered, recording, outcomes(second, put))
    found = report.make_history(hearing, record, wanted, gathered, lost)
    if output:
        page = report.to_markdown(found).encode()
        write_together(output, {"history.json": report.to_json(found), "history.md": page})
    console = terminal.make_console()
    if not quiet:
        report.show(console, found)
        console.print()
    console.print(report.closing_line(found), soft_wrap=True)
    for line in (*found.failures, *(f"{name} is not installed" for name in missing)):
        click.echo(f"error: {line}", err=True)
    if missing or hearing.worker_died or found.failures:
        return MISSING
    return DISAGREES if disagrees(found) else 0


def tell_changes(session: Session, record: Record, output: Path | None, timeout: float) -> int:
    """Say what changed in which version; the exit status."""
    if output:
        make_folder(output)
    known = read_known()
    hearing = Hearing(Choice(resources=Resources(frameworks=[], timeout=timeout)))
    if session.hear(hearing, plan.history(hearing.choice)):
        return INTERRUPTED
    watched = watch_record.read(DOCS / watch_record.FILE, TOOLKIT).releases
    found = changes.make_changes(hearing, record, read_atlas(), watched, known)
    if output:
        page = changes_page.to_markdown(found).encode()
        write_together(output, {"changes.json": changes_page.to_json(found), "changes.md": page})
    terminal.make_console().print(changes_page.closing_line(found), soft_wrap=True)
    return 0


def keep(
    hearing: Hearing,
    record: Record,
    gathered: Gathered,
    file: Path,
    found: Mapping[str, Findings] = {},
) -> Record:
    """The record with the versions that were heard, written to a file."""
    heard = {n: origin for n, origin in gathered.origins.items() if hearing.heard(n)}
    if not heard:
        raise InputError("nothing to record: no former version was run")
    new = recorded.enter(record, hearing, heard, today(), found)
    write_together(file.parent, {file.name: recorded.to_json(new)})
    return new


def lines_of_the_lost(hearing: Hearing, gathered: Gathered) -> list[str]:
    """Why former versions that were to be run did not answer, once each."""
    lost = (r for r in hearing.reported if r.worker_died and r.framework in gathered.paths)
    return list(dict.fromkeys(_named(r.framework, r.error) for r in lost))


def _named(framework: str, error: str) -> str:
    return error if error.startswith(framework) else f"{framework}: {error}"


def disagrees(found: History) -> bool:
    """Whether something is not as it was printed or recorded, or is wrong and not known to be."""
    printed = all(reprint.same for reprint in found.matrices)
    return not (printed and found.check.holds and all(fault.known for fault in found.faults))
