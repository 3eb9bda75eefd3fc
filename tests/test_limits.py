"""The exact side has limits: what does not end, dies or fails costs its own rows and no others."""

import contextlib
import os
import select
import signal
import subprocess
import sys
import time
from fractions import Fraction
from functools import partial
from pathlib import Path

import pytest
from flint import arb

from lab.trial.fuzz import call, check
from symgrad import cli
from symgrad.symbolic import limits
from symgrad.symbolic.cases import Case
from symgrad.symbolic.certified.enclosure import precision, to_ball
from symgrad.symbolic.certified.reference import float_text
from symgrad.symbolic.limits import Failure, Limits, answers
from tests.test_fuzz import own, said_of
from tests.test_gauge import run

ROOT = Path(__file__).parent.parent
PATIENT = Limits(60)
linux = pytest.mark.skipif(sys.platform != "linux", reason="of prctl(2) and /proc")
forked = pytest.mark.skipif(not limits.CAN_FORK, reason="there is no fork")


def endless():
    """A product that is computed in C for hours, deaf to every signal handler."""
    base = 9
    return base**base**base**base


def fails(error, *_):
    raise error


def told(calls, limits_=PATIENT):
    return list(answers(calls, limits_))


def test_the_answers_come_in_order_whatever_their_size():
    calls = [partial(bytes, n) for n in (0, 1, 2**16, 2**22, 3)]
    assert [len(answer) for answer in told(calls)] == [0, 1, 2**16, 2**22, 3]
    assert told([]) == []
    assert told([lambda: lambda: 0, lambda: 1])[1] == 1  # a function cannot be sent


@forked
def test_they_are_computed_in_one_other_process_with_all_that_is_here():
    here = object()
    ids = told([os.getpid, lambda: id(here), os.getpid])
    assert ids[0] == ids[2] != os.getpid()
    assert ids[1] == id(here)


@forked
def test_what_fails_in_any_way_fails_alone():
    calls = [
        partial(fails, ValueError("no\nsuch thing")),
        partial(fails, SystemExit(0)),
        os.abort,
        lambda: (1).missing,
    ]
    around = [call for bad in calls for call in (bad, lambda: "well")]
    found = told(around)
    assert [x for x in found if not isinstance(x, Failure)] == ["well"] * 4
    assert [x.reason for x in found if isinstance(x, Failure)] == [
        "the exact side fails, ValueError: no such thing",
        "the exact side ended with status 1; it may have 4096 MiB (--memory)",
        "the exact side was killed by signal 6; it may have 4096 MiB (--memory)",
        "the exact side fails, AttributeError: 'int' object has no attribute 'missing'",
    ]


@pytest.mark.slow
@forked
def test_what_does_not_end_in_c_is_ended():
    found = told([lambda: 1, endless, lambda: 2, endless], Limits(3))
    late = Failure("the exact side did not end within 3 s (--timeout)")
    assert found == [1, late, 2, late]
    assert told([lambda: time.sleep(1.5)], Limits(60)) == [None]


@linux
def test_memory_is_what_may_be_had_beyond_what_there_is():
    calls = [lambda: len(bytearray(2**28)), lambda: 1]
    small, large = (told(calls, Limits(60, mebibytes)) for mebibytes in (128, 1024))
    assert small == [Failure("the exact side has not enough memory (--memory)"), 1]
    assert large == [2**28, 1]
    assert len(bytearray(2**28)) == 2**28  # the limit is not that of this process


def is_running(process):
    with contextlib.suppress(ProcessLookupError):
        os.kill(process, 0)
        return True
    return False


def wait_until(is_true):
    deadline = time.monotonic() + 60
    while not is_true():
        assert time.monotonic() < deadline
        time.sleep(0.01)


@forked
@pytest.mark.parametrize("why", [KeyboardInterrupt, GeneratorExit])
def test_an_interrupt_ends_the_child(why):
    process = []

    def interrupt():
        if process:
            raise why

    found = answers([os.getpid, endless], PATIENT, interrupt)
    process.append(next(found))
    with pytest.raises(why):
        next(found)
    assert not is_running(process[0])


@forked
def test_a_child_that_is_not_asked_any_more_is_ended():
    found = answers([os.getpid, endless], PATIENT)
    process = next(found)
    assert is_running(process)
    found.close()
    assert not is_running(process)


@linux
def test_the_child_dies_with_its_parent():
    program = (
        "import os, time\n"
        "from symgrad.symbolic.limits import Limits, answers\n"
        "found = answers([os.getpid, lambda: time.sleep(1000)], Limits(1000))\n"
        "print(next(found), flush=True)\n"
        "next(found)\n"
    )
    parent = subprocess.Popen(
        [sys.executable, "-c", program], cwd=ROOT, stdout=subprocess.PIPE, text=True
    )
    child = int(parent.stdout.readline())
    assert is_running(child)
    parent.send_signal(signal.SIGKILL)
    parent.wait()
    parent.stdout.close()
    wait_until(lambda: not is_alive(child))


def is_alive(process):
    """Whether it runs: one whose parent has not looked after it is a zombie, and does not."""
    with contextlib.suppress(OSError):
        state = Path(f"/proc/{process}/stat").read_text().rsplit(")", 1)[1].split()[0]
        return state not in "ZX"
    return False


@forked
def test_the_child_keeps_no_pipe_of_a_worker_open():
    """Else a worker would wait for ever for what its parent will not say."""
    reading, writing = os.pipe()
    seen = []

    def look():
        if not seen:
            os.close(writing)
            ready, _, _ = select.select([reading], [], [], 60)
            seen.append(bool(ready) and os.read(reading, 1) == b"")

    found = answers([lambda: 0, lambda: time.sleep(1.5)], PATIENT, lambda: ready and look())
    ready = []
    assert next(found) == 0
    ready.append(True)
    assert next(found) is None
    os.close(reading)
    assert seen == [True]


@forked
def test_one_is_told_again_and_again_that_there_is_time():
    count = []
    assert list(answers([lambda: time.sleep(1)], PATIENT, lambda: count.append(1))) == [None]
    assert len(count) > 3


def test_without_a_fork_they_are_computed_here(monkeypatch):
    monkeypatch.setattr(limits, "CAN_FORK", False)
    found = told([os.getpid, partial(fails, ValueError("no")), partial(fails, MemoryError)])
    assert found == [
        os.getpid(),
        Failure("the exact side fails, ValueError: no"),
        Failure("the exact side has not enough memory (--memory)"),
    ]


@forked
def test_where_no_process_can_be_started_it_is_said(monkeypatch):
    monkeypatch.setattr(os, "fork", partial(fails, BlockingIOError(11, "try again")))
    before = set(os.listdir("/dev/fd"))
    assert told([os.getpid]) == [Failure("the exact side cannot be started, try again")]
    assert set(os.listdir("/dev/fd")) == before


# What a user sees of it


def planted(monkeypatch, behaviour):
    """The reference of det behaves in this way, all others as ever."""
    true = Case.reference
    monkeypatch.setattr(
        Case, "reference", lambda c: behaviour() if c.function.name == "det" else true(c)
    )


@forked
@pytest.mark.parametrize(
    ("behaviour", "reason"),
    [
        pytest.param(
            endless,
            "the exact side did not end within 10 s (--timeout)",
            marks=pytest.mark.slow,
        ),
        (os.abort, "the exact side was killed by signal 6; it may have 900 MiB (--memory)"),
        (partial(fails, ValueError("x")), "the exact side fails, ValueError: x"),
    ],
)
def test_a_reference_that_fails_costs_its_own_rows(behaviour, reason, monkeypatch, tmp_path):
    chosen = ["trace", "det", "trace_square", "--matrix", "3 1; 1 2", "-f", "numpy"]
    right, status = run(tmp_path, *chosen)
    assert ({v.verdict for v in right}, status) == ({"agrees"}, 0)
    planted(monkeypatch, behaviour)
    patience = ["--timeout", 10] if behaviour is endless else []
    found, status = run(tmp_path, *chosen, *patience, "--memory", 900)
    lost = [v for v in found if v.function == "det"]
    assert status == 0
    assert {(v.verdict, v.reason) for v in lost} == {("refused", reason)}
    assert [v for v in found if v.function != "det"] == [v for v in right if v.function != "det"]
    about = [(v.point, v.size, v.parameterization, v.gradient) for v in right]
    assert [(v.point, v.size, v.parameterization, v.gradient) for v in found] == about


@forked
def test_the_main_job_without_its_references_settles_no_claim(monkeypatch, tmp_path):
    monkeypatch.setattr(Case, "reference", partial(fails, ValueError("x")))
    found, status = run(tmp_path, "-f", "numpy")
    assert ({v.verdict for v in found}, status) == ({"refused"}, 2)


@forked
def test_also_above_the_sizes_of_arb(monkeypatch, tmp_path):
    chosen = ["log_det", "-n", 101, "-f", "numpy"]
    right, _ = run(tmp_path, *chosen)
    assert {v.verdict for v in right} == {"agrees"}
    monkeypatch.setattr(
        "symgrad.symbolic.large_cases.certify_large", partial(fails, ValueError("x"))
    )
    found, status = run(tmp_path, *chosen)
    assert {(v.verdict, v.reason) for v in found} == {
        ("refused", "the exact side fails, ValueError: x")
    }
    assert status == 2


@pytest.mark.parametrize("matrix", ["1e12 0; 0 1", "1e5 0; 0 1"])
def test_numbers_whose_digits_would_fill_the_memory_are_out_of_range(matrix, tmp_path):
    found, status = run(tmp_path, "trace_exp", "--matrix", matrix, "-f", "numpy", "--memory", 900)
    assert {(v.verdict, v.reason) for v in found} == {
        ("refused", "out of range: f or its gradient exceeds float64 here")
    }
    assert status == 2


def test_a_number_that_is_next_to_nothing_is_enclosed(tmp_path):
    found, status = run(tmp_path, "trace_exp", "--matrix", "-1e12 0; 0 1", "-f", "numpy")
    assert {v.verdict for v in found} == {"agrees"}
    assert status == 0


def test_a_ball_is_as_it_is_or_wider():
    with precision(100):
        for x in (arb(3), arb(-5, 1) / 3, arb(2) ** -1000, -(arb(3) ** 1000), arb(0)):
            ball = to_ball(x)
            assert arb(ball.mid.numerator) / ball.mid.denominator in x + arb(0, 1e-40) * x
            assert x.overlaps(arb(ball.mid.numerator) / ball.mid.denominator)
        assert to_ball(arb(2) ** -200_000) == (0, Fraction(1, 2**131072))
        below = to_ball(-(arb(2) ** -200_000))
        assert below.mid - below.radius < below.mid < 0 <= below.mid + below.radius
        wide = to_ball(arb(1, arb(2) ** -200_000))
        assert (wide.mid, wide.radius) == (1, Fraction(1, 2**131072))
        for large in (arb(2) ** 140_000, arb(0, arb(2) ** 140_000)):
            with pytest.raises(OverflowError, match="larger than 2"):
                to_ball(large)
        assert to_ball(arb(2) ** 130_000).mid == 2**130_000


@forked
@pytest.mark.parametrize(
    "exact",
    [
        "import sympy; return sympy.factorial(10**9) * X[0, 0]",
        "n = 9; return X[0, 0] * n**n**n**n",
    ],
)
def test_an_exact_that_does_not_end_in_c(exact, tmp_path):
    said = said_of([str(own(tmp_path, exact=exact)), "--timeout", "1"])
    assert said.startswith(f"error: {tmp_path / 'mine.py'}")
    assert "not end within 1 s (--timeout)" in said


@linux
def test_an_exact_that_takes_all_memory(tmp_path):
    path = str(own(tmp_path, exact="return X[0, 0] * len([0] * 2**40)"))
    assert "exact: it takes more memory than it may have (--memory)" in said_of([path])


@pytest.mark.parametrize(
    ("exact", "at"),
    [
        ("return X[0, 0] ** 10**10", "3 0; 0 1"),
        ("import sympy as s; return s.exp(s.exp(s.exp(s.exp(X[0, 0]))))", "3 0; 0 1"),
        ("import sympy as s; return s.exp(s.exp(s.exp(s.exp(X[0, 0]))))", "700 0; 0 1"),
    ],
)
def test_a_formula_whose_value_no_float_holds_is_refused(exact, at, tmp_path):
    path = own(tmp_path, exact=exact)
    outcome = call([str(path), "-f", "numpy", "--matrix", at])
    check(outcome)
    assert outcome.status == 2
    assert "1 gradient: 0 agree, 0 inaccurate, 0 disagree, 1 refused" in outcome.out


@pytest.mark.parametrize(
    ("exact", "said"),
    [
        ("import sympy; return sympy.zoo", "exact gives zoo, which is no number"),
        ("import sympy; return X[0, 0] + sympy.log(0)", "exact gives zoo, which is no number"),
        ("import sympy; return sympy.nan", "exact gives nan, which is no number"),
        ("import sympy; return X[0, 0] - sympy.oo", "exact gives -oo, which is no number"),
        ("return True", "must give a scalar SymPy expression, not bool"),
        ("import sympy; return sympy.true", "expression, not BooleanTrue"),
        ("return X[0, 0] > 1", "must give a scalar SymPy expression, not StrictGreaterThan"),
    ],
)
def test_an_exact_that_gives_no_number(exact, said, tmp_path):
    assert said in said_of([str(own(tmp_path, exact=exact))])


@pytest.mark.parametrize(
    ("matrix", "said"),
    [
        ("1e5000 0; 0 1", "error: '1e5000' is too large or too small: it has over 4000 digits"),
        ("1e-5000 0; 0 1", "error: '1e-5000' is too large or too small: it has over 4000 digits"),
        ("1e4000 0; 0 1", "error: an entry of X is 1e4000, too large for float64"),
        ("-1.234e400 0; 0 1", "error: an entry of X is 1.23e400, too large for float64"),
        (f"1{'0' * 5000} 0; 0 1", f"error: {'1' + '0' * 39!r}… is not a finite rational number"),
    ],
)
def test_an_entry_beyond_all_floats_is_one_short_line(matrix, said):
    line = said_of(["det", "--matrix", matrix])
    assert line.startswith(said)
    assert len(line) < 150


def test_large_numbers_are_written_in_few_digits():
    texts = [float_text(Fraction(10) ** k * m) for k in (0, 22, 300, 5000) for m in (1, 2, 9)]
    assert texts == [f"{m}e{k}" for k in (0, 22, 300, 5000) for m in (1, 2, 9)]
    assert float_text(Fraction(10**400) - 1) == "10e399"


def test_a_proof_that_does_not_end_costs_no_other(tmp_path, capsys):
    file = tmp_path / "endless.py"
    file.write_text(
        'formula, domain, citation = "f", "symmetric", "c"\n'
        'routes = {"numpy": {"x": lambda X: (1.0, X)}}\n'
        "def exact(X):\n    return (X[0, 0] + X[0, 1] + X[1, 1]) ** 997\n"
    )
    assert cli.main(["--prove", str(file), "det", "--timeout", "5"]) == 2
    said = capsys.readouterr()
    assert "proved  det of symmetric(2)" in said.out
    assert said.err == ("error: 1 not proved: the exact side did not end within 5 s (--timeout)\n")
