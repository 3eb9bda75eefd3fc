"""Parameterizations: structures, their directions, their points."""

from fractions import Fraction

import numpy as np
import pytest

from symgrad.court.errors import InputError
from symgrad.court.judging.judge import judge
from symgrad.symbolic.domains import DOMAINS
from symgrad.symbolic.parameterizations import PARAMETERIZATIONS
from symgrad.symbolic.points import coordinates, draw_points, parse_point
from tests.helpers import exact_gradient, reference, report

SIZES = {name: [1, 2, 3, 5] for name in PARAMETERIZATIONS}
SIZES |= {"kronecker": [4, 6], "ar1": [2, 3, 5], "rational_quadratic": [2, 3, 5]}
SIZES |= {"fixed_trace": [2, 3, 5], "fixed_rank": [2, 3, 5], "pencil": [2, 3, 5]}
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
    "fixed_trace": lambda X: np.trace(X) == len(X),
    "fixed_rank": lambda X: np.linalg.matrix_rank(X) == (len(X) + 1) // 2,
    "pencil": lambda X: not np.any(np.diff(X - np.diag(np.arange(len(X)) + 1), 2)),
}

FREE = {
    "fixed_trace": lambda n: n * (n + 1) // 2 - 1,
    "fixed_rank": lambda n: n * ((n + 1) // 2) - ((n + 1) // 2) * ((n - 1) // 2) // 2,
    "pencil": lambda n: 2,
    "correlation": lambda n: n * (n - 1) // 2,
}
"""As many parameters as freedoms."""


def drawn(name, n, domain="symmetric"):
    (theta,) = draw_points(PARAMETERIZATIONS[name](n), domain, 1, 0)
    return theta


def floats(X):
    return np.array(X, dtype=np.float64)


@pytest.mark.parametrize(("name", "n"), [case for case in EACH if case[0] != "fixed_rank"])
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


NEVER = ("hankel", "fixed_rank")
"""At n = 4 no point of the first is found that is positive definite, and of the second is none."""


@pytest.mark.parametrize("name", [name for name in PARAMETERIZATIONS if name not in NEVER])
def test_positive_definite_points_are_found_in_every_structure(name):
    X = PARAMETERIZATIONS[name](4).at(drawn(name, 4, "positive definite"))
    assert np.all(np.linalg.eigvalsh(floats(X)) > 0)


def test_a_kronecker_product_needs_two_factors():
    assert PARAMETERIZATIONS["kronecker"](6).size == 6
    with pytest.raises(InputError, match="two factors"):
        PARAMETERIZATIONS["kronecker"](5)


@pytest.mark.parametrize(("name", "n"), [case for case in EACH if case[0] in FREE])
def test_the_parameters_are_as_many_as_the_matrix_has_freedoms(name, n):
    """The Jacobian of X(θ) has full column rank, and one of another structure has not."""

    def jacobian(x, theta):
        columns = []
        for D in x.directions(theta).values():
            column = np.zeros((n, n))
            for i, j, d in D:
                column[i, j] = float(d)
            columns.append(column.ravel())
        return np.array(columns).T

    x = PARAMETERIZATIONS[name](n)
    J = jacobian(x, drawn(name, n))
    assert np.linalg.matrix_rank(J) == len(x.names) == FREE[name](n)
    other = PARAMETERIZATIONS["low_rank_plus_diagonal"](n)
    J = jacobian(other, drawn("low_rank_plus_diagonal", n))
    assert (np.linalg.matrix_rank(J) == len(other.names)) == (n > 2)


@pytest.mark.parametrize("n", [2, 3, 4, 5])
def test_what_is_singular_by_design_is_refused_by_functions_of_other_matrices(n):
    x, r = PARAMETERIZATIONS["fixed_rank"](n), (n + 1) // 2
    (theta,) = draw_points(x, "symmetric", 1, 0)
    assert DOMAINS["invertible"].missing(x.at(theta))
    for domain in ("positive definite", "invertible"):
        with pytest.raises(InputError, match=f"of rank {r} at every point, and never {domain}"):
            draw_points(x, domain, 1, 0)
        with pytest.raises(InputError, match="outside the domain"):
            parse_point(", ".join(f"{k}={v}" for k, v in theta.items()), x, domain)


def test_a_fixed_rank_is_below_the_size():
    with pytest.raises(InputError, match="a size of 2 or more"):
        PARAMETERIZATIONS["fixed_rank"](1)


def test_a_matrix_of_another_trace_is_none_of_a_fixed_one():
    x = PARAMETERIZATIONS["fixed_trace"](2)
    half, off = Fraction(1, 2), Fraction(1, 10**12)
    theta = coordinates(((half, half), (half, 2 - half)), x, "positive definite")
    assert theta == {"x0_0": half, "x0_1": half}
    with pytest.raises(InputError, match="has not the structure fixed_trace"):
        coordinates(((half, half), (half, 2 - half + off)), x, "positive definite")


NEW = ("fixed_trace", "fixed_rank", "pencil")


@pytest.mark.parametrize("structure", NEW)
@pytest.mark.parametrize("function", ["trace_exp", "largest_eigenvalue", "projector[2]"])
def test_right_gradients_agree_and_planted_ones_disagree(function, structure):
    there = reference(function, structure)
    S, names = exact_gradient(there), [d.name for d in there.directions]
    for convention in ("symmetric", "lower", "upper"):
        assert judge(there, report(there, convention=convention), "float64").verdict == "agrees"
    doubled = judge(there, report(there, 2 * S - np.diag(np.diag(S))), "float64")
    assert doubled.verdict == "disagrees"
    for name in names:  # one parameter's derivative is off by 10⁻¹⁰
        (D,) = (d.D for d in there.directions if d.name == name)
        off = np.zeros_like(S)
        for i, j, d in D:
            off[i, j] = float(d)
        wrong = report(there, S + 1e-10 * np.linalg.norm(S) / np.linalg.norm(off) * off)
        found = judge(there, wrong, "float64")
        assert found.verdict == "disagrees"
        (component,) = (c for c in found.parameters if c.name == name)
        assert component.error > component.tolerance
