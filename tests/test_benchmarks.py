"""The benchmarks run and print, and the planted errors are found; no time is asserted."""

import math
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from lab.benchmarks.certified import reference_in_arb, reference_in_float64
from lab.benchmarks.checks import Problem, by_arb, by_fast_gradcheck, by_float64, by_gradcheck, draw
from lab.benchmarks.planted import ERRORS, threshold
from lab.benchmarks.timing import CutOffError, Meter, Timing, duration, growth, in_turn

ROOT = Path(__file__).parent.parent


@pytest.mark.parametrize(
    ("module", "row"),
    [
        pytest.param("peers", "gradcheck fast_mode", marks=pytest.mark.slow),
        pytest.param("callables", "by theorem", marks=pytest.mark.slow),
        ("symbolic", "naive SymPy"),
        ("second", "second order / first"),
        pytest.param("batching", "torch", marks=pytest.mark.slow),
    ],
)
def test_the_quick_version_prints_its_table(module, row):
    argv = [sys.executable, "-m", f"lab.benchmarks.{module}", "--quick"]
    done = subprocess.run(argv, cwd=ROOT, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    assert row in done.stdout
    assert "medians of" in done.stdout


@pytest.mark.slow
def test_the_cluster_is_measured():
    argv = [sys.executable, "-m", "lab.benchmarks.cluster", "numpy", "--quick"]
    done = subprocess.run(argv, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    for told in ("gradients, 2 on a cluster", "references, 1", "MiB of the largest process: "):
        assert told in done.stdout


@pytest.mark.parametrize("accepts", [by_float64, by_arb])
@pytest.mark.parametrize("index", [0, 3])
def test_the_toolkit_rejects_what_fast_gradcheck_accepts(accepts, index):
    X = draw(4)
    assert accepts(Problem(X, index))
    assert not accepts(Problem(X, index, 1e-10))
    assert by_fast_gradcheck(Problem(X, index, 1e-10))
    assert by_gradcheck(Problem(X, index, 1e-10))
    assert not by_gradcheck(Problem(X, index, 0.1))


def test_the_threshold_is_the_smallest_error_rejected():
    def accepts(error):
        return error < 4e-7

    assert threshold(accepts).accepted == pytest.approx(3e-7)
    assert threshold(accepts).rejected == pytest.approx(5e-7)
    for guess in (ERRORS[0], 3e-7, 5e-7, 1e-6, ERRORS[-1]):
        guess = min(ERRORS, key=lambda error: abs(error - guess))
        assert threshold(accepts, guess) == threshold(accepts)
    assert threshold(lambda error: True).rejected is None
    assert str(threshold(lambda error: False)) == "rejects 0"
    assert threshold(lambda error: error == 0).rejected == ERRORS[0]


def test_a_search_that_is_cut_off_says_what_it_knows():
    def accepts(error):
        if error > 1e-5:
            raise CutOffError(0.5)
        return True

    found = threshold(accepts)
    assert not found.complete
    assert str(found).startswith("> ")


@pytest.mark.parametrize("n", [2, 4, 8])
def test_both_references_of_an_eigenvalue_are_of_the_same_thing(n):
    X = draw(n)
    for i in range(n):
        fast, slow = reference_in_float64(X, i), reference_in_arb(X, i)
        apart = np.abs((fast.S.high - slow.S.high) - slow.S.low)
        assert np.all(apart <= fast.S.radius + 1e-30)
        assert abs(fast.value.mid - slow.value.mid) <= fast.value.radius + slow.value.radius
        np.testing.assert_allclose(fast.sensitivity, slow.sensitivity, 1e-9)


def test_a_meter_ends_a_run_when_its_time_is_up():
    meter = Meter(10, limit=0.0)
    meter.tick()
    with pytest.raises(CutOffError) as cut:
        meter.tick()
    assert cut.value.fraction == pytest.approx(0.1)


def test_work_that_is_cut_off_is_not_repeated_and_its_pace_is_kept():
    calls = []

    def work():
        calls.append(1)
        raise CutOffError(0.25)

    timing = in_turn({"slow": work}, runs=3)["slow"]
    assert len(calls) == 1
    assert timing.seconds > timing.times[0]


def test_medians_ratios_and_growth():
    base = Timing([9.0, 1.0, 2.0, 4.0], warm_up=1)
    assert base.seconds == 2.0
    assert Timing([5.0, 10.0, 20.0], warm_up=1).ratio(base) == 10.0
    assert Timing([8.0], warm_up=1).ratio(base) == 4.0
    assert growth([16, 64, 256], [2.0, 128.0, 8192.0]) == pytest.approx(3.0)
    assert math.isnan(growth([4], [1.0]))


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(1234.0, "1,200 s"), (3.14159, "3.1 s"), (0.0123, "12 ms"), (2.5e-5, "25 µs")],
)
def test_durations_have_two_digits(seconds, text):
    assert duration(seconds) == text
