"""The judgement on records alone: each outcome with its reason, and with what it says beside."""

import math
import sys
from decimal import Decimal
from fractions import Fraction

import numpy as np
import pytest
from msgspec import structs

from court.judge import judge
from court.records import Cluster, Component, Direction, Enclosure, Verdict
from tests.records import (
    HERMITIAN,
    TOLERANCE,
    ULP,
    S,
    ball,
    exactly,
    hermitian_truth,
    plus,
    said,
    truth,
    unit,
)

ABOVE_ZERO = 5e-324
"""The smallest positive number: the radius of what is exact, rounded up."""
OFF = TOLERANCE + ULP
LOST = "digits are lost, 1.1 times what a backward stable algorithm would lose"
LOST += " (off by 7.5e-15, tolerance 7.1e-15)"
HIDDEN = "vacuous: the skew part of G hides an error as large as the gradient itself"
SPURIOUS = (
    "it is 2S − diag(S), the spurious form: right as the gradient in the coordinates vech X, "
)
SPURIOUS += "to be paired with vech E, but not as a matrix to be paired with E"


def verdict(reference=None, reported=None, dtype="float64"):
    found = judge(reference or truth(), reported or said(), dtype)
    assert found.dtype == dtype
    return found


def with_skew(size, M=S):
    return said(M + np.array([[0, size], [-size, 0]]))


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


REFUSED = {"value": None, "S": None, "directions": (), "refusal": "no derivative"}
REPEATED = REFUSED | {"cluster": Cluster(1, 1, 1.0, exactly(np.diag([0, 1])))}


def test_at_a_repeated_eigenvalue_it_is_told_whether_it_is_a_subgradient():
    for G, told in ((np.diag([0, 1]), "lies"), (np.diag([0, 1.1]), "does not lie")):
        found = verdict(truth(**REPEATED), said(G))
        assert (found.verdict, found.convention, found.parameters) == ("refused", None, [])
        assert found.gradient == G.tolist()
        assert found.reason == (
            f"no derivative; the reported G {told} in the subdifferential of λ_max"
        )
    assert verdict(truth(**REFUSED), said(np.diag([0, 1]))).reason == "no derivative"


def test_what_a_subgradient_may_be_off_by_is_that_of_the_dtype_it_came_in():
    G, told = np.diag([0, 1 + 1e-6]), "the reported G {} in the subdifferential of λ_max"
    reported = said(G, dtype="float32")
    assert verdict(truth(**REPEATED), reported, "float32").reason.endswith(told.format("lies"))
    assert verdict(truth(**REPEATED), said(G), "float32").reason.endswith(
        told.format("does not lie")
    )
    assert verdict(truth(**REPEATED), reported).reason.endswith(told.format("lies"))


@pytest.mark.parametrize(
    "unfit",
    [
        said(np.ones((3, 3))),
        said(None),
        said(np.diag([math.nan, 1])),
        said(np.diag([0, 1]), value=math.inf),
    ],
    ids=["shape", "nothing", "entry", "value"],
)
def test_what_is_malformed_or_infinite_is_no_subgradient_to_talk_of(unfit):
    assert verdict(truth(**REPEATED), unfit).reason == "no derivative"


@pytest.mark.parametrize(
    ("reported", "reason"),
    [
        (said(None), "the gradient has the shape nothing, X is 2×2"),
        (said(np.ones((2, 3))), "the gradient has the shape 2×3, X is 2×2"),
        (said(dtype="float32"), "the gradient came back in float32, float64 was asked for"),
        (
            said(plus(S, (1, 0, math.nan))),
            "entry (1, 0) of the gradient is nan, exactly it is finite",
        ),
        (said(value=math.inf), "the value is inf, exactly it is finite"),
    ],
    ids=["nothing", "shape", "dtype", "entry", "value"],
)
def test_what_is_malformed_or_infinite_disagrees(reported, reason):
    found = verdict(reported=reported)
    assert (found.verdict, found.convention, found.parameters) == ("disagrees", "invalid", [])
    assert found.reason == reason


VACUOUS = "vacuous: rounding X alone may change the gradient by a quarter of itself or more"
DOUBTFUL = {"sensitivity": 2.0**50 * unit(2)}


def test_what_is_doubtful_is_refused_with_its_numbers():
    for G in (S, S + 1):
        found = verdict(truth(**DOUBTFUL), said(G))
        assert (found.verdict, found.convention, found.reason) == ("refused", None, VACUOUS)
        assert [c.name for c in found.parameters] == ["a", "b", "c"]
    gross = verdict(truth(**DOUBTFUL), said(plus(S, (0, 0, 1e9))))
    assert gross.verdict == "disagrees"


def test_what_is_doubtful_is_refused_even_if_it_is_not_finite():
    found = verdict(truth(**DOUBTFUL), said(plus(S, (0, 0, math.nan))))
    assert (found.verdict, found.convention, found.parameters) == ("refused", None, [])
    assert found.reason == VACUOUS
    value = verdict(truth(**DOUBTFUL), said(value=math.nan))
    assert (value.verdict, value.reason) == ("refused", VACUOUS)


def test_a_skew_part_may_hide_less_than_the_gradient():
    """At ‖S‖ = 4 the tolerance 2⁻⁴⁹·(4 + |K|) is as large for |K| = 2⁵¹ − 4."""
    at = verdict(reported=with_skew(2.0**51 - 4))
    assert (at.verdict, at.convention, at.reason) == ("agrees", "unsymmetric", "")
    beyond = verdict(reported=with_skew(2.0**51))
    assert (beyond.verdict, beyond.convention, beyond.reason) == ("refused", None, HIDDEN)
    assert len(beyond.parameters) == 3
    small = verdict(truth(S / 64), with_skew(2.0**51, S / 64))
    assert (small.verdict, small.reason) == ("refused", HIDDEN)


@pytest.mark.filterwarnings("error")
def test_a_skew_part_that_makes_the_tolerance_infinite_is_refused():
    found = verdict(truth(sensitivity=2.0**20 * unit(2)), with_skew(1.7e308))
    assert (found.verdict, found.convention, found.parameters) == ("refused", None, [])
    assert found.reason == HIDDEN


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
            told = f"asked twice, it answered differently ({first}, then {second})"
            told += f"; {alone.reason}" if alone.reason else ""
            assert found == structs.replace(alone, reason=told)
    as_bad = said(np.array([[2, 1], [3, 2]]))
    found = verdict(reported=structs.replace(right, again=as_bad))
    assert found.convention == "symmetric"  # of two that are as bad, the first


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
    nothing = judge(hermitian_truth(), said(None, dtype="complex128"), "complex128")
    assert nothing.reason == "the gradient has the shape nothing, X is 2×2"
    assert complex_verdict(HERMITIAN, dtype="complex64").reason == (
        "the gradient came back in complex64, complex128 was asked for"
    )
