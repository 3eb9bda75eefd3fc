"""The catalogue's theorems over the three algebras, which must tell the same."""

from fractions import Fraction

import numpy as np
import pytest
from flint import arb, arb_mat

from symgrad.symbolic.algebra import divided
from symgrad.symbolic.algebra.scalar import (
    ABSOLUTE,
    EXP,
    IDENTITY,
    LOG,
    SQRT,
    NotDifferentiableError,
)
from symgrad.symbolic.algebra.spectrum import Spectrum
from symgrad.symbolic.catalogue import CATALOGUE, DIFFERENTIABLE, choose, instances
from symgrad.symbolic.certified import generic
from symgrad.symbolic.certified.enclosure import precision
from symgrad.symbolic.certified.reference import certify, spectrum_of
from symgrad.symbolic.parameterizations import symmetric
from symgrad.symbolic.points import draw_points, parse_hermitian, parse_matrix

CONSTANT_GRADIENT = ("sum_entries", "trace", "rayleigh_quotient")


def case(name, n):
    """A member of the family, off the diagonal where it has a place, and a point."""
    members = instances(CATALOGUE[name], n)
    function = members[len(members) // 2]
    (theta,) = draw_points(symmetric(n), function.function.domain, 1, 0)
    return function, theta, symmetric(n).at(theta)


@pytest.mark.sampled(30)
@pytest.mark.parametrize("n", [2, 3])
@pytest.mark.parametrize("name", DIFFERENTIABLE)
def test_the_theorem_encloses_what_sympy_differentiates(name, n):
    function, theta, X = case(name, n)
    reference = certify(function, X, symmetric(n).directions(theta))
    derivatives = generic.derivatives(function, symmetric(n), theta, spectrum_of(X))
    off = 0
    for direction in reference.directions:
        ball, other = direction.derivative, derivatives[direction.name]
        assert abs(ball.mid - other.mid) <= ball.radius + other.radius
        moved = ball.mid * (1 + Fraction(1, 10**28))
        off += abs(moved - other.mid) > ball.radius + other.radius
    assert off > 0


@pytest.mark.sampled(12)
@pytest.mark.parametrize("name", [f for f in DIFFERENTIABLE if f not in CONSTANT_GRADIENT])
def test_the_sensitivity_is_the_norm_of_the_second_derivative(name):
    function, _, X = case(name, 2)
    by_slopes = certify(function, X, {}).sensitivity
    by_differences = generic.sensitivity(function, X)
    np.testing.assert_allclose(by_slopes, by_differences, rtol=1e-10)
    assert np.any(by_slopes > 0)


SMOOTH = ("trace_exp", "log_sum_exp", "weighted_exp", "trace_log", "weighted_sqrt", "log_det")
TIES = {"I": "1 0 0; 0 1 0; 0 0 1", "diag(1, 1, 2)": "1 0 0; 0 1 0; 0 0 2"}


@pytest.mark.parametrize("tie", TIES.values(), ids=TIES)
@pytest.mark.parametrize("name", SMOOTH)
def test_a_smooth_function_is_judged_at_a_repeated_eigenvalue(name, tie):
    X = parse_matrix(tie)
    function = instances(CATALOGUE[name], 3)[-1]
    at_tie = certify(function, X, {})
    assert not at_tie.refusal
    moved = [list(row) for row in X]
    moved[1][1] += Fraction(1, 2**40)
    near = certify(function, tuple(map(tuple, moved)), {})
    np.testing.assert_allclose(at_tie.S.high, near.S.high, atol=1e-10)
    np.testing.assert_allclose(at_tie.sensitivity, near.sensitivity, atol=1e-9)


@pytest.mark.parametrize(
    ("name", "differentiable"),
    [("ky_fan_norm[1]", True), ("ky_fan_norm[2]", False), ("ky_fan_norm[3]", True)],
)
def test_a_sum_of_eigenvalues_is_refused_where_it_cuts_a_cluster(name, differentiable):
    (function,) = choose(name, 3)
    reference = certify(function, parse_matrix(TIES["diag(1, 1, 2)"]), {})
    assert (reference.refusal == "") == differentiable


@pytest.mark.parametrize(
    ("text", "rank", "differentiable"),
    [
        ("1 0; 0 -1", 0, False),
        ("1 0; 0 -2", 0, True),
        ("3 0 0; 0 -3 0; 0 0 1", 2, True),
        ("3 0 0; 0 -3 0; 0 0 1", 1, False),
        ("2 0; 0 0", 1, False),
    ],
)
def test_singular_values_of_opposite_eigenvalues_are_refused(text, rank, differentiable):
    X = parse_matrix(text)
    (function,) = choose(f"singular_value[{rank}]", len(X))
    assert (certify(function, X, {}).refusal == "") == differentiable


@pytest.mark.parametrize(
    ("name", "text", "reason"),
    [
        ("ky_fan_norm[2]", "3 0 0; 0 -3 0; 0 0 0", ""),
        ("ky_fan_norm[1]", "3 0 0; 0 -3 0; 0 0 0", "λ and −λ are both eigenvalues"),
        ("ky_fan_norm[3]", "3 0 0; 0 -3 0; 0 0 0", "|λ| has no derivative at λ = 0"),
        ("ky_fan_norm[3]", "3 0 0; 0 -3 0; 0 0 1", ""),
        ("spectral_norm", "1 2; 2 4", ""),
        ("spectral_norm", "0 1; 1 0", "λ and −λ are both eigenvalues"),
        ("condition_number", "1 0 0; 0 -3 0; 0 0 2", ""),
        ("condition_number", "1 0 0; 0 -3 0; 0 0 -1", "λ and −λ are both eigenvalues"),
    ],
)
def test_a_function_of_moduli_is_judged_at_singular_and_indefinite_matrices(name, text, reason):
    X = parse_matrix(text)
    reference = certify(choose(name, len(X))[0], X, {})
    assert reason in reference.refusal
    assert bool(reason) == bool(reference.refusal)


def test_the_gradient_of_the_condition_number_of_an_indefinite_matrix():
    reference = certify(choose("condition_number", 3)[0], parse_matrix("1 0 0; 0 -3 0; 0 0 2"), {})
    assert float(reference.value.mid) == 3
    np.testing.assert_array_equal(reference.S.high, np.diag([-3.0, -1.0, 0.0]))


@pytest.mark.parametrize(
    ("text", "adjugate"),
    [
        ("1 2; 2 4", [[4, -2], [-2, 1]]),
        ("0 0; 0 0", [[0, 0], [0, 0]]),
        ("1 1 1; 1 1 1; 1 1 1", np.zeros((3, 3))),
        ("1 2 0; 2 4 0; 0 0 3", [[12, -6, 0], [-6, 3, 0], [0, 0, 0]]),
        ("0", [[1]]),
    ],
)
def test_the_gradient_of_det_at_a_singular_matrix_is_the_adjugate(text, adjugate):
    X = parse_matrix(text)
    (function,) = choose("det", len(X))
    reference = certify(function, X, {})
    assert reference.value.mid == 0
    np.testing.assert_array_equal(reference.S.high, adjugate)
    np.testing.assert_allclose(reference.S.low, 0, atol=1e-60)
    np.testing.assert_allclose(
        reference.sensitivity, generic.sensitivity(function, X), rtol=1e-12, atol=1e-12
    )


def test_det_at_a_singular_hermitian_matrix():
    X = parse_hermitian("1 i; -i 1")
    reference = certify(choose("det", 2)[0], X, {}, blocks=2)
    adjugate = np.array(parse_hermitian("1 -i; i 1"), dtype=float)
    np.testing.assert_array_equal(reference.S.high, adjugate / 2)
    assert 0.1 < np.max(reference.sensitivity) < 1


def test_the_second_derivative_of_det_is_not_lost_near_a_singular_matrix():
    third = Fraction(1 / 3)
    reference = certify(choose("det", 2)[0], ((3, 1), (1, third)), {})
    root = np.sqrt(0.5)
    np.testing.assert_allclose(reference.sensitivity, [[1, root], [root, 1]], rtol=1e-12)


def test_the_nuclear_norm_is_smooth_where_singular_values_tie():
    reference = certify(choose("nuclear_norm", 2)[0], parse_matrix("1 0; 0 -1"), {})
    np.testing.assert_array_equal(reference.S.high, np.diag([1.0, -1.0]))


@pytest.mark.parametrize("phi", [EXP, LOG, SQRT], ids=["exp", "log", "sqrt"])
def test_functions_of_a_matrix_by_divided_differences(phi):
    X = parse_matrix("2 1 0; 1 3 1; 0 1 4")
    W = arb_mat([[1, 2, 3], [4, 5, 6], [7, 8, 9]])
    with precision(300):
        spectrum = Spectrum(X)
        roots = [root for _, _, root in spectrum.clusters()]
        P = [spectrum.projector(root) for root in roots]
        first = divided.differences(spectrum, phi, 1)
        expected = sum(
            (P[j] * W * P[k] * first(*sorted((j, k))) for j in range(3) for k in range(3)),
            arb_mat(3, 3),
        )
        found = divided.frechet(spectrum, phi, W)
        assert found.overlaps(expected)
        assert not (found * (1 + arb(2) ** -200)).overlaps(expected)
        slope = divided.differences(spectrum, phi, 1)(0, 0)
        assert slope.overlaps(phi.derivative().taylor(roots[0], 1)[0])


@pytest.mark.parametrize("chosen", [(0,), (0, 3), (1, 2), (0, 1, 2, 3)])
def test_a_function_of_some_eigenvalues_moves_as_their_divided_differences_say(chosen):
    X = parse_matrix("2 1 0 0; 1 2 0 0; 0 0 3 0; 0 0 0 5")  # 1, 3, 3, 5
    W, phi = arb_mat([[1, 2, 3, 4], [5, 6, 7, 8], [9, 1, 2, 3], [4, 5, 6, 8]]), EXP.at(*chosen)
    with precision(300):
        spectrum = Spectrum(X)
        first, P = (
            divided.differences(spectrum, phi, 1),
            [spectrum.projector(arb(r)) for r in (1, 3, 5)],
        )
        expected = sum(
            (P[j] * W * P[k] * first(*sorted((j, k))) for j in range(3) for k in range(3)),
            arb_mat(4, 4),
        )
        found = divided.frechet(spectrum, phi, W)
        assert found.overlaps(expected)
        assert not (found * (1 + arb(2) ** -200)).overlaps(expected)


def test_the_square_root_squares_to_the_matrix():
    X = parse_matrix("2 1 0; 1 3 1; 0 1 4")
    with precision(200):
        spectrum = Spectrum(X)
        root = divided.apply(spectrum, SQRT)
        assert (root * root).overlaps(arb_mat(spectrum.X))
        assert not (root * root * (1 + arb(2) ** -150)).overlaps(arb_mat(spectrum.X))


def test_a_kink_is_no_derivative():
    assert ABSOLUTE.taylor(arb(-2), 2) == [2, -1]
    with pytest.raises(NotDifferentiableError):
        ABSOLUTE.taylor(arb(0, 1e-30), 2)


def test_a_function_at_some_eigenvalues_is_zero_at_the_others():
    with precision(100):
        values = Spectrum(parse_matrix("1 0; 0 2")).taylor(IDENTITY.at(1), 2)
    assert [list(map(float, pair)) for pair in values] == [[0, 0], [2, 1]]
