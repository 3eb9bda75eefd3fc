"""Versions between the first and today's: what they lack, what is shown of them, their pins."""

import json
import types

import numpy as np
import pytest

from lab import pins
from symgrad.court.former.recorded import enter, read, to_json
from symgrad.numeric import answers, calls, environments
from symgrad.numeric.environments import STAMP, Environment
from symgrad.numeric.former import ABSENT
from symgrad.numeric.framework import BaseFramework
from symgrad.studies.findings.record import read_known
from symgrad.studies.findings.rule import Answer, Examined
from symgrad.studies.history.findings import former_findings, outcome
from symgrad.studies.history.record import Known, Line, Step, Story, findings_since
from symgrad.studies.history.spans import lines_together, rows_of_findings, rows_of_stories
from tests.planted_history import EMPTY, ORIGINS, THEN, hearing, only

# --- what a version does not have


def test_a_call_that_is_not_there_has_no_routes():
    assert list(calls.calls({"np": np}, "np.linalg.norm", {}, {"ord": 2})) == [
        "np.linalg.norm",
        "np.linalg.norm(ord=2)",
    ]
    assert calls.calls({"np": np}, "np.linalg.no_such_call", {}) == {}


def test_a_route_is_offered_where_all_its_calls_are_there():
    named = {
        "np.linalg.inv(X).sum()": 1,
        "X @ X": 2,
        "u.no_such_call(X)": 3,
        "np.sum(X, axis=0)[0]": 4,
        "np.sum(np.linalg.no_such_call(X))": 5,
        "np.linalg.pinv(no_such_option=...)": 6,
    }
    assert list(calls.there(named, {"np": np, "u": 1.0})) == list(named)[:4]


def named_by_route():
    types.no_such_call()


def named_by_module():
    np.no_such_call()  # the __getattr__ of NumPy raises it


def option_of_route():
    calls.by({}, None, no_such_option=1)


def within_a_library():
    json.dumps([], cls=lambda skipkeys: None)


@pytest.mark.parametrize(
    ("route", "is_absent"),
    [
        (named_by_route, True),
        (named_by_module, True),
        (option_of_route, True),
        (within_a_library, False),
    ],
)
def test_what_a_route_names_may_be_absent_in_a_former_version_alone(route, is_absent, monkeypatch):
    with pytest.raises((AttributeError, TypeError)) as caught:
        route()
    monkeypatch.setattr(answers, "_is_the_frameworks", lambda error: True)
    framework = BaseFramework()
    assert not answers._declines(caught.value, framework)
    framework.absent = ABSENT
    assert answers._declines(caught.value, framework) == is_absent


# --- what is shown


def step(version, convention):
    return Step(f"torch@{version}", version, True, "agrees", convention, None)


def test_what_successive_versions_say_alike_is_said_once():
    stories = [
        Story("torch", "det", "a", [step(v, "lower") for v in ("1.9", "1.10", "1.8")]),
        Story("torch", "det", "b", [step("1.8", "upper"), step("1.10", "upper")]),
        Story("torch", "det", "c", [step("1.8", "upper"), step("1.9", "lower")]),
    ]
    assert rows_of_stories(stories) == [
        ["det", "a", "lower 1.8 … 1.10"],
        ["det", "b", "upper 1.8, upper 1.10"],
        ["det", "c", "upper 1.8, lower 1.9"],
    ]


def line(version, recorded=True, route="a", count=1):
    about = ("2×2", f"torch@{version}", version, recorded, route)
    return Line(*about, ["lower"], ["lower"], 0.5, {"agrees": count})


def test_lines_alike_are_one_and_what_was_measured_is_apart():
    lines = [line("1.8"), line("1.9"), line("1.10", recorded=False), line("1.11", count=2)]
    together = lines_together([*lines, line("1.9", route="b")])
    assert [[x.version for x in part] for part in together] == [
        ["1.8", "1.9"],
        ["1.10"],
        ["1.11"],
        ["1.9"],
    ]


def test_since_when_a_finding_is_so():
    known = [
        Known("a", "torch", {"torch@1.8": "absent", "torch@1.9": "right", "torch@2.0": "wrong"}),
        Known("b", "torch", {"torch@1.8": "wrong", "torch@1.9": "wrong", "torch@2.0": "wrong"}),
    ]
    assert rows_of_findings(known) == [["a", "right 1.9, wrong 2.0"], ["b", "wrong 1.8 … 2.0"]]


# --- the known findings


def test_a_finding_is_put_to_every_version_of_its_framework():
    known = read_known()
    asked = former_findings(known, ["torch@2.0.0", "torch@1.9.0", "theano@1.0.5"])
    of_torch = [f for f in known if f.framework == "torch"]
    assert len(asked) == 2 * len(of_torch)
    assert asked[0].framework == "torch@2.0.0"
    assert asked[0].versions == ("2.0.0",)
    assert len({f.id for f in asked}) == len(asked)


@pytest.mark.parametrize(
    ("status", "verdict", "came"),
    [
        ("still wrong", "disagrees", "wrong"),
        ("still wrong", "failed", "wrong"),
        ("wrong in another way", "disagrees", "wrong in another way"),
        ("passes unexpectedly", "agrees", "right"),
        ("passes this time", "agrees", "right"),
        ("refused unexpectedly", "refused", "refused"),
        ("refused unexpectedly", "failed", "fails"),
        ("refused unexpectedly", None, "absent"),
    ],
)
def test_what_came_of_a_finding(status, verdict, came):
    nothing = (None,) * 5
    answer = Answer("trace", "1", verdict, "", *nothing)
    assert outcome(Examined(read_known()[0], "1.0", status, answer)) == came


def test_what_came_of_findings_is_kept():
    heard = hearing(only(THEN, "torch@1.0.1"))
    finding = next(f for f in read_known() if f.framework == "torch")
    found = {"torch@1.0.1": {finding.id: "right"}}
    record = enter(EMPTY, heard, only(ORIGINS, "torch@1.0.1"), "2026-01-31", found)
    assert read(to_json(record)) == record
    (known,) = findings_since(record, read_known())
    (now,) = finding.versions
    assert known.versions == {"torch@1.0.1": "right", f"torch@{now}": "wrong"}
    without = enter(EMPTY, heard, only(ORIGINS, "torch@1.0.1"), "2026-01-31")
    assert findings_since(without, read_known()) == []


# --- one more version


@pytest.fixture
def kept(tmp_path, monkeypatch):
    """Pins of two versions, which stand for all."""
    pinned = [
        Environment("torch@1.0", "3.7", True, 100, ("torch==1.0",)),
        Environment("numpy@1.9", "3.7", False, 100, ("numpy==1.9",)),
    ]
    monkeypatch.setattr(pins, "PINS", tmp_path / "environments.json")
    monkeypatch.setattr(environments, "PINS", tmp_path / "environments.json")
    monkeypatch.setattr(environments, "environments", lambda: tuple(pinned))
    return tmp_path / "environments.json"


@pytest.mark.parametrize("is_last", [False, True])
def test_a_version_is_pinned_by_what_pip_took(kept, tmp_path, monkeypatch, is_last):
    asked = []

    def install(place, python, requirements):
        asked.append((python, requirements))
        place.mkdir()
        return ["scipy==1.2", "Torch_CPU==1.10", "numpy==1.9"]

    monkeypatch.setattr(pins, "install", install)
    options = ["--python", "3.8", "--environments", str(tmp_path), "--distribution", "torch_cpu"]
    further = ["numpy==1.9"]
    pins.main(["torch@1.10", *(options + further if is_last else further + options)])
    assert asked == [("3.8", ["torch_cpu==1.10", "numpy==1.9"])]
    names = [e["name"] for e in json.loads(kept.read_text())]
    assert names == ["torch@1.0", "numpy@1.9", "torch@1.10"]
    (new,) = (e for e in json.loads(kept.read_text()) if e["name"] == "torch@1.10")
    assert new["requirements"] == ["Torch-CPU==1.10", "numpy==1.9", "scipy==1.2"]
    stamp = (tmp_path / "torch@1.10" / STAMP).read_text()
    assert stamp == Environment("torch@1.10", "3.8", False, 0, tuple(new["requirements"])).digest


def test_the_pins_of_a_version_are_replaced(kept):
    pins.enter(Environment("numpy@1.9", "3.8", False, 100, ("numpy==1.9",)))
    found = {e["name"]: e["python"] for e in json.loads(kept.read_text())}
    assert found == {"torch@1.0": "3.7", "numpy@1.9": "3.8"}


def test_no_python_to_pin_with_is_one_line(tmp_path, monkeypatch):
    monkeypatch.setattr(environments, "find_python", lambda version: None)
    with pytest.raises(pins.InputError, match=r"no Python 3\.1 was found"):
        pins.install(tmp_path / "torch@1.0", "3.1", ["torch==1.0"])
