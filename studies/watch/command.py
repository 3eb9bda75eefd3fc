"""``symgrad watch``: the newest releases of the frameworks, and what changed in them."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

import click
import platformdirs
from packaging.version import InvalidVersion, Version

from symgrad.commands.options import DEBUG, QUIET, SETTINGS, TIMEOUT, complete
from symgrad.commands.session import DISAGREES, INTERRUPTED, MISSING, Session
from symgrad.court.errors import check_known
from symgrad.court.former.releases import Built, Sought
from symgrad.court.names import name_of
from symgrad.court.questions import Choice, Resources
from symgrad.report import terminal
from symgrad.report.document import TOOLKIT, make_folder, today, write_together
from symgrad.studies.atlas.kept import read_atlas
from symgrad.studies.findings.record import read_known
from symgrad.studies.watch import asking
from symgrad.studies.watch import page as report
from symgrad.studies.watch import record as kept
from symgrad.studies.watch.changes import compare

SIZE = 3


def read_versions(
    context: click.Context, option: click.Parameter, given: tuple[str, ...]
) -> tuple[str, ...]:
    """The names as they are.

    Raises:
        BadParameter: one is not of the form NAME@VERSION.
    """
    for text in given:
        name, _, version = text.partition("@")
        try:
            is_release = name.isidentifier() and str(Version(version)) == version
        except InvalidVersion:
            is_release = False
        if not is_release:
            raise click.BadParameter(f"{text!r} is not NAME@VERSION, as jax@0.10.2")
    return given


@click.command(
    "watch",
    context_settings=SETTINGS,
    short_help="The newest releases: what changed since the last record.",
)
@click.option(
    "--framework",
    "-f",
    "asked",
    multiple=True,
    metavar="NAME",
    shell_complete=complete("frameworks"),
    help="The newest release of this framework (repeatable).  Default: of each, without --version.",
)
@click.option(
    "--version",
    "versions",
    multiple=True,
    callback=read_versions,
    metavar="NAME@VERSION",
    help="This release (repeatable), beside the newest ones of --framework, if that is given.",
)
@click.option("--pre", is_flag=True, help="The newest pre-releases too.")
@click.option(
    "--python",
    type=click.Path(path_type=Path),
    metavar="PATH",
    help="The Python to build with.  Default: one that is found and runs the newest release.",
)
@click.option(
    "--environments",
    type=click.Path(file_okay=False, path_type=Path),
    default=lambda: platformdirs.user_data_path("symgrad", appauthor=False) / "watch",
    show_default="the user's data folder",
    help="Folder of the environments of releases.",
)
@click.option(
    "--locks",
    type=click.Path(file_okay=False, path_type=Path),
    help="Folder of the lock files, one for each release.  Default: locks in --output.",
)
@click.option(
    "--offline",
    is_flag=True,
    help="Ask no package index and build nothing: the newest releases that are locked and built.",
)
@click.option(
    "--output",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path("watch"),
    show_default=True,
    help=f"Folder of the record, {kept.FILE}.",
)
@click.option(
    "--against",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    metavar="FILE",
    help="The atlas.json for what the record has not.  Default: docs/atlas.json, where it is.",
)
@click.option(
    "--issue",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Write what changed to FILE, as the text of an issue.",
)
@TIMEOUT
@QUIET
@DEBUG
@click.pass_obj
def watch(
    session: Session,
    /,
    asked: tuple[str, ...],
    versions: tuple[str, ...],
    pre: bool,
    python: Path | None,
    environments: Path,
    locks: Path | None,
    offline: bool,
    output: Path,
    against: Path | None,
    issue: Path | None,
    timeout: float,
    quiet: bool,
    debug: bool,
) -> int:
    """Ask the newest release of every framework, and say what changed since the last record.

    Each has an environment of its own, of the versions that pip resolves and a lock file keeps.
    What it answers is compared with its last record, or with that of the version before it, and
    kept.  A run that was interrupted goes on where it was.

    Exit status: 0 nothing changed, 1 something did, 2 bad input, 3 a release could not be resolved,
    built, or asked (the others are), or the output cannot be written, 130 interrupted.
    """
    for name in (*asked, *map(name_of, versions)):
        check_known("framework", name, session.known())
    before, atlas = kept.read(output / kept.FILE, TOOLKIT), read_atlas(against)
    for folder in (output, issue.parent) if issue else (output,):
        make_folder(folder)
    sought = Sought(
        frameworks=[*dict.fromkeys(asked)] or ([] if versions else session.known()),
        versions=[*dict.fromkeys(versions)],
        pre=pre,
        offline=offline,
        python=python,
        locks=locks or output / "locks",
        environments=environments,
    )
    found = session.releases(sought, lambda text: None if quiet else click.echo(text, err=True))
    choice = make_choice(found.releases, timeout, output / "watch.journal")
    known = read_known()
    heard = asking.ask(session, choice, found.releases, known)
    if heard is None:
        click.echo("interrupted: the same command goes on from where it was", err=True)
        return INTERRUPTED
    new, lost = heard
    failures = [*found.failures, *lost]
    records = [*before.releases, *kept.of_atlas(atlas, known)]
    compared = [compare(kept.last(release, records), release, known) for release in new]
    if issue:
        scripts = asking.illustrated(session, choice, compared, known)
        text = report.to_issue(compared, scripts, failures, today())
        write_together(issue.parent, {issue.name: text.encode()})
    console = terminal.make_console()
    if not quiet:
        report.show(console, compared)
        console.print()
    console.print(report.closing_line(compared, failures), soft_wrap=True)
    # last: what changed is told once, as the next run is compared with this record
    write_together(output, {kept.FILE: kept.to_json(kept.enter(before, new, TOOLKIT))})
    Path(choice.resources.journal).unlink(missing_ok=True)
    for line in failures:
        click.echo(f"error: {line}", err=True)
    if failures:
        return MISSING
    return DISAGREES if any(c.changes for c in compared) else 0


def make_choice(releases: Sequence[Built], timeout: float, journal: Path) -> Choice:
    """What is asked: the table of the atlas, of releases under interpreters of their own."""
    resources = Resources(
        frameworks=[release.name for release in releases],
        timeout=timeout,
        jobs=os.cpu_count() or 1,
        journal=str(journal),
        interpreters={release.name: release.path for release in releases},
    )
    return Choice(resources=resources, size=SIZE, points=1)
