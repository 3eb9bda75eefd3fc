"""Bad input, drawn at random: command lines, function files, and JSON that is read back.

``make fuzz`` draws for a minute, prints the seed and every input that broke something: a traceback,
an exception, a status that is none, a wrong gradient that agrees.  ``tests/test_fuzz.py`` has
hypothesis draw a few of each.
"""

from __future__ import annotations

import contextlib
import io
import os
import random
import sys
import tempfile
import time
import traceback
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import click
import msgspec

from lab.trial.documents import mutated, samples
from lab.trial.samples import BODIES, EXACT, HEADERS, LINES, ROUTES, SHIFTED, VALUES
from symgrad import cli
from symgrad.court.errors import InputError
from symgrad.numeric.journal import Journal
from symgrad.report import document
from symgrad.studies.appendix.recheck import checking
from symgrad.studies.atlas import page as atlas
from symgrad.studies.findings import page as findings
from symgrad.studies.findings import record as known

STATUSES = (0, 1, 2, 3, 130)
RECHECK: Callable[[str], int] = checking.main
"""It is plain Python, for referees, without types."""


class BrokenError(AssertionError):
    """An input did what no input may."""


class Outcome(NamedTuple):
    """What a command came to."""

    status: int
    out: str
    err: str


def call(arguments: Sequence[str]) -> Outcome:
    """Run a command line in this process, as a terminal with UTF-8 would show it."""
    pipes = [io.TextIOWrapper(io.BytesIO(), "utf-8", errors=e) for e in ("strict", "replace")]
    with contextlib.redirect_stdout(pipes[0]), contextlib.redirect_stderr(pipes[1]):
        status = cli.main(arguments)
    texts = []
    for pipe in pipes:
        pipe.flush()
        texts.append(pipe.buffer.getvalue().decode())
    return Outcome(status, *texts)


def check(outcome: Outcome) -> None:
    """Raise BrokenError unless it ended as a command may end."""
    if outcome.status not in STATUSES:
        raise BrokenError(f"the status is {outcome.status}")
    if "Traceback" in outcome.out + outcome.err:
        raise BrokenError("a traceback is shown")
    lines = outcome.err.splitlines()
    if outcome.status in (2, 3) and not outcome.out.strip() and len(lines) != 1:
        raise BrokenError(f"{len(lines)} lines are said of what is wrong")
    if any(not line.startswith(("error: ", "interrupted: ")) for line in lines):
        raise BrokenError(f"more is said than the error: {outcome.err!r:.500}")
    if "; --debug shows where" in outcome.err:
        raise BrokenError(f"nobody foresaw {outcome.err!r}")


# Command lines


def command_line(rng: random.Random, folder: Path) -> list[str]:
    """Words as a user might type them, or might not; by NumPy alone, and small."""
    right = rng.random() < 0.6
    groups = [[rng.choice(LINES["right"] if right else LINES["name"])]]
    for option in rng.choices(list(VALUES), k=rng.randint(0, 4)):
        value = rng.choice(VALUES[option] if rng.random() < 0.7 else LINES["value"])
        joined = option.startswith("--") and rng.random() < 0.5
        groups.append([f"{option}={value}"] if joined else [option, value])
    groups += [[word] for word in rng.choices(LINES["flag"], k=rng.randint(0, 2))]
    rng.shuffle(groups)
    words = [rng.choice(LINES["command"]), *(word for group in groups for word in group if word)]
    words = words if words[0] else words[1:]
    if words[:1] and words[0] in cli.PROGRAM.commands:
        words += ["-f", "numpy", f"--output={folder / 'out'}"]
    else:
        words = ["--framework", "numpy", *words]
    if not any(word in LINES["right"] for word in words):
        words.insert(1 if words[0] in cli.PROGRAM.commands else 2, "trace")  # all take minutes
    return [word.replace("FOLDER", str(folder)) for word in words]


def try_command_line(rng: random.Random, folder: Path) -> Any:
    """Run one; what was tried."""
    words = command_line(rng, folder)
    yield words
    check(call(words))


# Function files


class OwnFile(NamedTuple):
    """A function file, and whether a gradient of it may agree."""

    content: bytes
    is_right: bool


def own_file(rng: random.Random) -> OwnFile:
    """tr X² with a few things wrong in it, or none."""
    parts = dict(HEADERS)
    if rng.random() < 0.15:
        name = rng.choice(list(HEADERS))
        parts[name] = rng.choice(["", f"{name} = {rng.choice(BODIES)}"])
    exact_right = rng.random() < 0.5
    route_right = rng.random() < 0.5
    exact = "(X**2).trace()" if exact_right else rng.choice(EXACT)
    defined = rng.random() < 0.95  # if not, the value that the route returns defines f
    route = "return np.trace(X @ X), 2 * X" if route_right else rng.choice(ROUTES)
    text = "\n".join(
        [
            "import os, sys, sympy",
            "import numpy as np",
            *parts.values(),
            rng.choice(BODIES) if rng.random() < 0.15 else "",
            f"def exact(X):\n    return {exact}" if defined else "",
            f"def route(X):\n    {route}",
            rng.choice(["routes = {'numpy': {'route': route}}"] * 9 + ["routes = {'numpy': 1}"]),
        ]
    )
    content = text.encode()
    if rng.random() < 0.1:
        k = rng.randrange(len(content))
        content = content[:k] + rng.choice([b"\x00", b"\xff\xfe", b"(", b"@", b""]) + content[k:]
    own_right = route_right or route == SHIFTED
    return OwnFile(content, route_right and exact_right if defined else own_right)


def try_own_file(rng: random.Random, folder: Path) -> Any:
    """Run one; what was tried."""
    file = own_file(rng)
    yield file
    path = folder / "own.py"
    path.write_bytes(file.content)
    told = folder / "run.json"
    options = ["-f", "numpy", "--points", "1", "--timeout", "5", "--json", str(told)]
    outcome = call([str(path), *options, *rng.choice([[], [], ["-n", "1"], ["--prove"]])])
    check(outcome)
    if told.is_file():
        run = document.from_json(told.read_bytes())
        if not file.is_right and any(v.verdict == "agrees" for v in run.verdicts):
            raise BrokenError("what is wrong agrees")


# JSON that is read back


def read_journal(text: bytes, folder: Path) -> None:
    """Open a journal, and judge and write what it says."""
    path = folder / "some.journal"
    path.write_bytes(text)
    with Journal(path, "0") as journal:
        for reports in journal.recorded.values():
            for report in reports:
                msgspec.json.encode([report.route, report.dtype, report.value, report.reads])


def read_certificate(text: bytes, folder: Path) -> None:
    """Re-check a certificate: a status, and a last line."""
    (folder / "certificate.json").write_bytes(text)
    said = io.StringIO()
    with contextlib.redirect_stdout(said):
        status = RECHECK(str(folder))
    if status not in (0, 1) or not said.getvalue().strip():
        raise BrokenError(f"the status is {status}")


READERS: dict[str, Callable[[bytes, Path], object]] = {
    "run": lambda text, _: document.from_json(text),
    "atlas": lambda text, _: atlas.to_markdown(atlas.from_json(text)),
    "findings": lambda text, _: findings.to_markdown(findings.from_json(text)),
    "known": lambda text, _: known.read(text),
    "journal": read_journal,
    "certificate": read_certificate,
}


def read(kind: str, text: bytes, folder: Path) -> None:
    """Read a document of some kind, which may raise but what its reader promises."""
    with contextlib.suppress(msgspec.DecodeError, InputError):
        READERS[kind](text, folder)
    if (folder / "executed").exists():
        raise BrokenError("it was executed")


def try_json(rng: random.Random, folder: Path) -> Any:
    """Read one; what was tried."""
    kind = rng.choice(list(READERS))
    text = mutated(rng, samples()[kind], folder)
    yield kind, text
    read(kind, text, folder)


TRIALS = {"command line": try_command_line, "function file": try_own_file, "JSON": try_json}


def attempt(kind: str, rng: random.Random) -> tuple[Any, BaseException | None]:
    """Try one input of a kind, in a folder of its own that is gone again; it, and what it broke."""
    before = Path.cwd()
    with tempfile.TemporaryDirectory() as name:
        trial = TRIALS[kind](rng, Path(name))
        tried = next(trial)
        try:
            os.chdir(name)  # where the files go that a command line names
            next(trial, None)
        except BaseException as error:
            return tried, error
        finally:
            os.chdir(before)
        return tried, None


@click.command()
@click.option("--seconds", default=60.0, show_default=True, help="How long to go on.")
@click.option("--seed", type=int, help="Seed of all that is drawn. Default: another each time.")
@click.option("--kind", type=click.Choice(list(TRIALS)), multiple=True, help="Default: all.")
def main(seconds: float, seed: int | None, kind: tuple[str, ...]) -> None:
    """Draw inputs until time is up; status 1 if one broke something."""
    seed = int.from_bytes(os.urandom(4), "big") if seed is None else seed
    click.echo(f"--seed {seed}")
    end, count = time.monotonic() + seconds, dict.fromkeys(kind or TRIALS, 0)
    broken, seen = 0, set[str]()
    while time.monotonic() < end:
        for name in count:
            started = time.monotonic()
            number = f"{seed} {name} {count[name]}"
            tried, error = attempt(name, random.Random(number))
            count[name] += 1
            if error is not None:
                broken += 1
                where = traceback.format_tb(error.__traceback__)[-1]
                said = f"{type(error).__name__}: {error!s:.300}"
                if where + said not in seen:
                    click.echo(f"BROKEN {number}: {said}\n{where}  {tried!r:.2000}")
                seen.add(where + said)
            elif time.monotonic() - started > 30:
                click.echo(f"slow {number}: {time.monotonic() - started:.0f} s\n  {tried!r:.2000}")
    said = ", ".join(f"{n} of {name}" for name, n in count.items())
    click.echo(f"{said}: {broken} broke something")
    sys.exit(1 if broken else 0)


if __name__ == "__main__":
    main()
