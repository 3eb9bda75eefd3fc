"""``verify.py appendix``: a folder to attach to a paper, that a referee can check."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

import click
from msgspec import structs

from appendix.certificate import certify, seal
from appendix.document import Material, write
from appendix.formats import convert
from commands.options import DEBUG, FRAMEWORK, QUIET, SEED, SETTINGS, TIMEOUT
from commands.session import DISAGREES, INTERRUPTED, MISSING, Session
from court.errors import InputError
from court.hearing import Hearing
from court.records import Choice
from report.document import make_run

RECHECK = Path(__file__).parent.parent / "appendix" / "recheck.py"
README = """\
A proof appendix. The document is appendix.pdf (also as .html, .tex and, its source, .md).
`python recheck.py` checks it: hashes, enclosures, contractions and verdicts, with Python alone.
What it says of theorems checked by Rocq is in the `proofs` folder of symgrad: `make proofs`.
"""


@click.command(context_settings=SETTINGS)
@click.argument("functions", nargs=-1, metavar="[FUNCTION]...")
@FRAMEWORK
@click.option("--size", "-n", type=int, default=2, show_default=True, help="Rows of the matrices.")
@SEED
@TIMEOUT
@click.option(
    "--output",
    type=click.Path(path_type=Path),
    default=Path("appendix-of-proofs"),
    show_default=True,
    help="The folder to write, which must not be there yet.",
)
@click.option("--force", is_flag=True, help="Replace the folder if it is there.")
@QUIET
@DEBUG
@click.pass_obj
def appendix(
    session: Session,
    /,
    functions: tuple[str, ...],
    asked: tuple[str, ...],
    size: int,
    seed: int,
    timeout: float,
    output: Path,
    force: bool,
    quiet: bool,
    debug: bool,
) -> int:
    """A proof appendix: document, certificate, and a re-checker that needs Python alone.

    The theorems with their proofs, the 2×2 case, the reference experiment, and of each FUNCTION
    its theorem, its exact proof at --size and what every framework reports.

    Exit status: 0 all agree, 1 something disagrees, 2 bad input, 3 a framework that was asked for
    is missing or its worker died, 130 interrupted.
    """
    frameworks, missing = session.choose(asked)
    draft = _draft(output, force)
    try:
        main = Hearing(Choice((), frameworks, None, (), 2, ("float64",), None, seed, None, timeout))
        chosen = Choice(
            functions, frameworks, None, (), size, ("float64",), None, seed, None, timeout
        )
        own = Hearing(chosen) if functions else None
        if session.hear(main) or (own is not None and session.hear(own)):
            return INTERRUPTED
        if not main.verdicts() or (own is not None and not own.verdicts()):
            raise InputError("no route of these frameworks computes it: nothing to write about")
        run = make_run(main, [])
        environment = {**run.toolkit, **run.environment}
        environment["symgrad"] = environment.pop("version")
        environment.pop("name")
        asked_for = [structs.replace(main.choice, functions=("eigenvalue",))]
        asked_for += [structs.replace(chosen, dtypes=())] if functions else []
        found = (proof for choice in asked_for for proof in session.prove(choice))
        proofs = list({(p.function, p.size, p.remark): p for p in found}.values())
        told = session.listing([]).functions if functions else {}
        material = Material(main, own, proofs, told, run.claims, environment)
        files = convert(write(material))
        files |= {"recheck.py": RECHECK.read_bytes(), "README.md": README.encode()}
        command = ["appendix", *functions, *frameworks, f"--size={size}"]
        certificate = certify(material.hearings, environment, command, seed)
        files["certificate.json"] = seal(certificate, files)
        for name, content in files.items():
            (draft / name).write_bytes(content)
        if output.exists():
            shutil.rmtree(output)
        draft.chmod(0o755)
        draft.replace(output)
    finally:
        shutil.rmtree(draft, ignore_errors=True)
    verdicts = material.verdicts
    right = sum(v.verdict == "agrees" for v in verdicts)
    if not quiet:
        click.echo(f"{output}: {', '.join(sorted(files))}")
    click.echo(f"{len(verdicts)} gradients: {right} agree; check them: python {output}/recheck.py")
    if missing or main.worker_died or (own is not None and own.worker_died):
        return MISSING
    wrong = any(v.verdict in ("disagrees", "failed") for v in verdicts)
    return DISAGREES if wrong or not all(p.holds for p in proofs) else 0


def _draft(output: Path, force: bool) -> Path:
    """An empty folder beside the one to be written, so that nothing half-written is ever there.

    Raises:
        InputError: the folder is there already, or its parent cannot be written to.
    """
    if output.exists() and not (force and output.is_dir()):
        how = "--force replaces it" if output.is_dir() else "name a folder"
        raise InputError(f"--output {output}: it is there already; {how}")
    if output.exists() and any(output.iterdir()) and not (output / "certificate.json").is_file():
        raise InputError(f"--output {output}: it is no appendix, and is not replaced")
    try:
        return Path(tempfile.mkdtemp(prefix=f".{output.name}.", dir=output.resolve().parent))
    except OSError as error:
        raise InputError(f"--output {output}: cannot be written, {error.strerror}") from error
