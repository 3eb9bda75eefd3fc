"""Several workers of a framework, a limit on all of them, and who is asked what."""

import asyncio
import os
from collections import Counter

import msgspec
import pytest

from symgrad.court.questions import Answered, Excerpt, Problem, Reported
from symgrad.numeric import pool as pools
from symgrad.numeric.conversation import Conversation
from symgrad.numeric.pool import Pool
from tests.fake_workers import Fakes, assert_complete, problems, reports

FOUR = ("alpha", "beta", "gamma", "delta")


@pytest.fixture
def fakes(tmp_path):
    return Fakes(tmp_path)


def hear(fakes, names, count, **options):
    """All events of a pool that is asked so many problems."""
    with Pool(names, 60, interpreters=fakes.interpreters, **options) as pool:
        for problem in problems(count):
            pool.ask(problem)
        pool.close()
        return list(pool.events())


@pytest.mark.parametrize(("jobs", "at_once"), [(1, 1), (2, 2), (4, 4), (None, 4)])
def test_no_more_workers_run_at_once_than_jobs(fakes, jobs, at_once):
    with Pool(FOUR, 60, interpreters=fakes.interpreters, jobs=jobs) as pool:
        pool.ask(problems(1)[0])
        events = []
        for event in pool.events():
            events.append(event)
            if sum(isinstance(e, Answered) for e in events) == at_once:
                pool.close()  # till now none of them could end
    assert fakes.most_at_once() == at_once
    assert_complete(events, FOUR, 1)


def test_a_pool_without_a_place_for_a_worker_is_refused(fakes):
    with pytest.raises(ValueError, match="0 jobs"):
        Pool(FOUR, 60, interpreters=fakes.interpreters, jobs=0)


@pytest.mark.parametrize(
    ("jobs", "alpha", "beta"),
    [
        (1, [[0, 1, 2, 3, 4, 5, 6]], [[0, 1, 2, 3, 4, 5, 6]]),
        (2, [[0, 2, 4, 6], [1, 3, 5]], [[0, 2, 4, 6], [1, 3, 5]]),
        (5, [[0, 3, 6], [1, 4], [2, 5]], [[0, 2, 4, 6], [1, 3, 5]]),
    ],
)
def test_workers_share_out_the_problems_of_their_framework(fakes, jobs, alpha, beta):
    events = hear(fakes, ("alpha", "beta"), 7, jobs=jobs)
    assert (fakes.shares("alpha"), fakes.shares("beta")) == (alpha, beta)
    assert_complete(events, ("alpha", "beta"), 7)
    fakes.forget()
    assert reports(hear(fakes, ("alpha", "beta"), 7)) == reports(events)
    assert len(fakes.shares("alpha")) == 1


@pytest.mark.parametrize(
    ("lead", "alpha"),
    [(100, [[0, 1, 3, 5, 6], [2, 4]]), (2, [[0, 1, 3, 5], [2, 4, 6]])],
    ids=["by dtype", "until another has less to do"],
)
def test_who_compiles_for_each_dtype_has_a_worker_for_it(fakes, monkeypatch, lead, alpha):
    monkeypatch.setattr(pools, "BY_DTYPE", ("alpha",))
    monkeypatch.setattr(pools, "LEAD", lead)
    single = {2, 4}
    with Pool(("alpha", "beta"), 60, interpreters=fakes.interpreters, jobs=2) as pool:
        for p in problems(7):
            dtype = "float32" if p.id in single else "float64"
            pool.ask(msgspec.structs.replace(p, dtype=dtype))
        pool.close()
        assert_complete(list(pool.events()), ("alpha", "beta"), 7)
    assert fakes.shares("alpha") == alpha
    assert fakes.shares("beta") == [[0, 2, 4, 6], [1, 3, 5]]


def test_a_worker_whose_share_is_empty_is_not_started(fakes):
    hear(fakes, ("alpha", "beta"), 2, jobs=9)
    assert Counter(fakes.starts()) == {"alpha": 2, "beta": 2}


@pytest.mark.parametrize("jobs", [3, None])
def test_a_death_costs_the_route_that_was_asked_alone(fakes, jobs):
    fakes.plant_death("alpha", 1)
    events = hear(fakes, ("alpha",), 6, jobs=jobs)
    died = [e for e in events if isinstance(e, Reported) and e.worker_died]
    assert [(e.problem, e.route, e.mode) for e in died] == [(1, "fallible", "reverse")]
    assert "killed by signal 9" in died[0].error
    assert_complete(events, ("alpha",), 6)
    fakes.cure()
    fakes.forget()
    lost, whole = reports(events), reports(hear(fakes, ("alpha",), 6))
    assert [row for row in lost if row[1:3] != (1, "fallible")] == [
        row for row in whole if row[1:3] != (1, "fallible")
    ]


@pytest.mark.parametrize(("by", "crashed"), [(11, True), (8, True), (9, False), (6, False)])
def test_a_fault_is_told_from_a_process_that_was_lost(fakes, by, crashed):
    fakes.plant_death("alpha", 1, by)
    died = [e for e in hear(fakes, ("alpha",), 2) if isinstance(e, Reported) and e.worker_died]
    assert [(e.route, e.crashed) for e in died] == [("fallible", crashed)]
    assert f"killed by signal {by}" in died[0].error


@pytest.mark.parametrize("jobs", [2, None])
def test_a_process_that_is_worn_is_followed_by_another(fakes, jobs):
    whole = reports(hear(fakes, ("alpha",), 6))
    fakes.forget()
    fakes.wear()
    events = hear(fakes, ("alpha",), 6, jobs=jobs)
    assert reports(events) == whole
    assert [len(share) for share in fakes.shares("alpha")] == [1] * 6


def test_a_problem_goes_only_to_the_frameworks_that_are_named(fakes):
    first, second = problems(2)
    with Pool(("alpha", "beta"), 60, interpreters=fakes.interpreters) as pool:
        pool.ask(first, ["beta", "unheard of"])
        pool.ask(second)
        pool.close()
        events = list(pool.events())
    assert fakes.asked() == [("alpha", 1), ("beta", 0), ("beta", 1)]
    assert len([e for e in events if isinstance(e, Answered)]) == 3


def test_a_docstring_is_asked_of_one_worker(fakes):
    with Pool(("alpha", "beta"), 60, interpreters=fakes.interpreters, jobs=6) as pool:
        pool.look_up("alpha", "eigh")
        pool.look_up("unheard of", "eigh")
        pool.close()
        found = [e for e in pool.events() if isinstance(e, Excerpt)]
    assert found == [Excerpt("alpha", "eigh", "eigh of alpha")]


def test_who_leaves_early_leaves_nothing_running_and_nothing_to_start(fakes):
    with Pool(FOUR, 60, interpreters=fakes.interpreters, jobs=1) as pool:
        pool.ask(problems(1)[0])
        next(e for e in pool.events() if isinstance(e, Answered))
    assert fakes.starts() == ["alpha"]
    with pytest.raises(ProcessLookupError):
        os.kill(fakes.log()[0].pid, 0)


def test_a_worker_that_dies_before_it_is_asked_owes_an_answer(tmp_path):
    script = tmp_path / "script"
    script.write_text(
        """#!/bin/sh\necho '{"hello": {"version": "1", "routes": {"det": ["a"]}}}'\n"""
    )
    script.chmod(0o755)
    events = []

    async def converse():
        worker = Conversation("alpha", events.append, lambda framework, line: None, 60)
        running = asyncio.create_task(worker.run([str(script)], asyncio.Semaphore(1)))
        while worker.process is None or not worker.process.has_ended:
            await asyncio.sleep(0)
        for _ in range(1000):  # steps of the loop, in which its end is noticed
            await asyncio.sleep(0)
        worker.ask(msgspec.to_builtins(Problem(0, "det", {}, [[2.0]], "float64")))
        worker.ask(None)
        await running

    asyncio.run(converse())
    (report,) = (e for e in events if isinstance(e, Reported))
    assert report.route == "a"
    assert report.worker_died
    assert "ended with status 0" in report.error
