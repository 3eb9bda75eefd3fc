"""The court's arithmetic against rational numbers, and its tolerances against the formula."""

import math
from fractions import Fraction

import numpy as np
import pytest

from symgrad.court import formats
from symgrad.court.judging import contraction, conventions, tolerance
from symgrad.court.references import Ball, Enclosure, Reference

ZERO = np.zeros((2, 2))
D = ((0, 0, Fraction(2)), (0, 1, Fraction(-1, 3)))


def exactly(S):
    return Enclosure(S, np.zeros_like(S), np.zeros_like(S))


def made_up(S, sensitivity, X=((3.0, 0.0), (0.0, 4.0)), value=Fraction(-7)):
    """What would be true of some function at a matrix of norm 5."""
    X, nothing = np.array(X), {}
    about = ("f", "symmetric", nothing, X, Ball(value, Fraction(0)))
    return Reference(*about, exactly(np.array(S)), (), np.array(sensitivity), "certified")


def test_the_error_of_the_symmetric_part_is_right_to_the_last_digits():
    rng = np.random.default_rng(0)
    G = rng.standard_normal((4, 4)) * 10.0 ** rng.integers(-9, 9, (4, 4))
    high = (G + G.T) / 2 * (1 + 1e-15 * rng.standard_normal((4, 4)))
    S = Enclosure(high, high * 3e-17, np.zeros((4, 4)))
    error = contraction.symmetric_error(G, S)
    for i, j in np.ndindex(4, 4):
        exact = (Fraction(G[i, j]) + Fraction(G[j, i])) / 2 - Fraction(high[i, j])
        exact -= Fraction(S.low[i, j])
        assert float(error[i, j]) == pytest.approx(float(exact), rel=1e-12), (i, j)


def test_a_contraction_is_exact_and_so_is_its_bound():
    G = np.array([[0.1, 0.3], [5.0, 7.0]])
    assert contraction.contract(G, D) == 2 * Fraction(0.1) - Fraction(0.3) / 3
    assert contraction.weigh(G, D) == 2 * Fraction(0.1) + Fraction(0.3) / 3
    for empty in (contraction.contract(G, ()), contraction.weigh(G, ())):
        assert isinstance(empty, Fraction)
        assert empty == 0


@pytest.mark.parametrize("power", [400, 1030])
def test_a_rational_too_large_for_a_float_is_infinite(power):
    assert contraction.to_float(Fraction(2**power)) == (2.0**power if power < 1024 else math.inf)
    assert contraction.to_float(-Fraction(2**power)) == -contraction.to_float(Fraction(2**power))


def test_the_norm():
    assert tolerance.norm(ZERO) == 0
    assert tolerance.norm(np.zeros((0, 0))) == 0
    assert tolerance.norm(np.array([[0.3, 0.0], [0.4, 0.0]])) == pytest.approx(0.5)
    assert tolerance.norm(np.array([[3e200, 0.0], [4e200, 0.0]])) == pytest.approx(5e200)
    assert tolerance.norm(np.array([[3e-200, 0.0], [4e-200, 0.0]])) == pytest.approx(5e-200, abs=0)


@pytest.mark.parametrize("power", [-200, 0, 200])
def test_the_norm_of_a_direction(power):
    entries = tuple((0, k, x * Fraction(10) ** power) for k, x in enumerate((3, -4)))
    assert contraction.norm(entries) == pytest.approx(5 * 10.0**power, rel=1e-15, abs=0)
    assert contraction.norm(()) == 0
    assert contraction.norm(((0, 0, Fraction(-(10**400))),)) == math.inf


@pytest.mark.parametrize(("dtype", "u"), [("float64", 2.0**-53), ("float16", 2.0**-11)])
def test_the_tolerance_is_the_formula(dtype, u):
    ref = made_up([[2.0, 0.0], [0.0, 0.0]], [[0.5, 1.0], [1.0, 0.25]])
    p, X, S, slope = 16 * u, 5.0, 2.0, math.sqrt(0.25 + 1 + 1 + 0.0625)
    assert tolerance.perturbation(ref, dtype) == pytest.approx(p * X * slope)
    skew = np.array([[0.0, 3.0], [-3.0, 0.0]])
    expected = (
        p * X * ref.sensitivity
        + (p * X * slope) ** 2 / S
        + p * (S + np.abs(skew) * (1 + X * slope / S))
        + 16 * formats.spacing(dtype)
    )
    found = tolerance.entry_tolerances(ref, skew, dtype)
    np.testing.assert_allclose(found, expected, rtol=1e-12)
    value = p * (X * S + 7) + p * X * (p * X * slope) + 16 * formats.spacing(dtype)
    assert tolerance.value_tolerance(ref, dtype) == pytest.approx(value, rel=1e-12)


@pytest.mark.parametrize("dtype", ["float64", "float32", "float16", "complex128", "complex64"])
def test_the_constants_of_a_format_are_those_of_numpy(dtype):
    """For a product of complex numbers the bound is √8 times as large."""
    known = np.finfo(dtype)
    factor = math.sqrt(8) if dtype.startswith("complex") else 1
    assert formats.unit_roundoff(dtype) == factor * float(known.eps) / 2
    assert formats.spacing(dtype) == float(known.smallest_subnormal)
    assert formats.smallest_normal(dtype) == float(known.smallest_normal)


def test_bfloat16_has_eight_bits_and_the_exponents_of_float32():
    assert formats.unit_roundoff("bfloat16") == 2.0**-8
    smallest = float(np.finfo("float32").smallest_normal)
    assert formats.spacing("bfloat16") == 2 * formats.unit_roundoff("bfloat16") * smallest
    assert formats.smallest_normal("bfloat16") == smallest


def test_the_tolerance_of_a_gradient_that_is_zero():
    ref = made_up(ZERO, ZERO, X=ZERO, value=Fraction(0))
    spacing = 16 * formats.spacing("float64")
    assert np.all(tolerance.entry_tolerances(ref, ZERO, "float64") == spacing)
    assert tolerance.value_tolerance(ref, "float64") == spacing


S = np.array([[2.0, 3.0], [3.0, 5.0]])


@pytest.mark.parametrize(
    ("convention", "G"),
    [
        ("symmetric", [[2, 3], [3, 5]]),
        ("lower", [[2, 0], [6, 5]]),
        ("upper", [[2, 6], [0, 5]]),
    ],
)
def test_each_convention_has_its_representative(convention, G):
    assert conventions.representative(S, convention).tolist() == G


def test_a_convention_fits_up_to_its_tolerance_and_no_further():
    fine, one = np.full((2, 2), 2.0**-40), exactly(S)
    at, beyond = S.copy(), S.copy()
    at[0, 1] += 2.0**-40
    beyond[0, 1] += 2.0**-39
    assert conventions.find_convention(at, one, fine) == "symmetric"
    assert conventions.find_convention(beyond, one, fine) == "unsymmetric"
    lower = np.array([[2.0, 0.0], [6.0, 5.0]])
    lower[1, 0] += 2.0**-39  # a doubled entry has twice the error
    assert conventions.find_convention(lower, one, fine) == "lower"


def test_a_convention_is_compared_with_all_digits_of_the_gradient():
    low = np.full((2, 2), 2.0**-40)
    tolerances = np.full((2, 2), 2.0**-60)
    enclosed = Enclosure(S, low, ZERO)
    assert conventions.find_convention(S + low, enclosed, tolerances) == "symmetric"
    assert conventions.find_convention(S - low, enclosed, tolerances) == "unsymmetric"


def test_the_triangles_are_those_of_each_block():
    lower = np.kron(np.array([[1.0, 0.0], [0.0, 1.0]]), np.array([[2.0, 0.0], [6.0, 5.0]]))
    whole, fine = exactly(np.kron(np.eye(2), S)), np.full((4, 4), 1e-12)
    assert conventions.find_convention(lower, whole, fine, 2) == "lower"
    lower[0, 3] = 1.0  # in the upper right block
    assert conventions.find_convention(lower, whole, fine, 2) == "unsymmetric"
    full, spurious = exactly(np.ones((4, 4))), 2 - np.eye(4)
    assert conventions.find_mistake(spurious, full, fine).startswith("it is 2S − diag(S)")
    assert conventions.find_mistake(spurious, full, fine, 2) == ""
    assert conventions.find_mistake(np.full((4, 4), 9.0), full, fine) == ""
    assert conventions.find_convention(2 * np.tril(np.ones((4, 4))) - np.eye(4), full, fine) == (
        "lower"
    )


@pytest.mark.parametrize(
    ("G", "said"),
    [
        ([[2, 3], [3, 5]], ""),
        (
            [[2, 6], [6, 5]],
            "it is 2S − diag(S), the spurious form: right as the gradient in the coordinates "
            "vech X, to be paired with vech E, but not as a matrix to be paired with E",
        ),
        ([[2, 0], [3, 5]], "it is tril(S): the upper triangle's share is missing"),
        ([[2, 3], [0, 5]], "it is triu(S): the lower triangle's share is missing"),
        ([[2, 0], [0, 5]], "it is diag(S): the entries off the diagonal are missing"),
        ([[0, 3], [3, 0]], ""),
    ],
)
def test_each_mistake_is_named(G, said):
    fine = np.full((2, 2), 1e-12)
    assert conventions.find_mistake(np.array(G), exactly(S), fine) == said


@pytest.mark.parametrize("entry", [(0, 1), (1, 0)])
def test_what_is_lost_in_a_sum_is_kept(entry):
    G = np.full((2, 2), 2.0**-60)
    G[entry] = 1.0
    error = contraction.symmetric_error(G, exactly(np.full((2, 2), 0.5)))
    assert error[0, 1] == error[1, 0] == 2.0**-61
