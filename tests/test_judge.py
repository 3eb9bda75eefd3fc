"""The court: every report that must agree has a twin, close to it, that must not."""

from fractions import Fraction

import msgspec
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from symgrad.court.formats import unit_roundoff
from symgrad.court.judging.judge import judge
from symgrad.court.judging.tolerance import entry_tolerances
from symgrad.court.verdicts import Verdict
from symgrad.symbolic.catalogue import choose
from symgrad.symbolic.certified.reference import refer
from symgrad.symbolic.parameterizations import hermitian, symmetric
from symgrad.symbolic.points import coordinates, parse_hermitian
from tests.helpers import FUNCTIONS, exact_gradient, reference, report

CONVENTIONS = ("symmetric", "lower", "upper")


def verdict_on(ref, G=None, *, dtype="float64", **changes):
    return judge(ref, report(ref, G, dtype=dtype, **changes), dtype)


@pytest.mark.parametrize("n", [2, 3])
@pytest.mark.parametrize("convention", CONVENTIONS)
@pytest.mark.parametrize("function", FUNCTIONS)
def test_each_convention_agrees_and_is_named(function, convention, n):
    ref = reference(function, n=n)
    verdict = verdict_on(ref, convention=convention)
    assert (verdict.verdict, verdict.convention) == ("agrees", convention)


@pytest.mark.parametrize("structure", ["symmetric", "toeplitz", "ar1"])
@pytest.mark.parametrize("function", FUNCTIONS)
def test_the_spurious_form_disagrees_and_is_named(function, structure):
    ref = reference(function, structure)
    S = exact_gradient(ref)
    verdict = verdict_on(ref, 2 * S - np.diag(np.diag(S)))
    assert (verdict.verdict, verdict.convention) == ("disagrees", "invalid")
    assert "2S − diag(S), the spurious form" in verdict.reason


def off_by_a_thousandth(S):
    G = S.copy()
    G[1, 0] *= 1.001
    return G


PLANTED = {
    "0.1 % off in one entry": off_by_a_thousandth,
    "entries off the diagonal halved": lambda S: (S + np.diag(np.diag(S))) / 2,
    "entries off the diagonal doubled": lambda S: 2 * S - np.diag(np.diag(S)),
    "the lower triangle alone": np.tril,
    "the sign": lambda S: -S,
    "zero": np.zeros_like,
    "single precision in a double's clothes": lambda S: S.astype(np.float32).astype(float),
}


POLYNOMIAL = ("trace_square", "det")
"""Their gradients at small rationals are small rationals, which single precision holds exactly."""


@pytest.mark.parametrize(
    ("function", "kind"),
    [(f, k) for f in FUNCTIONS for k in PLANTED if f not in POLYNOMIAL or "single" not in k],
)
def test_a_planted_error_disagrees(function, kind):
    ref = reference(function, seed=1)
    assert verdict_on(ref).verdict == "agrees"
    verdict = verdict_on(ref, PLANTED[kind](exact_gradient(ref)))
    assert (verdict.verdict, verdict.convention) == ("disagrees", "invalid")
    assert verdict.reason


def test_the_gradient_of_the_wrong_eigenvalue_disagrees():
    first, second = reference("eigenvalue[0]"), reference("eigenvalue[1]")
    assert verdict_on(first, exact_gradient(first)).verdict == "agrees"
    assert verdict_on(first, exact_gradient(second)).verdict == "disagrees"


def test_the_value_of_the_wrong_eigenvalue_disagrees():
    ref, other = reference("eigenvalue[0]"), reference("eigenvalue[1]")
    verdict = verdict_on(ref, value=float(other.value.mid))
    assert verdict.verdict == "disagrees"
    assert verdict.reason.startswith("the value is")


def test_a_transposed_gradient_is_as_right_and_a_transposed_weight_is_not():
    """−X⁻ᵀWX⁻ᵀ differs from its transpose by a skew matrix, from that of another W by more."""
    ref = reference("weighted_inverse")
    X = ref.X
    W = np.array([[2 * i - j + 1 for j in range(3)] for i in range(3)], dtype=float)
    inverse = np.linalg.inv(X)
    G = -inverse.T @ W @ inverse.T
    assert verdict_on(ref, G).convention == "unsymmetric"
    assert verdict_on(ref, G.T).verdict == "agrees"
    assert verdict_on(ref, -inverse.T @ np.triu(W) @ inverse.T).verdict == "disagrees"


def test_a_loss_of_digits_is_told_from_a_wrong_gradient():
    ref = reference("log_det")
    S = exact_gradient(ref)
    scale, wrong = np.linalg.norm(S), {}
    for name, error in {"digits": 1e-9, "formula": 1e-5}.items():
        G = S.copy()
        G[0, 0] += error * scale
        verdict = verdict_on(ref, G)
        assert verdict.verdict == "disagrees"
        wrong[name] = verdict.reason
    times = 1e-9 * scale / entry_tolerances(ref, None, "float64")[0, 0]
    assert f"{times:.2g} times what a backward stable algorithm would lose" in wrong["digits"]
    assert "digits" not in wrong["formula"]
    assert "off by" in wrong["formula"]


def test_a_loss_of_digits_in_the_value_is_told_too_and_hides_no_wrong_gradient():
    ref = reference("log_det")
    value = float(ref.value.mid) * (1 + 1e-9)
    reason = verdict_on(ref, value=value).reason
    assert reason.startswith("the value is")
    assert "digits are lost" in reason
    both = verdict_on(ref, 2 * exact_gradient(ref), value=value).reason
    assert "digits are lost" in both
    assert "; the contraction with" in both
    assert "digits" not in verdict_on(ref, value=2 * value).reason


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_an_entry_that_is_not_finite_disagrees(bad):
    ref = reference(structure="diagonal")
    G = exact_gradient(ref)
    G[0, 2] = bad  # an entry that no diagonal direction sees
    verdict = verdict_on(ref, G)
    assert verdict.verdict == "disagrees"
    assert "entry (0, 2)" in verdict.reason
    assert verdict.gradient[0][2] in ("NaN", "Infinity", "-Infinity")


def test_a_direction_that_the_parameterization_lacks_is_judged_too():
    ref = reference("log_det", "diagonal")
    G = exact_gradient(ref)
    assert verdict_on(ref, G).verdict == "agrees"
    G[2, 1] += 1e-3
    verdict = verdict_on(ref, G)
    assert verdict.verdict == "disagrees"
    assert "entry (2, 1)" in verdict.reason


def test_another_dtype_than_asked_for_disagrees():
    ref = reference()
    verdict = judge(ref, report(ref, dtype="float32"), "float64")
    assert verdict.verdict == "disagrees"
    assert "float32" in verdict.reason


def test_a_wider_dtype_than_asked_for_is_judged_by_its_numbers():
    ref = reference(dtype="float32")
    verdict = judge(ref, report(ref, dtype="float64"), "float32")
    assert (verdict.verdict, verdict.reason) == ("agrees", "the gradient came back in float64")
    G = exact_gradient(ref)
    wrong = judge(ref, report(ref, 1.001 * G, dtype="float64"), "float32")
    assert wrong.verdict == "disagrees"


def test_another_shape_disagrees():
    ref = reference()
    verdict = verdict_on(ref, np.ones((2, 2)))
    assert verdict.verdict == "disagrees"
    assert "2×2, X is 3×3" in verdict.reason


def test_a_diagonal_gradient_is_ambiguous():
    assert verdict_on(reference("trace")).convention == "ambiguous"


def test_a_repeated_eigenvalue_is_refused():
    x = symmetric(2)
    (f,) = choose("eigenvalue[0]", 2)
    tie = refer(f, x, {"a": Fraction(1), "b": Fraction(0), "c": Fraction(1)}, "float64")
    near = refer(f, x, {"a": Fraction(1), "b": Fraction(1, 2**20), "c": Fraction(1)}, "float64")
    verdict = judge(tie, report(tie, np.diag([1.0, 0.0]), value=1.0), "float64")
    assert verdict.verdict == "refused"
    assert "λ0 … λ1 coincide" in verdict.reason
    assert verdict_on(near).verdict == "agrees"


def test_a_check_that_could_not_fail_is_refused_as_vacuous():
    (f,) = choose("eigenvalue[0]", 2)
    theta = {"a": Fraction(1), "b": Fraction(1, 2**22), "c": Fraction(1)}
    ref = refer(f, symmetric(2), theta, "float32")
    verdict = verdict_on(ref, dtype="float32")
    assert verdict.verdict == "refused"
    assert verdict.reason.startswith("vacuous")
    assert verdict_on(refer(f, symmetric(2), theta, "float64")).verdict == "agrees"


@pytest.mark.parametrize("function", FUNCTIONS)
def test_the_tolerance_is_sharp(function):
    """Half the tolerance in one entry agrees, twice the tolerance disagrees."""
    ref = reference(function)
    S = exact_gradient(ref)
    tolerances = entry_tolerances(ref, None, "float64")
    for i in range(3):
        for j in range(3):
            for factor, expected in ((0.5, "agrees"), (2.0, "disagrees")):
                G = S.copy()
                G[i, j] += factor * tolerances[i, j]
                if i != j:
                    G[j, i] += factor * tolerances[i, j]
                assert verdict_on(ref, G).verdict == expected, (i, j, factor)


def test_the_tolerance_scales_with_the_roundoff():
    ref = reference()
    double = entry_tolerances(ref, None, "float64")
    single = entry_tolerances(ref, None, "float32")
    assert np.allclose(single / double, 2.0**29, rtol=1e-4)  # but for the second order
    assert unit_roundoff("float64") == 2.0**-53


def test_detectable_is_what_it_says():
    """An error of 1.01 times the smallest detectable one is detected; 0.99 times is not."""
    ref = reference("eigenvalue[0]", n=2)
    S = exact_gradient(ref)
    component = verdict_on(ref).parameters[0]
    scale = np.linalg.norm(S)  # ∂X/∂a has norm 1
    for factor, expected in ((0.98, "agrees"), (1.02, "disagrees")):
        G = S.copy()
        G[0, 0] = float(component.exact) + factor * component.detectable * scale
        assert verdict_on(ref, G).verdict == expected


matrices = st.lists(
    st.floats(-1e6, 1e6, allow_nan=False, allow_subnormal=False), min_size=9, max_size=9
).map(lambda numbers: np.array(numbers).reshape(3, 3))


@settings(max_examples=200, deadline=None)
@given(matrices, st.sampled_from(FUNCTIONS))
def test_every_gradient_in_S_plus_skew_agrees(M, function):
    ref = reference(function)
    K = M - M.T
    assert verdict_on(ref, exact_gradient(ref) + K).verdict == "agrees"


@settings(max_examples=200, deadline=None)
@given(matrices, st.sampled_from(FUNCTIONS), st.integers(0, 2), st.integers(0, 2))
def test_no_gradient_outside_S_plus_skew_agrees(M, function, i, j):
    ref = reference(function)
    G = exact_gradient(ref) + (M - M.T)
    tolerances = entry_tolerances(ref, M - M.T, "float64")
    G[i, j] += 5 * tolerances[i, j] * (1 if i == j else 2)
    assert verdict_on(ref, G).verdict == "disagrees"


anything = st.floats() | st.sampled_from([1.7e308, -1.7e308, 1e154, 1e-310, 5e-324, -0.0])


@settings(max_examples=300, deadline=None)
@given(
    st.lists(anything, min_size=9, max_size=9),
    anything,
    st.sampled_from(FUNCTIONS),
    st.sampled_from(["symmetric", "diagonal"]),
)
@pytest.mark.filterwarnings("error")
def test_whatever_is_reported_is_judged_and_can_be_written(numbers, value, function, structure):
    ref = reference(function, structure)
    verdict = verdict_on(ref, np.array(numbers).reshape(3, 3), value=value)
    assert verdict.verdict in ("disagrees", "refused")
    text = msgspec.json.Encoder(decimal_format="number").encode(verdict)
    assert msgspec.json.decode(text, type=Verdict).reason == verdict.reason


@pytest.mark.parametrize("size", [1e15, 1e20, 1e200, 1.7e308])
def test_a_skew_part_that_hides_the_gradient_is_refused_and_never_convicted(size):
    ref = reference(n=2)
    K = np.array([[0, size], [-size, 0]])
    verdict = verdict_on(ref, exact_gradient(ref) + K)
    assert (verdict.verdict, verdict.reason[:7]) == ("refused", "vacuous")
    assert verdict_on(ref, exact_gradient(ref) + 1e-5 * K / size).verdict == "agrees"
    assert verdict_on(ref, exact_gradient(ref) + np.abs(K)).verdict == "disagrees"


def test_a_wrong_complex_gradient_is_told_in_the_convention_that_it_is_nearest_to():
    x, (f,) = hermitian(2), choose("log_det", 2)
    ref = refer(f, x, coordinates(parse_hermitian("2 i; -i 1"), x, "positive definite"), "float64")
    S = np.array([[1, -1j], [1j, 2]])
    for written in (S, S.conj()):
        right = report(ref, dtype="complex128", gradient=written)
        assert judge(ref, right, "complex128").verdict == "agrees"
        near = written + np.diag([0, 1e-5])
        wrong = judge(ref, report(ref, dtype="complex128", gradient=near), "complex128")
        assert wrong.verdict == "disagrees"
        assert "∂X/∂re1_1" in wrong.reason
