"""Compile the proofs, and fail if a theorem rests on anything but what it may.

    python3 proofs/check.py [--json FILE]

The proofs over rings and fields must be closed under the global context, which means no axiom at
all; those over the reals may use the axioms by which Coq's standard library defines the reals.
The exit status is 0 if all is proved, 1 if something is not, 2 if Coq is not there.
"""

from __future__ import annotations

import argparse
import json
import re
import shutil
import subprocess
import sys
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
ALLOWED = {"two_by_two": REALS}
"""The allowed axioms of each file; the other files may use none."""
FORBIDDEN = (
    r"\b(?:Admitted|admit|give_up|Axioms?|Parameters?|Conjectures?|Admit\s+Obligations|bypass_check)\b"
    r"|Unset\s+(?:Guard|Positivity|Universe)\s+Checking"
)
"""What no file of proofs may contain."""
THEOREM = re.compile(r"^Theorem\s+(\w+)(.*?)\.\s*\nProof", re.MULTILINE | re.DOTALL)


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


def find_theorems(text: str) -> dict[str, str]:
    """The theorems of a file and their statements, on one line each."""
    found = THEOREM.findall(strip_comments(text))
    return {name: " ".join(statement.split()).lstrip(": ") for name, statement in found}


def find_forbidden(text: str) -> list[str]:
    """What a file contains that would leave a theorem unproved."""
    return re.findall(FORBIDDEN, strip_comments(text))


def parse_assumptions(output: str, names: list[str]) -> dict[str, list[str]]:
    """The axioms of each name, from the output of one ``Print Assumptions`` after another.

    Raises:
        ValueError: the output has another number of answers than there are names.
    """
    answers: list[list[str]] = []
    for line in output.splitlines():
        if line.startswith(("Closed under the global context", "Axioms:", "Section Variables:")):
            answers.append([])
        elif answers and (axiom := re.match(r"([A-Za-z_][\w.']*)\s*(?::|$)", line)):
            answers[-1].append(axiom.group(1))
    if len(answers) != len(names):
        raise ValueError(f"{len(answers)} answers about {len(names)} theorems:\n{output}")
    return dict(zip(names, answers, strict=True))


def find_faults(checked: list[Checked], listed: set[str]) -> list[str]:
    """What is wrong: an axiom that is not allowed, or a theorem that is not listed."""
    faults = []
    for one in checked:
        extra = sorted(set(one.axioms) - ALLOWED.get(Path(one.file).stem, set()))
        faults += [f"{one.file}: {one.theorem} assumes {axiom}" for axiom in extra]
        if one.theorem not in listed:
            faults.append(f"{one.file}: {one.theorem} is not in assumptions.v")
    return faults


def listed_theorems(text: str) -> list[str]:
    """The names that a file asks ``Print Assumptions`` about, in order."""
    return re.findall(r"^Print Assumptions (\w+)\.", strip_comments(text), re.MULTILINE)


def read_project(folder: Path) -> tuple[list[str], list[str]]:
    """The options and the files of ``_CoqProject``, the latter in the order of compilation."""
    words = (folder / "_CoqProject").read_text(encoding="utf-8").split()
    files = [word for word in words if word.endswith(".v")]
    options = [word for word in words if word not in files and word != "-arg"]
    return options, files


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
    output = ""
    for name in files:
        run = subprocess.run(
            [coqc, "-q", *options, name], cwd=folder, capture_output=True, text=True, timeout=900
        )
        if run.returncode:
            return [], [*faults, f"{name} does not compile:\n{run.stdout}{run.stderr}".rstrip()]
        output = run.stdout
    names = listed_theorems(texts[files[-1]])
    axioms = parse_assumptions(output, names)
    checked = [
        Checked(theorem, statement, name, axioms.get(theorem, []))
        for name in files[:-1]
        for theorem, statement in find_theorems(texts[name]).items()
    ]
    known = {one.theorem for one in checked}
    faults += [
        f"{name} is in assumptions.v, but is no theorem" for name in names if name not in known
    ]
    return checked, faults + find_faults(checked, set(names))


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
        rows = [asdict(one) for one in checked]
        chosen.json.write_text(
            json.dumps(rows, ensure_ascii=False, indent=1) + "\n", encoding="utf-8"
        )
    if not faults:
        print(f"{len(checked)} theorems proved, nothing admitted.")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
