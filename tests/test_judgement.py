"""The judgement on records alone: what agrees and what does not, with all that is said of it."""

import math
import sys
from decimal import Decimal
from fractions import Fraction

import numpy as np
import pytest
from msgspec import structs

from symgrad.court.reasons import Reason
from symgrad.court.references import Direction, Enclosure
from symgrad.court.verdicts import Component, Verdict
from tests.records import (
    SPURIOUS,
    TOLERANCE,
    ULP,
    S,
    ball,
    plus,
    said,
    truth,
    verdict,
    with_skew,
)

ABOVE_ZERO = 5e-324
"""The smallest positive number: the radius of what is exact, rounded up."""
OFF = TOLERANCE + ULP
LOST = "digits are lost, 1.1 times what a backward stable algorithm would lose"
LOST += " (off by 7.5e-15, tolerance 7.1e-15)"


def test_a_gradient_that_agrees():
    a, b, c = (
        Component(name, exact, Decimal(exact), ABOVE_ZERO, 0.0, tolerance, 2.0**-49 * detectable)
        for name, exact, tolerance, detectable in (
            ("a", 2, TOLERANCE, 1),
            ("b", 4, 2 * TOLERANCE, 2 / math.sqrt(2)),
            ("c", 2, TOLERANCE, 1),
        )
    )
    found = verdict(truth(point={"a": "1/3"}), said(framework="numpy"))
    assert found.parameters[1].detectable == pytest.approx(b.detectable, rel=1e-15, abs=0)
    b = structs.replace(b, detectable=found.parameters[1].detectable)
    assert found == Verdict(
        function="f",
        parameterization="symmetric(2)",
        size=2,
        point={"a": "1/3"},
        framework="numpy",
        version="1.0",
        route="planted.route",
        dtype="float64",
        gradient=[[2.0, 2.0], [2.0, 2.0]],
        convention="symmetric",
        reads="lower",
        parameters=[a, b, c],
        evidence="certified",
        verdict="agrees",
        reason="",
        mode="reverse",
        conjugation=None,
        value="agrees",
    )


@pytest.mark.parametrize("sign", [1, -1])
@pytest.mark.parametrize(("name", "place"), [("a", (0, 0)), ("c", (1, 1))])
def test_a_contraction_agrees_up_to_its_tolerance(name, place, sign):
    at = verdict(reported=said(plus(S, (*place, sign * TOLERANCE))))
    assert (at.verdict, at.reason, at.convention) == ("agrees", "", "symmetric")
    beyond = plus(S, (*place, sign * OFF))
    found = verdict(reported=said(beyond))
    assert (found.verdict, found.convention) == ("disagrees", "invalid")
    told = f"the contraction with ∂X/∂{name} is {float(beyond[place])!r}, exactly 2.0: {LOST}"
    assert found.reason == told
    (wrong,) = (c for c in found.parameters if c.name == name)
    assert wrong.contracted == beyond[place]
    assert wrong.error == OFF


def test_an_entry_that_no_direction_sees_is_judged_too():
    diagonal = {"a": ((0, 0, Fraction(1)),)}
    at, beyond = (plus(S, (1, 1, error)) for error in (TOLERANCE, OFF))
    assert verdict(truth(along=diagonal), said(at)).verdict == "agrees"
    found = verdict(truth(along=diagonal), said(beyond))
    assert (found.verdict, found.convention) == ("disagrees", "invalid")
    assert found.reason == (
        "the contractions agree, but in a direction that symmetric(2) does not have "
        f"entry (1, 1) of (G + Gᵀ)/2 is {float(beyond[1, 1])!r}, exactly 2.0: {LOST}"
    )
    assert [c.name for c in found.parameters] == ["a"]


def test_a_wrong_value_and_a_known_mistake_are_told_with_a_wrong_gradient():
    found = verdict(reported=said([[2, 4], [4, 2]], value=1.0))
    assert (found.verdict, found.convention) == ("disagrees", "invalid")
    assert found.reason == (
        "the value is 1.0, exactly 0.0: off by 1, tolerance 7.1e-15; "
        "the contraction with ∂X/∂b is 8.0, exactly 4.0: off by 4, tolerance 1.4e-14; " + SPURIOUS
    )
    assert len(found.parameters) == 3
    alone = verdict(reported=said(value=1.0))
    assert (alone.verdict, alone.convention) == ("disagrees", "invalid")
    assert alone.reason == "the value is 1.0, exactly 0.0: off by 1, tolerance 7.1e-15"
    assert verdict(reported=said(value=TOLERANCE)).verdict == "agrees"


def test_a_contraction_is_compared_with_all_digits_of_the_exact_one():
    exact = Fraction(2) + Fraction(1, 3 * 10**20)
    third = Direction("a", ((0, 0, Fraction(1)),), ball(exact, Fraction(1, 10**45)))
    (component,) = verdict(truth(directions=(third,))).parameters
    assert component.exact == Decimal("2.000000000000000000003333333333333333333")
    assert component.error == float(exact - 2)
    digits = abs(exact - Fraction(component.exact)) + Fraction(1, 10**45)
    assert float(digits) < component.radius <= math.nextafter(float(digits), 1)


def test_a_derivative_that_is_nothing_beside_its_direction_is_written_as_zero():
    for exact, written in ((Fraction(4, 10**41), "0"), (Fraction(4, 10**40), "4E-40")):
        zero = Direction("a", ((0, 0, Fraction(1)),), ball(exact))
        reported = said(np.diag([0.0, 4.0]))
        (component,) = verdict(truth(np.diag([0, 4]), directions=(zero,)), reported).parameters
        assert str(component.exact) == written


def test_the_radius_of_a_derivative_is_part_of_what_can_be_detected():
    wide = Direction("a", ((0, 0, Fraction(1)),), ball(2, Fraction(1)))
    (component,) = verdict(truth(directions=(wide,))).parameters
    assert component.detectable == (TOLERANCE + 1) / 4
    assert component.radius == math.nextafter(1.0, 2)


def test_what_is_too_large_to_be_written_is_written_as_infinite():
    above, below = (
        Direction(name, ((i, 1 - i, Fraction(10) ** 150),), ball(0))
        for i, name in enumerate(("above", "below"))
    )
    found = verdict(truth(1e100 * S, directions=(above, below)), with_skew(1e200))
    for component, contracted in zip(found.parameters, ("Infinity", "-Infinity"), strict=True):
        assert (component.contracted, component.error) == (contracted, "Infinity")
        assert (component.tolerance, component.detectable) == (sys.float_info.max, "Infinity")


def test_a_gradient_that_is_zero():
    nothing = truth(np.zeros((2, 2)))
    found = verdict(nothing, said(np.zeros((2, 2))))
    assert (found.verdict, found.convention) == ("agrees", "ambiguous")
    assert [c.detectable for c in found.parameters] == [0.0] * 3
    assert [str(c.exact) for c in found.parameters] == ["0"] * 3
    assert verdict(nothing, said(1e-300 * S)).verdict == "disagrees"


@pytest.mark.parametrize(
    ("G", "convention"),
    [
        ([[2, 0], [4, 2]], "lower"),
        ([[2, 4], [0, 2]], "upper"),
        ([[2, 1], [3, 2]], "unsymmetric"),
        (S, "symmetric"),
    ],
)
def test_conventions_are_named_in_reverse_mode(G, convention):
    G = np.asarray(G, dtype=float)
    assert verdict(reported=said(G)).convention == convention
    forward = verdict(reported=said(G, mode="forward"))
    assert (forward.verdict, forward.convention, forward.mode) == ("agrees", None, "forward")


def test_what_is_to_be_said_of_a_gradient_that_agrees():
    wider = said(dtype="float64")
    assert verdict(truth(note="rounded")).reason == "rounded"
    assert verdict(None, wider, "float32").reason == "the gradient came back in float64"
    both = verdict(truth(note="rounded"), wider, "float32")
    assert (both.verdict, both.dtype) == ("agrees", "float32")
    assert both.reason == "rounded; the gradient came back in float64"
    assert verdict(truth(note="rounded"), said(S + 1)).reason.startswith("the contraction")


def test_the_tolerance_is_that_of_the_dtype_that_was_asked_for():
    G = plus(S, (0, 0, 1e-6))
    assert verdict(None, said(G, dtype="float32"), "float32").verdict == "agrees"
    assert verdict(None, said(G)).verdict == "disagrees"


@pytest.mark.parametrize("refusal", ["", "no derivative"])
@pytest.mark.parametrize("died", [False, True])
@pytest.mark.parametrize(("declined", "outcome"), [(False, "failed"), (True, "refused")])
def test_an_error_is_the_reason_unless_there_is_nothing_to_be_right_about(
    refusal, died, declined, outcome
):
    reported = said(None, error="it broke", worker_died=died, declined=declined, reads=None)
    found = verdict(truth(refusal=refusal), reported)
    assert (found.convention, found.gradient, found.parameters) == (None, None, [])
    if refusal and not died:
        assert (found.verdict, found.reason) == ("refused", "no derivative")
    else:
        assert (found.verdict, found.reason) == (outcome, "it broke")


LARGE = {"directions": (), "parameterization": "symmetric(2)"}


@pytest.mark.parametrize(
    ("name", "place", "exact", "G"),
    [
        ("x0_0", (0, 0), 2, [[2.5, 2], [2, 2.25]]),
        ("x1_1", (1, 1), 2, [[2.25, 2], [2, 1.5]]),
        ("x0_1", (0, 1), 4, [[2.25, 3], [2, 2]]),
        ("x0_1", (1, 0), 4, [[2.25, 2], [3, 2]]),
    ],
)
def test_without_parameters_the_worst_direction_stands_for_all(name, place, exact, G):
    found = verdict(truth(**LARGE), said(np.array(G)))
    (component,) = found.parameters
    assert (component.name, component.exact) == (name, exact)
    contracted = 5.0 if name == "x0_1" else G[place[0]][place[1]]
    assert component.contracted == contracted
    assert component.error == abs(contracted - exact)
    assert found.reason.startswith(f"the contraction with ∂X/∂{name} is {contracted!r}, exactly")


def test_the_worst_direction_is_the_one_that_is_worst_for_its_tolerance():
    tight = truth(sensitivity=np.diag([0, 2.0**20]), **LARGE)
    found = verdict(tight, said(np.array([[2.25, 2], [2, 2.5]])))
    assert [c.name for c in found.parameters] == ["x0_0"]


def test_the_worst_direction_is_enclosed_as_the_gradient_is():
    low, radius = np.full((2, 2), 2.0**-60), np.array([[0, 2.0**-70], [2.0**-70, 0]])
    enclosed = truth(S=Enclosure(S, low, radius), **LARGE)
    found = verdict(enclosed, said(np.array([[2, 2.5], [2, 2]])))
    (component,) = found.parameters
    assert abs(Fraction(component.exact) - 4 - Fraction(2, 2**60)) < Fraction(1, 10**38)
    assert component.radius >= 2.0**-69
    assert component.error == 0.5 - 2.0**-59


def test_of_two_answers_the_worse_one_is_judged():
    right, wrong, broken = said(), said(S + 1), said(None, error="it broke")
    declined = said(None, error="not I", declined=True)
    reports = {"agrees": right, "refused": declined, "failed": broken, "disagrees": wrong}
    ranks = list(reports)
    for first, one in reports.items():
        for second, other in reports.items():
            found = verdict(reported=structs.replace(one, again=other))
            worse = max(first, second, key=ranks.index)
            alone = verdict(reported=reports[worse])
            twice = f"asked twice, it answered differently ({first}, then {second})"
            assert found == alone.saying(Reason("asked twice", twice), *alone.reasons)
            assert found.reason == "; ".join(filter(None, [twice, alone.reason]))
    as_bad = said(np.array([[2, 1], [3, 2]]))
    found = verdict(reported=structs.replace(right, again=as_bad))
    assert found.convention == "symmetric"  # of two that are as bad, the first
