"""What the claims of the experiment are settled from: this run, and the record."""

import pytest
from msgspec import structs

from symgrad.court.former.recorded import Answer, Former, Question, Record
from symgrad.court.hearing import Hearing
from symgrad.court.questions import Excerpt
from symgrad.court.references import Demonstration, Identity
from symgrad.studies.experiment import claims as module
from symgrad.studies.experiment.claims import claims
from symgrad.studies.experiment.rule import Experiment
from tests.records import S, choice, said, scenario, truth, unit

FORMER = "torch@1.0.1"
QUESTIONS = [Question(f"eigenvalue[{k}]", {}, "float64", unit(2).tolist()) for k in (0, 1)]
ANSWERS = [
    Answer(k, "old.eigh", 0.0, S.tolist(), "float64", "lower", "agrees", "symmetric")
    for k in (0, 1)
]


def former(framework, answers=ANSWERS):
    """What is on record of a version."""
    about = (framework.split("@")[1], "3.6", "Linux", "2026-01-01")
    return Former(framework, *about, {"old.eigh": f"{framework}: lower"}, answers)


RECORD = Record(QUESTIONS, [former(FORMER), former("theano@1.0.5")])
IDENTITIES = [Identity("f", "G", "a", "0", True)]
EXCERPTS = [Excerpt("numpy", "linalg.eigh", "text")]


@pytest.fixture
def experiment(monkeypatch):
    """A hearing of the experiment at a matrix with two eigenvalues; claims gives its evidence."""
    monkeypatch.setattr(module.recorded, "read_record", lambda: RECORD)
    monkeypatch.setattr(module.rule, "settle", lambda evidence: evidence)
    names = ("sum_entries", "eigenvalue[0]", "eigenvalue[1]")
    values = {"numpy": (7.0, 1.0, 2.0), "torch": (7.0, 1.5, 2.5)}
    reported = [
        said(problem=k, framework=name, route=f"{name}.eigh", value=values[name][k])
        for name in values
        for k in (2, 0, 1)
    ]
    made = Hearing(choice(frameworks=[*values, FORMER]))
    made.scenarios = [scenario(part) for part in ("sum", "experiment", "experiment")]
    made.references = [truth(function=name) for name in names]
    made.reported = reported
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
        ("eigenvalue[0]", "numpy"),
        ("eigenvalue[0]", "torch"),
    ]
    assert [(v.function, v.framework) for v in evidence.sums] == [
        ("sum_entries", "numpy"),
        ("sum_entries", "torch"),
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
    asked, references = experiment.scenarios, experiment.references
    shown = experiment.demonstration
    experiment.scenarios = [scenario("sum")] * 3
    assert claims(experiment) == []
    experiment.scenarios, experiment.demonstration = asked, None
    assert claims(experiment) == []
    experiment.demonstration, experiment.references = shown, references[:2]
    assert claims(experiment) == []
    experiment.references = references
    assert claims(experiment) != []


def test_what_was_not_run_is_recalled_of_the_first_eigenvalue(experiment):
    evidence = claims(experiment)
    assert [(v.function, v.framework, v.verdict) for v in evidence.recorded] == [
        ("eigenvalue[0]", FORMER, "agrees")
    ]
    assert evidence.recorded_excerpts == [
        Excerpt(name, "old.eigh", f"{name}: lower") for name in (FORMER, "theano@1.0.5")
    ]


def report_of(framework, **changes):
    """Reports of another framework on the whole of the experiment."""
    about = {"framework": framework, "route": "old.eigh"}
    return [said(problem=k, value=float(k), **(about | changes)) for k in range(3)]


def names(evidence):
    """Which frameworks each part of the evidence is of."""
    return (
        [framework for framework, _ in evidence.values],
        [v.framework for v in evidence.verdicts],
        [v.framework for v in evidence.sums],
        [v.framework for v in evidence.recorded],
        [x.framework for x in evidence.recorded_excerpts],
    )


def with_reports(hearing, framework, **changes):
    """The hearing with those reports too."""
    asked = hearing.choice.resources
    more = structs.replace(asked, frameworks=[*asked.frameworks, framework])
    hearing.choice = structs.replace(hearing.choice, resources=more)
    hearing.reported = [*hearing.reported, *report_of(framework, **changes)]
    hearing.judge()
    return hearing


def test_a_former_version_that_was_run_bears_on_the_claims(experiment):
    now = ["numpy", "torch"]
    experiment.versions[FORMER] = "1.0.1"
    heard = with_reports(experiment, FORMER)
    assert heard.heard(FORMER)
    both = [*now, FORMER]
    assert names(claims(heard)) == (both, both, both, [], ["theano@1.0.5"])


def test_a_former_version_that_was_lost_is_recalled_instead(experiment):
    now, on_record = ["numpy", "torch"], [FORMER, "theano@1.0.5"]
    silent = with_reports(experiment, FORMER)
    assert not silent.heard(FORMER)
    assert names(claims(silent)) == (now, now, now, [FORMER], on_record)
    silent.versions[FORMER] = "1.0.1"
    silent.reported[-1] = structs.replace(silent.reported[-1], error="lost", worker_died=True)
    assert not silent.heard(FORMER)
    assert names(claims(silent)) == (now, now, now, [FORMER], on_record)
    lost = silent.reported[-1]
    silent.reported[-1] = structs.replace(lost, crashed=True)  # it would be again
    assert silent.heard(FORMER)
    silent.reported[-1] = structs.replace(lost, framework="numpy")
    assert silent.heard(FORMER)
    assert not silent.heard("numpy")


def test_a_former_version_of_another_framework_bears_on_nothing(experiment):
    now = ["numpy", "torch"]
    experiment.versions["theano@1.0.5"] = "1.0.5"
    other = with_reports(experiment, "theano@1.0.5")
    assert names(claims(other)) == (now, now, now, [FORMER], [FORMER])
    newer = with_reports(experiment, "jax")
    assert "jax" in [framework for framework, _ in claims(newer).values]
