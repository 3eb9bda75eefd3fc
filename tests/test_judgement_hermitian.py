"""The judgement on complex gradients, on records alone: either conjugate, and its own numbers."""

import math

import numpy as np
import pytest

from tests.records import (
    HERMITIAN,
    SPURIOUS,
    hermitian_truth,
    plus,
    said,
    verdict,
)


def complex_verdict(G, reference=None, **changes):
    reported = said(np.asarray(G, dtype=complex), **({"dtype": "complex128"} | changes))
    return verdict(reference or hermitian_truth(), reported, "complex128")


@pytest.mark.parametrize(
    ("G", "conjugation"),
    [
        (HERMITIAN, "∂Re + i∂Im"),
        (HERMITIAN.conj(), "∂Re − i∂Im"),
    ],
)
def test_a_complex_gradient_may_be_written_either_way(G, conjugation):
    found = complex_verdict(G)
    assert (found.verdict, found.conjugation, found.reason) == ("agrees", conjugation, "")
    assert found.convention == "symmetric"
    assert found.gradient == [[(x.real, x.imag) for x in row] for row in G.tolist()]
    assert found.size == 2
    assert [c.name for c in found.parameters] == ["re0_0", "re1_0", "im1_0", "re1_1"]
    assert [int(c.exact) for c in found.parameters] == [2, 4, 4, 2]


def test_a_real_gradient_of_a_complex_matrix_is_written_both_ways():
    real = np.array([[2.0, 1.0], [1.0, 2.0]])
    found = complex_verdict(real, hermitian_truth(real))
    assert (found.verdict, found.conjugation) == ("agrees", "real")
    lower = complex_verdict([[2, 0], [2, 2]], hermitian_truth(real))
    assert (lower.verdict, lower.convention, lower.conjugation) == ("agrees", "lower", "real")


@pytest.mark.parametrize(
    ("G", "convention"),
    [
        ([[2, 0], [4 + 4j, 2]], "lower"),
        ([[2, 4 - 4j], [0, 2]], "upper"),
        ([[2, 1 - 1j], [3 + 3j, 2]], "unsymmetric"),
    ],
)
def test_the_triangles_of_a_complex_gradient(G, convention):
    found = complex_verdict(G)
    assert (found.verdict, found.convention) == ("agrees", convention)


def test_a_wrong_complex_gradient_is_read_as_it_is_nearest_to_the_truth():
    for G in (HERMITIAN, HERMITIAN.conj()):
        found = complex_verdict(plus(G, (1, 1, 0.5)))
        assert (found.verdict, found.conjugation) == ("disagrees", None)
        assert found.reason.startswith("the contraction with ∂X/∂re1_1 is 2.5, exactly 2.0: off")
    spurious = complex_verdict([[2, 4 - 4j], [4 + 4j, 2]])
    assert spurious.reason.endswith(SPURIOUS)
    triangle = complex_verdict(np.tril(HERMITIAN))
    assert triangle.reason.endswith("it is tril(S): the upper triangle's share is missing")


def test_near_is_what_is_near_for_its_tolerance():
    """An error of 0.5 in the last entry is nothing beside one of 4 elsewhere."""
    loose = hermitian_truth(sensitivity=np.diag([0, 2.0**21, 0, 2.0**21]))
    found = complex_verdict(plus(HERMITIAN.conj(), (1, 1, 0.5)), loose)
    assert found.reason.startswith("the contraction with ∂X/∂re1_1 is 2.5, exactly 2.0: off")
    assert [c.name for c in found.parameters if c.error > c.tolerance] == ["re1_1"]


def test_what_is_right_either_way_is_read_as_it_is_written():
    almost = np.array([[2, 1 - 1e-16j], [1 + 1e-16j, 2]])
    for G, error in ((almost, 0.0), (almost.conj(), 4e-16)):
        found = complex_verdict(G, hermitian_truth(almost))
        assert (found.verdict, found.conjugation) == ("agrees", "real")
        assert found.parameters[2].error == pytest.approx(error, rel=1e-6, abs=0)


def test_what_is_wrong_with_any_complex_gradient_is_told_in_its_own_numbers():
    for G, reason in (
        (np.ones((3, 2)), "the gradient has the shape 3×2, X is 2×2"),
        (np.ones(2), "the gradient has the shape 1, X is 2×2"),
        (
            plus(HERMITIAN, (1, 0, complex(0, math.inf))),
            "the imaginary part of entry (1, 0) of the gradient is inf, exactly it is finite",
        ),
    ):
        found = complex_verdict(G)
        assert (found.verdict, found.conjugation, found.reason) == ("disagrees", None, reason)
    nothing = verdict(hermitian_truth(), said(None, dtype="complex128"), "complex128")
    assert nothing.reason == "the gradient has the shape nothing, X is 2×2"
    assert complex_verdict(HERMITIAN, dtype="complex64").reason == (
        "the gradient came back in complex64, complex128 was asked for"
    )
