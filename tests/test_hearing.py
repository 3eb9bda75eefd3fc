"""The hearing: what is put down of the workers' words, and what is judged of it, in which order."""

import numpy as np
import pytest

from symgrad.court import hearing as module
from symgrad.court.hearing import Hearing
from symgrad.court.judging.gauge import FLIPPED, UNDETERMINED
from symgrad.court.questions import Answered, Excerpt, Finished, Started
from tests.records import S, ball, choice, said, scenario, truth

CHOICE = choice(frameworks=["torch", "numpy"], points=None)


def hearing(cases=(), references=(), reported=()):
    made = Hearing(CHOICE)
    made.scenarios = [scenario(part, dtype) for part, dtype in cases]
    made.references = list(references)
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
    assert (made.choice, made.scenarios, made.references) == (CHOICE, [], [])
    assert (made.demonstration, made.judged) == (None, [])


OFF = S + 1e-9
NEAR = [S + 1e-9 * x for x in (0.3, -0.9, 0.5, 0.1, -0.7, 0.2)]
ERROR = {"error": "it raises now", "gradient": None}


def near(*answers):
    return [(None if G is None else said(gradient=G), truth()) for G in answers]


@pytest.mark.parametrize(
    ("again", "verdict"),
    [
        ([], "disagrees"),
        (near(OFF), "disagrees"),
        (near(OFF, *NEAR), "inaccurate"),
        (near(OFF, *[OFF] * 6), "disagrees"),
        (near(OFF, None, None, None, *NEAR[:3]), "inaccurate"),
        (near(OFF, None, None, None, None, *NEAR[:2]), "disagrees"),
        (near(S, *NEAR), "agrees"),
        (near(None, *NEAR), "inaccurate"),
        ([(said(**ERROR), truth())], "failed"),
        ([(said(**ERROR, declined=True), truth())], "refused"),
    ],
)
def test_what_seems_wrong_is_asked_again_and_judged_by_what_is_said_then(again, verdict):
    first, right = said(framework="torch", gradient=OFF), said(framework="numpy")
    made, asked = hearing(PARTS, [truth()], [first, right]), []

    def ask_near(reports):
        asked.extend(reports)
        return [module.confirm(first, again)]

    made.judge(ask_near)
    assert [id(report) for report in asked] == [id(first)]
    assert [v.verdict for v in made.verdicts()] == [verdict, "agrees"]
    assert made.reported[1] is right
    if verdict == "agrees":
        assert np.array_equal(made.reported[0].gradient, S)


def test_nothing_is_convicted_that_cannot_be_asked_again():
    reported = [said(framework="torch", gradient=OFF), said(framework="numpy")]
    made = hearing(PARTS, [truth()], reported)
    made.judge(lambda _: None)
    assert [v.verdict for v in made.verdicts()] == ["refused", "agrees"]
    assert made.judged[0].verdict.reason == module.NOT_ASKED_AGAIN


PARTS = [("2×2", "float64"), ("sum", "float32"), ("2×2", "float64")]


def test_each_is_judged_in_the_order_of_cases_and_frameworks():
    asked = [(2, "numpy"), (1, "numpy"), (0, "numpy"), (1, "torch"), (0, "torch")]
    reported = [said(problem=k, framework=name, dtype=PARTS[k][1]) for k, name in asked]
    references = [truth(function=f"f{k}") for k in range(3)]
    made = hearing(PARTS, references, reported)
    made.judge()
    order = [
        (asked.part, v.function, v.framework, v.dtype, v.verdict) for asked, _, v in made.judged
    ]
    assert order == [
        ("2×2", "f0", "torch", "float64", "agrees"),
        ("2×2", "f0", "numpy", "float64", "agrees"),
        ("sum", "f1", "torch", "float32", "agrees"),
        ("sum", "f1", "numpy", "float32", "agrees"),
        ("2×2", "f2", "numpy", "float64", "agrees"),
    ]
    assert [v.function for v in made.verdicts()] == ["f0", "f0", "f1", "f1", "f2"]
    assert [v.function for v in made.verdicts("sum")] == ["f1", "f1"]
    assert [v.function for v in made.verdicts("2×2")] == ["f0", "f0", "f2"]
    assert len(made.verdicts("sum", "2×2")) == 5
    assert made.verdicts("experiment") == []
    assert (made.numbers("2×2"), made.numbers("sum")) == ([0, 2], [1])


def test_what_no_reference_was_heard_of_is_not_judged():
    reported = [said(problem=k, framework="numpy") for k in range(3)]
    made = hearing(PARTS, [truth(function="f0"), truth(function="f1")], reported)
    made.judge()
    assert [v.function for v in made.verdicts()] == ["f0", "f1"]


def test_no_verdict_is_lost_unnoticed(monkeypatch):
    made = hearing(PARTS[:1], [truth()], [said(framework="numpy")])
    monkeypatch.setattr(module, "refuse_both_signs", lambda found: found[1:])
    with pytest.raises(ValueError, match="zip"):
        made.judge()


def test_a_lost_worker_is_noted():
    lost = said(None, error="gone", worker_died=True)
    assert not hearing(reported=[said(), said(None, error="wrong")]).worker_died
    assert hearing(reported=[said(), lost, said()]).worker_died


def test_a_gradient_is_judged_by_the_case_that_it_answers():
    references = [truth(np.eye(2)), truth(S)]
    reported = [said(S, problem=k, framework="numpy") for k in range(2)]
    made = hearing(PARTS[:1] * 2, references, reported)
    made.judge()
    assert [v.verdict for v in made.verdicts()] == ["disagrees", "agrees"]


def test_a_verdict_on_signs_rests_on_its_own_route():
    """One route has the one sign at a point, and the other one at another."""
    named = [truth(function=name, value=ball(4), turned=(ball(-4),)) for name in "fgf"]
    right, turned = {"value": 4.0}, {"value": -4.0, "gradient": -S}
    reported = [
        said(problem=k, framework="numpy", **signs)
        for k, signs in enumerate((right, turned, turned))
    ]
    made = hearing(PARTS, named, [*reported, said(problem=1, framework="torch", **right)])
    made.scenarios = [scenario(part) for part, _ in PARTS]
    made.judge()
    assert [(asked.part, v.function, v.verdict, v.reason) for asked, _, v in made.judged] == [
        ("2×2", "f", "refused", UNDETERMINED),
        ("sum", "g", "agrees", ""),
        ("sum", "g", "refused", FLIPPED),
        ("2×2", "f", "refused", FLIPPED),
    ]
