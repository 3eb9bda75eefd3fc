"""Both witnesses are asked the same, and what they say is put down as it comes.

The workers here are NumPy's, which start at once, or a stand-in that writes down what it is asked.
"""

import sys

import numpy as np
import pytest
from rich.progress import (
    BarColumn,
    Progress,
    SpinnerColumn,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)

from symgrad import inquiry
from symgrad.court.errors import InputError
from symgrad.court.hearing import Hearing
from symgrad.court.judging import scatter
from symgrad.court.questions import NEIGHBOURS, Answered, Reported, Started
from symgrad.numeric.journal import fingerprint, installed_versions
from symgrad.numeric.pool import Pool, known_frameworks
from symgrad.plans import Plan
from symgrad.studies.atlas import cases as atlas_cases
from symgrad.studies.chosen.plan import chosen as chosen_plan
from symgrad.symbolic import cases, limits
from tests.helpers import own_function
from tests.records import choice


class StandIn:
    """In place of the workers: everyone answers nothing at all, in the end."""

    made = None

    def __init__(self, names, timeout, files=(), **options):
        StandIn.made = self
        self.given = {"names": names, "timeout": timeout, "files": files, **options}
        self.asked, self.sought, self.story = [], [], []

    def __enter__(self):
        self.story.append("start")
        return self

    def __exit__(self, *exception):
        self.story.append("end")

    def ask(self, problem, names=None):
        self.story.append("ask")
        self.asked.append((problem, names))

    def look_up(self, framework, name):
        self.sought.append((framework, name))

    def close(self):
        self.story.append("close")

    def events(self, wait=True):
        if wait:
            self.story.append("wait")
            for problem, _ in self.asked:
                for name in self.given["names"]:
                    yield Reported(problem.id, name, "1", "route", error="nothing")
                    yield Answered(name, problem.id)


@pytest.fixture
def stand_in(monkeypatch):
    """Hear a choice by the stand-in; the hearing, the stand-in and the progress."""
    monkeypatch.setattr(inquiry, "Pool", StandIn)

    def hear(chosen, plan=None):
        hearing, progress = Hearing(chosen), Told(disable=True)
        inquiry.hear(hearing, plan or chosen_plan(chosen, known_frameworks()), progress)
        return hearing, StandIn.made, progress

    return hear


class Told(Progress):
    """Progress that keeps what it has been told."""

    def __init__(self, **options):
        self.told = []
        super().__init__(**options)

    def update(self, task, **changes):
        self.told += [changes["description"]] if "description" in changes else []
        super().update(task, **changes)


def test_the_choice_decides_what_is_asked():
    main = chosen_plan(choice(), known_frameworks()).cases()
    assert [c.part for c in main] == ["2×2", "2×2", "sum"] + ["experiment"] * 4
    names = [f"eigenvalue[{k}]" for k in (0, 1)] + ["sum_entries"]
    names += [f"eigenvalue[{k}]" for k in range(4)]
    assert [c.function.name for c in main] == names
    X = [[float(x) for x in row] for row in main[-1].problem(0).matrix]
    assert X[0][0] == 2 * -1.0856306033005612  # NumPy's seed 123
    chosen = chosen_plan(choice("det", points=2), known_frameworks()).cases()
    assert [c.function.name for c in chosen] == ["det", "det"]


def test_a_framework_of_a_users_file_is_checked(tmp_path):
    assert len(chosen_plan(choice(own_function(tmp_path)), known_frameworks()).cases()) == 1
    with pytest.raises(InputError, match="did you mean 'numpy'"):
        chosen_plan(choice(own_function(tmp_path, "numppy")), known_frameworks()).cases()


def test_both_witnesses_are_asked_the_same(stand_in):
    former = {"torch": "/other/python"}
    who = {"frameworks": ["numpy", "torch"], "memory": 9000, "interpreters": former}
    chosen = choice("det", "log_det", **who)
    hearing, pool, _ = stand_in(chosen)
    asked = [(s.part, s.function, s.structure, s.dtype) for s in hearing.scenarios]
    assert asked == [("chosen", name, "symmetric", "float64") for name in ("det", "log_det")]
    assert [problem.function for problem, _ in pool.asked] == ["det", "log_det"]
    assert [problem.id for problem, _ in pool.asked] == [0, 1]
    assert [names for _, names in pool.asked] == [None, None]
    assert [s.constants for s in hearing.scenarios] == [
        problem.constants for problem, _ in pool.asked
    ]
    assert [r.function for r in hearing.references] == ["det", "log_det"]
    assert [r.problem for r in hearing.reported] == [0, 0, 1, 1]
    assert pool.story == ["start", "ask", "ask", "close", "wait", "end"]
    assert pool.sought == []
    assert hearing.demonstration is None
    expected = {
        "names": ["numpy", "torch"],
        "timeout": 60.0,
        "files": [],
        "jobs": None,
        "journal": None,
        "memory": 9000,
        "interpreters": former,
    }
    assert pool.given.items() >= expected.items()


def test_the_constants_of_a_function_are_kept_for_the_report(stand_in):
    hearing, _, _ = stand_in(choice("inverse_quadratic_form"))
    assert [list(s.constants) for s in hearing.scenarios] == [["u"]]


def test_what_is_for_one_framework_is_asked_of_it_alone(stand_in):
    det, trace = chosen_plan(choice("det", "trace"), known_frameworks()).cases()
    plan = Plan(lambda: [det._replace(framework="torch"), trace])
    _, pool, _ = stand_in(choice(frameworks=["numpy", "torch"]), plan)
    assert [names for _, names in pool.asked] == [["torch"], None]


def test_the_main_job_looks_docstrings_up_and_has_a_proof(stand_in):
    former = ["torch@1.0.1", "tensorflow@1.14.0", "jax@0.2", "numpy@1.16.6"]
    frameworks = ["numpy", "torch", "tensorflow", "jax", *former]
    hearing, pool, _ = stand_in(choice(frameworks=frameworks))
    assert pool.sought == [
        ("torch", "linalg.eigh"),
        ("tensorflow", "linalg.eigh"),
        ("tensorflow", "linalg.eigvalsh"),
        ("jax", "linalg.eigh"),
        ("torch@1.0.1", "symeig"),
        ("tensorflow@1.14.0", "linalg.eigh"),
    ]
    assert hearing.demonstration is not None
    assert all(identity.holds for identity in hearing.demonstration.identities)


def test_progress_counts_what_is_true_and_what_is_said(stand_in):
    _, _, progress = stand_in(choice("det", "trace", frameworks=["numpy", "torch"]))
    (task,) = progress.tasks
    assert progress.told == [
        *(f"exact derivatives {k}/2" for k in (1, 2)),
        *(f"{k} gradients" for k in (1, 1, 2, 2, 3, 3, 4, 4)),
    ]
    assert task.total is None
    assert task.completed == 2 + 4


def test_the_bar_of_an_atlas_ends_full(stand_in, tmp_path):
    chosen = choice("det", size=3, journal=str(tmp_path / "journal"), jobs=3)
    plan = Plan(lambda: atlas_cases.atlas(chosen), estimate=True)
    hearing, pool, progress = stand_in(chosen, plan)
    (task,) = progress.tasks
    assert task.completed == task.total == 2 * len(hearing.scenarios)
    assert len(hearing.scenarios) > 3
    assert pool.story[: len(hearing.scenarios) + 1] == ["ask"] * len(hearing.scenarios) + ["start"]
    assert pool.story[-3:] == ["close", "wait", "end"]
    assert pool.given["jobs"] == 3


def test_the_first_thing_told_is_who_is_imported(monkeypatch):
    told = []
    monkeypatch.setattr(Progress, "add_task", lambda self, *a, **k: told.append((a, k)))

    def stop():
        raise KeyboardInterrupt

    hearing = Hearing(choice(frameworks=["numpy", "torch"]))
    with pytest.raises(KeyboardInterrupt):
        inquiry.hear(hearing, Plan(stop), Progress(disable=True))
    assert told == [(("importing numpy, torch",), {"total": None})]


def test_a_journal_is_known_by_the_problems_the_versions_and_the_files(stand_in, tmp_path):
    path = tmp_path / "journal"
    files = [own_function(tmp_path)]
    former = {"torch@1.0.1": "/old/python"}
    chosen = choice(*files, "det", journal=str(path), points=2, interpreters=former)
    hearing, pool, _ = stand_in(chosen)
    problems = [problem for problem, _ in pool.asked]
    assert [problem.id for problem in problems] == [0, 1, 2, 3]
    known_by = fingerprint(problems, installed_versions() | former | {"device": "cpu"}, files)
    assert path.read_text() == f'{{"journal": "{known_by}"}}\n'
    assert pool.given["journal"] is not None
    assert pool.given["files"] == files
    assert pool.given["journal"]._file.closed
    assert len(hearing.scenarios) == 4


def test_what_workers_say_is_heard_while_derivatives_are_computed(monkeypatch):
    """What is there already is noted between two of them, without waiting for more."""
    heard = []

    class Early(StandIn):
        def events(self, wait=True):
            heard.append(wait)
            if heard == [False]:
                yield Started("numpy", "early", {})

    monkeypatch.setattr(inquiry, "Pool", Early)
    hearing = Hearing(choice("det", "trace"))
    inquiry.hear(hearing, chosen_plan(hearing.choice, known_frameworks()), Progress(disable=True))
    assert len(heard) >= 3
    assert heard == [False] * (len(heard) - 1) + [True]
    assert hearing.versions == {"numpy": "early"}


COLUMNS = [SpinnerColumn, TextColumn, TimeElapsedColumn]


@pytest.mark.parametrize("estimate", [False, True])
@pytest.mark.parametrize("terminal", [False, True])
def test_progress_is_on_a_terminal_alone_and_leaves_nothing_there(monkeypatch, estimate, terminal):
    shown = []

    def hear(hearing, plan, progress, cluster):
        shown.append((hearing, progress, plan))
        return lambda number: ()

    monkeypatch.setattr(inquiry, "hear", hear)
    monkeypatch.setattr(sys.stderr, "isatty", lambda: terminal)
    hearing, plan = Hearing(choice()), Plan(list, estimate=estimate)
    assert inquiry.listen(hearing, plan) is False
    ((heard, progress, by),) = shown
    assert (heard, by) == (hearing, plan)
    kinds = [type(column) for column in progress.columns]
    bar = [BarColumn, TimeRemainingColumn] if estimate else []
    assert kinds == COLUMNS[:2] + bar + COLUMNS[2:]
    assert progress.columns[1].text_format == "{task.description}"
    assert progress.disable is (not terminal)
    assert progress.live.transient
    assert progress.console.stderr


def test_what_was_heard_before_an_interrupt_is_judged(monkeypatch):
    events = Pool.events

    def interrupted(pool, wait=True):
        for event in events(pool, wait):
            yield event
            if isinstance(event, Reported):
                raise KeyboardInterrupt

    hearing = Hearing(choice("trace"))
    assert inquiry.listen(hearing, chosen_plan(hearing.choice, known_frameworks())) is False
    complete = len(hearing.verdicts())
    monkeypatch.setattr(Pool, "events", interrupted)
    hearing = Hearing(choice("trace", "det"))
    assert inquiry.listen(hearing, chosen_plan(hearing.choice, known_frameworks())) is True
    assert complete == 1
    assert [v.verdict for v in hearing.verdicts()] == ["agrees"]


class Answering(StandIn):
    """Everyone answers with the problem's number, by both modes where both are asked."""

    def events(self, wait=True):
        for problem, names in self.asked:
            for name in names:
                about = (problem.id, name, "1", problem.route)
                G = np.full((2, 2), float(problem.id))
                yield Reported(*about, dtype="float64", value=float(problem.id), gradient=G)
                if problem.forward:
                    said = {"value": -float(problem.id), "gradient": -G, "mode": "forward"}
                    yield Reported(*about, dtype="float64", **said)
                yield Answered(name, problem.id)


def ask_again(monkeypatch, reports, timeout=60.0):
    """The cases, what is true of them, and what comes of asking of these reports again."""
    monkeypatch.setattr(inquiry, "Pool", Answering)
    who = ["numpy", "jax", "torch"]
    chosen = choice("det", "trace_square", frameworks=who, memory=9000, timeout=timeout)
    planned = chosen_plan(chosen, known_frameworks()).cases()
    references = [case.reference() for case in planned]
    told = Told(disable=True)
    return planned, references, inquiry.ask_near(planned, references, chosen, told, reports)


def test_what_seems_wrong_is_asked_again_at_x_and_beside_it(monkeypatch):
    first = Reported(1, "torch", "1", "by this", value=7.0, reads="lower")
    second = Reported(0, "numpy", "1", "by that", value=7.0, mode="forward")
    planned, references, near = ask_again(monkeypatch, [first, second])
    beside = [planned[k].neighbours(scatter.spread(references[k])) for k in (1, 0)]
    assert [len(each) for each in beside] == [1 + 2 * NEIGHBOURS] * 2
    pool = Answering.made
    assert pool.given["names"] == ["numpy", "torch"]
    assert (pool.given["timeout"], pool.given["memory"]) == (60.0, 9000)
    assert [names for _, names in pool.asked] == [["torch"]] * 13 + [["numpy"]] * 13
    problems = [problem for problem, _ in pool.asked]
    assert [p.id for p in problems] == list(range(26))
    assert {(p.function, p.route, p.forward) for p in problems[:13]} == {
        ("trace_square", "by this", False)
    }
    assert {(p.function, p.route, p.forward) for p in problems[13:]} == {("det", "by that", True)}
    assert all(not p.find_reads for p in problems)
    assert pool.story[-2:] == ["close", "end"]
    for (report, true), numbers, sign, each in zip(
        near, (range(13), range(13, 26)), (1, -1), beside, strict=True
    ):
        assert report.value == sign * numbers[0]
        assert [said.value for said in report.nearby] == [sign * k for k in numbers[1:]]
        assert [x.X.tolist() for x in true] == [n.reference().X.tolist() for n in each[1:]]
    assert near[0][0].reads == "lower"


def test_beside_x_nothing_is_true_where_the_exact_side_fails(monkeypatch):
    lost = [limits.Failure("x")] * 14
    monkeypatch.setattr(limits, "references", lambda flat, bounds, _: iter_closing(lost, bounds))
    ((report, true),) = ask_again(monkeypatch, [Reported(0, "numpy", "1", "x")], 5.0)[2]
    assert list(true) == [None] * 2 * NEIGHBOURS
    assert len(report.nearby) == 2 * NEIGHBOURS


def iter_closing(answers, bounds):
    """The answers, to a question within these bounds."""
    assert bounds == limits.Limits(5.0, 9000)
    yield from answers


def test_where_nothing_can_be_asked_beside_x_nothing_is(monkeypatch):
    monkeypatch.setattr(cases.Case, "neighbours", lambda case, spread: [])
    StandIn.made = None
    assert ask_again(monkeypatch, [Reported(0, "numpy", "1", "x")])[2] == []
    assert StandIn.made is None
