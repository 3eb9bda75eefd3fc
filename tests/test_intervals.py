"""Interval matrices, products and determinants against exact rationals, which they must contain."""

from fractions import Fraction

import numpy as np
import pytest
from flint import arb, fmpq, fmpq_mat

from symgrad.symbolic.algebra.intervals import IntervalMatrix, Intervals
from symgrad.symbolic.certified.enclosure import precision
from symgrad.symbolic.float64.determinant import log_abs_det
from symgrad.symbolic.float64.eigenpairs import NotCertifiedError, spectrum
from symgrad.symbolic.float64.products import product
from symgrad.symbolic.float64.rounding import row_products
from tests.test_float64 import FAMILIES, U, exact_within, rotated, symmetric, to_q, to_rational


def exact_log_abs_det(X):
    det = to_rational(X).det()
    return (1 if det > 0 else -1), abs(arb(det)).log()


def misses(found, exact):
    """Whether an enclosure certainly misses a number known much more closely."""
    return abs(found.mid() - exact.mid()) > found.rad() + exact.rad()


def holds_log_det(X):
    """Whether log|det X| is certified, having checked that the enclosure is true."""
    try:
        sign, found = log_abs_det(spectrum(X))
    except NotCertifiedError:
        return False
    assert to_rational(X).det() != 0
    true_sign, exact = exact_log_abs_det(X)
    assert sign == true_sign
    assert not misses(found, exact)
    return True


@pytest.mark.parametrize("family", FAMILIES)
def test_log_det_lies_within(family):
    rng = np.random.default_rng([11, sorted(FAMILIES).index(family)])
    certified = 0
    with precision(256):
        for n in (2, 3, 4, 5, 8, 12):
            for _ in range(6):
                certified += holds_log_det(FAMILIES[family](rng, n))
    if family in ("random", "huge", "tiny", "positive definite", "integer"):
        assert certified >= 30


@pytest.mark.parametrize("n", [20, 60])
@pytest.mark.parametrize("condition", [1e1, 1e5, 1e9])
def test_log_det_lies_within_for_larger_matrices(n, condition):
    rng = np.random.default_rng(n)
    values = np.geomspace(1, condition, n) * rng.choice([-1, 1], n)
    X = rotated(rng, values)
    with precision(256):
        assert holds_log_det(X)
        _, found = log_abs_det(spectrum(X))
    least = 8 * n * U * np.linalg.norm(X) * np.linalg.norm(np.linalg.inv(X))
    assert float(found.rad()) < 0.1 * least


def test_a_nearly_singular_matrix_is_certified_or_refused_and_never_wrong():
    rng = np.random.default_rng(4)
    outcomes = set()
    with precision(512):
        for exponent in np.linspace(-18, -8, 40):
            values = rng.uniform(1, 2, 6)
            values[0] = 10**exponent
            outcomes.add(holds_log_det(rotated(rng, values)))
        assert not holds_log_det(np.ones((3, 3)))
    assert outcomes == {True, False}


def test_a_smaller_bound_of_log_det_would_be_wrong():
    rng = np.random.default_rng(5)
    missed = 0
    with precision(256):
        for _ in range(40):
            X = symmetric(rng.standard_normal((4, 4)))
            _, found = log_abs_det(spectrum(X))
            _, exact = exact_log_abs_det(X)
            missed += misses(arb(found.mid(), found.rad() * 1e-2), exact)
    assert missed > 0


def test_wrong_answers_of_lapack_are_no_determinants(monkeypatch):
    X = np.array([[2.0, 1.0], [1.0, 3.0]])
    c, s = np.cos(0.1), np.sin(0.1)
    w, V = np.linalg.eigh(X)
    with precision(256):
        for near, basis in (
            (w, V @ np.array([[c, -s], [s, c]])),
            (w * 1.01, V),
            (w, V * 1.01),
            (np.array([-1.0, 3.6]), V),
            (np.array([1e-300, 3.6]), V),
        ):
            monkeypatch.setattr(np.linalg, "eigh", lambda Y, near=near, V=basis: (near, V))
            holds_log_det(X)  # wide, or refused, but true


def test_products_hold_exactly():
    rng = np.random.default_rng(7)
    for n in (1, 2, 5, 17, 33):
        A = rng.uniform(-1, 1, (n, n)) * 10 ** rng.uniform(-30, 30, (n, 1))
        B = rng.standard_normal((n, n)) * 10 ** rng.uniform(-8, 8, (1, n))
        A[0], B[:, 0] = 0, 0
        P, bound = product(A, B)
        assert exact_within(to_rational(A) * to_rational(B), P, bound)
        scale = n * np.outer(np.abs(A).max(axis=1), np.abs(B).max(axis=0))
        assert np.all(bound <= 1.01 * U * np.abs(P) + 1e-6 * U * scale + 1e-100)
        sums, errors = row_products(A, B, -B[:, -1:])
        for i in range(n):
            terms = [to_q(a) * to_q(b) for a, b in zip(A[i], B[i], strict=True)]
            total = sum(terms, -to_q(B[i, -1]))
            assert abs(total - to_q(sums[i])) <= to_q(errors[i])
            size = np.abs(A[i] * B[i]).sum() + np.abs(B[i, -1])
            assert errors[i] <= 1.01 * U * abs(sums[i]) + 1e-12 * U * size + 1e-100


def inside(rng, M):
    """Some matrix that M holds, exactly."""
    n = len(M.mid)
    share = rng.integers(-4, 5, (n, n))
    radius = to_rational(M.radius)
    return fmpq_mat(
        [
            [to_q(M.mid[i, j]) + radius[i, j] * fmpq(int(share[i, j]), 4) for j in range(n)]
            for i in range(n)
        ]
    )


def test_operations_on_intervals_hold_what_they_must():
    rng = np.random.default_rng(8)
    for n in (1, 2, 3, 6):
        for scale in (0.0, 1e-16, 1e-3):
            A, B = (
                IntervalMatrix(M, scale * rng.uniform(0, 1, (n, n)) * np.abs(M))
                for M in (rng.standard_normal((n, n)), rng.standard_normal((n, n)) * 1e5)
            )
            a, b = inside(rng, A), inside(rng, B)
            half, third = fmpq(1, 2), fmpq(1, 3)
            with precision(128):
                algebra = Intervals(np.eye(n))
                for found, exact in (
                    (A + B, a + b),
                    (A - B, a - b),
                    (-A, -a),
                    (A * B, a * b),
                    (A * 3, a * 3),
                    (A * arb(third), a * third),
                    (arb(third) * A, a * third),
                    (algebra.scaled(A, Fraction(1, 2)), a * half),
                    (A.symmetric_part(), (a + a.transpose()) * half),
                ):
                    assert exact_within(exact, found.mid, found.radius)
                total = sum((a[i, j] * b[i, j] for i in range(n) for j in range(n)), fmpq(0))
                assert not misses(algebra.inner(A, B), arb(total))


def test_smaller_intervals_would_be_wrong():
    rng = np.random.default_rng(9)
    A, B = (IntervalMatrix(M, 1e-9 * np.abs(M)) for M in rng.standard_normal((2, 4, 4)))
    edge = to_rational(A.mid + np.sign(A.mid) * A.radius) * to_rational(B.mid)
    P = A * B
    assert exact_within(edge, P.mid, P.radius)
    assert not exact_within(edge, P.mid, P.radius * 0.1)
    assert not exact_within(to_rational(A.mid) * to_rational(B.mid) * fmpq(11, 10), P.mid, P.radius)


def test_an_interval_out_of_range_is_refused():
    for entry in (2.0**401, np.inf, np.nan):
        with pytest.raises(NotCertifiedError, match="out of range"):
            IntervalMatrix(np.array([[entry]]), np.zeros((1, 1)))
        with pytest.raises(NotCertifiedError, match="out of range"):
            IntervalMatrix(np.zeros((1, 1)), np.array([[entry]]))
