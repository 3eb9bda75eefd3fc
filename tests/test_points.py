"""Drawn points: simple ones, and among them some that a shorter floating-point format cuts off."""

import pytest

from symgrad import cli
from symgrad.court.formats import REAL
from symgrad.report.document import from_json
from symgrad.studies.atlas.cases import atlas
from symgrad.studies.history.cases import history
from symgrad.symbolic.certified.reference import round_to
from symgrad.symbolic.parameterizations import PARAMETERIZATIONS
from symgrad.symbolic.points import draw_points
from tests.records import choice

ROUNDED = (
    *("low_rank_plus_diagonal", "cholesky", "ar1", "rational_quadratic"),
    *("fixed_trace", "fixed_rank", "pencil"),
)
"""Structures whose entries are sums, products and quotients of their parameters."""
WRITTEN_OUT = [name for name in PARAMETERIZATIONS if name not in (*ROUNDED, "kronecker")]
SHORTER = {"float64": "float32", "float32": "float16", "float16": "bfloat16"}


def mantissas(theta):
    """The bits of each parameter, from the first that is set to the last."""
    return {abs(t.numerator).bit_length() for t in theta.values()}


@pytest.mark.parametrize("name", WRITTEN_OUT)
@pytest.mark.parametrize("dtype", SHORTER)
@pytest.mark.parametrize("domain", ["symmetric", "positive definite"])
def test_every_third_point_has_mantissas_that_no_shorter_format_holds(name, dtype, domain):
    x, bits = PARAMETERIZATIONS[name](3), REAL[dtype][0]
    points = draw_points(x, domain, 6, 1, bits=bits)
    assert points == draw_points(x, domain, 6, 1, bits=bits)
    for k, theta in enumerate(points):
        X = x.at(theta)
        assert round_to(X, dtype) == X
        assert (mantissas(theta) == {bits}) == (k % 3 == 2)
        assert k % 3 < 2 or round_to(X, SHORTER[dtype]) != X
        assert x.bound is None or all(abs(t) < x.bound for t in theta.values())
    plain = draw_points(x, domain, 6, 1, full=0)
    assert points[:2] == plain[:2]
    assert points[2] != plain[2]
    assert all(mantissas(theta) != {bits} for theta in plain)


@pytest.mark.parametrize("name", ROUNDED)
def test_where_x_would_have_to_be_rounded_all_points_are_simple(name):
    x = PARAMETERIZATIONS[name](3)
    domain = "positive definite" if x.rank is None else "symmetric"
    points = draw_points(x, domain, 6, 1)
    assert points == draw_points(x, domain, 6, 1, full=0)


INSIDE = """
formula, domain, citation = "tr X²", "symmetric", "none"
def exact(X):
    return (X**2).trace()
def inside(X):
    return ({0} @ {0}).trace(){1}
routes = {{"torch": {{"r": inside}}}}
"""


@pytest.mark.parametrize(
    ("parts", "outcome"),
    [(("X.float()", ".double()"), "disagrees"), (("X.double()", ""), "agrees")],
)
def test_a_route_that_computes_in_a_shorter_format_is_found_out(parts, outcome, tmp_path):
    path, output = tmp_path / "inside.py", tmp_path / "run.json"
    path.write_text(INSIDE.format(*parts), encoding="utf-8")
    status = cli.main([str(path), "-f", "torch", "--quiet", "--json", str(output)])
    verdicts = from_json(output.read_bytes()).verdicts
    assert [v.verdict for v in verdicts] == ["agrees", "agrees", outcome]
    assert status == (outcome == "disagrees")
    assert {v.evidence for v in verdicts} == {"proved"}
    assert not any("rounded" in v.reason for v in verdicts)


def test_the_atlas_asks_at_full_mantissas_and_the_history_where_it_always_did():
    chosen = choice("det", size=3, points=None)
    real, complex_, *others = atlas(chosen)
    short = [case for case in others if case.part == "dtype"]
    ranks = [(case.part, case.label) for case in others[len(short) :]]
    assert ranks == [("rank", "2"), ("rank", "1"), ("rank", "0")]
    for case in (real, complex_):
        assert mantissas(case.theta) == {53}
        assert case.reference().note == ""
    assert {case.dtype for case in short} == {"float32", "float16", "bfloat16"}
    assert all(case.theta in (real.theta, complex_.theta) for case in short)
    assert short[0].reference().note == "judged at X(θ) rounded to float32"
    asked = history(chosen, [[2.0, 1.0], [1.0, 3.0]])
    assert all(t * 8 == int(t * 8) for case in asked for t in case.theta.values())
