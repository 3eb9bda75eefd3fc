"""The float64 route as a reference: it agrees with Arb's, judges, and can convict."""

from fractions import Fraction

import numpy as np
import pytest
from msgspec import structs

from symgrad.court.judging.judge import judge
from symgrad.court.judging.tolerance import entry_tolerances, value_tolerance
from symgrad.symbolic.catalogue import CATALOGUE, choose
from symgrad.symbolic.certified.large import certify_large, has_float64_route
from symgrad.symbolic.certified.reference import certify
from tests.helpers import report
from tests.test_float64 import FAMILIES

WITH_A_ROUTE = [name for name, function in CATALOGUE.items() if has_float64_route(function)]


def random_symmetric(n, seed=0, domain="symmetric"):
    A = np.random.default_rng(seed).standard_normal((n, n))
    X = (A + A.T) / 2
    return X + 2 * np.sqrt(n) * np.eye(n) if domain == "positive definite" else X


def random_case(name, n, seed=0):
    """The function, or one of its family, and a matrix in its domain."""
    members = choose(name, n)
    function = members[0 if name == "ky_fan_norm" else len(members) // 2]
    return function, random_symmetric(n, seed, function.function.domain)


def exactly(X):
    return tuple(tuple(map(Fraction, row)) for row in X.tolist())


def overlap(fast, slow):
    """Whether two references enclose the same numbers."""
    difference = np.abs((fast.S.high - slow.S.high) - slow.S.low)
    values = abs(fast.value.mid - slow.value.mid) <= fast.value.radius + slow.value.radius
    return values and bool(np.all(difference <= fast.S.radius + slow.S.radius))


def test_the_functions_with_a_float64_route():
    assert set(WITH_A_ROUTE) >= {
        "eigenvalue",
        "det",
        "log_det",
        "inverse_quadratic_form",
        "weighted_inverse",
        "gaussian_log_likelihood",
        "trace_cube",
    }
    assert set(WITH_A_ROUTE) >= {"singular_value", "condition_number", "gaussian_kl"}
    assert not set(WITH_A_ROUTE) & {"projector", "trace_exp", "cholesky_entry", "bures_wasserstein"}
    without = {k: v for k, v in vars(CATALOGUE["det"]).items() if k != "gradient"}
    assert not has_float64_route(type(CATALOGUE["det"])(**without))


@pytest.mark.sampled(25)
@pytest.mark.parametrize("n", [2, 4, 20])
@pytest.mark.parametrize("name", WITH_A_ROUTE)
def test_both_routes_give_one_reference(name, n):
    function, X = random_case(name, n)
    fast, slow = certify_large(function, X), certify(function, exactly(X), {})
    assert overlap(fast, slow)
    wrong = structs.replace(fast.S, high=fast.S.high + 4 * fast.S.radius)
    assert not overlap(structs.replace(fast, S=wrong), slow)
    if n < 10:  # above, the other one samples directions
        assert np.allclose(fast.sensitivity, slow.sensitivity, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("family", FAMILIES)
def test_both_routes_give_one_reference_at_difficult_matrices(family):
    rng = np.random.default_rng([9, sorted(FAMILIES).index(family)])
    certified = 0
    for n in (2, 3, 4, 5):
        for name in ("log_det", "det", "inverse_quadratic_form", "weighted_inverse"):
            X = FAMILIES[family](rng, n)
            (function,) = choose(name, len(X))
            fast = certify_large(function, X)
            if not fast.refusal:
                slow = certify(function, exactly(X), {})
                assert overlap(fast, slow)
                certified += 1
    if family in ("random", "positive definite", "integer"):
        assert certified >= 8


@pytest.mark.parametrize("name", WITH_A_ROUTE)
@pytest.mark.parametrize("n", [50, pytest.param(300, marks=pytest.mark.slow)])
def test_enclosures_are_far_sharper_than_tolerances(name, n):
    function, X = random_case(name, n, 3)
    if name == "det":
        X = X / np.exp(np.linalg.slogdet(X)[1] / n)
    reference = certify_large(function, X)
    assert np.max(reference.S.radius / entry_tolerances(reference, None, "float64")) < 0.02
    assert reference.value.radius < 0.02 * value_tolerance(reference, "float64")


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
    verdict = judge(reference, report(reference, G), "float64")
    assert verdict.verdict == "disagrees"
    assert [c.name for c in verdict.parameters] == [f"x3_{n // 2}"]
    assert f"the contraction with ∂X/∂x3_{n // 2} is" in verdict.reason


@pytest.mark.parametrize("name", ["eigenvalue", "log_det", "weighted_inverse"])
def test_an_error_is_found_at_n_300_just_above_the_tolerance_and_not_below(name):
    function, X = random_case(name, 300, 4)
    reference = certify_large(function, X)
    tolerances = entry_tolerances(reference, None, "float64")
    for i, j in ((0, 299), (150, 150), (7, 211)):
        for multiple, expected in ((0.9, "agrees"), (1.2, "disagrees")):
            G = reference.S.high.copy()
            G[i, j] = G[j, i] = G[i, j] + multiple * tolerances[i, j]
            assert judge(reference, report(reference, G), "float64").verdict == expected


def test_a_wrong_value_is_found():
    function, X = random_case("log_det", 50)
    reference = certify_large(function, X)
    tolerance, value = value_tolerance(reference, "float64"), float(reference.value.mid)
    for multiple, expected in ((0.9, "agrees"), (1.2, "disagrees")):
        told = report(reference, value=value + multiple * tolerance)
        assert judge(reference, told, "float64").verdict == expected


def test_an_enclosure_that_is_too_wide_judges_nothing():
    function, X = random_case("log_det", 5)
    reference = certify_large(function, X)
    told = report(reference)
    tolerances = entry_tolerances(reference, None, "float64")
    for fraction, expected in ((0.4, "agrees"), (0.6, "refused")):
        S = structs.replace(reference.S, radius=fraction * tolerances)
        wide = structs.replace(reference, S=S)
        assert judge(wide, told, "float64").verdict == expected
        radius = Fraction(fraction * value_tolerance(reference, "float64"))
        wide = structs.replace(reference, value=reference.value._replace(radius=radius))
        assert judge(wide, told, "float64").verdict == expected


def test_what_cannot_be_certified_is_refused():
    for name, X, reason in (
        ("eigenvalue[0]", np.diag([1.0, 1.0, 2.0]), "λ0 is not isolated"),
        ("log_det", np.diag([1.0, 2.0, -1e-9]), "could not be proved positive definite"),
        ("log_det", np.diag([-1.0, -2.0, 3.0]), "could not be proved positive definite"),
        ("det", np.ones((3, 3)), "could not be proved regular"),
        ("weighted_inverse", np.ones((3, 3)), "the inverse of a 3×3 matrix"),
        ("det", np.diag([1e51, 2e51, 3e51]), "out of range: f is larger"),
        ("det", np.diag([1e140, 2e140, 3e140]), "out of range: an intermediate matrix"),
        ("singular_value[1]", np.diag([1.0, -1.0, 2.0]), "singular value 1, about 1, could not be"),
        ("singular_value[2]", np.diag([0.0, 1.0, 2.0]), "|λ| has no derivative at λ = 0"),
        ("trace_cube", np.diag([1e55, 1e55, 1.0]), "out of range: f is larger"),
        ("det", np.diag([1e60, 1e60, 1.0]), "could not be proved regular"),
    ):
        (function,) = choose(name, 3)
        reference = certify_large(function, X)
        assert reason in reference.refusal
        assert "\n" not in reference.refusal
        tame = certify_large(function, np.diag([1.0, 1.5, 2.0]))
        assert tame.refusal == ""


def test_the_sensitivity_against_differences():
    X, h = random_symmetric(4, 2), 1e-6
    (function,) = choose("eigenvalue[0]", 4)
    squares = np.zeros((4, 4))
    for i in range(4):
        for j in range(i, 4):
            E = np.zeros((4, 4))
            E[i, j] = E[j, i] = h / (1 if i == j else 2**0.5)
            v, w = np.linalg.eigh(X + E)[1][:, 0], np.linalg.eigh(X - E)[1][:, 0]
            squares += ((np.outer(v, v) - np.outer(w, w)) / (2 * h)) ** 2
    assert np.allclose(certify_large(function, X).sensitivity, np.sqrt(squares), rtol=1e-6)


def test_the_sensitivity_of_the_inverse_has_a_closed_form():
    """‖∂(X⁻¹)_ij/∂X‖² = ½(‖g_i‖²‖g_j‖² + (g_iᵀg_j)²), g_i the columns of X⁻¹."""
    function, X = random_case("log_det", 30)
    gram = np.linalg.inv(X) @ np.linalg.inv(X)
    along = np.outer(np.diag(gram), np.diag(gram))
    expected = np.sqrt((along + gram**2) / 2)
    assert np.allclose(certify_large(function, X).sensitivity, expected, rtol=1e-12)


@pytest.mark.parametrize("tiny", [1.0, 1e-6, -1e-12])
def test_the_sensitivity_of_det_near_a_singular_matrix(tiny):
    rng = np.random.default_rng(11)
    Q = np.linalg.qr(rng.standard_normal((7, 7)))[0]
    X = (Q * np.array([tiny, 1, -2, 3, 1.5, -1.25, 2])) @ Q.T
    X = (X + X.T) / 2
    (function,) = choose("det", 7)
    fast, slow = certify_large(function, X), certify(function, exactly(X), {})
    assert fast.refusal == ""
    np.testing.assert_allclose(fast.sensitivity, slow.sensitivity, rtol=1e-10)


def test_few_eigenvalues_at_once_are_certified_and_many_are_refused():
    X = random_symmetric(6, 5, "positive definite")
    for k, refusal in ((4, ""), (5, "5 eigenvalues at once: float64 certifies 4 at most")):
        (function,) = choose(f"ky_fan_norm[{k}]", 6)
        fast = certify_large(function, X)
        assert fast.refusal == refusal
    (function,) = choose("ky_fan_norm[4]", 6)
    fast, slow = certify_large(function, X), certify(function, exactly(X), {})
    assert overlap(fast, slow)
    assert np.allclose(fast.sensitivity, slow.sensitivity, rtol=1e-9)


def test_the_functions_of_moduli_find_negative_eigenvalues():
    X = np.diag([-3.0, 1.0, 2.0]) + 0.1
    for name in ("singular_value[0]", "singular_value[2]", "spectral_norm"):
        (function,) = choose(name, 3)
        fast, slow = certify_large(function, X), certify(function, exactly(X), {})
        assert overlap(fast, slow)
        assert np.allclose(fast.sensitivity, slow.sensitivity, rtol=1e-9)
