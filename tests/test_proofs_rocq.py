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

OUTPUT = """a
     : forall n : nat,
       n = n
Closed under the global context
b
     : True
Axioms:
ClassicalDedekindReals.sig_not_dec : forall P : Prop, {~ ~ P} + {~ P}
FunctionalExtensionality.functional_extensionality_dep
  : forall (A : Type) (B : A -> Type) (f g : forall x : A, B x),
    (forall x : A, f x = g x) -> f = g
c
     : True
Closed under the global context
"""
REALS = [
    "ClassicalDedekindReals.sig_not_dec",
    "FunctionalExtensionality.functional_extensionality_dep",
]
FILE = """(* What is said first. *)
From Coq Require Import Reals.
From mathcomp.analysis Require Import Rstruct.
Local Open Scope R_scope.
Section Hypotheses.
Variable known : True.
(* Theorem hidden : False. (* nested *)
Proof. Admitted. *)
Theorem first x :
  x = x.
Proof. by []. Qed.
"""


def faults(axioms, file="contraction.v"):
    return check.find_faults([check.Checked("t", "x = x", file, axioms)])


def test_answers_are_read_by_theorem():
    answers = check.parse_answers(OUTPUT, ["a", "b", "c"])
    assert answers["a"] == ("forall n : nat, n = n", [])
    assert answers["b"] == ("True", REALS)
    assert answers["c"] == ("True", [])


@pytest.mark.parametrize("names", [["a", "b"], ["a", "b", "c", "d"], ["a", "c", "b"]])
def test_a_missing_answer_is_an_error(names):
    with pytest.raises(ValueError, match=f"answers about {len(names)} theorems"):
        check.parse_answers(OUTPUT, names)


def test_theorems_are_found_outside_comments():
    assert check.find_theorems(FILE) == ["first"]
    assert check.find_forbidden(FILE) == []


def test_the_questions_are_asked_in_the_notation_of_the_file():
    assert check.questions("hole", FILE, ["first"]).splitlines() == [
        "From Coq Require Import Reals.",
        "From mathcomp.analysis Require Import Rstruct.",
        "Local Open Scope R_scope.",
        "From Symgrad Require Import hole.",
        "Check @first.",
        "Print Assumptions first.",
    ]


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


def test_the_record_is_of_these_files_and_every_theorem_is_documented():
    record = json.loads((PROOFS / "theorems.json").read_text(encoding="utf-8"))
    assert record["files"] == check.digests(PROOFS)
    texts = {name: (PROOFS / name).read_text(encoding="utf-8") for name in record["files"]}
    names = [(t, name) for name, text in texts.items() for t in check.find_theorems(text)]
    assert [(row["theorem"], row["file"]) for row in record["theorems"]] == names
    readme = (PROOFS / "README.md").read_text(encoding="utf-8")
    assert [name for name, _ in names if f"`{name}`" not in readme] == []


def test_a_changed_file_has_another_digest(tmp_path):
    copy = shutil.copytree(PROOFS, tmp_path / "proofs", ignore=shutil.ignore_patterns("*.vo*"))
    with (copy / "branch.v").open("a", encoding="utf-8") as file:
        file.write("\n")
    before, after = check.digests(PROOFS), check.digests(copy)
    assert [name for name in before if before[name] != after[name]] == ["branch.v"]


needs_coq = pytest.mark.skipif(
    shutil.which("coqc") is None, reason="NO COQ HERE: THE PROOFS WERE NOT CHECKED (make proofs)"
)


@pytest.mark.slow
@needs_coq
def test_the_proofs_compile(tmp_path, capsys):
    copy = shutil.copytree(PROOFS, tmp_path / "proofs")
    table = tmp_path / "proofs.json"
    assert check.main(["--folder", str(copy), "--json", str(table)]) == 0
    record = json.loads(table.read_text(encoding="utf-8"))
    committed = json.loads((PROOFS / "theorems.json").read_text(encoding="utf-8"))
    assert record["theorems"] == committed["theorems"]
    assert record["files"] == committed["files"]
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
    (tmp_path / "_CoqProject").write_text("-Q . Symgrad\nhole.v\n")
    (tmp_path / "hole.v").write_text(theorem + "\n")
    assert check.main(["--folder", str(tmp_path)]) == 1
    assert said in capsys.readouterr().err
