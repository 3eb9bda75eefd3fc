"""What a command may ask of both witnesses: who is there, what is wrong, what is proved."""

import inspect
import sys

import numpy as np
import pytest

from symgrad import inquiry
from symgrad.court.errors import InputError
from symgrad.court.hearing import Hearing
from symgrad.court.questions import Started
from symgrad.numeric.pool import Pool, known_frameworks
from symgrad.studies.chosen.plan import hear
from symgrad.studies.disputes import cases as disputed
from symgrad.studies.disputes import plan as disputes
from symgrad.studies.experiment import rule as experiment
from symgrad.studies.findings import plan as findings
from symgrad.studies.findings.record import Finding
from symgrad.studies.history import cases as past
from symgrad.studies.history import plan as history
from symgrad.symbolic import shrinking
from symgrad.symbolic.catalogue import CATALOGUE
from symgrad.symbolic.parameterizations import PARAMETERIZATIONS
from tests.helpers import own_function
from tests.records import choice


@pytest.fixture
def installed(monkeypatch):
    """Only NumPy and JAX are installed, it seems."""
    monkeypatch.setattr(inquiry, "is_installed", lambda name: name in ("numpy", "jax"))


def test_who_is_chosen(installed):
    witnesses = inquiry.Witnesses([])
    assert witnesses.choose(()) == (["numpy", "jax"], [])
    assert witnesses.choose(("jax", "torch", "jax")) == (["jax"], ["torch"])
    assert witnesses.choose(("tensorflow", "torch")) == ([], ["tensorflow", "torch"])
    with pytest.raises(InputError) as wrong:
        witnesses.choose(("numpy", "torhc"))
    assert str(wrong.value) == "unknown framework 'torhc'; did you mean 'torch'?"


def test_former_versions_are_run_beside_the_others(installed):
    witnesses, former = inquiry.Witnesses([]), {"torch@1.0.1": "/python", "theano@1.0.5": "/other"}
    assert witnesses.choose((), former) == (["numpy", "jax", *former], [])
    assert witnesses.choose(("jax", "torch"), former) == (["jax", *former], ["torch"])
    assert witnesses.choose(("torch@1.0.1",), former) == ([*former], [])
    for name in ("torhc@1.0.1", "@1"):
        with pytest.raises(InputError, match="unknown framework"):
            witnesses.choose((), {name: "/python"})
    with pytest.raises(InputError) as wrong:
        witnesses.choose(("torch@1.0.2",), former)
    assert str(wrong.value) == (
        "torch@1.0.2: name the Python that runs it: --interpreter torch@1.0.2=PATH"
    )


def planted(**changes):
    """A finding that is none: the trace by NumPy is right."""
    fields = {
        "id": "planted",
        "framework": "numpy",
        "versions": ("1.0",),
        "function": "trace",
        "route": "np.trace",
        "matrix": "2 1; 1 3",
        "dtype": "float64",
        "kind": "wrong",
        "reason": "planted",
        "documentation": "planted",
        "script": "none.py",
        "certain": True,
        "in_atlas": "always",
    }
    return Finding(**(fields | changes))


def test_what_is_asked_is_heard_and_judged():
    hearing = Hearing(choice("trace"))
    assert hear(inquiry.Witnesses([]), hearing) is False
    assert [v.verdict for v in hearing.verdicts()] == ["agrees"]


def test_each_finding_has_a_label_of_its_own():
    known = [planted(), planted(id="other", function="det", route="np.linalg.det")]
    hearing = Hearing(choice())
    assert inquiry.Witnesses([]).hear(hearing, findings.examined(known)) is False
    assert [v.function for v in hearing.verdicts("known", label="planted")] == ["trace"]
    assert [v.function for v in hearing.verdicts(label="other")] == ["det"]
    assert hearing.verdicts("chosen", label="other") == []
    assert len(hearing.verdicts()) == 2


def test_what_is_examined_may_be_a_users_file(monkeypatch):
    asked = []
    monkeypatch.setattr(disputed, "examined", lambda *about: asked.append(about) or ["case"])
    plan = disputes.examined(choice(timeout=7.0), ["numpy"], ["one", "other"])
    assert plan.cases() == ["case", "case"]
    assert asked == [(item, ["numpy"], 7.0) for item in ("one", "other")]


def test_the_history_is_heard_at_the_matrix_of_the_experiment():
    chosen = choice()
    planned = history.history(chosen).cases()
    assert planned == past.history(chosen, experiment.matrix().tolist())
    (first, *_) = [case for case in planned if case.part == "experiment"]
    assert first.problem(0).matrix == experiment.matrix().tolist()


@pytest.mark.parametrize("is_hermitian", [False, True])
def test_a_search_is_for_one_route_alone(tmp_path, is_hermitian):
    about = (known_frameworks(), "np.linalg.det", is_hermitian)
    found = findings.search(choice("det"), *about).cases()
    assert found == shrinking.cases(choice("det"), *about)
    assert {case.route for case in found} == {"np.linalg.det"}
    assert {case.parameterization.blocks for case in found} == {1 + is_hermitian}
    unknown = findings.search(choice(own_function(tmp_path, "numppy")), *about)
    with pytest.raises(InputError, match="did you mean 'numpy'"):
        unknown.cases()


def test_theorems_are_proved_one_by_one(tmp_path):
    proofs = inquiry.Witnesses([]).prove(choice("trace"))
    assert not isinstance(proofs, list)
    found = list(proofs)
    assert found
    assert all(proof.holds for proof in found)
    assert any(proof.function == "trace" for proof in found)
    with pytest.raises(InputError, match="did you mean 'numpy'"):
        list(inquiry.Witnesses([]).prove(choice(own_function(tmp_path, "numppy"))))


def test_there_is_a_list_of_all_there_is(monkeypatch):
    made, init = [], Pool.__init__

    def noted(pool, *given, **options):
        made.append(inspect.signature(init).bind(pool, *given, **options).arguments)
        init(pool, *given, **options)

    monkeypatch.setattr(Pool, "__init__", noted)
    listing = inquiry.Witnesses([]).listing(["numpy"])
    (given,) = made
    assert (given["names"], given["timeout"], given["interpreters"]) == (["numpy"], 120, {})
    assert list(listing.functions) == list(CATALOGUE)
    det = CATALOGUE["det"]
    assert listing.functions["det"] == (det.formula, det.domain, det.citation)
    assert list(listing.parameterizations) == list(PARAMETERIZATIONS)
    for name, build in PARAMETERIZATIONS.items():
        assert listing.parameterizations[name] == build(4).formula
    assert list(listing.frameworks) == ["numpy"]
    numpy = listing.frameworks["numpy"]
    assert isinstance(numpy, Started)
    assert "np.linalg.slogdet" in numpy.routes["log_det"]
    assert len(made) == 1
    names = inquiry.Witnesses([]).names()
    assert len(made) == 1, "names are told without a worker"
    assert names.functions["det"] == det.formula
    assert names.parameterizations == listing.parameterizations
    assert list(names.frameworks) == known_frameworks()


def test_a_version_of_its_own_is_in_the_list():
    name = f"numpy@{np.__version__}"
    listing = inquiry.Witnesses([]).listing([name], {name: sys.executable})
    assert list(listing.frameworks) == [name]
    assert "np.linalg.slogdet" in listing.frameworks[name].routes["log_det"]
    assert inquiry.Witnesses([]).listing([name], {name: "/nowhere"}).frameworks[name] is None
