"""Distances at their base point, and formulas that are 0/0 where f is smooth."""

from fractions import Fraction

import numpy as np
import pytest
import sympy
from sympy import Matrix, log, sqrt

from symgrad.court.judging.judge import judge
from symgrad.court.judging.tolerance import entry_tolerances
from symgrad.court.questions import Reported
from symgrad.symbolic.catalogue import Instance, MatrixFunction, choose
from symgrad.symbolic.certified.reference import certify

Y = ((2, 1), (1, 1))
INVERSE = np.array([[1, -1], [-1, 2]])


def own(exact):
    function = MatrixFunction("own", "", "positive definite", "", lambda _, X: exact(X))
    return Instance("own", function, 2, {})


def roots_of(M):
    """The eigenvalues of M (2×2), by the formula."""
    t, r = M.trace(), sqrt(M.trace() ** 2 - 4 * M.det())
    return (t + r) / 2, (t - r) / 2


@own
def affine_invariant(X):
    return sum(log(root) ** 2 for root in roots_of(Matrix(INVERSE) * X))


def logarithm(M):
    """log M by Lagrange interpolation at the two eigenvalues."""
    a, b = roots_of(M)
    return (log(a) * (M - b * sympy.eye(2)) - log(b) * (M - a * sympy.eye(2))) / (a - b)


@own
def log_euclidean(X):
    D = logarithm(X) - logarithm(Matrix(Y))
    return sum(x**2 for x in D)


def at(factor, M=Y):
    return tuple(tuple(Fraction(factor * x) for x in row) for row in M)


def said(reference, G, value=0.0):
    return Reported(0, "planted", "1", "route", "float64", value, np.array(G), "both")


def test_the_affine_invariant_distance_of_multiples():
    found = certify(affine_invariant, at(2), {})
    assert float(found.value.mid) == pytest.approx(2 * np.log(2) ** 2, rel=1e-15)
    assert found.S.high == pytest.approx(np.log(2) * INVERSE, rel=1e-15)
    near = certify(
        affine_invariant, ((Fraction(4), Fraction(2)), (Fraction(2), 2 + Fraction(1, 10**6))), {}
    )
    assert np.max(np.abs(near.S.high - found.S.high)) < 1e-5
    assert found.sensitivity == pytest.approx(near.sensitivity, rel=1e-4)


@pytest.mark.parametrize(
    ("function", "X"),
    [
        (affine_invariant, at(1)),
        (log_euclidean, at(1)),
        (choose("bures_wasserstein", 2)[0], at(2, ((5, 3), (3, 5)))),
    ],
)
def test_at_the_base_point_the_distance_and_its_gradient_are_zero(function, X):
    found = certify(function, X, {})
    assert not found.refusal
    assert found.value.mid == 0
    assert not np.any(found.S.high)
    tolerances = entry_tolerances(found, None, "float64")
    assert 1e-17 < np.max(tolerances) < 1e-12
    for times, verdict in ((0.9, "agrees"), (1.1, "disagrees")):
        G = np.zeros((2, 2))
        G[0, 1] = G[1, 0] = times * tolerances[0, 1]
        assert judge(found, said(found, G), "float64").verdict == verdict


@pytest.mark.parametrize(
    "exact",
    [
        lambda X: roots_of(X)[0],
        lambda X: log(roots_of(X)[1]),
        lambda X: 2 * roots_of(X)[0] ** 2 + roots_of(X)[1] ** 2,
        lambda X: sqrt((X[0, 0] - X[1, 1]) ** 2) + X.trace(),
    ],
)
def test_a_true_kink_stays_refused(exact):
    assert certify(own(exact), at(1, ((3, 0), (0, 3))), {}).refusal
    assert not certify(own(exact), at(1, ((3, 1), (1, 4))), {}).refusal


def test_symmetric_functions_of_the_eigenvalues_are_smooth_where_they_coincide():
    function = own(lambda X: sum(root**3 for root in roots_of(X)))
    found = certify(function, at(1, ((3, 0), (0, 3))), {})
    assert found.S.high == pytest.approx(27 * np.eye(2))
