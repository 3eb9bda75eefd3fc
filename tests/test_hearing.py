"""The hearing: what is put down of the workers' words, and what is judged of it, in which order."""

import numpy as np
import pytest
from msgspec import structs

from court import claims as module
from court.claims import claims
from court.experiment import Experiment
from court.hearing import Hearing
from court.records import (
    Answered,
    Choice,
    Demonstration,
    Excerpt,
    Finished,
    Identity,
    Started,
)
from tests.records import S, said, truth

CHOICE = Choice((), ["torch", "numpy"], None, (), 2, ("float64",), None, 0, None, 60.0)


def hearing(cases=(), references=(), reported=()):
    made = Hearing(CHOICE)
    made.cases, made.references = list(cases), list(references)
    for report in reported:
        made.note(report)
    return made


def test_what_is_said_is_put_down_where_it_belongs():
    made, reported = Hearing(CHOICE), said()
    excerpt = Excerpt("numpy", "linalg.eigh", "text")
    for event in (
        Started("numpy", "2.0", {}),
        reported,
        excerpt,
        Answered("numpy", 0),
        Started("torch", "2.4", {}),
        Finished("numpy"),
    ):
        made.note(event)
    assert [id(r) for r in made.reported] == [id(reported)]
    assert made.excerpts == [excerpt]
    assert made.versions == {"numpy": "2.0", "torch": "2.4"}
    assert (made.choice, made.cases, made.constants, made.references) == (CHOICE, [], [], [])
    assert (made.demonstration, made.judged) == (None, [])


PARTS = [("eigen", "float64"), ("sum", "float32"), ("eigen", "float64")]


def test_each_is_judged_in_the_order_of_cases_and_frameworks():
    asked = [(2, "numpy"), (1, "numpy"), (0, "numpy"), (1, "torch"), (0, "torch")]
    reported = [said(problem=k, framework=name, dtype=PARTS[k][1]) for k, name in asked]
    references = [truth(function=f"f{k}") for k in range(3)]
    made = hearing(PARTS, references, reported)
    made.judge()
    order = [(part, v.function, v.framework, v.dtype, v.verdict) for part, v in made.judged]
    assert order == [
        ("eigen", "f0", "torch", "float64", "agrees"),
        ("eigen", "f0", "numpy", "float64", "agrees"),
        ("sum", "f1", "torch", "float32", "agrees"),
        ("sum", "f1", "numpy", "float32", "agrees"),
        ("eigen", "f2", "numpy", "float64", "agrees"),
    ]
    assert [v.function for v in made.verdicts()] == ["f0", "f0", "f1", "f1", "f2"]
    assert [v.function for v in made.verdicts("sum")] == ["f1", "f1"]
    assert [v.function for v in made.verdicts("eigen")] == ["f0", "f0", "f2"]
    assert len(made.verdicts("sum", "eigen")) == 5
    assert made.verdicts("experiment") == []
    assert (made.numbers("eigen"), made.numbers("sum")) == ([0, 2], [1])


def test_what_no_reference_was_heard_of_is_not_judged():
    reported = [said(problem=k, framework="numpy") for k in range(3)]
    made = hearing(PARTS, [truth(function="f0"), truth(function="f1")], reported)
    made.judge()
    assert [v.function for v in made.verdicts()] == ["f0", "f1"]


def test_a_lost_worker_is_noted():
    lost = said(None, error="gone", worker_died=True)
    assert not hearing(reported=[said(), said(None, error="wrong")]).worker_died
    assert hearing(reported=[said(), lost, said()]).worker_died


IDENTITIES = [Identity("f", "G", "a", "0", True)]
EXCERPTS = [Excerpt("numpy", "linalg.eigh", "text")]


@pytest.fixture
def experiment(monkeypatch):
    """A hearing of the experiment at a matrix with two eigenvalues; claims gives its evidence."""
    monkeypatch.setattr(module.experiment, "settle", lambda evidence: evidence)
    cases = [("sum", "float64"), ("experiment", "float64"), ("experiment", "float64")]
    names = ("sum_entries", "eigenvalue[0]", "eigenvalue[1]")
    values = {"numpy": (7.0, 1.0, 2.0), "torch": (7.0, 1.5, 2.5)}
    reported = [
        said(problem=k, framework=name, route=f"{name}.eigh", value=values[name][k])
        for name in values
        for k in (2, 0, 1)
    ]
    made = hearing(cases, [truth(function=name) for name in names], reported)
    made.demonstration = Demonstration("h", [], IDENTITIES, [])
    made.excerpts = EXCERPTS
    made.judge()
    return made


def test_the_claims_are_settled_from_the_evidence(experiment):
    evidence = claims(experiment)
    assert isinstance(evidence, Experiment)
    assert evidence.references == experiment.references[1:]
    assert evidence.values == {
        ("numpy", "numpy.eigh"): [1.0, 2.0],
        ("torch", "torch.eigh"): [1.5, 2.5],
    }
    assert [(v.function, v.framework) for v in evidence.verdicts] == [
        ("eigenvalue[0]", "torch"),
        ("eigenvalue[0]", "numpy"),
    ]
    assert [(v.function, v.framework) for v in evidence.sums] == [
        ("sum_entries", "torch"),
        ("sum_entries", "numpy"),
    ]
    assert evidence.identities == IDENTITIES
    assert evidence.excerpts == EXCERPTS


def test_values_count_if_all_of_them_were_reported(experiment):
    lost = structs.replace(experiment.reported[0], error="wrong")
    experiment.reported = [lost, *experiment.reported[1:]]
    assert list(claims(experiment).values) == [("torch", "torch.eigh")]
    experiment.reported = experiment.reported[1:]
    assert list(claims(experiment).values) == [("torch", "torch.eigh")]


def test_there_are_no_claims_without_the_experiment_its_proof_or_all_that_is_true(experiment):
    cases, references, shown = experiment.cases, experiment.references, experiment.demonstration
    experiment.cases = [("sum", "float64")] * 3
    assert claims(experiment) == []
    experiment.cases, experiment.demonstration = cases, None
    assert claims(experiment) == []
    experiment.demonstration, experiment.references = shown, references[:2]
    assert claims(experiment) == []
    experiment.references = references
    assert claims(experiment) != []


def test_a_gradient_is_judged_by_the_case_that_it_answers():
    references = [truth(np.eye(2)), truth(S)]
    reported = [said(S, problem=k, framework="numpy") for k in range(2)]
    made = hearing(PARTS[:1] * 2, references, reported)
    made.judge()
    assert [v.verdict for v in made.verdicts()] == ["disagrees", "agrees"]
