"""What is wrong with a gradient, in words: each text in full, and how far off is too far."""

import math
from decimal import Decimal
from fractions import Fraction

import numpy as np
import pytest

from symgrad.court.judging import objections
from symgrad.court.references import Direction, Enclosure
from symgrad.court.verdicts import Component
from tests.records import TOLERANCE, S, ball, exactly, plus, said, truth

ABOVE = math.nextafter(TOLERANCE, 1)


def text(reason):
    """What it says; nothing is no objection."""
    return reason.text if reason else ""


def value(reported, reference):
    return text(objections.wrong_value(reference, said(value=reported), "float64"))


@pytest.mark.parametrize("sign", [1, -1])
def test_a_value_is_right_up_to_its_tolerance(sign):
    assert value(sign * TOLERANCE, truth()) == ""
    assert value(sign * ABOVE, truth()) == (
        f"the value is {sign * ABOVE!r}, exactly 0.0: off by 7.1e-15, tolerance 7.1e-15"
    )


def test_the_radius_of_the_exact_value_counts_against_the_reported_one():
    for exact, reported in ((ball(0, TOLERANCE / 4), 0.75), (ball(TOLERANCE / 4), 1.25)):
        at = reported * TOLERANCE
        assert value(at, truth(value=exact)) == ""
        assert value(at * (1 + 1e-12), truth(value=exact)) != ""


def test_the_tolerance_of_the_value_is_that_of_the_dtype():
    reported = said(value=1e-6, dtype="float32")
    assert objections.wrong_value(truth(), reported, "float32") is None
    assert objections.wrong_value(truth(), reported, "float64").kind == "value"


def test_a_loss_of_digits_in_a_value_is_relative_to_its_size():
    about = truth(value=ball(-4))
    lost = value(-4 * (1 + 1e-9), about)
    assert lost == (
        "the value is -4.000000004, exactly -4.0: digits are lost, 2.8e+05 times what a backward "
        "stable algorithm would lose (off by 4e-09, tolerance 1.4e-14)"
    )
    assert value(-5.0, about) == ("the value is -5.0, exactly -4.0: off by 1, tolerance 1.4e-14")
    assert value(1e308, about).endswith("exactly -4.0: off by 1e+308, tolerance 1.4e-14")


def component(error=0.0, tolerance=1.0, name="a", contracted=1.5, exact="0.25"):
    return Component(name, contracted, Decimal(exact), 0.0, error, tolerance, 0.0)


UNIT = Direction("a", ((0, 0, Fraction(1)),), ball(0))
DOUBLE = Direction("b", ((0, 0, Fraction(2)),), ball(0))
SUBNORMAL = Direction("c", ((0, 0, Fraction(1, 10**400)),), ball(0))


def contraction(*components, along=(UNIT,), scale=1.0):
    return text(objections.wrong_component(list(components), along, scale, said()))


def test_a_contraction_is_right_up_to_its_tolerance():
    assert contraction(component(1.0)) == ""
    assert contraction(component(math.nextafter(1.0, 2))) == (
        "the contraction with ∂X/∂a is 1.5, exactly 0.25: off by 1, tolerance 1"
    )
    assert contraction(component("Infinity", contracted="-Infinity")) == (
        "the contraction with ∂X/∂a is -inf, exactly 0.25: off by inf, tolerance 1"
    )


@pytest.mark.parametrize(
    ("limit", "scale"),
    [
        (10.0, 2e4),  # ten times the tolerance, if that is below a thousandth
        (8.0, 8e3),  # a thousandth, if that is below ten times the tolerance
        (20.0, 2e7),  # a millionth
    ],
)
def test_a_loss_of_digits_has_its_limits(limit, scale):
    below = math.nextafter(limit, 0)
    assert contraction(component(limit), scale=scale) == (
        f"the contraction with ∂X/∂a is 1.5, exactly 0.25: off by {limit:.2g}, tolerance 1"
    )
    assert contraction(component(below), scale=scale) == (
        f"the contraction with ∂X/∂a is 1.5, exactly 0.25: digits are lost, {limit:.2g} times what "
        f"a backward stable algorithm would lose (off by {limit:.2g}, tolerance 1)"
    )
    half = component(below / 2, tolerance=0.5)
    assert f"digits are lost, {limit:.2g} times" in contraction(half, scale=scale)


def test_an_error_where_there_is_no_tolerance_is_infinitely_many_times_it():
    assert "digits are lost, inf times" in contraction(component(1e-9, tolerance=0.0))


def test_the_worst_contraction_is_told_relative_to_its_direction():
    small, large = component(3.0), component(5.0, name="b")
    along = (UNIT, DOUBLE)
    assert "∂X/∂a " in contraction(small, large, along=along)
    assert "∂X/∂b " in contraction(component(2.4), large, along=along)
    assert "∂X/∂b " in contraction(component(0.9), large, along=along)
    assert contraction(component(0.9), component(0.9), along=along) == ""


def test_a_loss_of_digits_is_relative_to_the_direction_and_the_gradient():
    for scale, lost in ((4e3, True), (3.9e3, False)):
        told = contraction(component(7.9), along=(DOUBLE,), scale=scale)
        assert ("digits are lost" in told) == lost


def test_of_a_gradient_that_is_zero_every_error_is_told():
    told = contraction(component(2.0), component(3.0, name="b"), along=(UNIT, DOUBLE), scale=0.0)
    assert told == "the contraction with ∂X/∂b is 1.5, exactly 0.25: off by 3, tolerance 1"
    assert "∂X/∂c " in contraction(component(2.0, name="c"), along=(SUBNORMAL,))


def test_there_is_a_direction_to_every_component():
    with pytest.raises(ValueError, match="zip"):
        contraction(component(2.0), component(2.0), along=(UNIT,))


TOLERANCES = np.full((2, 2), TOLERANCE)


def entry(G, reference=None, tolerances=TOLERANCES):
    about = (reference or truth(), np.asarray(G, dtype=float), tolerances, said())
    return text(objections.wrong_entry(*about))


@pytest.mark.parametrize("sign", [1, -1])
@pytest.mark.parametrize("place", [(0, 0), (1, 1)])
def test_an_entry_is_right_up_to_its_tolerance(place, sign):
    at = plus(S, (*place, sign * TOLERANCE))
    beyond = plus(at, (*place, sign * 2.0**-51))
    assert entry(at) == ""
    off = "digits are lost, 1.1 times what a backward stable algorithm would lose"
    assert entry(beyond) == (
        "the contractions agree, but in a direction that symmetric(2) does not have "
        f"entry {place} of (G + Gᵀ)/2 is {float(beyond[place])!r}, exactly 2.0: {off} "
        "(off by 7.5e-15, tolerance 7.1e-15)"
    )


def test_an_entry_below_the_diagonal_stands_for_both():
    G = [[2, 3], [7, 2]]
    told = "entry (1, 0) of (G + Gᵀ)/2 is 5.0, exactly 2.0: off by 3, tolerance 7.1e-15"
    assert entry(G, truth(directions=())) == told
    assert entry(np.transpose(G), truth(directions=())) == told


def test_the_worst_entry_is_told():
    reference = truth(directions=())
    assert entry([[3, 4], [4, 2]], reference).startswith("entry (1, 0)")
    assert entry([[3, 2], [2, 5]], reference).startswith("entry (1, 1)")
    loose = TOLERANCES + np.diag([0, 2.5])
    assert entry([[3, 2], [2, 5]], reference, loose).startswith("entry (0, 0)")
    assert entry([[3, 2], [2, 5]], reference, loose).endswith("off by 1, tolerance 7.1e-15")
    assert entry([[1, 2], [2, 2.5]], reference).startswith("entry (0, 0)")


def test_the_radius_of_an_exact_entry_counts_against_the_reported_one():
    radius = np.array([[0, TOLERANCE], [TOLERANCE, 2 * TOLERANCE]])
    assert entry(S, truth(S=Enclosure(S, 0 * S, radius))).startswith("the contractions agree")
    assert entry(S, truth(S=Enclosure(S, 0 * S, radius / 2))) == ""
    assert entry(S, truth(S=exactly(S))) == ""


def test_what_is_exact_is_told_and_sums_do_not_overflow():
    reference = truth([[1e308, 0], [0, 2]], directions=())
    assert entry([[1.7e308, 0], [0, 2]], reference, 1e300 * np.ones((2, 2))) == (
        "entry (0, 0) of (G + Gᵀ)/2 is 1.7e+308, exactly 1e+308: off by 7e+307, tolerance 1e+300"
    )
