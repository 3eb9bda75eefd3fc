"""Kinks nearer than rounding: neither side's gradient is wrong there, and further off one is."""

from fractions import Fraction

import numpy as np
import pytest
from msgspec import structs
from sympy import Abs

from symgrad.court.judging.judge import judge
from symgrad.court.judging.tolerance import norm, roundoff
from symgrad.court.questions import Reported
from symgrad.symbolic.catalogue import Instance, MatrixFunction, choose
from symgrad.symbolic.certified.reference import certify, round_to


def formula(X):
    return Abs(X[0, 0] - X[1, 1]) + 3 * X[0, 1]


OWN = Instance("own", MatrixFunction("own", "", "symmetric", "", lambda _, X: formula(X)), 2, {})


def at(name, t):
    """A 2×2 matrix whose distance from a kink of the function is about |t|."""
    t = Fraction(t)
    if name == "own":
        return ((Fraction(1), Fraction(2)), (Fraction(2), 1 + t))
    if name == "nuclear_norm":  # singular where t = 0
        return ((Fraction(4), Fraction(2)), (Fraction(2), 1 + t))
    return ((Fraction(0), Fraction(1)), (Fraction(1), t))


def function_of(name):
    return OWN if name == "own" else choose(name, 2)[0]


NAMES = ["spectral_norm", "singular_value[0]", "singular_value[1]", "ky_fan_norm[1]"]
NAMES += ["condition_number", "nuclear_norm", "own"]


def said(reference, G):
    return Reported(0, "planted", "1", "route", "float64", float(reference.value.mid), G, "both")


def both_sides(name, t):
    """What is true at X, and the gradient on the other side of the kink."""
    here, there = (certify(function_of(name), at(name, x), {}) for x in (t, -t))
    return here, there.S.high


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("units", [-4, -1, -0.5, 0.25, 1, 2, 4])
def test_beside_a_kink_neither_side_is_wrong(name, units):
    here, other = both_sides(name, units * 2.0**-53)
    assert np.max(np.abs(other - here.S.high)) > 0.1
    for G in (here.S.high, other, (here.S.high + other) / 2, np.full((2, 2), np.nan)):
        found = judge(here, said(here, G), "float64")
        assert found.verdict == "refused"
        assert "across a kink at the distance" in found.reason


@pytest.mark.parametrize("name", NAMES)
def test_beside_a_kink_an_error_that_no_jump_explains_is_wrong(name):
    here, other = both_sides(name, 2.0**-53)
    (kink,) = here.kinks
    assert norm(other - here.S.high) <= 1.001 * kink.jump
    far = here.S.high + 1.3 * kink.jump * np.array([[1, 0], [0, 0]])
    assert judge(here, said(here, far), "float64").verdict == "disagrees"


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("sign", [1, -1])
def test_where_rounding_does_not_reach_the_kink_the_other_side_is_wrong(name, sign):
    X = certify(function_of(name), at(name, 0.5), {}).X
    reference = certify(function_of(name), at(name, 0.5), {})
    reach = roundoff(reference, "float64") * norm(X)
    for times, expected in ((8, "disagrees"), (0.1, "refused")):
        here, other = both_sides(name, float(sign * times * reach))
        assert judge(here, said(here, other), "float64").verdict == expected
    here, _ = both_sides(name, float(sign * 8 * reach))
    assert judge(here, said(here, here.S.high), "float64").verdict == "agrees"


def test_a_modulus_whose_power_is_smooth_is_no_kink():
    cubed = MatrixFunction(
        "own", "", "symmetric", "", lambda _, X: Abs(X[0, 0] - X[1, 1]) ** 3 + 3 * X[0, 1]
    )
    here = certify(Instance("own", cubed, 2, {}), at("own", 2.0**-53), {})
    assert [kink.distance < 1e-15 for kink in here.kinks] == [True]
    assert judge(here, said(here, here.S.high), "float64").verdict == "agrees"
    off = here.S.high + 1e-12
    assert judge(here, said(here, off), "float64").verdict == "disagrees"


def test_the_reach_is_that_of_the_dtype():
    here, other = both_sides("spectral_norm", 1e-9)
    assert judge(here, said(here, other), "float64").verdict == "disagrees"
    X = round_to(at("spectral_norm", 1e-9), "float32")
    here = certify(function_of("spectral_norm"), X, {})
    answer = structs.replace(said(here, other), dtype="float32")
    assert judge(here, answer, "float32").verdict == "refused"
