"""The strategies: what they draw, what that shrinks to, and the bounds that hold of all of it."""

import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import assume, find, given, settings
from hypothesis import strategies as st

import symgrad
from symgrad import strategies

N = st.integers(1, 6)
ALL = {name: getattr(strategies, name) for name in strategies.__all__}
SETTINGS = settings(max_examples=50, deadline=None, derandomize=True, database=None)


def smallest(strategy, condition):
    """The counterexample that Hypothesis shrinks to, the same in every run."""
    return find(strategy, condition, settings=settings(SETTINGS, max_examples=2000))


def is_whole(X):
    return bool(np.all(X == np.round(X)))


def has_full_mantissas(X):
    """Whether some entry has a bit among the last four of its significand."""
    bits = [math.frexp(x)[0] * 2**49 for x in (*X.real.flat, *np.imag(X).flat)]
    return any(x != round(x) for x in bits)


def definite(X):
    """Whether an exact X is positive definite: by the pivots of Gauss's elimination."""
    rows = [list(row) for row in X]
    for k in range(len(rows)):
        if rows[k][k] <= 0:
            return False
        for i in range(k + 1, len(rows)):
            factor = rows[i][k] / rows[k][k]
            rows[i] = [a - factor * b for a, b in zip(rows[i], rows[k], strict=True)]
    return True


def plus(X, s):
    """X + sI, exactly."""
    return [[Fraction(x) + s * (i == j) for j, x in enumerate(row)] for i, row in enumerate(X)]


@pytest.mark.parametrize("name", ALL)
@given(data=st.data())
@SETTINGS
def test_all_are_symmetric_to_the_last_bit(name, data):
    n = data.draw(st.integers(2, 6))
    X = data.draw(ALL[name](n))
    assert X.shape == (n, n)
    assert X.dtype == (np.complex128 if name == "hermitian" else np.float64)
    assert np.array_equal(X, np.conj(X.T))
    assert np.all(np.isfinite(X))


@pytest.mark.parametrize("name", ALL)
def test_full_mantissas_are_drawn(name):
    assert has_full_mantissas(smallest(ALL[name](3), has_full_mantissas))
    assert not has_full_mantissas(np.array([[1.0, 0.5], [0.5, 3.0]]))


@pytest.mark.parametrize("name", ["symmetric", "hermitian", "positive_definite", "graded"])
@pytest.mark.sampled(2)
def test_a_counterexample_shrinks_to_small_integers(name):
    simplest = smallest(ALL[name](3), lambda X: True)
    assert is_whole(simplest)
    found = smallest(ALL[name](3), lambda X: X[0, 0].real > 4.3)
    assert is_whole(found)
    assert np.count_nonzero(np.triu(found != simplest)) <= 3
    fractional = smallest(ALL[name](3), lambda X: X[0, 1].real % 1 != 0)
    assert not is_whole(fractional)


def test_what_shrinks_is_what_the_predicate_is_about():
    found = smallest(strategies.symmetric(3), lambda X: X[0, 2] < -1.5)
    assert found.tolist() == [[1, 1, -2], [1, 2, 1], [-2, 1, 3]]
    assert smallest(strategies.symmetric(2), lambda X: X[0, 1] == 0).tolist() == [[1, 0], [0, 2]]


@given(data=st.data(), condition=st.sampled_from([1.01, 2.0, 10.0, 1e6, 1e12]))
@SETTINGS
def test_the_condition_holds_exactly(data, condition):
    """λ_max ≤ κ·λ_min if κX − tI and tI − X are both semidefinite for some t."""
    X = data.draw(strategies.positive_definite(data.draw(N), condition))
    assert definite(plus(X, Fraction(0)))
    least, most = np.linalg.eigvalsh(X)[[0, -1]]
    t = Fraction(most) * (1 + Fraction(1, 10**14) * len(X))
    assert definite(plus(-X, t))
    scaled = [[Fraction(condition) * Fraction(x) for x in row] for row in X]
    assert definite(plus(scaled, -t)), (most / least, condition)


@pytest.mark.parametrize("condition", [10.0, 1e6, 1e9])
def test_the_condition_is_reached_and_no_less_would_hold(condition):
    ill = smallest(
        strategies.positive_definite(3, condition), lambda X: np.linalg.cond(X) > 0.9 * condition
    )
    assert np.linalg.cond(ill) <= condition * (1 + 1e-6)


@pytest.mark.parametrize("gap", [1e-12, 1e-8, 0.25])
@given(data=st.data())
@SETTINGS
def test_the_gap_holds_and_is_the_only_one(gap, data):
    n = data.draw(st.integers(2, 6))
    values = np.linalg.eigvalsh(data.draw(strategies.nearly_repeated(n, gap)))
    gaps = np.sort(np.diff(values))
    assert gaps[0] == pytest.approx(gap, abs=2e-15 * n * values[-1])
    assert np.all(gaps[1:] > 0.9)
    assert values[0] > 0.9


def test_nearly_repeated_eigenvalues_are_next_to_small_integers():
    X = smallest(strategies.nearly_repeated(3, gap=1e-8), lambda X: True)
    assert np.linalg.eigvalsh(X) == pytest.approx([1, 1 + 1e-8, 2 + 1e-8], abs=1e-14)
    upper = smallest(
        strategies.nearly_repeated(3, gap=1e-8), lambda X: np.diff(np.linalg.eigvalsh(X))[1] < 0.5
    )
    assert np.linalg.eigvalsh(upper) == pytest.approx([1, 2, 2 + 1e-8], abs=1e-14)


@given(data=st.data(), ratio=st.sampled_from([2.0, 3.0, 1024.0]))
@SETTINGS
def test_graded_matrices_fall_off(data, ratio):
    """D⁻¹XD⁻¹ is well-conditioned for powers of two that fall by 2 to the ratio each."""
    X = data.draw(strategies.graded(data.draw(st.integers(2, 5)), ratio))
    root = np.sqrt(np.diag(X))
    assert np.linalg.cond(X / np.outer(root, root)) <= 100
    falls = root[:-1] / root[1:]
    assert np.all(falls >= 2 / math.sqrt(10))
    assert np.all(falls <= ratio * math.sqrt(10))


def test_graded_matrices_reach_the_ratio():
    steep = smallest(strategies.graded(2, 1024.0), lambda X: X[0, 0] > 1e6 * X[1, 1] > 0)
    assert is_whole(steep)


@pytest.mark.parametrize("name", ["symmetric", "positive_definite", "nearly_repeated", "graded"])
@pytest.mark.sampled(2)
def test_the_simplest_matrix_tells_right_from_wrong(name):
    """It would be no use if what Hypothesis tries first were refused."""
    X = smallest(ALL[name](3), lambda X: True)
    S = np.linalg.inv(X)
    assert symgrad.check_gradient(S, "log_det", X).verdict == "agrees"
    assert symgrad.check_gradient(2 * S - np.diag(np.diag(S)), "log_det", X).verdict == "disagrees"


@given(strategies.hermitian(3))
@SETTINGS
def test_hermitian_matrices_are_complex_off_the_diagonal(H):
    assert np.all(np.diag(H).imag == 0)
    assume(H[0, 1].imag != 0)
    assert not np.array_equal(H, H.T)


@pytest.mark.parametrize(
    ("wrong", "right", "said"),
    [
        (lambda: strategies.symmetric(0), lambda: strategies.symmetric(1), "n = 0"),
        (lambda: strategies.hermitian(0), lambda: strategies.hermitian(1), "n = 0"),
        (lambda: strategies.nearly_repeated(1), lambda: strategies.nearly_repeated(2), "two rows"),
        (
            lambda: strategies.nearly_repeated(2, gap=1e-13),
            lambda: strategies.nearly_repeated(2, gap=1e-12),
            "float64 keeps gaps",
        ),
        (
            lambda: strategies.positive_definite(2, condition=1.0),
            lambda: strategies.positive_definite(2, condition=1.01),
            "from 1.01 on",
        ),
        (lambda: strategies.graded(2, ratio=1.9), lambda: strategies.graded(2, 2.0), "from 2 on"),
        (lambda: strategies.graded(114), lambda: strategies.graded(113), "overflow"),
    ],
)
def test_what_cannot_be_drawn_is_said(wrong, right, said):
    right().validate()
    with pytest.raises(ValueError, match=said):
        wrong()
