"""Every mistake that has a name, in every dtype, at drawn points: it never agrees."""

from collections import Counter
from fractions import Fraction

import numpy as np
import pytest

from symgrad.court.judging.conventions import MISTAKES, representative
from symgrad.court.judging.judge import judge
from symgrad.court.judging.mistakes import recognise
from symgrad.court.questions import Reported
from symgrad.symbolic.catalogue import choose
from symgrad.symbolic.certified.reference import certify, round_to
from symgrad.symbolic.parameterizations import symmetric
from symgrad.symbolic.points import draw_points
from tests.records import said

FUNCTIONS = (
    "sum_entries",
    "trace_cube",
    "log_det",
    "largest_eigenvalue",
    "weighted_exp[full]",
    "det",
)
BITS = {"float64": 53, "float32": 24, "float16": 11, "bfloat16": 8}


def drawn(dtype, count=12):
    """References at points of sizes 2 and 3, rounded to the dtype."""
    for n in (2, 3):
        for name in FUNCTIONS:
            (function,) = choose(name, n)
            x = symmetric(n)
            for theta in draw_points(x, function.function.domain, count, 7):
                X = round_to(x.at(theta), dtype)
                yield certify(function, X, x.directions(theta))


def rounded(M, dtype):
    """M, as a framework of that dtype would hold it."""
    mantissa, exponent = np.frexp(M)
    return np.ldexp(np.round(mantissa * 2.0 ** BITS[dtype]), exponent - BITS[dtype])


def report(reference, G, dtype) -> Reported:
    return said(rounded(G, dtype), value=float(reference.value.mid), dtype=dtype)


def mistakes(S):
    """The matrices that are made of S by mistake, each with the part of S that it gets wrong."""
    n = len(S)
    for below, above in MISTAKES.values():
        M = S * (
            np.eye(n) + below * np.tril(np.ones((n, n)), -1) + above * np.triu(np.ones((n, n)), 1)
        )
        yield M, np.max(np.abs((M + M.T) / 2 - S))
    yield 1.2 * S, 0.2 * np.max(np.abs(S))


@pytest.mark.parametrize("dtype", BITS)
def test_a_named_mistake_never_agrees(dtype):
    outcomes = Counter()
    for reference in drawn(dtype):
        if reference.S is None:
            continue
        S = reference.S.high
        for G, wrong in mistakes(S):
            if wrong > 1e-6 * np.max(np.abs(S)):
                found = judge(reference, report(reference, G, dtype), dtype)
                outcomes[found.verdict] += 1
                assert found.verdict in ("disagrees", "refused"), (found.reason, S)
                assert found.verdict == "disagrees" or found.reason.startswith("vacuous")
    assert (
        outcomes["disagrees"] > (0.9 if dtype in ("float64", "float32") else 0.2) * outcomes.total()
    )


@pytest.mark.parametrize("dtype", BITS)
def test_a_right_gradient_never_disagrees_and_agrees_where_a_mistake_would_show(dtype):
    outcomes = Counter()
    for reference in drawn(dtype):
        if reference.S is None:
            continue
        S = reference.S.high
        for name in ("symmetric", "lower", "upper"):
            found = judge(reference, report(reference, representative(S, name), dtype), dtype)
            outcomes[found.verdict] += 1
            assert found.verdict in ("agrees", "refused"), found.reason
    assert (
        outcomes["agrees"] > (0.9 if dtype in ("float64", "float32") else 0.05) * outcomes.total()
    )


def test_the_public_example_in_the_shortest_dtype():
    """Tril(S) of tr X³ at [[−3, 2], [2, 2]] by bfloat16."""
    (function,) = choose("trace_cube", 2)
    X = tuple(tuple(map(Fraction, row)) for row in ((-3, 2), (2, 2)))
    reference = certify(function, X, {})
    tril = judge(reference, report(reference, np.tril(reference.S.high), "bfloat16"), "bfloat16")
    assert tril.verdict in ("disagrees", "refused")
    assert (
        judge(reference, report(reference, np.tril(reference.S.high), "float32"), "float32").verdict
        == "disagrees"
    )


def test_where_double_precision_is_coarse_it_is_said():
    (function,) = choose("log_det", 2)
    for corner, is_said in ((Fraction(1, 2**36), True), (Fraction(1, 2**8), False)):
        X = ((Fraction(1), Fraction(1)), (Fraction(1), 1 + corner))
        reference = certify(function, X, {})
        found = judge(reference, report(reference, reference.S.high, "float64"), "float64")
        assert found.verdict == "agrees"
        assert ("·‖S‖ cannot be seen at this matrix" in found.reason) == is_said


def softened(kind, floor, gap):
    return gap / (gap**2 + floor) if kind == "softened" else 1 / np.maximum(gap, floor)


@pytest.mark.parametrize("kind", ["floored", "softened"])
@pytest.mark.parametrize("batch", [(), (2,)])
def test_a_gap_floor_is_told_if_it_explains_everything(kind, batch):
    rng = np.random.default_rng(5)
    A, G = (M + M.swapaxes(-1, -2) for M in rng.standard_normal((2, *batch, 4, 4)))
    w, V = np.linalg.eigh(A)
    gaps = np.abs(w[..., :, None] - w[..., None, :]) + 100 * np.eye(4)
    inner = V.swapaxes(-1, -2) @ G @ V
    kept = np.where(np.eye(4, dtype=bool), 1, softened(kind, 1.2 * gaps.min(), gaps) * gaps)
    found = V @ (inner * kept) @ V.swapaxes(-1, -2)
    assert recognise(found, G, A) == ("a gap floor", None)
    assert recognise(np.tril(2 * found) - np.eye(4) * found, G, A) == ("a gap floor", None)
    assert recognise(found, G) == (None, None)
    for wrong in (found * (1 + 1e-5), found + 1e-5 * G, found + 1e-5 * np.eye(4)):
        assert recognise(wrong, G, A) == (None, None)
    assert recognise(2 * G - found, G, A) == (None, None)


def test_no_gap_floor_is_told_where_one_gap_is_all_there_is():
    A, G = np.diag([1.0, 2.0]), np.array([[1.0, 2.0], [2.0, 4.0]])
    assert recognise(G * [[1, 0.3], [0.3, 1]], G, A) == (None, None)
    B, H = np.diag([1.0, 2.0, 4.0]), np.ones((3, 3))
    floored = np.array([[1, 0.7, 1], [0.7, 1, 1], [1, 1, 1]])
    assert recognise(H * floored, H, B) == ("a gap floor", None)
    H[0, 2] = H[2, 0] = H[1, 2] = H[2, 1] = 0
    assert recognise(H * floored, H, B) == (None, None)


def test_the_diagonal_halved_is_told():
    G = np.arange(1.0, 10.0).reshape(3, 3)
    for part, told in ((0.5, "the diagonal halved"), (0.5001, None), (0.0, "the diagonal dropped")):
        assert recognise(G - (1 - part) * np.diag(np.diag(G)), G)[0] == told
