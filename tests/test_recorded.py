"""The record of former versions: what it keeps, what it refuses, whether it holds."""

import msgspec
import numpy as np
import pytest
from msgspec import structs

from symgrad.court.errors import InputError
from symgrad.court.former import recorded
from symgrad.court.former.gathered import Gathered
from symgrad.court.former.recorded import enter, read, read_record, to_json
from symgrad.court.names import name_of
from symgrad.numeric import environments
from symgrad.studies.experiment import rule as experiment
from symgrad.studies.findings.record import read_known
from symgrad.studies.history import cases
from symgrad.studies.history.command import keep
from symgrad.studies.history.rerun import check
from tests.planted_history import (
    EMPTY,
    FORMER,
    ORIGINS,
    SYMEIG,
    THEN,
    TRIANGLE,
    asked,
    hearing,
    moved,
    only,
    with_answer,
)
from tests.records import choice


@pytest.fixture(scope="module")
def heard():
    return hearing(THEN)


@pytest.fixture(scope="module")
def record(heard):
    return enter(EMPTY, heard, ORIGINS, "2026-01-31")


# --- the record


def test_a_record_comes_back_the_same(record):
    assert read(to_json(record)) == record
    assert [former.framework for former in record.versions] == sorted(FORMER)
    assert len(record.questions) == len(asked())
    assert record.versions[0].documents == {"linalg.eigh": TRIANGLE}
    gradient = record.versions[0].answers[0].gradient
    assert msgspec.json.decode(msgspec.json.encode(gradient)) == gradient
    again = hearing(only(THEN, "torch@1.0.1"))
    later = enter(record, again, only(ORIGINS, "torch@1.0.1"), "2026-02-01")
    dates = {former.framework: former.date for former in later.versions}
    assert dates == {n: "2026-02-01" if n == "torch@1.0.1" else "2026-01-31" for n in FORMER}


def test_what_versions_answer_alike_is_written_once(record):
    text = to_json(record)
    alone = [structs.replace(record, versions=[former]) for former in record.versions]
    answers = [len(msgspec.json.decode(to_json(one))["answers"]) for one in alone]
    assert answers == [len(former.answers) for former in record.versions]
    again = structs.replace(record.versions[0], framework="torch@1.0", version="1.0")
    more = structs.replace(record, versions=[*record.versions, again])
    added = len(to_json(more)) - len(text)
    assert added < len(to_json(alone[0])) / 4
    assert read(to_json(more)) == more


def test_an_empty_record_comes_back_the_same():
    assert read(to_json(EMPTY)) == EMPTY


def spoiled(spoil, part="versions"):
    def change(data):
        spoil(data[part][0])
        return data

    return change


MALFORMED = {
    "no JSON": lambda data: None,
    "unknown field": spoiled(lambda v: v.update(code="print()")),
    "no version": spoiled(lambda v: v.update(framework="torch")),
    "unknown verdict": spoiled(lambda a: a.update(verdict="perhaps"), "answers"),
    "no such question": spoiled(lambda a: a.update(question=10**6), "answers"),
    "negative question": spoiled(lambda a: a.update(question=-1), "answers"),
    "no such answer": spoiled(lambda v: v["answers"].append(10**6)),
    "negative answer": spoiled(lambda v: v["answers"].append(-1)),
    "another version": spoiled(lambda v: v.update(version="9.9")),
    "no date": spoiled(lambda v: v.update(date="yesterday")),
    "twice": lambda data: {**data, "versions": data["versions"][:1] * 2},
}


@pytest.mark.parametrize("spoil", MALFORMED.values(), ids=MALFORMED)
def test_what_is_no_record_is_refused(record, spoil):
    data = spoil(msgspec.json.decode(to_json(record)))
    with pytest.raises(InputError, match="the record of"):
        read(b"{" if data is None else msgspec.json.encode(data))


def test_the_record_that_is_kept_is_about_what_is_asked_today():
    """A drawn point or a constant that has changed would leave recorded answers unjudged."""
    kept = read_record()
    planned = cases.history(choice(frameworks=(), points=None), experiment.matrix().tolist())
    questions = [
        recorded.Question(p.function, p.constants, p.dtype, p.matrix)
        for p in (case.problem(k) for k, case in enumerate(planned))
    ]
    assert all(question in questions for question in kept.questions)
    assert recorded.RECORD.stat().st_size < 10**6
    required = {e.name for e in environments.environments() if e.required}
    assert required <= {former.framework for former in kept.versions}


# --- whether it holds


def test_a_record_holds_against_the_same_answers(heard, record):
    found = check(heard, record, FORMER)
    assert found.holds
    assert found.judged == found.repeated == found.gradients == found.identical == 3 * len(asked())


def test_a_record_holds_where_nothing_is_asked_again(record):
    found = check(hearing(only(THEN, "numpy")), record, FORMER)
    assert found.holds
    assert (found.judged, found.repeated) == (3 * len(asked()), 0)


def test_a_difference_by_rounding_is_none_and_is_counted(heard, record):
    near = with_answer(record, "torch@1.0.1", gradient=moved(lambda x: np.nextafter(x, 2)))
    found = check(heard, near, FORMER)
    assert found.holds
    assert found.identical == found.gradients - 1


PLANTED = {
    "gradient": ({"gradient": moved(lambda x: x + 1e-9)}, "is judged disagrees (invalid) today"),
    "reads": ({"reads": "upper"}, "recorded reads upper, measured lower"),
    "verdict": ({"verdict": "refused", "convention": None}, "and was refused"),
    "convention": ({"convention": "lower"}, "judged agrees (upper) today and was agrees (lower)"),
    "route": ({"route": "torch.old"}, "recorded, and not answered now"),
}


@pytest.mark.parametrize(("changes", "said"), PLANTED.values(), ids=PLANTED)
def test_a_record_that_differs_does_not_hold(heard, record, changes, said):
    found = check(heard, with_answer(record, "torch@1.0.1", **changes), FORMER)
    assert not found.holds
    assert any(said in line for line in found.differences), found.differences
    others = check(heard, with_answer(record, "torch@1.0.1", **changes), ["torch@1.3.1"])
    assert others.holds


def test_a_gradient_of_another_convention_today_is_a_difference(record):
    today = {**THEN, "torch@1.0.1": (SYMEIG, "lower")}
    found = check(hearing(today), record, FORMER)
    assert len(found.differences) == len(asked())
    assert "recorded agrees (upper), measured agrees (lower)" in found.differences[0]


@pytest.mark.parametrize("by_chance", [False, True])
def test_entries_that_are_others_each_time_are_held_to_their_verdict_alone(by_chance):
    def wrong_by(off):
        found = hearing(only(THEN, "torch@1.0.1"))
        first = found.reported[0]
        wrong = structs.replace(first, gradient=first.gradient + off)
        again = structs.replace(first, gradient=first.gradient - off) if by_chance else None
        found.reported[0] = structs.replace(wrong, again=again)
        found.judged.clear()
        found.judge()
        return found

    kept = enter(EMPTY, wrong_by(1), only(ORIGINS, "torch@1.0.1"), "2026-01-31")
    assert check(wrong_by(2), kept, FORMER).holds == by_chance
    assert not check(wrong_by(0), kept, FORMER).holds


def test_an_answer_where_there_is_no_derivative_is_held_to_nothing_but_its_refusal():
    def where_refused(answers):
        found = hearing(answers)
        nothing = {"refusal": "gauge", "value": None, "S": None, "directions": ()}
        found.references[0] = structs.replace(found.references[0], **nothing)
        found.judged.clear()
        found.judge()
        return found

    kept = enter(EMPTY, where_refused(THEN), ORIGINS, "2026-01-31")
    today = where_refused({**THEN, "torch@1.0.1": (SYMEIG, "lower")})
    assert check(where_refused(THEN), kept, FORMER).holds
    assert len(check(today, kept, FORMER).differences) == len(asked()) - 1


def test_a_question_that_is_not_asked_any_more_is_a_difference(heard, record):
    first = structs.replace(record.questions[0], dtype="float32")
    changed = structs.replace(record, questions=[first, *record.questions[1:]])
    assert "not asked any more" in check(heard, changed, FORMER).differences[-1]


def test_what_was_measured_is_kept_in_the_file_that_is_named_and_nowhere_else(heard, tmp_path):
    before, file = recorded.RECORD.read_bytes(), tmp_path / "new.json"
    kept = keep(heard, EMPTY, Gathered({}, ORIGINS, [], []), file)
    assert read(file.read_bytes()) == kept
    assert [former.framework for former in kept.versions] == sorted(FORMER)
    assert recorded.RECORD.read_bytes() == before


def test_every_version_on_record_was_asked_every_finding_of_its_framework():
    record, known = read_record(), read_known()
    for former in record.versions:
        own = {finding.id for finding in known if finding.framework == name_of(former.framework)}
        assert set(former.findings) == own, former.framework
