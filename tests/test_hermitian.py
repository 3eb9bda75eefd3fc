"""Hermitian matrices: references against differences, and both ways to write a complex gradient."""

from fractions import Fraction

import numpy as np
import pytest

from symgrad.court.judging.contraction import as_blocks
from symgrad.court.judging.judge import judge
from symgrad.symbolic.catalogue import CATALOGUE, DIFFERENTIABLE, choose, instances
from symgrad.symbolic.certified.reference import certify, refer
from symgrad.symbolic.parameterizations import hermitian
from symgrad.symbolic.points import draw_points
from tests.helpers import report

STEP = Fraction(1, 2**50)


def point(function, n):
    (theta,) = draw_points(hermitian(n), function.function.domain, 1, 0)
    return theta


@pytest.mark.parametrize("name", DIFFERENTIABLE)
def test_derivatives_at_a_hermitian_matrix_are_those_of_the_value(name):
    x = hermitian(2)
    members = instances(CATALOGUE[name], 2)
    function = members[len(members) // 2]
    theta = point(function, 2)
    reference = certify(function, x.at(theta), x.directions(theta), 2)
    for direction in reference.directions:
        f = [
            certify(function, x.at(theta | {direction.name: theta[direction.name] + h}), {}, 2)
            for h in (STEP, -STEP)
        ]
        slope = (f[0].value.mid - f[1].value.mid) / (2 * STEP)
        scale = float(np.max(np.abs(reference.S.high)))
        assert abs(float(slope - direction.derivative.mid)) <= 1e-12 * scale
        assert abs(float(slope - direction.derivative.mid * 2)) > 1e-12 * scale or slope == 0


@pytest.fixture(scope="module")
def reference():
    (function,) = choose("weighted_inverse", 3)
    return refer(function, hermitian(3), point(function, 3), "float64")


def complex_gradient(reference):
    """S as n×n complex."""
    n = reference.size
    return 2 * (reference.S.high[:n, :n] + 1j * reference.S.high[n:, :n])


def verdict(reference, G):
    changes = {"dtype": "complex128", "gradient": G}
    return judge(reference, report(reference, reference.S.high, **changes), "complex128")


def test_blocks_pair_as_complex_matrices_do():
    rng = np.random.default_rng(0)
    G, X = rng.standard_normal((2, 3, 3)) + 1j * rng.standard_normal((2, 3, 3))
    assert np.sum(as_blocks(G) * 2 * as_blocks(X)) == pytest.approx(np.trace(G.conj().T @ X).real)


def test_both_conjugates_agree_and_are_named(reference):
    G = complex_gradient(reference)
    assert np.max(np.abs(G.imag)) > 1e-3
    assert verdict(reference, G).conjugation == "∂Re + i∂Im"
    assert verdict(reference, G.conj()).conjugation == "∂Re − i∂Im"
    for M in (G, G.conj()):
        assert verdict(reference, M).verdict == "agrees"
        assert verdict(reference, M).convention == "symmetric"


@pytest.mark.parametrize(("name", "below", "above"), [("lower", 2, 0), ("upper", 0, 2)])
def test_a_triangle_is_a_convention_of_complex_gradients_too(reference, name, below, above):
    G = complex_gradient(reference)
    triangle = below * np.tril(G, -1) + above * np.triu(G, 1) + np.diag(np.diag(G))
    found = verdict(reference, triangle)
    assert (found.verdict, found.convention) == ("agrees", name)


def test_a_skew_hermitian_part_is_no_error_and_a_hermitian_one_is(reference):
    G = complex_gradient(reference)
    K = np.array([[1j, 2 + 1j, 0], [-2 + 1j, -3j, 1], [0, -1, 0]])
    found = verdict(reference, G + K)
    assert (found.verdict, found.convention) == ("agrees", "unsymmetric")
    H = np.array([[0, 1j, 0], [-1j, 0, 0], [0, 0, 0]])
    scale = np.max(np.abs(G))
    assert verdict(reference, G + 1e-17 * scale * H).verdict == "agrees"
    assert verdict(reference, G + 1e-9 * scale * H).verdict == "disagrees"


def test_a_conjugate_in_one_entry_alone_is_invalid(reference):
    G = complex_gradient(reference)
    G[1, 0], G[0, 1] = G[0, 1], G[1, 0]
    found = verdict(reference, G)
    assert (found.verdict, found.conjugation) == ("disagrees", None)


def test_a_real_part_alone_is_invalid(reference):
    assert verdict(reference, complex_gradient(reference).real + 0j).verdict == "disagrees"


def test_another_shape_disagrees_in_its_own_numbers(reference):
    found = verdict(reference, np.zeros((2, 2), complex))
    assert found.reason == "the gradient has the shape 2×2, X is 3×3"
