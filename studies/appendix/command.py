"""``symgrad appendix``: a folder to attach to a paper, that a referee can check."""

from __future__ import annotations

import shlex
import shutil
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

import click
from msgspec import structs

from symgrad.commands.options import DEBUG, FRAMEWORK, QUIET, SEED, SETTINGS, TIMEOUT
from symgrad.commands.session import DISAGREES, INTERRUPTED, MISSING, Session
from symgrad.court.errors import InputError, OutputError
from symgrad.court.hearing import Hearing
from symgrad.court.names import family
from symgrad.court.questions import Choice, Resources
from symgrad.function_files import is_by_record
from symgrad.report.document import TOOLKIT, environment
from symgrad.studies.appendix.certificate import certify, seal
from symgrad.studies.appendix.document import Material, write
from symgrad.studies.appendix.formats import convert
from symgrad.studies.appendix.machine import proof_files
from symgrad.studies.chosen.plan import hear
from symgrad.studies.experiment.claims import claims

RECHECK = Path(__file__).with_name("recheck")
MOST_ROWS = 8
README = """\
A proof appendix. The document is appendix.pdf (also as .html, .tex and, its source, .md).
`python -m recheck`, run here, checks it: files, enclosures, verdicts, and the document's tables.
`python3 proofs/check.py`, with Coq, MathComp and Coquelicot, checks the theorems of Rocq anew.
To cite a theorem: \\cite[Theorem 1]{symgrad}, appendix.html#thm:contraction; in TeX, that takes in
appendix.tex, \\ref{thm:contraction}. What is cited is in references.bib, symgrad among it.
"""


@click.command(
    context_settings=SETTINGS,
    short_help="A proof appendix for a paper: document, certificate, re-checker.",
)
@click.argument("functions", nargs=-1, metavar="[FUNCTION | FILE.py | FILE.py:CALLABLE]...")
@FRAMEWORK
@click.option(
    "--parameterization",
    "-p",
    "structures",
    multiple=True,
    metavar="NAME",
    help="Structure of the matrices of each FUNCTION (repeatable). Default: symmetric.",
)
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
    structures: tuple[str, ...],
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
    its theorem, its exact proof at --size and what every framework reports. A FILE.py:CALLABLE is
    judged by what it executes: its enclosures are of that program, which the certificate has.

    Exit status: 0 all agree, 1 something disagrees, 2 bad input, 3 a framework that was asked for
    is missing, its worker died, or the folder cannot be written, 130 interrupted.
    """
    frameworks, missing = session.choose(asked)
    draft = _draft(output, force)
    try:
        resources = Resources(frameworks=frameworks, timeout=timeout)
        asked_for = Choice(resources=resources, seed=seed)
        main = Hearing(asked_for)
        chosen = structs.replace(asked_for, parameterizations=structures, size=size)
        own, traced = (
            Hearing(structs.replace(chosen, functions=names)) if names else None
            for names in _apart(functions, size)
        )
        if any(hear(session, hearing) for hearing in (main, own) if hearing is not None):
            return INTERRUPTED
        material = _gather(session, main, own)
        if traced is not None:  # in this process, so that no other is forked beside a framework
            if hear(session, traced):
                return INTERRUPTED
            material = _with_programs(material, traced)
        files = convert(write(material))
        files |= {f"recheck/{path.name}": path.read_bytes() for path in RECHECK.glob("*.py")}
        files |= {"README.md": README.encode()}
        files |= {f"proofs/{name}": content for name, content in proof_files().items()}
        options = [f"--parameterization={name}" for name in structures]
        options += [f"--size={size}", f"--seed={seed}"]
        command = ["appendix", *functions, *frameworks, *options]
        certificate = certify(material.hearings, material.environment, command, seed)
        files["certificate.json"] = seal(certificate, files)
        _put(files, draft, output)
    finally:
        shutil.rmtree(draft, ignore_errors=True)
    verdicts = material.verdicts
    right = sum(v.verdict == "agrees" for v in verdicts)
    if not quiet:
        click.echo(f"{output}: {', '.join(sorted(files))}")
    check = shlex.join(["python", str(output / RECHECK.name), str(output)])
    click.echo(f"{len(verdicts)} gradients: {right} agree; check them: {check}")
    if missing or any(hearing.worker_died for hearing in material.hearings):
        return MISSING
    wrong = any(v.verdict in ("disagrees", "failed") for v in verdicts)
    return DISAGREES if wrong or not all(p.holds for p in material.proofs) else 0


def _apart(functions: Sequence[str], size: int) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The functions that are asked of workers, and those that are judged by what they execute.

    Raises:
        InputError: there is no such file, or the matrices are larger than the re-checker takes.
    """
    traced = tuple(filter(is_by_record, functions))
    for path in (Path(name.rpartition(":")[0] or name) for name in traced):
        if not path.is_file():
            raise InputError(f"{path}: there is no such file")
    if traced and size > MOST_ROWS:
        raise InputError(f"size {size}: an appendix has callables for sizes 1 to {MOST_ROWS}")
    return tuple(name for name in functions if name not in traced), traced


def _with_programs(material: Material, traced: Hearing) -> Material:
    """What is told of recorded programs, too.

    Raises:
        InputError: a callable is not what its file defines it as.
    """
    for v in traced.verdicts():
        if v.is_said("definition"):
            raise InputError(f"{v.function}: {v.reason}")
    around = {**material.environment, **traced.versions}
    return structs.replace(material, traced=traced, environment=around)


def _gather(session: Session, main: Hearing, own: Hearing | None) -> Material:
    """What the document tells of: both hearings, and the proofs of what they are about.

    Raises:
        InputError: there is no gradient of it.
    """
    if not main.verdicts() or (own is not None and not own.verdicts()):
        raise InputError("no route of these frameworks computes it: nothing to write about")
    around = {**environment(main), TOOLKIT["name"]: TOOLKIT["version"], **_commit()}
    to_prove = [structs.replace(main.choice, functions=("eigenvalue",))]
    provable = _provable(own) if own is not None else ()
    if own is not None and provable:  # for every symmetric matrix, and so in every structure
        to_prove.append(structs.replace(own.choice, functions=provable, parameterizations=()))
    found = (proof for choice in to_prove for proof in session.prove(choice))
    proofs = list({(p.function, p.size, p.remark): p for p in found}.values())
    told = session.listing([]).functions if own is not None else {}
    return Material(main, own, proofs, told, claims(main), around)


def _provable(own: Hearing) -> tuple[str, ...]:
    """Of the functions that were asked for, those that are no matter of a gauge."""
    gauge = {r.function for r in own.references if r.refusal.startswith("gauge: ")}
    refused = gauge | {family(name) for name in gauge}
    return tuple(f for f in own.choice.functions if Path(f).name.removesuffix(".py") not in refused)


def _commit() -> dict[str, str]:
    """The commit that runs, if it is a clone's, and whether that has been altered."""
    root = Path(__file__).resolve().parents[2]
    git = shutil.which("git") if (root / ".git").exists() else None
    if git is None:
        return {}
    command = [
        git,
        "-C",
        str(root),
        "describe",
        "--always",
        "--dirty",
        "--abbrev=40",
        "--exclude=*",
    ]
    found = subprocess.run(command, capture_output=True, text=True, check=False)
    return {"commit": found.stdout.strip()} if found.returncode == 0 else {}


def _put(files: Mapping[str, bytes], draft: Path, output: Path) -> None:
    """Write the files to the draft, and put it where the output is to be.

    Raises:
        OutputError: there is no room, or what is there cannot be replaced.
    """
    try:
        for name, content in files.items():
            (draft / name).parent.mkdir(exist_ok=True)
            (draft / name).write_bytes(content)
        if output.exists():
            shutil.rmtree(output)
        draft.chmod(0o755)
        draft.replace(output)
    except OSError as error:
        raise OutputError(f"--output {output}: cannot be written, {error.strerror}") from error


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
