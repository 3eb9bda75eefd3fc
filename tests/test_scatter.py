"""Rounding or a wrong formula?  Reports with planted noise, and with planted errors that stay."""

from fractions import Fraction

import numpy as np
import pytest

from symgrad.court.judging import scatter
from symgrad.court.judging.judge import judge
from symgrad.court.questions import NEIGHBOURS as COUNT
from symgrad.court.questions import Nearby
from symgrad.court.references import Kink
from symgrad.symbolic.catalogue import choose
from symgrad.symbolic.certified.reference import certify, round_to
from symgrad.symbolic.neighbours import neighbours
from tests.records import HERMITIAN, S, ball, hermitian_truth, said, truth, verdict

LIMIT = 2.0**-47
"""The tolerance of every entry of the records' S, by float64."""
RNG = np.random.default_rng(0)
NOISE = RNG.standard_normal((COUNT + 1, 2, 2))
NOISE = (NOISE + np.swapaxes(NOISE, 1, 2)) / 2
NOISE[0] = [[1, -1], [-1, 1]]


def heard(noise, error=0.0, M=S, at=None, values=(0.0,) * (COUNT + 1), **changes):
    """The verdict on M + noise at X and near it, and with an error that is the same everywhere."""
    G = [M + noise * e + error for e in NOISE]
    nearby = tuple(Nearby(v, g) for v, g in zip(values[1:], G[1:], strict=True))
    report = said(G[0], value=values[0], nearby=nearby, **changes)
    about = at or truth(M)
    return judge(about, report, changes.get("dtype", "float64"), [about] * COUNT)


def test_an_error_within_the_tolerance_agrees_whatever_it_does():
    assert heard(0.5 * LIMIT).verdict == heard(0, 0.9 * LIMIT).verdict == "agrees"


REMAINDER = scatter.remainder(truth(), "float64")
"""So many tolerances may be left by an iteration that stops."""


@pytest.mark.parametrize("times", [1.01 * REMAINDER, 10, 1e3, 1e6])
def test_noise_is_inaccurate_and_an_error_that_stays_is_wrong(times):
    noisy, wrong = heard(times * LIMIT), heard(0, times * LIMIT)
    assert (noisy.verdict, noisy.convention) == ("inaccurate", "symmetric")
    assert noisy.digits == int(-np.log10(times * LIMIT / 2))
    assert noisy.reason.startswith(f"agrees to {noisy.digits} of 16 digits; the contraction with")
    assert (wrong.verdict, wrong.convention, wrong.digits) == ("disagrees", "invalid", None)
    assert "it is the same at neighbouring matrices, as rounding is not" in wrong.reason


APART = np.diag([2.0, -1.0]) / np.sqrt(5)
"""A matrix whose singular values are far from each other, and from 0."""


def on_a_grid(error, farther):
    """An error that is the same as near as rounding, and so many times it farther off."""
    G = [S + error] * (COUNT + 1) + [S + error * x for x in farther]
    report, about = said(G[0], nearby=tuple(Nearby(0.0, g) for g in G[1:])), truth(X=APART)
    return judge(about, report, "float64", [about] * (2 * COUNT))


def test_what_is_rounded_to_a_coarse_grid_scatters_farther_off():
    scattered = (0.4, -0.8, 0.9, -0.2, -0.6, 0.1)
    for times in (1.1, 0.9 * scatter.QUANTUM):
        assert on_a_grid(times * LIMIT, scattered).verdict == "inaccurate"
    assert on_a_grid(1.1 * scatter.QUANTUM * LIMIT, scattered).verdict == "disagrees"
    for times in (1.01 * REMAINDER, 0.9 * scatter.QUANTUM):
        assert on_a_grid(times * LIMIT, (1.0,) * COUNT).verdict == "disagrees"
        assert on_a_grid(times * LIMIT, (0.9, 1.1, 0.8, 1.2, 1.0, 1.1)).verdict == "disagrees"
    assert on_a_grid(0.9 * LIMIT, (1.0,) * COUNT).verdict == "agrees"


def test_near_ties_more_may_be_rounding_that_scatters_farther_off():
    scattered = (0.4, -0.8, 0.9, -0.2, -0.6, 0.1)

    def tied(times, farther, X):
        about = truth(X=X)
        G = [S + times * LIMIT] * (COUNT + 1) + [S + times * LIMIT * x for x in farther]
        report = said(G[0], nearby=tuple(Nearby(0.0, g) for g in G[1:]))
        return judge(about, report, "float64", [about] * (2 * COUNT)).verdict

    near = np.diag([1.0, -1 - 1e-8]) / np.sqrt(2)
    times = 0.9 * scatter.SQUARED * np.sqrt(2) * 1e8  # ‖X‖ is 1, the gap 7e-9
    assert scatter.quantum(truth(X=APART)) == scatter.quantum(truth()) == scatter.QUANTUM
    assert tied(times, scattered, near) == "inaccurate"
    assert tied(1.5 * times, scattered, near) == "disagrees"
    assert tied(times, scattered, APART) == tied(times, (1.0,) * COUNT, near) == "disagrees"
    singular = np.diag([1.0, 1e-8])
    assert tied(0.9 * scatter.SQUARED * 1e8, scattered, singular) == "inaccurate"
    assert tied(1.1 * scatter.SQUARED * 1e8, scattered, singular) == "disagrees"


@pytest.mark.parametrize(("n", "dtype", "expected"), [(2, "float64", 7.2), (8, "float32", 1.16)])
def test_an_iteration_that_stops_may_leave_no_more_than_a_few_tolerances(n, dtype, expected):
    """xBDSQR drops 99 u in double precision and 10 u in single; the tolerance is for 8·n·u."""
    M = np.eye(n)
    about = truth(M, X=M, sensitivity=0 * M) if n > 2 else truth()
    limit = scatter.remainder(about, dtype)
    assert limit == pytest.approx(expected, rel=0.01)


def test_what_an_iteration_leaves_stays_and_is_inaccurate():
    left, wrong = heard(0, 0.99 * REMAINDER * LIMIT), heard(0, 1.01 * REMAINDER * LIMIT)
    assert (left.verdict, left.convention, left.digits) == ("inaccurate", "symmetric", 13)
    assert left.reason.startswith(
        "agrees to 13 of 16 digits, off by the same near X: no more than an iteration leaves"
    )
    assert (wrong.verdict, wrong.convention) == ("disagrees", "invalid")
    assert verdict(reported=said(S + 1.5 * LIMIT)).verdict == "disagrees"  # given as numbers


def test_farther_off_is_where_s_moves_by_a_hundredth_and_no_kink_is():
    steep = truth(sensitivity=np.full((2, 2), 1e6))
    X, size = np.linalg.norm(steep.X), np.linalg.norm(S)
    assert scatter.spread(steep) == pytest.approx(0.01 * size / (X * 2e6))
    assert scatter.spread(truth(sensitivity=0 * S)) == scatter.FARTHEST
    assert scatter.spread(truth(kinks=(Kink(1e-9, 1.0),))) == pytest.approx(1e-11 / X)
    assert scatter.spread(truth(0 * S)) == 0


def test_an_error_that_stays_beyond_the_noise_of_its_route_is_wrong():
    noise = 20 * LIMIT
    deviation = np.sqrt(np.sum((NOISE - NOISE.mean(axis=0)) ** 2) / COUNT) * noise
    edge = scatter.SYSTEMATIC * deviation / 2  # ‖error‖ is twice an entry
    assert heard(noise, 0.6 * edge).verdict == "inaccurate"
    assert heard(noise, 1.5 * edge).verdict == "disagrees"


def test_a_third_of_the_digits_has_to_be_left():
    edge = 2 * 10 ** -(scatter.digits_of("float64") / 3)
    below, above = heard(edge * 0.99), heard(edge * 1.01)
    assert (below.verdict, below.digits) == ("inaccurate", 5)
    assert above.verdict == "disagrees"
    assert above.reason.endswith("unstable: 5 of 16 digits are left")
    assert "unstable: no digit is left" in heard(2.5).reason


def test_without_answers_near_x_every_error_beyond_the_tolerance_disagrees():
    assert verdict(reported=said(S + 1.5 * LIMIT)).verdict == "disagrees"
    about, G = truth(), S + 1.5 * LIMIT * NOISE[0]
    for answers, expected in ((scatter.LEAST - 1, "inaccurate"), (scatter.LEAST - 2, "disagrees")):
        nearby = [Nearby(0.0, S + LIMIT * e) for e in NOISE[1 : 1 + answers]]
        for padding in (None, Nearby(np.nan, S), Nearby(0.0, np.full((2, 2), np.inf))):
            report = said(G, nearby=(*nearby, *[padding] * (COUNT - answers)))
            found = judge(about, report, "float64", [about] * COUNT)
            assert found.verdict == expected
    assert "unstable: nothing finite at most neighbouring matrices" in found.reason


def test_a_value_may_be_inaccurate_too():
    noise = 1e-9 * NOISE[:, 0, 0]
    exact = truth(value=ball(3))
    noisy = heard(0, at=exact, values=3 + noise)
    assert (noisy.verdict, noisy.digits) == ("inaccurate", 9)
    assert heard(0, at=exact, values=3 + 1e-9 + 0 * noise).verdict == "disagrees"
    assert heard(0, 1e-9, at=exact, values=3 + noise).verdict == "disagrees"


def test_of_what_is_zero_noise_agrees_and_an_error_that_stays_does_not():
    zero = truth(0 * S)
    noisy = heard(1e-16, M=0 * S, at=zero)
    assert (noisy.verdict, noisy.reason) == (
        "agrees",
        "exactly 0: what is reported is rounding, 1e-16",
    )
    assert heard(0, 1e-16, M=0 * S, at=zero).verdict == "disagrees"
    assert heard(0.1, M=0 * S, at=zero).verdict == "disagrees"
    varied = truth(0 * S, sensitivity=np.ones((2, 2)))
    assert heard(1e-9, M=0 * S, at=varied).verdict == "inaccurate"


def test_a_constant_is_allowed_the_rounding_of_its_own_size():
    """At f = 4, ‖X‖ = 1 and S = 0 the tolerance is 8·2·u·4."""
    constant = truth(0 * S, value=ball(4))
    assert verdict(constant, said(0 * S + LIMIT, value=4.0)).verdict == "agrees"
    assert verdict(constant, said(0 * S + 1.01 * LIMIT, value=4.0)).verdict == "disagrees"


def test_a_complex_gradient_is_judged_likewise_and_by_either_conjugate():
    about = hermitian_truth()
    for conjugate in (np.asarray, np.conj):
        G = [conjugate(HERMITIAN + 1e-9 * (e + 1j * (np.triu(e) - np.tril(e)))) for e in NOISE]
        nearby = tuple(Nearby(0.0, g) for g in G[1:])
        found = judge(
            about, said(G[0], nearby=nearby, dtype="complex128"), "complex128", [about] * COUNT
        )
        assert (found.verdict, found.digits) == ("inaccurate", 9)
        stays = tuple(Nearby(0.0, G[0]) for _ in range(COUNT))
        found = judge(
            about, said(G[0], nearby=stays, dtype="complex128"), "complex128", [about] * COUNT
        )
        assert found.verdict == "disagrees"


@pytest.mark.parametrize("dtype", ["float64", "float32", "float16", "bfloat16"])
@pytest.mark.parametrize("blocks", [1, 2])
def test_neighbours_are_as_near_as_rounding_symmetric_and_different(dtype, blocks):
    for n in (1, 2, 5):
        A = RNG.standard_normal((n, n)) * 10.0 ** RNG.integers(-3, 3)
        M = A + A.T
        if blocks == 2:
            B = A - A.T
            M = np.block([[M, -B], [B, M]])
        X = round_to(tuple(tuple(map(Fraction, row)) for row in M.tolist()), dtype)
        found = neighbours(X, dtype, blocks)
        assert found == neighbours(X, dtype, blocks)
        assert len({X, *found}) == COUNT + 1
        for Y in found:
            assert Y == tuple(zip(*Y, strict=True)) == round_to(Y, dtype)
            E = np.array(Y, dtype=float) - np.array(X, dtype=float)
            u = scatter.unit_roundoff(dtype)
            assert np.max(np.abs(E)) <= 4 * 2 * u * 2 * np.max(np.abs(M))
            if blocks == 2:
                assert np.array_equal(E[:n, :n], E[n:, n:])
                assert np.array_equal(E[n:, :n], -E[:n, n:])


def test_the_share_of_the_digits_that_is_left():
    of = scatter.digits_of("float64")
    assert scatter.share_left(truth(), said(S), "float64") == 1
    about, off = truth(value=ball(3)), said(S + 2e-4, value=3 + 3e-7)
    assert scatter.share_left(about, off, "float64") == pytest.approx(4 / of, rel=0.1)
    assert scatter.share_left(about, said(S, value=3 + 3e-7), "float64") == pytest.approx(7 / of)
    assert scatter.share_left(truth(), said(np.nan * S), "float64") == 0


def test_farther_neighbours_are_as_far_as_is_said():
    X = round_to(((Fraction(3), Fraction(1, 3)), (Fraction(1, 3), Fraction(1))), "float64")
    near, far = neighbours(X, "float64"), neighbours(X, "float64", spread=1e-9)
    assert far[:COUNT] == near
    for Y in far[COUNT:]:
        E = np.array(Y, dtype=float) - np.array(X, dtype=float)
        assert 0.5e-9 < np.max(np.abs(E)) / 3 <= 1.0001e-9
    assert len(far) == 2 * COUNT
    assert neighbours(X, "float64", spread=1e-16) == near


@pytest.mark.parametrize("factor", [1 + 1e-11, 1 - 1e-9, 1.001])
def test_a_route_with_a_factor_in_its_backward_pass_is_wrong_near_ties_too(factor):
    """Its noise grows as the gap closes; the factor shows as long as it is larger."""
    (function,) = choose("weighted_exp[full]", 2)
    X = round_to(((Fraction(1), Fraction(1e-2)), (Fraction(1e-2), Fraction(1))), "float64")
    about, *near = (certify(function, Y, {}) for Y in (X, *neighbours(X, "float64")))
    for noise, times in ((2e-13, factor), (2e-13, 1.0)):
        G = [r.S.high * times + noise * e for r, e in zip((about, *near), NOISE, strict=True)]
        values = [float(r.value.mid) for r in (about, *near)]
        nearby = tuple(map(Nearby, values[1:], G[1:]))
        found = judge(about, said(G[0], value=values[0], nearby=nearby), "float64", near)
        assert found.verdict == ("disagrees" if times != 1 else "inaccurate"), found.reason


@pytest.mark.parametrize(("times", "name"), [(0.9, "symmetric"), (1.1, "unsymmetric")])
def test_a_convention_has_its_name_whatever_an_iteration_leaves_in_the_skew_part(times, name):
    """As U and V of an SVD differ by it, by one processor so and by another so."""
    K = times * REMAINDER * LIMIT * np.array([[0, 1], [-1, 0]])
    found = verdict(reported=said(S + K))
    assert (found.verdict, found.convention) == ("agrees", name)


def by_differences(X, W, reciprocal):
    """⟨W, exp X⟩ and its gradient through eigh, dividing by differences in this way."""
    values, V = np.linalg.eigh(X)
    x = np.subtract.outer(values, values) + np.eye(2)
    rates = np.subtract.outer(np.exp(values), np.exp(values)) * reciprocal(x)
    np.fill_diagonal(rates, np.exp(values))
    return float(np.sum(W * ((V * np.exp(values)) @ V.T))), V @ (rates * (V.T @ W @ V)) @ V.T


@pytest.mark.parametrize("gap", [1e-5, 1e-6, 1e-7])
def test_a_regularized_difference_of_eigenvalues_is_wrong_where_it_exceeds_the_noise(gap):
    """x/(x² + 1e-20), as TensorFlow has it, errs by 1e-20/x²; 1/x itself loses digits at most."""
    (function,) = choose("weighted_exp[symmetric]", 2)
    off = Fraction(gap / 2)
    X = round_to(((Fraction(1), off), (off, Fraction(1))), "float64")
    about = certify(function, X, {})
    places = (X, *neighbours(X, "float64", spread=scatter.spread(about)))
    _, *near = (certify(function, Y, {}) for Y in places)
    W = np.array(function.constants["W"], dtype=float)
    for reciprocal, right in ((lambda x: x / (x * x + 1e-20), False), (lambda x: 1 / x, True)):
        told = [by_differences(np.array(Y, dtype=float), W, reciprocal) for Y in places]
        report = said(told[0][1], value=told[0][0], nearby=tuple(Nearby(*t) for t in told[1:]))
        found = judge(about, report, "float64", near).verdict
        assert (found in ("agrees", "inaccurate")) == right, found


def test_an_error_that_stays_near_ties_may_be_a_hundredth_of_what_turns_vectors():
    near = truth(X=np.diag([1.0, -1 - 1e-6]) / np.sqrt(2))
    limit = scatter.remainder(near, "float64")
    assert limit == pytest.approx(REMAINDER + 0.01 * np.sqrt(2) * 1e6, rel=1e-3)
    for times, verdict_ in ((0.9, "inaccurate"), (1.1, "disagrees")):
        assert heard(0, times * limit * LIMIT, at=near).verdict == verdict_
    assert scatter.spread(near) == pytest.approx(0.1 * 1e-6 / np.sqrt(2), rel=1e-3)
