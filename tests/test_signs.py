"""A sign that X does not determine, on records alone: a value of the other sign is refused."""

import numpy as np
import pytest
from msgspec import structs

from symgrad.court.judging.gauge import refuse_both_signs
from symgrad.court.reasons import Reason
from tests.records import S, ball, plus, said, truth, verdict

FLIPPED = (
    "gauge: the value is that of f with the sign of a root turned, as if f changed with the sign "
    "of an eigenvector, which X does not determine (say so by gauge = …), or else the route has a "
    "wrong sign"
)
UNDETERMINED = "gauge: f has one sign here and the other at another point, by the same route"


def flipping(**changes):
    return truth(value=ball(4), **({"turned": (ball(-4), ball(3))} | changes))


@pytest.mark.parametrize(("G", "value"), [(-S, -4.0), (-S, 3.0), (S, -4.0)])
def test_a_value_of_another_sign_is_refused_where_f_may_have_it(G, value):
    turned = said(G, value=value)
    found = verdict(flipping(), turned)
    assert (found.verdict, found.convention, found.reason) == ("refused", None, FLIPPED)
    assert [c.name for c in found.parameters] == ["a", "b", "c"]
    assert found.gradient == G.tolist()
    assert verdict(flipping(turned=()), turned).verdict == "disagrees"
    assert verdict(flipping(turned=(ball(2),)), turned).verdict == "disagrees"
    assert verdict(flipping(), said(value=4.0)).verdict == "agrees"


@pytest.mark.parametrize(
    ("G", "value"),
    [(-S, 4.0), (S, -4.001), (S, 3.001), (plus(S, (0, 0, 1e-9)), 4.0), (2 * S, 4.0)],
)
def test_what_is_of_no_sign_is_wrong(G, value):
    assert verdict(flipping(), said(G, value=value)).verdict == "disagrees"


def test_a_sign_that_leaves_the_value_as_it_is_excuses_no_gradient():
    same = flipping(turned=(ball(4), ball(-4)))
    assert verdict(same, said(-S, value=4.0)).verdict == "disagrees"
    assert verdict(same, said(S, value=4.0)).verdict == "agrees"


def test_the_other_sign_has_the_tolerance_of_the_dtype():
    near = said(-S, value=-4.000001, dtype="float32")
    assert verdict(flipping(), near, "float32").reason == FLIPPED
    assert verdict(flipping(), structs.replace(near, dtype="float64")).verdict == "disagrees"


def found(function, framework, route, turned):
    reported = said(-S if turned else S, value=-4.0 if turned else 4.0)
    judged = verdict(flipping(), reported)
    return structs.replace(judged, function=function, framework=framework, route=route)


@pytest.mark.parametrize(
    ("other", "outcome"),
    [
        (("f", "numpy", "a"), "refused"),
        (("f", "numpy", "b"), "agrees"),
        (("f", "torch", "a"), "agrees"),
        (("g", "numpy", "a"), "agrees"),
    ],
)
def test_a_route_with_both_signs_speaks_against_itself_alone(other, outcome):
    right = [found("f", "numpy", "a", False), found("f", "jax", "c", False)]
    verdicts = [*right, found(*other, True), found("h", "numpy", "a", False)]
    judged = refuse_both_signs(verdicts)
    assert [v.verdict for v in judged] == [outcome, "agrees", "refused", "agrees"]
    assert judged[1:] == verdicts[1:]
    if outcome == "refused":
        why = Reason("gauge", UNDETERMINED)
        assert judged[0] == right[0].saying(why, verdict="refused", convention=None)
    else:
        assert judged == verdicts


def test_what_disagrees_still_does():
    wrong = structs.replace(verdict(truth(), said(S + 1)), function="f", framework="jax")
    verdicts = [found("f", "numpy", "a", False), found("f", "numpy", "a", True), wrong]
    assert refuse_both_signs(verdicts)[2] == wrong
    assert np.all(np.array(wrong.gradient) == 3)
