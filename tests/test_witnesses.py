"""What a command may ask of both witnesses: who is there, what is wrong, what is proved."""

import inspect
import sys

import numpy as np
import pytest

from symgrad import inquiry
from symgrad.court import experiment
from symgrad.court.errors import InputError
from symgrad.court.hearing import Hearing
from symgrad.court.known.findings import Finding
from symgrad.court.records import Started
from symgrad.numeric.pool import Pool, known_frameworks
from symgrad.symbolic import cases, shrinking
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
        "script": "findings/none.py",
        "certain": True,
        "in_atlas": "always",
    }
    return Finding(**(fields | changes))


def test_what_is_asked_is_heard_and_judged():
    hearing = Hearing(choice("trace"))
    assert inquiry.Witnesses([]).hear(hearing) is False
    assert [v.verdict for v in hearing.verdicts()] == ["agrees"]


def test_each_finding_has_a_label_of_its_own():
    known = [planted(), planted(id="other", function="det", route="np.linalg.det")]
    hearing = Hearing(choice())
    assert inquiry.Witnesses([]).examine(hearing, known) is False
    assert [v.function for v in hearing.verdicts("known", label="planted")] == ["trace"]
    assert [v.function for v in hearing.verdicts(label="other")] == ["det"]
    assert hearing.verdicts("chosen", label="other") == []
    assert len(hearing.verdicts()) == 2


def test_what_is_examined_may_be_a_users_file(monkeypatch):
    asked = []
    monkeypatch.setattr(cases, "examined", lambda *about: asked.append(about) or ["case"])
    monkeypatch.setattr(inquiry, "listen", lambda hearing, plan: plan.cases())
    hearing = Hearing(choice(timeout=7.0))
    assert inquiry.Witnesses([]).examine(hearing, ["one", "other"]) == ["case", "case"]
    assert asked == [(item, known_frameworks(), 7.0) for item in ("one", "other")]


def test_the_history_is_heard_at_the_matrix_of_the_experiment(monkeypatch):
    heard = []
    monkeypatch.setattr(inquiry, "listen", lambda *both: heard.append(both) or True)
    hearing = Hearing(choice())
    assert inquiry.Witnesses([]).revisit(hearing) is True
    ((same, plan),) = heard
    assert same is hearing
    planned = plan.cases()
    assert planned == cases.history(hearing.choice, experiment.matrix().tolist())
    (first, *_) = [case for case in planned if case.part == "experiment"]
    assert first.problem(0).matrix == experiment.matrix().tolist()


@pytest.mark.parametrize("is_hermitian", [False, True])
def test_a_search_is_for_one_route_alone(monkeypatch, tmp_path, is_hermitian):
    asked = []
    monkeypatch.setattr(inquiry, "listen", lambda *both: asked.append(both) or True)
    hearing, route = Hearing(choice("det")), "np.linalg.det"
    assert inquiry.Witnesses([]).search(hearing, route, is_hermitian) is True
    ((heard, plan),) = asked
    assert heard is hearing
    found = plan.cases()
    assert found == shrinking.cases(hearing.choice, known_frameworks(), route, is_hermitian)
    assert {case.route for case in found} == {route}
    assert {case.parameterization.blocks for case in found} == {1 + is_hermitian}
    unknown = (Hearing(choice(own_function(tmp_path, "numppy"))), route, is_hermitian)
    inquiry.Witnesses([]).search(*unknown)
    with pytest.raises(InputError, match="did you mean 'numpy'"):
        asked[-1][1].cases()


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
    assert list(listing.frameworks) == known_frameworks()
    numpy = listing.frameworks["numpy"]
    assert isinstance(numpy, Started)
    assert "np.linalg.slogdet" in numpy.routes["log_det"]
    assert [name for name, started in listing.frameworks.items() if started] == ["numpy"]


def test_a_version_of_its_own_is_in_the_list():
    name = f"numpy@{np.__version__}"
    listing = inquiry.Witnesses([]).listing([name], {name: sys.executable})
    assert list(listing.frameworks) == [*known_frameworks(), name]
    assert listing.frameworks["numpy"] is None
    assert "np.linalg.slogdet" in listing.frameworks[name].routes["log_det"]
    assert inquiry.Witnesses([]).listing([name], {name: "/nowhere"}).frameworks[name] is None
