"""Parameterizations: structures, their directions, their points."""

from fractions import Fraction

import numpy as np
import pytest

from symgrad.court.errors import InputError
from symgrad.symbolic.domains import DOMAINS
from symgrad.symbolic.parameterizations import PARAMETERIZATIONS
from symgrad.symbolic.points import draw_points

SIZES = {name: [1, 2, 3, 5] for name in PARAMETERIZATIONS}
SIZES |= {"kronecker": [4, 6], "ar1": [2, 3, 5], "rational_quadratic": [2, 3, 5]}
EACH = [(name, n) for name, sizes in SIZES.items() for n in sizes]
STRUCTURE = {
    "diagonal": lambda X: np.array_equal(X, np.diag(np.diag(X))),
    "tridiagonal": lambda X: not np.any(np.triu(X, 2)),
    "block_diagonal": lambda X: not np.any(X[: (len(X) + 1) // 2, (len(X) + 1) // 2 :]),
    "toeplitz": lambda X: np.array_equal(X[1:, 1:], X[:-1, :-1]),
    "circulant": lambda X: np.array_equal(np.roll(X, (1, 1), (0, 1)), X),
    "hankel": lambda X: np.array_equal(X[1:, :-1], X[:-1, 1:]),
    "persymmetric": lambda X: np.array_equal(X, X[::-1, ::-1].T),
    "correlation": lambda X: np.array_equal(np.diag(X), np.ones(len(X))),
}


def drawn(name, n, domain="symmetric"):
    (theta,) = draw_points(PARAMETERIZATIONS[name](n), domain, 1, 0)
    return theta


def floats(X):
    return np.array(X, dtype=np.float64)


@pytest.mark.parametrize(("name", "n"), EACH)
def test_the_anchor_is_positive_definite_and_its_negative_is_not(name, n):
    x = PARAMETERIZATIONS[name](n)
    X = x.at({name: Fraction(value) for name, value in zip(x.names, x.anchor, strict=True)})
    missing = DOMAINS["positive definite"].missing
    assert not missing(X)
    assert missing(tuple(tuple(-entry for entry in row) for row in X))


@pytest.mark.parametrize(("name", "n"), [case for case in EACH if case[0] in STRUCTURE])
def test_a_matrix_has_the_structure_that_its_name_says(name, n):
    if (name, n) == ("correlation", 1):
        with pytest.raises(InputError):  # there is one 1×1 correlation matrix, and no generic one
            draw_points(PARAMETERIZATIONS[name](n), "symmetric", 2, 0)
        return
    X = floats(PARAMETERIZATIONS[name](n).at(drawn(name, n)))
    assert STRUCTURE[name](X)
    assert np.array_equal(X, X.T)
    if n > 2:
        broken = X.copy()
        broken[0, n - 1] = broken[n - 1, 0] = X[0, n - 1] + 0.5
        broken[0, 0] += 0.25
        assert not STRUCTURE[name](broken)


@pytest.mark.parametrize(("name", "n"), EACH)
def test_directions_are_the_derivatives_of_the_matrix(name, n):
    x = PARAMETERIZATIONS[name](n)
    theta, h = drawn(name, n), Fraction(1, 2**30)
    for parameter, D in x.directions(theta).items():
        ahead, back = (floats(x.at(theta | {parameter: theta[parameter] + s})) for s in (h, -h))
        exact = np.zeros((len(ahead), len(ahead)))
        for i, j, d in D:
            exact[i, j] = float(d)
        np.testing.assert_allclose((ahead - back) / float(2 * h), exact, atol=1e-6)
        assert np.any(exact)


@pytest.mark.parametrize("name", [name for name in PARAMETERIZATIONS if name != "hankel"])
def test_positive_definite_points_are_found_in_every_structure(name):
    X = PARAMETERIZATIONS[name](4).at(drawn(name, 4, "positive definite"))
    assert np.all(np.linalg.eigvalsh(floats(X)) > 0)


def test_a_kronecker_product_needs_two_factors():
    assert PARAMETERIZATIONS["kronecker"](6).size == 6
    with pytest.raises(InputError, match="two factors"):
        PARAMETERIZATIONS["kronecker"](5)
