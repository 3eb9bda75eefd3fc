"""Compile the proofs, and fail if a theorem rests on anything but what it may.

    python3 proofs/check.py [--json FILE]

The proofs over rings and fields must be closed under the global context, which means no axiom at
all; those over the reals may use the axioms by which Coq's standard library defines the reals.
What a theorem says is what Coq's ``Check`` answers, hypotheses and all; the record in JSON names
the versions of Coq and its libraries and the SHA-256 of every file.
The exit status is 0 if all is proved, 1 if something is not, 2 if Coq is not there.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import re
import shutil
import subprocess
import sys
import tempfile
from dataclasses import asdict, dataclass
from pathlib import Path

HERE = Path(__file__).parent
REALS = {
    "ClassicalDedekindReals.sig_not_dec",
    "ClassicalDedekindReals.sig_forall_dec",
    "FunctionalExtensionality.functional_extensionality_dep",
    "Classical_Prop.classic",
}
"""The axioms of the standard library's reals."""
CHOICE = {"Epsilon.epsilon_statement"}
"""The axiom of choice by which MathComp Analysis makes the reals one of its fields."""
ALLOWED = {"two_by_two": REALS, "over_reals": REALS | CHOICE}
"""The allowed axioms of each file; the other files may use none."""
FORBIDDEN = (
    r"\b(?:Admitted|admit|give_up|Axioms?|Parameters?|Conjectures?|Admit\s+Obligations|bypass_check)\b"
    r"|Unset\s+(?:Guard|Positivity|Universe)\s+Checking"
)
"""What no file of proofs may contain."""
THEOREM = re.compile(r"^Theorem\s+(\w+)\b", re.MULTILINE)
PREAMBLE = re.compile(
    r"\s*((?:From|Import|Set|Unset|Local Open Scope)\b[^.]*(?:\.\w[^.]*)*\.)(?=\s)"
)
"""A sentence that says what the names of a file mean, and how they are written."""
PACKAGES = (
    "libcoq-mathcomp-algebra",
    "libcoq-mathcomp-algebra-tactics",
    "libcoq-mathcomp-analysis",
    "libcoq-coquelicot",
)
"""Debian's packages of the libraries."""


@dataclass(frozen=True)
class Checked:
    """A theorem: its name and statement, its file, and the axioms that it rests on."""

    theorem: str
    statement: str
    file: str
    axioms: list[str]


def strip_comments(text: str) -> str:
    """The text without its comments, which nest."""
    kept, depth, at = [], 0, 0
    for mark in re.finditer(r"\(\*|\*\)", text):
        if not depth:
            kept.append(text[at : mark.start()])
        depth = depth + 1 if mark.group() == "(*" else max(depth - 1, 0)
        at = mark.end()
    return "".join(kept) + ("" if depth else text[at:])


def find_theorems(text: str) -> list[str]:
    """The names of a file's theorems, in order."""
    return THEOREM.findall(strip_comments(text))


def find_forbidden(text: str) -> list[str]:
    """What a file contains that would leave a theorem unproved."""
    return re.findall(FORBIDDEN, strip_comments(text))


def questions(stem: str, text: str, names: list[str]) -> str:
    """What Coq is asked about the theorems of a file, in the notation of that file."""
    kept, at, bare = [], 0, strip_comments(text)
    while sentence := PREAMBLE.match(bare, at):
        kept.append(sentence.group(1))
        at = sentence.end()
    asked = [f"Check @{name}.\nPrint Assumptions {name}." for name in names]
    return "\n".join([*kept, f"From Symgrad Require Import {stem}.", *asked]) + "\n"


def parse_answers(output: str, names: list[str]) -> dict[str, tuple[str, list[str]]]:
    """The statement of each name, on one line, and the axioms that it rests on.

    Raises:
        ValueError: the output does not answer about each of the names in turn.
    """
    statements: list[list[str]] = []
    axioms: list[list[str]] = []
    for line in output.splitlines():
        due = len(axioms) == len(statements) < len(names)
        if due and line.strip() == names[len(statements)]:
            statements.append([])
        elif line.startswith(("Closed under the global context", "Axioms:", "Section Variables:")):
            axioms.append([])
        elif len(axioms) < len(statements):
            statements[-1].append(line.strip())
        elif axioms and (axiom := re.match(r"([A-Za-z_][\w.']*)\s*(?::|$)", line)):
            axioms[-1].append(axiom.group(1))
    if not len(statements) == len(axioms) == len(names):
        raise ValueError(f"{len(axioms)} answers about {len(names)} theorems:\n{output}")
    told = [" ".join(words).removeprefix(": ") for words in statements]
    return dict(zip(names, zip(told, axioms, strict=True), strict=True))


def find_faults(checked: list[Checked]) -> list[str]:
    """The axioms that are not allowed."""
    return [
        f"{one.file}: {one.theorem} assumes {axiom}"
        for one in checked
        for axiom in sorted(set(one.axioms) - ALLOWED.get(Path(one.file).stem, set()))
    ]


def read_project(folder: Path) -> tuple[list[str], list[str]]:
    """The options and the files of ``_CoqProject``, the latter in the order of compilation."""
    words = (folder / "_CoqProject").read_text(encoding="utf-8").split()
    files = [word for word in words if word.endswith(".v")]
    options = [word for word in words if word not in files and word != "-arg"]
    return options, files


def digests(folder: Path) -> dict[str, str]:
    """The SHA-256 of every file of ``_CoqProject``."""
    files = read_project(folder)[1]
    return {name: hashlib.sha256((folder / name).read_bytes()).hexdigest() for name in files}


def versions(coqc: str) -> dict[str, str]:
    """The versions of Coq and, where Debian's packages are installed, of its libraries."""
    told = subprocess.run([coqc, "--print-version"], capture_output=True, text=True, check=True)
    found = {"coq": told.stdout.split()[0]}
    if dpkg := shutil.which("dpkg-query"):
        form = "${Package} ${source:Upstream-Version}\n"
        asked = [dpkg, "--show", f"--showformat={form}", *PACKAGES]
        listed = subprocess.run(asked, capture_output=True, text=True, check=False).stdout
        found |= dict(line.split() for line in listed.splitlines())
    return found


def ask(folder: Path, coqc: str, options: list[str], name: str) -> list[Checked]:
    """The theorems of a compiled file.

    Raises:
        ValueError: Coq does not answer about each of them.
    """
    text = (folder / name).read_text(encoding="utf-8")
    names = find_theorems(text)
    with tempfile.TemporaryDirectory() as own:
        file = Path(own) / "questions.v"
        file.write_text(questions(Path(name).stem, text, names), encoding="utf-8")
        run = compile_file(folder, coqc, options, str(file))
    answers = parse_answers(run.stdout, names) if not run.returncode else None
    if answers is None:
        raise ValueError(f"{name} compiles, but not the questions:\n{run.stderr}".rstrip())
    return [Checked(theorem, told, name, axioms) for theorem, (told, axioms) in answers.items()]


def compile_file(
    folder: Path, coqc: str, options: list[str], name: str
) -> subprocess.CompletedProcess[str]:
    """One run of the compiler."""
    command = [coqc, "-q", *options, name]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=900)


def check(folder: Path, coqc: str) -> tuple[list[Checked], list[str]]:
    """Compile every file; all its theorems with their axioms, and what is wrong with them."""
    options, files = read_project(folder)
    texts = {name: (folder / name).read_text(encoding="utf-8") for name in files}
    faults = [f"{name}: {word}" for name in files for word in find_forbidden(texts[name])]
    faults += [
        f"{path.name} is not in _CoqProject"
        for path in sorted(folder.glob("*.v"))
        if path.name not in files
    ]
    checked: list[Checked] = []
    for name in files:
        run = compile_file(folder, coqc, options, name)
        if run.returncode:
            return [], [*faults, f"{name} does not compile:\n{run.stdout}{run.stderr}".rstrip()]
        checked += ask(folder, coqc, options, name)
    return checked, faults + find_faults(checked)


def main(arguments: list[str] | None = None) -> int:
    """The command line."""
    parser = argparse.ArgumentParser(description="Compile the proofs and check what they rest on.")
    parser.add_argument("--json", type=Path, help="write the theorems to this file")
    parser.add_argument("--folder", type=Path, default=HERE, help=argparse.SUPPRESS)
    chosen = parser.parse_args(arguments)
    coqc = shutil.which("coqc")
    if coqc is None:
        print("proofs: there is no coqc", file=sys.stderr)
        return 2
    checked, faults = check(chosen.folder, coqc)
    width = max((len(one.theorem) for one in checked), default=0)
    for one in checked:
        rests_on = ", ".join(axiom.split(".")[-1] for axiom in one.axioms) or "no axioms"
        print(f"{one.theorem:<{width}}  {one.file:<16} {rests_on}")
    for fault in faults:
        print(f"FAILED  {fault}", file=sys.stderr)
    if chosen.json and not faults:
        record = {
            "versions": versions(coqc),
            "files": digests(chosen.folder),
            "theorems": [asdict(one) for one in checked],
        }
        told = json.dumps(record, ensure_ascii=False, indent=1)
        chosen.json.write_text(told + "\n", encoding="utf-8")
    if not faults:
        print(f"{len(checked)} theorems proved, nothing admitted.")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
