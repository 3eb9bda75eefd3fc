"""What is refused, what is malformed, and what is said of it: judged on records alone."""

import math

import numpy as np
import pytest

from symgrad.court.references import Cluster
from tests.records import (
    S,
    exactly,
    plus,
    said,
    truth,
    unit,
    verdict,
    with_skew,
)

HIDDEN = "vacuous: the skew part of G hides an error as large as the gradient itself"


REFUSED = {"value": None, "S": None, "directions": (), "refusal": "no derivative"}
REPEATED = REFUSED | {"cluster": Cluster(1, 1, 1.0, exactly(np.diag([0, 1])), 1, True)}


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


def test_nan_is_told_where_all_else_is_doubtful():
    found = verdict(truth(**DOUBTFUL), said(plus(S, (0, 0, math.nan))))
    assert (found.verdict, found.convention, found.parameters) == ("refused", None, [])
    told = "entry (0, 0) of the gradient is nan, exactly it is finite"
    assert found.reason == f"{VACUOUS}; {told}"
    value = verdict(truth(**DOUBTFUL), said(value=math.inf))
    assert value.verdict == "refused"
    assert value.reason == f"{VACUOUS}; the value is inf, exactly it is finite"
    assert verdict(truth(), said(plus(S, (0, 0, math.nan)))).verdict == "disagrees"


def test_nan_is_told_where_the_dtype_has_no_room():
    tiny = truth(2.0**-1030 * unit(2))
    found = verdict(tiny, said(plus(S, (0, 1, math.nan))))
    assert found.verdict == "refused"
    assert found.reason.startswith("out of range: X, the gradient or the change of f underflows")
    assert found.reason.endswith("; entry (0, 1) of the gradient is nan, exactly it is finite")
    assert "nan" not in verdict(tiny, said(S)).reason


def test_a_skew_part_may_hide_a_part_of_the_gradient():
    """At S_ij = 2 and ‖S‖ = 4 the tolerance 2⁻⁴⁹·(4 + 1 + |K|) is ⅘ at |K| = 2⁴⁹·⅘ − 5."""
    edge = 0.8 * 2.0**49 - 5
    at = verdict(reported=with_skew(edge * (1 - 1e-9)))
    assert (at.verdict, at.convention) == ("agrees", "unsymmetric")
    assert at.reason == "smaller errors than 0.2·‖S‖ cannot be seen at this matrix"
    beyond = verdict(reported=with_skew(edge * (1 + 1e-9)))
    assert (beyond.verdict, beyond.convention) == ("refused", None)
    assert beyond.reason.startswith("vacuous: a gradient without one of its triangles")
    assert len(beyond.parameters) == 3
    for hidden in (with_skew(2.0**51), with_skew(2.0**51, S / 64)):
        reference = truth(np.asarray(hidden.gradient + hidden.gradient.T) / 2)
        found = verdict(reference, hidden)
        assert (found.verdict, found.reason) == ("refused", HIDDEN)


@pytest.mark.filterwarnings("error")
def test_a_skew_part_that_makes_the_tolerance_infinite_is_refused():
    found = verdict(truth(sensitivity=2.0**20 * unit(2)), with_skew(1.7e308))
    assert (found.verdict, found.convention, found.parameters) == ("refused", None, [])
    assert found.reason == HIDDEN
