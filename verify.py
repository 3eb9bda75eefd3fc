"""Who is right about the gradient of a function of a symmetric matrix?  The command line.

This is the only file that sees both witnesses: ``symbolic`` (what is true) and ``numeric`` (what
the frameworks say).  It puts the same problems to both, hands their records to ``court``, and the
verdicts to ``report``.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from rich.progress import (
    BarColumn,
    Progress,
    SpinnerColumn,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)

from court import VERSION, experiment
from court.errors import InputError, check_known
from court.hearing import Hearing
from court.records import Answered, Choice, Event, Run, Started
from numeric.journal import Journal, fingerprint, installed_versions
from numeric.pool import Pool, is_installed, known_frameworks
from report import atlas as atlas_table
from report import listing, page, proofs, terminal
from report.document import Output, json_pieces, make_atlas, make_run

if TYPE_CHECKING:
    from symbolic.cases import Case
    from symbolic.large_cases import LargeCase

DISAGREES, BAD_INPUT, MISSING, INTERRUPTED = 1, 2, 3, 130
DOCUMENTED = (
    ("torch", "linalg.eigh"),
    ("tensorflow", "linalg.eigh"),
    ("tensorflow", "linalg.eigvalsh"),
    ("jax", "linalg.eigh"),
)
"""The public calls whose docstrings the claims C8 and C10 are about."""


def hear(hearing: Hearing, progress: Progress) -> None:
    """Put the cases to both witnesses at once; what is finished is kept if it is cut short."""
    choice = hearing.choice
    with progress, ExitStack() as stack:
        task = progress.add_task(f"importing {', '.join(choice.frameworks)}", total=None)
        planned = plan(choice) if choice.journal else ()
        journal = None
        if planned:
            problems = [case.problem(number) for number, case in enumerate(planned)]
            known_by = fingerprint(problems, installed_versions(), choice.files)
            journal = stack.enter_context(Journal(Path(choice.journal), known_by))
        pool = stack.enter_context(
            Pool(
                choice.frameworks,
                choice.timeout,
                choice.files,
                jobs=choice.jobs,
                journal=journal,
            )
        )
        cases = planned or plan(choice)
        hearing.cases = [(case.part, case.reported_dtype) for case in cases]
        for number, case in enumerate(cases):
            pool.ask(case.problem(number))
        for framework, name in DOCUMENTED if choice.is_main_job else ():
            pool.look_up(framework, name)
        pool.close()
        if choice.is_main_job:
            from symbolic.proofs.two_by_two import two_by_two

            hearing.demonstration = two_by_two()
        total = len(cases) * (1 + len(choice.frameworks))
        progress.update(task, total=total if choice.atlas else None)

        def note(event: Event) -> None:
            hearing.note(event)
            progress.update(task, advance=isinstance(event, Answered))

        for number, case in enumerate(cases, 1):
            told = f"exact derivatives {number}/{len(cases)}"
            progress.update(task, description=told, advance=1)
            hearing.references.append(case.reference())
            for event in pool.events(wait=False):
                note(event)
        for event in pool.events():
            note(event)
            progress.update(task, description=f"{len(hearing.reported)} gradients")


def plan(choice: Choice) -> Sequence[Case | LargeCase]:
    """The cases that the user's choice means."""
    from symbolic import cases  # SymPy is imported while the workers import their frameworks

    if choice.atlas:
        return cases.atlas(choice)
    if choice.is_main_job:
        return cases.main_job(choice, experiment.matrix().tolist())
    return cases.chosen(choice, known_frameworks())


def exit_status(hearing: Hearing, run: Run, missing: Sequence[str]) -> int:
    """0 all agree, 1 something disagrees, 2 nothing could be judged, 3 a framework was lost."""
    outcomes = {v.verdict for v in run.verdicts}
    if missing or hearing.worker_died:
        return MISSING
    if outcomes & {"disagrees", "failed"} or not all(i.holds for i in run.identities):
        return DISAGREES
    return 0 if "agrees" in outcomes else BAD_INPUT


def choose_frameworks(asked: Sequence[str]) -> tuple[list[str], list[str]]:
    """The frameworks to run, and those that were asked for and are not installed.

    Raises:
        InputError: a framework is unknown.
    """
    for name in asked:
        check_known("framework", name, known_frameworks())
    wanted = list(dict.fromkeys(asked)) or known_frameworks()
    installed = [name for name in wanted if is_installed(name)]
    absent = [name for name in wanted if name not in installed]
    return installed, absent if asked else []


SETTINGS = {"help_option_names": ["-h", "--help"], "max_content_width": 100}
FRAMEWORK = click.option(
    "--framework",
    "-f",
    "asked",
    multiple=True,
    metavar="NAME",
    help="Ask this framework alone (repeatable). Default: all that are installed.",
)
SEED = click.option(
    "--seed", type=int, default=0, show_default=True, help="Seed of the drawn points."
)
TIMEOUT = click.option(
    "--timeout",
    type=click.FloatRange(min=0, min_open=True),
    default=120,
    show_default=True,
    help="Seconds of silence after which a worker is taken for hung.",
)
DEBUG = click.option("--debug", is_flag=True, help="Show the traceback of an error.")


@click.command(context_settings=SETTINGS)
@click.argument("functions", nargs=-1, metavar="[FUNCTION | FILE.py]...")
@FRAMEWORK
@click.option(
    "--parameterization",
    "-p",
    "parameterizations",
    multiple=True,
    metavar="NAME",
    help="Structure of the matrix (repeatable). Default: symmetric.",
)
@click.option(
    "--size", "-n", type=int, default=2, show_default=True, help="Rows of the matrix, to 2000."
)
@click.option(
    "--dtype",
    "dtypes",
    multiple=True,
    type=click.Choice(["float64", "float32", "float16", "bfloat16"]),
    default=["float64"],
    show_default=True,
    help="Floating-point type (repeatable).",
)
@click.option(
    "--points",
    type=click.IntRange(1, 1000),
    help="How many points to draw in the function's domain.  Default: 3, above size 100 one.",
)
@SEED
@click.option("--point", metavar="TEXT", help="One point instead: 'a=2, b=1/3, c=0.5', kept exact.")
@click.option(
    "--matrix",
    metavar="TEXT|FILE",
    help="One symmetric matrix instead: '2 1; 1 3', or a text file with its rows.",
)
@TIMEOUT
@click.option(
    "--forward",
    is_flag=True,
    help="Ask for forward mode too, along every symmetric direction, where a framework has it.",
)
@click.option(
    "--json",
    "path",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Write everything that was found as JSON (schema: report/schema.json).",
)
@click.option("--verbose", is_flag=True, help="Every gradient at every point in full.")
@click.option("--quiet", is_flag=True, help="The closing line alone.")
@click.option(
    "--prove",
    "proving",
    is_flag=True,
    help="Prove the chosen functions for all parameters, at --size, and ask no framework.",
)
@click.option(
    "--list",
    "listing",
    is_flag=True,
    help="List functions, parameterizations, frameworks and their routes.",
)
@DEBUG
@click.version_option(VERSION, prog_name="symgrad")
@click.pass_obj
def cli(
    arguments: list[str],
    /,
    functions: tuple[str, ...],
    asked: tuple[str, ...],
    matrix: str | None,
    path: Path | None,
    verbose: bool,
    quiet: bool,
    proving: bool,
    listing: bool,
    debug: bool,
    **chosen: Any,
) -> int:
    """Who is right about the gradient of a function of a symmetric matrix?

    Without arguments: the eigenvalues of x = [[a, b], [b, c]], exactly and by every installed
    framework, the sum of the entries, and the reference experiment with its claims.  With names of
    functions (see --list), or a file that defines one of your own: that, in the chosen structures,
    sizes and dtypes.

    Exit status: 0 all agree, 1 something disagrees, 2 bad input, 3 a framework that was asked for
    is missing or its worker died, 130 interrupted.
    """
    frameworks, missing = choose_frameworks(asked)
    if listing:
        show_list(frameworks)
        return 0
    choice = Choice(functions, frameworks, read_matrix(matrix), **chosen)
    if proving:
        return show_proofs(choice, quiet)
    output = open_output(path)
    try:
        hearing = Hearing(choice)
        interrupted = listen(hearing)
        run = make_run(hearing, arguments)
        if output:
            output.write(json_pieces(run))
        console = terminal.make_console()
        if not quiet:
            page.show(console, hearing, run, verbose)
            console.print()
        notes = [f"{name} is not installed" for name in missing]
        notes += ["interrupted"] if interrupted else []
        notes += [] if run.verdicts or interrupted else ["no route of these frameworks computes it"]
        line = terminal.closing_line(run.verdicts, run.claims, "; ".join(notes))
        console.print(line, soft_wrap=True)
    finally:
        if output:
            output.discard()
    return INTERRUPTED if interrupted else exit_status(hearing, run, missing)


@click.command(context_settings=SETTINGS)
@click.argument("functions", nargs=-1, metavar="[FUNCTION]...")
@FRAMEWORK
@click.option("--size", "-n", type=int, default=3, show_default=True, help="Rows of the matrices.")
@SEED
@TIMEOUT
@click.option(
    "--jobs",
    type=click.IntRange(min=1),
    default=os.cpu_count() or 1,
    show_default="the number of cores",
    help="How many worker processes run at once.",
)
@click.option(
    "--output",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path("atlas"),
    show_default=True,
    help="Folder for atlas.json and atlas.md.",
)
@click.option("--quiet", is_flag=True, help="The closing line alone.")
@DEBUG
@click.pass_obj
def atlas(
    arguments: list[str],
    /,
    functions: tuple[str, ...],
    asked: tuple[str, ...],
    size: int,
    seed: int,
    timeout: float,
    jobs: int,
    output: Path,
    quiet: bool,
    debug: bool,
) -> int:
    """Every route of every installed framework: what it reads, and what its gradient is.

    One table, on the terminal, as JSON and as Markdown.  The exit status is that of a run.  One
    that was interrupted goes on where it was when it is started again with the same output.
    """
    frameworks, missing = choose_frameworks(asked)
    output.mkdir(parents=True, exist_ok=True)
    journal = output / "atlas.journal"
    chosen = (functions, frameworks, None, (), size, (), 1, seed, None, timeout)
    hearing = Hearing(Choice(*chosen, atlas=True, jobs=jobs, journal=str(journal)))
    if listen(hearing):
        click.echo(f"interrupted: the same command goes on from {journal}", err=True)
        return INTERRUPTED
    journal.unlink()
    found = make_atlas(hearing)
    for name, content in {
        "atlas.json": atlas_table.to_json(found),
        "atlas.md": atlas_table.to_markdown(found).encode(),
    }.items():
        Output(output / name).write([content])
    console = terminal.make_console()
    if not quiet:
        atlas_table.show(console, found)
    console.print(atlas_table.closing_line(found.rows), soft_wrap=True)
    return exit_status(hearing, make_run(hearing, arguments), missing)


COMMANDS = {"atlas": atlas}
"""The commands beside the one without a name, each a word that is no function."""


def read_matrix(text: str | None) -> str | None:
    """What ``--matrix`` gives: rows as they stand, or the content of a file.

    Raises:
        InputError: it is neither.
    """
    if text is None or ";" in text or "\n" in text or not any(c.isalpha() for c in text):
        return text
    try:
        return Path(text).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "it is not a text file"
        raise InputError(f"--matrix {text}: cannot be read as rows or as a file, {why}") from error


def show_proofs(choice: Choice, quiet: bool) -> int:
    """Prove what is chosen, a line each as it is proved; the exit status."""
    from symbolic.proofs.chosen import prove_chosen

    console = terminal.make_console()
    proved = []
    for proof in prove_chosen(choice, known_frameworks()):
        proved.append(proof)
        if not quiet:
            proofs.show_proof(console, proof)
    console.print(terminal.closing_line_of_proofs(proved), soft_wrap=True)
    return 0 if all(proof.holds for proof in proved) else DISAGREES


def listen(hearing: Hearing) -> bool:
    """Hear both witnesses and judge, with progress on a terminal; whether it was interrupted."""
    estimate = (BarColumn(), TimeRemainingColumn()) if hearing.choice.atlas else ()
    progress = Progress(
        SpinnerColumn(),
        TextColumn("{task.description}"),
        *estimate,
        TimeElapsedColumn(),
        console=terminal.make_console(stderr=True),
        transient=True,
        disable=not sys.stderr.isatty(),
    )
    interrupted = False
    try:
        hear(hearing, progress)
    except KeyboardInterrupt:
        interrupted = True
    hearing.judge()
    return interrupted


def open_output(path: Path | None) -> Output | None:
    """The file that ``--json`` names, tried before any work is done."""
    try:
        return Output(path) if path else None
    except OSError as error:
        raise InputError(f"--json {path}: cannot be written, {error.strerror}") from error


def show_list(frameworks: Sequence[str]) -> None:
    """Functions, parameterizations, and each framework's routes."""
    from symbolic.catalogue import CATALOGUE
    from symbolic.parameterizations import PARAMETERIZATIONS

    console = terminal.make_console()
    with Pool(frameworks, 120) as pool:
        pool.close()
        started = {e.framework: e for e in pool.events() if isinstance(e, Started)}
    listing.show_list(
        console,
        {name: (f.formula, f.domain, f.citation) for name, f in CATALOGUE.items()},
        {name: build(4).formula for name, build in PARAMETERIZATIONS.items()},
        {name: started.get(name) for name in known_frameworks()},
    )


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; the exit status.  Errors are one line, unless ``--debug``."""
    arguments = list(sys.argv[1:] if arguments is None else arguments)
    try:
        command, name, rest = cli, "verify.py", arguments
        if arguments and arguments[0] in COMMANDS:
            command, name, rest = COMMANDS[arguments[0]], f"verify.py {arguments[0]}", arguments[1:]
        return int(command.main(rest, name, standalone_mode=False, obj=arguments) or 0)
    except click.exceptions.Abort:
        return INTERRUPTED
    except Exception as error:
        if "--debug" in arguments:
            raise
        text = error.format_message() if isinstance(error, click.ClickException) else str(error)
        if not isinstance(error, (click.ClickException, InputError, OSError)):
            text = f"{text} ({type(error).__name__}; --debug shows where)"
        click.echo(f"error: {' '.join(text.split())}", err=True)
        return BAD_INPUT


if __name__ == "__main__":
    sys.exit(main())
