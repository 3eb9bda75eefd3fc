"""The float64 route as a reference: it agrees with Arb's, judges, and can convict."""

from fractions import Fraction

import numpy as np
import pytest

from court.judge import judge
from symbolic.catalogue import choose
from symbolic.certified.float64 import spectrum
from symbolic.certified.large import certify_large, eigenprojector_sensitivity
from symbolic.certified.reference import certify
from tests.helpers import report


def random_symmetric(n, seed=0):
    A = np.random.default_rng(seed).standard_normal((n, n))
    return (A + A.T) / 2


def exactly(X):
    return tuple(tuple(map(Fraction, row)) for row in X.tolist())


@pytest.mark.parametrize("n", [2, 5, 20])
def test_both_routes_give_one_reference(n):
    X = random_symmetric(n)
    for i in (0, n // 2, n - 1):
        (f,) = choose(f"eigenvalue[{i}]", n)
        fast, slow = certify_large(f, X), certify(f, exactly(X), {})
        difference = np.abs((fast.S.high - slow.S.high) - slow.S.low)
        assert np.all(difference <= fast.S.radius + slow.S.radius)
        assert abs(fast.value.mid - slow.value.mid) <= fast.value.radius + slow.value.radius
        scale = 0.5 if n > 10 else 1e-6  # above n = 10 the other one samples directions
        assert np.allclose(fast.sensitivity, slow.sensitivity, rtol=scale)


@pytest.mark.parametrize("n", [60, pytest.param(300, marks=pytest.mark.slow)])
def test_a_gradient_is_judged_in_every_direction(n):
    X = random_symmetric(n, 1)
    (f,) = choose(f"eigenvalue[{n - 1}]", n)
    reference = certify_large(f, X)
    v = np.linalg.eigh(X)[1][:, -1]
    G = np.outer(v, v)
    assert judge(reference, report(reference, G), "float64").verdict == "agrees"
    lower = 2 * np.tril(G) - np.diag(np.diag(G))
    assert judge(reference, report(reference, lower), "float64").convention == "lower"
    G[n // 2, 3] += 1e-10
    assert judge(reference, report(reference, G), "float64").verdict == "disagrees"


def test_a_repeated_eigenvalue_is_refused():
    (f,) = choose("eigenvalue[0]", 3)
    reference = certify_large(f, np.diag([1.0, 1.0, 2.0]))
    assert reference.refusal
    assert certify_large(f, np.diag([1.0, 1.5, 2.0])).refusal == ""


def test_the_sensitivity_against_differences():
    X, h = random_symmetric(4, 2), 1e-6
    sensitivity = eigenprojector_sensitivity(spectrum(X), 0)
    squares = np.zeros((4, 4))
    for i in range(4):
        for j in range(i, 4):
            E = np.zeros((4, 4))
            E[i, j] = E[j, i] = h / (1 if i == j else 2**0.5)
            v, w = np.linalg.eigh(X + E)[1][:, 0], np.linalg.eigh(X - E)[1][:, 0]
            squares += ((np.outer(v, v) - np.outer(w, w)) / (2 * h)) ** 2
    assert np.allclose(sensitivity, np.sqrt(squares), rtol=1e-6)
