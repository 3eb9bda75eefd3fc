"""Every mistake that has a name, in every dtype, at drawn points: it never agrees."""

from collections import Counter
from fractions import Fraction

import numpy as np
import pytest

from symgrad.court.judging.conventions import MISTAKES, representative
from symgrad.court.judging.judge import judge
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
