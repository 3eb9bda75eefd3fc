"""The checker of the machine-checked proofs: on captured text, and on the proofs themselves."""

from __future__ import annotations

import importlib.util
import json
import shutil
import sys
from pathlib import Path

import pytest

PROOFS = Path(__file__).parent.parent / "proofs"
spec = importlib.util.spec_from_file_location("check_rocq", PROOFS / "check.py")
check = importlib.util.module_from_spec(spec)
sys.modules["check_rocq"] = check
spec.loader.exec_module(check)

OUTPUT = """Closed under the global context
Axioms:
ClassicalDedekindReals.sig_not_dec : forall P : Prop, {~ ~ P} + {~ P}
FunctionalExtensionality.functional_extensionality_dep
  : forall (A : Type) (B : A -> Type) (f g : forall x : A, B x),
    (forall x : A, f x = g x) -> f = g
Closed under the global context
"""
REALS = [
    "ClassicalDedekindReals.sig_not_dec",
    "FunctionalExtensionality.functional_extensionality_dep",
]
FILE = """(* Theorem hidden : False. (* nested *)
Proof. Admitted. *)
Theorem first x :
  x = x.
Proof. by []. Qed.
"""


def faults(axioms, file="contraction.v", listed=("t",)):
    return check.find_faults([check.Checked("t", "x = x", file, axioms)], set(listed))


def test_assumptions_are_read_by_theorem():
    assert check.parse_assumptions(OUTPUT, ["a", "b", "c"]) == {"a": [], "b": REALS, "c": []}


def test_a_missing_answer_is_an_error():
    with pytest.raises(ValueError, match="3 answers about 2 theorems"):
        check.parse_assumptions(OUTPUT, ["a", "b"])


def test_theorems_are_found_outside_comments():
    assert check.find_theorems(FILE) == {"first": "x : x = x"}
    assert check.find_forbidden(FILE) == []


@pytest.mark.parametrize(
    "line",
    [
        "Proof. Admitted.",
        "Axiom false : False.",
        "Parameter x : nat.",
        "Proof. admit. Qed.",
        "Unset Guard Checking.",
    ],
)
def test_what_leaves_a_hole_is_forbidden(line):
    assert check.find_forbidden(FILE + line)


def test_the_reals_may_use_their_axioms_and_the_rings_none():
    assert faults([]) == []
    assert faults(REALS, file="two_by_two.v") == []
    assert len(faults(REALS)) == 2
    assert faults(["Symgrad.two_by_two.cheat"], file="two_by_two.v")
    assert faults(["t"], file="two_by_two.v")  # an admitted theorem assumes itself


def test_a_theorem_that_nobody_asks_about_is_a_fault():
    assert faults([], listed=()) == ["contraction.v: t is not in assumptions.v"]


def test_every_theorem_is_listed_and_documented():
    _, files = check.read_project(PROOFS)
    texts = {name: (PROOFS / name).read_text(encoding="utf-8") for name in files}
    names = [theorem for name in files[:-1] for theorem in check.find_theorems(texts[name])]
    readme = (PROOFS / "README.md").read_text(encoding="utf-8")
    assert check.listed_theorems(texts["assumptions.v"]) == names
    assert [name for name in names if f"`{name}`" not in readme] == []


needs_coq = pytest.mark.skipif(
    shutil.which("coqc") is None, reason="NO COQ HERE: THE PROOFS WERE NOT CHECKED (make proofs)"
)


@pytest.mark.slow
@needs_coq
def test_the_proofs_compile(tmp_path, capsys):
    copy = shutil.copytree(PROOFS, tmp_path / "proofs")
    table = tmp_path / "proofs.json"
    assert check.main(["--folder", str(copy), "--json", str(table)]) == 0
    rows = json.loads(table.read_text(encoding="utf-8"))
    assert {"theorem", "statement", "file", "axioms"} == set(rows[0])
    assert rows == json.loads((PROOFS / "theorems.json").read_text(encoding="utf-8"))
    assert "nothing admitted" in capsys.readouterr().out


@pytest.mark.slow
@needs_coq
@pytest.mark.parametrize(
    ("theorem", "said"),
    [
        ("Theorem planted : 0 = 1.\nProof. Admitted.", "Admitted"),
        ("Axiom cheat : 0 = 1.\nTheorem planted : 0 = 1.\nProof. exact cheat. Qed.", "cheat"),
        # no forbidden word, yet an axiom: a variable outside a section
        ("Variable cheat : 0 = 1.\nTheorem planted : 0 = 1.\nProof. exact cheat. Qed.", "cheat"),
        ("Theorem planted : 0 = 1.\nProof. reflexivity. Qed.", "does not compile"),
    ],
)
def test_a_planted_hole_is_found(tmp_path, capsys, theorem, said):
    (tmp_path / "_CoqProject").write_text("-Q . Symgrad\nhole.v\nassumptions.v\n")
    (tmp_path / "hole.v").write_text(theorem + "\n")
    (tmp_path / "assumptions.v").write_text(
        "From Symgrad Require Import hole.\n\nPrint Assumptions planted.\n"
    )
    assert check.main(["--folder", str(tmp_path)]) == 1
    assert said in capsys.readouterr().err
