"""What keeps a report from being judged, and what is wrong with it before its numbers are read.

Every threshold has a report just inside it and one just outside.
"""

import math

import numpy as np
import pytest

from symgrad.court.judging import admission
from symgrad.court.judging.contraction import as_blocks
from symgrad.court.judging.tolerance import entry_tolerances
from symgrad.court.references import Enclosure
from tests.records import TOLERANCE, S, ball, hermitian_truth, plus, said, truth, unit

OUT_OF_RANGE = "out of range: X, the gradient or the change of f underflows in {}"
VACUOUS = "vacuous: rounding X alone may change the gradient by a quarter of itself or more"
TOO_WIDE = "vacuous: what is true is enclosed too widely"


@pytest.mark.parametrize(
    ("G", "shape"),
    [
        (None, "nothing"),
        (np.ones(2), "2"),
        (np.ones(()), "()"),
        (np.ones((2, 3)), "2×3"),
        (np.ones((3, 2)), "3×2"),
        (np.ones((2, 2, 2)), "2×2×2"),
    ],
)
def test_another_shape_is_named(G, shape):
    said_of_it = admission.malformed(truth(), said(G), "float64")
    assert said_of_it == f"the gradient has the shape {shape}, X is 2×2"
    assert admission.malformed(truth(), said(np.ones((2, 2))), "float64") == ""


def test_the_shape_of_a_complex_gradient_is_not_that_of_its_blocks():
    reported = said(as_blocks(np.ones((3, 1)) + 0j), dtype="complex128")
    told = admission.malformed(hermitian_truth(), reported, "complex128")
    assert told == "the gradient has the shape 3×1, X is 2×2"


WIDER = {
    "float64": (),
    "float32": ("float64",),
    "float16": ("float32", "float64"),
    "bfloat16": ("float32", "float64"),
    "complex128": (),
    "complex64": ("complex128",),
}


@pytest.mark.parametrize("dtype", WIDER)
@pytest.mark.parametrize("came", WIDER)
def test_a_dtype_that_holds_all_numbers_of_the_one_asked_for_is_as_good(dtype, came):
    told = admission.malformed(truth(), said(dtype=came), dtype)
    fine = came == dtype or came in WIDER[dtype]
    assert told == ("" if fine else f"the gradient came back in {came}, {dtype} was asked for")


@pytest.mark.parametrize(
    ("bad", "name"), [(math.nan, "nan"), (math.inf, "inf"), (-math.inf, "-inf")]
)
def test_a_number_that_is_not_finite_is_named(bad, name):
    entry = admission.infinite(said(plus(S, (0, 1, bad), (1, 0, bad)), value=bad), 2)
    assert entry == f"entry (0, 1) of the gradient is {name}, exactly it is finite"
    assert admission.infinite(said(value=bad), 2) == f"the value is {name}, exactly it is finite"
    assert admission.infinite(said(), 2) == ""


def test_an_imaginary_part_that_is_not_finite_is_named():
    for place in ((0, 0), (1, 0), (0, 1)):
        G = np.ones((2, 2), dtype=complex)
        G[place] = complex(-math.inf, 1)
        told = f"entry {place} of the gradient is -inf, exactly it is finite"
        assert admission.infinite(said(as_blocks(G)), 2) == told
        G[place] = complex(1, math.inf)
        told = f"the imaginary part of entry {place} of the gradient is inf, exactly it is finite"
        assert admission.infinite(said(as_blocks(G)), 2) == told


def doubt(reference, G=S, dtype="float64"):
    return admission.doubt(reference, np.asarray(G, dtype=float), dtype)


SMALLEST = [
    ("float64", 2.0**-1022),
    ("float32", 2.0**-126),
    ("float16", 2.0**-14),
    ("bfloat16", 2.0**-126),
    ("complex128", 2.0**-1022),
    ("complex64", 2.0**-126),
]


@pytest.mark.parametrize(("dtype", "least"), SMALLEST)
def test_what_underflows_is_not_judged(dtype, least):
    def strange(reference):
        return admission.out_of_range(reference, dtype)

    below = np.nextafter(least, 0)
    told = OUT_OF_RANGE.format(dtype)
    assert strange(truth(least * unit(2))) == ""
    assert strange(truth(below * unit(2), X=4 * unit(2))) == told  # S
    assert strange(truth(8 * least * unit(2), X=unit(2) / 8)) == ""
    assert strange(truth(8 * below * unit(2), X=unit(2) / 8)) == told  # the change of f
    assert strange(truth(X=np.diag([1, -least]))) == ""
    assert strange(truth(X=np.diag([1, -below]))) == told  # an entry of X


def test_what_is_zero_does_not_underflow_and_is_judged():
    for at in (truth(np.zeros((2, 2))), truth(X=np.zeros((2, 2)))):
        assert admission.out_of_range(at, "float64") == ""
        assert doubt(at) == ""
    assert doubt(truth(np.zeros((2, 2)), sensitivity=unit(2))) == ""


EDGE = 2.0**49
"""Of ‖∂S/∂X‖, if ‖S‖ is 4: δ·‖∂S/∂X‖ is then a quarter of it."""


def test_a_gradient_that_rounding_changes_by_more_than_a_quarter_is_not_judged():
    assert doubt(truth(sensitivity=EDGE * unit(2))) == ""
    beyond = np.nextafter(EDGE, math.inf) * unit(2)
    assert doubt(truth(sensitivity=beyond)) == VACUOUS


def test_a_gross_error_is_beyond_doubt_all_the_same():
    reference = truth(np.diag([0.0, 4.0]), sensitivity=2 * EDGE * unit(2))
    largest = entry_tolerances(reference, None, "float64")[0, 0]
    assert largest == 2.0 + TOLERANCE + 1.0  # δ·‖∂S/∂X‖, rounding, and the square by ‖S‖
    gross = 1e6 * largest
    for sign in (1, -1):
        assert doubt(reference, np.diag([sign * gross, 4])) == VACUOUS
        assert doubt(reference, np.diag([sign * np.nextafter(gross, math.inf), 4])) == ""
    assert doubt(reference, np.diag([0, 2 * gross])) == ""
    assert doubt(reference, np.diag([2 * gross, math.nan])) == VACUOUS


def test_an_enclosure_as_wide_as_half_a_tolerance_is_the_widest_to_judge_with():
    radius = np.full((2, 2), TOLERANCE / 2)
    wider = plus(radius, (1, 0, 2.0**-100))
    for r, told in ((radius, ""), (wider, TOO_WIDE)):
        assert doubt(truth(S=Enclosure(S, 0 * S, r))) == told
    for r, told in ((TOLERANCE / 2, ""), (np.nextafter(TOLERANCE / 2, 1), TOO_WIDE)):
        assert doubt(truth(value=ball(0, r))) == told
