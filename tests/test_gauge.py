"""Functions that depend on the sign or phase of an eigenvector are refused; of v vᵀ, judged."""

import math
from fractions import Fraction

import numpy as np
import pytest
from msgspec import structs

from symgrad import cli
from symgrad.court.judging.gauge import FLIPPED, UNDETERMINED, refuse_both_signs
from symgrad.court.judging.judge import judge
from symgrad.court.reasons import Reason
from symgrad.numeric.pool import known_frameworks
from symgrad.report.document import from_json
from symgrad.studies.appendix.recheck import checking
from symgrad.symbolic.algebra.spectrum import Spectrum
from symgrad.symbolic.catalogue import CATALOGUE, DIFFERENTIABLE, choose
from symgrad.symbolic.certified.generic import turned
from symgrad.symbolic.certified.reference import certify, refer
from symgrad.symbolic.parameterizations import hermitian, symmetric
from symgrad.symbolic.points import draw_points, parse_matrix
from tests.helpers import report
from tests.proof_functions import own

GAUGE = "gauge: f changes with the sign"


def run(tmp_path, *arguments):
    """The verdicts of a run, and its exit status."""
    path = tmp_path / "run.json"
    status = cli.main([*map(str, arguments), "--json", str(path), "--quiet"])
    return from_json(path.read_bytes()).verdicts, status


def test_only_what_depends_on_a_gauge_has_no_theorem():
    assert set(CATALOGUE) - set(DIFFERENTIABLE) == {"eigenvector_entry"}
    assert all((f.gradient is None) == bool(f.gauge) for f in CATALOGUE.values())


@pytest.mark.parametrize("structure", [symmetric, hermitian])
@pytest.mark.parametrize("n", [1, 2, 3, 20])
def test_it_is_refused_at_every_point(structure, n):
    x = structure(n)
    for function in choose("eigenvector_entry", n)[:2]:
        (theta,) = draw_points(x, "symmetric", 1, n)
        reference = refer(function, x, theta, "float64")
        assert reference.refusal.startswith(GAUGE)
        assert (reference.S, reference.value, reference.directions) == (None, None, ())
        verdict = judge(reference, report(reference, np.eye(n)), reference_dtype(reference))
        assert (verdict.verdict, verdict.reason) == ("refused", reference.refusal)


def reference_dtype(reference):
    return "complex128" if reference.hermitian else "float64"


@pytest.mark.parametrize("matrix", ["1 0; 0 1", "2 0; 0 1"])
def test_also_where_the_eigenvector_is_repeated_or_an_axis(matrix):
    (function,) = choose("eigenvector_entry[0]", 2)
    assert certify(function, parse_matrix(matrix), {}).refusal.startswith(GAUGE)


def test_it_is_refused_whatever_number_comes_back_and_the_projector_is_judged(tmp_path):
    names = ["eigenvector_entry", "projector"]
    chosen = ["-f", "numpy", "-f", "torch", "-n", 3, "--points", 2]
    verdicts, status = run(tmp_path, *names, *chosen)
    of = {name: [v for v in verdicts if v.function.startswith(name)] for name in names}
    assert status == 0
    assert len(of["eigenvector_entry"]) == 2 * 3 * 4
    assert all(v.gradient for v in of["eigenvector_entry"])
    assert {(v.verdict, v.reason[: len(GAUGE)]) for v in of["eigenvector_entry"]} == {
        ("refused", GAUGE)
    }
    assert {v.verdict for v in of["projector"]} == {"agrees"}


@pytest.mark.slow
def test_every_framework_that_has_eigenvectors_is_refused(tmp_path):
    verdicts, status = run(tmp_path, "eigenvector_entry[0]", "-n", 3, "--points", 1)
    assert {v.framework for v in verdicts} == {*known_frameworks()} - {"casadi"}
    assert {v.verdict for v in verdicts} == {"refused"}
    assert all(v.gradient for v in verdicts)
    assert status == 2  # nothing could be judged


def test_nothing_is_proved_of_it(capsys):
    assert cli.main(["--prove", "eigenvector_entry", "trace"]) == 2
    assert "eigenvector_entry[0] has nothing to prove; gauge: " in capsys.readouterr().err
    assert cli.main(["--prove", "projector[0]", "--quiet"]) == 0


OWN = """
import sympy

formula, domain, citation = "entry 0 of v_0", "symmetric", "none"
{declaration}


def exact(X):
    v = X.eigenvects()[0][2][0]
    return {what}


def by_numpy(X):
    import numpy as np

    (p, q), V = np.linalg.eigh(X)
    v, w = V[:, 0], V[:, 1]
    return {value}


def by_torch(X):
    import torch

    v = torch.linalg.eigh(X)[1][:, 0]
    return v[0]{square}


routes = {{"numpy": {{"eigh": by_numpy}}, "torch": {{"eigh": by_torch}}}}
"""
ENTRY = {
    "what": "v[0] / sympy.sqrt(v.dot(v))",
    "value": "v[0], w[0] * np.outer(w, v) / (p - q)",
    "square": "",
}
SQUARE = {
    "what": "v[0]**2 / v.dot(v)",
    "value": "v[0] ** 2, 2 * v[0] * w[0] * np.outer(w, v) / (p - q)",
    "square": " ** 2",
}


def own_file(tmp_path, declaration="", **parts):
    path = tmp_path / "of_eigenvector.py"
    path.write_text(OWN.format(declaration=declaration, **parts), encoding="utf-8")
    return path


def test_a_users_function_of_a_sign_is_never_convicted(tmp_path):
    verdicts, status = run(tmp_path, own_file(tmp_path, **ENTRY), "-f", "numpy", "-f", "torch")
    assert_by_route(verdicts)
    assert status in (0, 2)


def assert_by_route(verdicts):
    """Which sign a machine's LAPACK returns is its own affair; a route agrees always or never."""
    for framework in ("numpy", "torch"):
        reasons = {v.reason for v in verdicts if v.framework == framework}
        assert reasons in ({""}, {FLIPPED}, {FLIPPED, UNDETERMINED})
    assert all(v.verdict == ("refused" if v.reason else "agrees") for v in verdicts)


MIXED = {
    "what": "v[0] / sympy.sqrt(v.dot(v)) + v[1]**2 / v.dot(v)",
    "value": "v[0] + v[1] ** 2, (w[0] + 2 * v[1] * w[1]) * np.outer(w, v) / (p - q)",
    "square": " + v[1] ** 2",
}


@pytest.mark.slow
def test_nor_is_one_whose_sign_is_that_of_a_part(tmp_path):
    verdicts, status = run(tmp_path, own_file(tmp_path, **MIXED), "-f", "numpy", "-f", "torch")
    assert_by_route(verdicts)
    wrong = MIXED | {"square": " + v[1] ** 2 + 0.001"}
    verdicts, status = run(tmp_path, own_file(tmp_path, **wrong), "-f", "torch")
    assert {v.verdict for v in verdicts} == {"disagrees"}
    assert status == 1


def test_a_users_function_of_the_same_eigenvector_without_a_sign_is_judged(tmp_path):
    file = own_file(tmp_path, **SQUARE)
    verdicts, status = run(tmp_path, file, "-f", "numpy", "-f", "torch")
    assert {v.verdict for v in verdicts} == {"agrees"}
    assert status == 0


BESIDE = """
import sympy

formula, domain, citation = "v_0 + 2·v_1 of the largest eigenvalue, v_1 > 0", "symmetric", "Magnus"


def exact(X):
    root = sympy.sqrt((X[0, 0] - X[1, 1]) ** 2 + 4 * X[0, 1] ** 2)
    b, d = X[0, 1], (X[1, 1] - X[0, 0] + root) / 2
    return (b + 2 * d) / sympy.sqrt(b**2 + d**2)


def fixed(X):
    import torch

    v = torch.linalg.eigh(X)[1][:, -1]
    v = v * torch.sign(v[1])
    return v[0] + 2 * v[1]


def turning(X):
    return fixed(X) if X[0, 0] > 0 else -fixed(X)


routes = {"torch": {"v*sign(v[1])": fixed, "turned where x00 < 0": turning}}
"""


def test_a_route_whose_sign_is_fixed_is_judged_beside_one_whose_sign_turns(tmp_path):
    path = tmp_path / "beside.py"
    path.write_text(BESIDE)
    verdicts, status = run(tmp_path, path, "-f", "torch", "--points", 8)
    by_route = {r: [v for v in verdicts if v.route == r] for r in {v.route for v in verdicts}}
    fixed, turning = (by_route[r] for r in ("v*sign(v[1])", "turned where x00 < 0"))
    assert {v.verdict for v in fixed} == {"agrees"}
    assert {(v.verdict, v.reason) for v in turning} == {
        ("refused", FLIPPED), ("refused", UNDETERMINED),
    }  # fmt: skip
    assert status == 0
    (right, _), status = run(tmp_path, path, "-f", "torch", "--matrix", "2 -1; -1 3")
    S = [[-0.3804226065180614, 0.1902113032590307], [0.1902113032590307, 0.3804226065180614]]
    assert np.allclose(right.gradient, S, rtol=0, atol=1e-14)
    assert (right.verdict, status) == ("agrees", 0)


def test_a_user_may_say_so(tmp_path, capsys):
    file = own_file(tmp_path, 'gauge = "the sign of v_0"', **ENTRY)
    file.write_text(file.read_text().replace("def exact", "def unused"))
    verdicts, _ = run(tmp_path, file, "-f", "numpy", "-f", "torch", "-n", 3, "--points", 1)
    assert {v.verdict for v in verdicts if v.framework == "torch"} == {"refused"}
    assert all(v.reason.startswith("gauge: f changes with the sign of v_0") for v in verdicts)
    assert cli.main([str(file), "--prove"]) == 2
    assert "nothing to prove" in capsys.readouterr().err
    file.write_text(file.read_text().replace('"the sign of v_0"', "True"))
    assert cli.main([str(file), "-f", "numpy"]) == 2
    assert "gauge must be a text, not True" in capsys.readouterr().err


@pytest.mark.sampled(2)
@pytest.mark.parametrize(
    ("exact", "outcome"),
    [
        ("X[0, 0]**2", "disagrees"),
        ("sympy.sin(X.trace())", "disagrees"),
        ("sympy.tanh(X.trace())", "disagrees"),
        ("sympy.sqrt(X[0, 0]**2 + 1)", "refused"),
    ],
)
def test_a_wrong_sign_is_convicted_where_no_gauge_can_explain_it(exact, outcome, tmp_path):
    path = tmp_path / "turned.py"
    path.write_text(
        "import sympy\n"
        "formula, domain, citation = 'f', 'symmetric', 'none'\n"
        f"exact = lambda X: {exact}\n"
        f"def negative(X):\n    return -({exact.replace('sympy.', '')})\n"
        "def sqrt(x):\n    return x.sqrt()\n"
        "def sin(x):\n    return x.sin()\n"
        "def tanh(x):\n    return x.tanh()\n"
        "routes = {'torch': {'-f': negative}}\n"
    )
    verdicts, _ = run(tmp_path, path, "-f", "torch", "--points", 2)
    assert {v.verdict for v in verdicts} == {outcome}


def values_turned(f):
    """What f may be at [[2, 1], [1, 5]] with other signs."""
    X = ((Fraction(2), Fraction(1)), (Fraction(1), Fraction(5)))
    return sorted({round(float(ball.mid), 12) for ball in turned(own(f), X, Spectrum(X))})


def test_what_is_written_without_roots_has_no_sign_to_choose():
    import sympy

    single = [
        lambda X: (X**3).trace() + sympy.sqrt(2),
        lambda X: sympy.log(X.det()) - sympy.exp(X[0, 1]) / X[0, 0],
        lambda X: sympy.sin(X.trace()) + sympy.tanh(X[0, 1]) * sympy.atan(X[0, 0]),
        lambda X: sympy.cbrt(X[0, 0]) * sympy.sin(sympy.sqrt(2)),
    ]
    several = [
        lambda X: abs(X[0, 0]),
        lambda X: sympy.sign(X[0, 0]) * X[0, 0],
        lambda X: 2 * sympy.root(X[0, 1], 4),
    ]
    assert [values_turned(f) for f in single] == [[]] * 4
    assert [values_turned(f) for f in several] == [[-2.0]] * 3


def test_an_eigenvector_that_goes_by_its_angle_has_a_sign():
    """Of v = (cos t, sin t) with tan 2t = 2b/(a − c) the angle t + π is the same eigenvector."""
    import sympy

    half = sympy.atan(2 * sympy.Symbol("x", real=True)) / 2
    (x,) = half.free_symbols
    (value,) = values_turned(lambda X: sympy.cos(half.subs(x, X[0, 1])))
    assert value == round(-math.cos(math.atan(2) / 2), 12)


def test_the_signs_of_square_roots_are_turned_one_by_one():
    import sympy

    def two_roots(X):
        return sympy.sqrt(X[0, 0] + 2) + X[1, 1] / sympy.sqrt(X[0, 0] + 2 + X[1, 1] * 9)

    def nested(X):
        return sympy.sqrt(13 + 2 * sympy.sqrt(X[0, 0] + 2)) + 0 * X[0, 1] + X[0, 0]

    assert values_turned(lambda X: sympy.sqrt(X.det()) + 4) == [-7.0, -1.0, 1.0]
    whole = [round(s * 2 + t * 5 / 7, 12) for s in (-1, 1) for t in (-1, 1)]
    assert values_turned(two_roots) == sorted(whole)
    roots = [s * (13 + t * 4) ** 0.5 + 2 for s in (-1, 1) for t in (-1, 1)]
    others = {round(x, 12) for x in roots if x < 0 or abs(x - 17**0.5 - 2) > 1e-9}
    assert others < set(values_turned(nested))


def test_both_signs_by_one_route_refuse_it_and_no_other():
    (theta,) = draw_points(symmetric(2), "symmetric", 1, 0)
    (function,) = choose("trace_square", 2)
    reference = refer(function, symmetric(2), theta, "float64")
    right = judge(reference, report(reference), "float64")
    flipped = right.saying(Reason("turned", FLIPPED), verdict="refused")
    elsewhere = structs.replace(right, route="another")
    other = structs.replace(right, function="other")
    assert [v.verdict for v in refuse_both_signs([right, flipped, elsewhere, other])] == [
        "refused", "refused", "agrees", "agrees",
    ]  # fmt: skip
    assert [v.verdict for v in refuse_both_signs([flipped, elsewhere])] == ["refused", "agrees"]


@pytest.mark.slow
def test_a_formula_too_long_to_be_proved_is_judged_all_the_same(tmp_path, capsys):
    path = tmp_path / "power_of_det.py"
    path.write_text(
        "import sympy\n"
        "formula, domain, citation = '(det X)⁹', 'symmetric', 'none'\n"
        "exact = lambda X: sympy.expand(X.det() ** 9)\n"
        "routes = {'torch': {'det': lambda X: X.det() ** 9}}\n"
    )
    chosen = (path, "-n", 3, "--points", 1)
    verdicts, _ = run(tmp_path, *chosen, "-f", "torch")
    assert [(v.verdict, v.evidence) for v in verdicts] == [("agrees", "certified")]
    assert cli.main([*map(str, chosen), "--prove"]) == 2
    assert "too long to be proved at size 3" in capsys.readouterr().err


@pytest.mark.slow
def test_an_appendix_tells_of_it_and_is_checked_again(tmp_path, capsys):
    folder = tmp_path / "appendix"
    file = own_file(tmp_path, **ENTRY)
    assert cli.main(["appendix", str(file), "-f", "numpy", "--output", str(folder)]) == 0
    capsys.readouterr()
    assert checking.main(str(folder)) == 0
    assert "not checked: 3 verdicts: " in capsys.readouterr().out
