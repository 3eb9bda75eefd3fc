"""The command without a name: judge what was chosen, or the main job."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click

from symgrad.commands.devices import choose_on
from symgrad.commands.options import (
    DEBUG,
    DEVICE,
    FRAMEWORK,
    INTERPRETER,
    MEMORY,
    QUIET,
    SCALE,
    SEED,
    SETTINGS,
    TIMEOUT,
    complete,
)
from symgrad.commands.session import BAD_INPUT, DISAGREES, INTERRUPTED, MISSING, Session
from symgrad.court import VERSION, formats
from symgrad.court.errors import InputError
from symgrad.court.hearing import Hearing
from symgrad.court.questions import Choice, Device, Resources
from symgrad.function_files import is_by_record
from symgrad.report import terminal
from symgrad.report.document import make_run
from symgrad.report.run import Run
from symgrad.studies.chosen import page
from symgrad.studies.chosen.aside import show_list, show_proofs
from symgrad.studies.chosen.files import Files
from symgrad.studies.chosen.plan import hear
from symgrad.studies.experiment.claims import claims


@click.command(context_settings=SETTINGS)
@click.argument(
    "functions",
    nargs=-1,
    metavar="[FUNCTION | FILE.py | FILE.py:CALLABLE]...",
    shell_complete=complete("functions"),
)
@FRAMEWORK
@INTERPRETER
@DEVICE
@click.option(
    "--parameterization",
    "-p",
    "parameterizations",
    multiple=True,
    metavar="NAME | FILE.py | FILE.py:CALLABLE",
    shell_complete=complete("parameterizations"),
    help="Structure of the matrix (repeatable): one of --list, or a file of your own that has X(θ) "
    "in SymPy; for a callable of a file also a callable that makes X(θ). Default: symmetric.",
)
@click.option(
    "--size", "-n", type=int, default=2, show_default=True, help="Rows of the matrix, to 2000."
)
@click.option(
    "--dtype",
    "dtypes",
    multiple=True,
    type=click.Choice(list(formats.REAL)),
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
@SCALE
@click.option(
    "--gradient",
    metavar="TEXT|FILE",
    help="A gradient of your own, by rows as in --matrix, to be judged; frameworks only by -f.",
)
@click.option(
    "--digits",
    type=click.IntRange(1, 17),
    help="Significant digits to which the entries of --gradient were rounded.",
)
@click.option(
    "--decimals", type=click.IntRange(0, 99), help="Or decimals to which they were rounded."
)
@TIMEOUT
@MEMORY
@click.option(
    "--forward",
    is_flag=True,
    help="Ask for forward mode too, along every symmetric direction, where a framework has it.",
)
@click.option(
    "--execution",
    "executions",
    multiple=True,
    metavar="NAME",
    help="Ask for what is executed otherwise than by default too, as by jax.jit or torch.compile "
    "(repeatable; see --list), or all.",
)
@click.option(
    "--query",
    type=click.Choice(["gradient", "hvp", "vjp", "jvp", "jacobian"]),
    default="gradient",
    show_default=True,
    help="What to ask for: the Hessian along a direction in every way that a framework has (hvp), "
    "or of a matrix-valued function ⟨W, F(X)⟩ with several W, by reverse (vjp) or forward mode "
    "(jvp), or, of a callable of a file, by its Jacobian as a whole.",
)
@click.option(
    "--direction",
    metavar="TEXT",
    help="The direction E of --query hvp, symmetric, of integers: '1 0; 0 2'; "
    "by default E_ij = ((ij + i + j) mod 5) − 2, i and j from 0.",
)
@click.option(
    "--json",
    "path",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Write everything that was found as JSON (schema: report/schema.json).",
)
@click.option(
    "--html",
    "html_path",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Write it as a page to be read, too: one file that needs no network.",
)
@click.option(
    "--plot",
    "picture",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Draw the errors over their tolerances, against the units if --scale has several, as SVG "
    "(needs matplotlib).",
)
@click.option("--strict", is_flag=True, help="Exit status 1 for what is inaccurate, too.")
@click.option("--verbose", is_flag=True, help="Every gradient at every point in full.")
@click.option(
    "--section",
    "sections",
    multiple=True,
    type=click.Choice(page.SECTIONS),
    help="Of the main job this part in place of the answer (repeatable).",
)
@QUIET
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
    help="List the names there are; with names (FUNCTION, structure, framework) all about these.",
)
@DEBUG
@click.version_option(VERSION, prog_name="symgrad")
@click.pass_obj
def judge(
    session: Session,
    /,
    functions: tuple[str, ...],
    asked: tuple[str, ...],
    interpreters: dict[str, str],
    matrix: str | None,
    gradient: str | None,
    path: Path | None,
    html_path: Path | None,
    picture: Path | None,
    strict: bool,
    verbose: bool,
    sections: tuple[str, ...],
    quiet: bool,
    timeout: float,
    memory: int | None,
    device: Device,
    proving: bool,
    listing: bool,
    debug: bool,
    **chosen: Any,
) -> int:
    """Who is right about the gradient of a function of a symmetric matrix?

    Without arguments: the eigenvalues of x = [[a, b], [b, c]], exactly and by every installed
    framework, the sum of the entries, and the reference experiment with its claims.  With names of
    functions (see --list), a file that defines one of your own, or a callable in a file, which is
    judged by what it executes (my_loss.py:loss): that, in the chosen structures,
    sizes and dtypes.

    Exit status: 0 something is right and nothing disagrees or fails, 1 something disagrees or a
    route fails (with --strict, or is inaccurate: right but for digits that rounding lost), 2 bad
    input (no such folder for the output, too) or nothing could be judged, 3 a framework or a device
    that was asked for is missing, a worker died, or the output cannot be written, 130 interrupted.
    """
    frameworks, missing = session.choose(asked, interpreters)
    is_asked = not (proving or listing or gradient is not None or any(map(is_by_record, functions)))
    if device != "cpu" and not is_asked:
        raise InputError(
            f"--device {device} is of functions that frameworks are asked for by name; a callable "
            "of a file computes where it puts its arrays"
        )
    frameworks = choose_on(session, frameworks, asked, device)
    if gradient is not None and not asked:
        frameworks = list(interpreters)
    if listing:
        chosen_frameworks = frameworks if asked or interpreters else None
        return show_list(session, functions, chosen_frameworks, interpreters)
    if gradient is None and (chosen["digits"], chosen["decimals"]) != (None, None):
        raise InputError("--digits and --decimals say how --gradient was printed; give that too")
    rows, own = read_matrix(matrix, "--matrix"), read_matrix(gradient, "--gradient")
    resources = Resources(
        frameworks=frameworks,
        timeout=timeout,
        memory=memory,
        interpreters=interpreters,
        device=device,
    )
    choice = Choice(resources=resources, functions=functions, matrix=rows, gradient=own, **chosen)
    if proving:
        return show_proofs(session, choice, quiet)
    if sections and not choice.is_main_job:
        raise InputError(f"--section {sections[0]} is a part of the main job; name no function")
    files = Files(path, html_path, picture, choice.scales)
    try:
        hearing = Hearing(choice)
        interrupted = hear(session, hearing)
        run = make_run(hearing, claims(hearing), session.arguments)
        notes = [f"{name} is not installed" for name in missing]
        notes += ["interrupted"] if interrupted else []
        notes += [] if run.verdicts or interrupted else ["no route of these frameworks computes it"]
        failure = files.write(hearing, run)
        tell(hearing, run, notes, None if quiet else verbose, sections)
    finally:
        files.discard()
    if failure:
        raise failure
    return INTERRUPTED if interrupted else exit_status(hearing, run, missing, strict)


def tell(
    hearing: Hearing,
    run: Run,
    notes: Sequence[str],
    verbose: bool | None,
    sections: Sequence[str],
) -> None:
    """Show what was found: in full if ``verbose``, the closing line alone if that is None."""
    console = terminal.make_console()
    if verbose is not None:
        page.show(console, hearing, run, verbose, sections)
    line = terminal.closing_line(run.verdicts, run.claims, "; ".join(notes))
    console.print(line, soft_wrap=True)


def exit_status(hearing: Hearing, run: Run, missing: Sequence[str], strict: bool = False) -> int:
    """0 all agree, 1 something disagrees, 2 nothing could be judged, 3 a framework was lost.

    What is inaccurate is right, but if ``strict``.
    """
    outcomes = {v.verdict for v in run.verdicts}
    if missing or hearing.worker_died:
        return MISSING
    if outcomes & {"disagrees", "failed"} or not all(i.holds for i in run.identities):
        return DISAGREES
    if strict and "inaccurate" in outcomes:
        return DISAGREES
    return 0 if outcomes & {"agrees", "inaccurate"} else BAD_INPUT


def read_matrix(text: str | None, option: str) -> str | None:
    """What an option gives for a matrix: rows as they stand, or the content of a file.

    Raises:
        InputError: it is neither.
    """
    if text is None or ";" in text or "\n" in text or not any(c.isalpha() for c in text):
        return text
    try:
        return Path(text).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "it is not a text file"
        raise InputError(f"{option} {text}: cannot be read as rows or as a file, {why}") from error
