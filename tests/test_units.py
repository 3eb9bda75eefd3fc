"""Other units: the same matrix at s·X, asked exactly there."""

from fractions import Fraction

import numpy as np
import pytest
from msgspec import structs

from symgrad import cli
from symgrad.court.errors import InputError
from symgrad.court.judging import admission
from symgrad.report.document import from_json
from symgrad.symbolic.cases import chosen
from symgrad.symbolic.certified.reference import LIMIT, out_of_range
from symgrad.symbolic.parameterizations import PARAMETERIZATIONS, symmetric
from symgrad.symbolic.points import parse_hermitian
from symgrad.symbolic.units import in_units, parse_scale
from tests.records import S, ball, choice, truth, unit


@pytest.mark.parametrize("text", ["0", "-1", "1e", "inf", "nan", ""])
def test_a_unit_is_a_positive_number(text):
    assert parse_scale("1e-30") == Fraction(1, 10**30)
    with pytest.raises(InputError):
        parse_scale(text)


def test_the_matrix_is_the_same_in_other_units():
    asked = choice("det", size=3, points=2, scales=("1", "1e-30", "1024"))
    plain, cases = chosen(structs.replace(asked, scales=()), []), chosen(asked, [])
    assert len(plain) == 2
    assert [case.label for case in (*plain, *cases)] == 2 * [""] + [
        s for s in asked.scales for _ in "ab"
    ]
    for k, scale in enumerate((1, Fraction(1, 10**30), 1024)):
        for case, own in zip(cases[2 * k : 2 * k + 2], plain, strict=True):
            assert case.theta == {name: scale * t for name, t in own.theta.items()}


def test_a_structure_that_is_not_linear_has_no_units():
    x = PARAMETERIZATIONS["correlation"](2)
    theta = {name: Fraction(1, 4) for name in x.names}
    with pytest.raises(InputError, match="correlation X is none"):
        in_units(theta, x, Fraction(2), "float64")
    theta = {name: Fraction(1, 4) for name in PARAMETERIZATIONS["toeplitz"](2).names}
    assert in_units(theta, PARAMETERIZATIONS["toeplitz"](2), Fraction(2), "float64")


@pytest.mark.parametrize(
    ("dtype", "fits", "overflows", "underflows"),
    [
        ("float64", "8e307", "2e308", "1e-308"),
        ("float32", "1e38", "4e38", "1e-38"),
        ("float16", "30000", "70000", "1e-5"),
    ],
)
def test_a_unit_beyond_the_dtype_is_told_in_one_line(dtype, fits, overflows, underflows):
    x, theta = symmetric(1), {"a": Fraction(1)}
    assert in_units(theta, x, parse_scale(fits), dtype)
    for scale, said in ((overflows, "too large for"), (underflows, "too small for")):
        with pytest.raises(InputError, match=f"{said} {dtype}"):
            in_units(theta, x, parse_scale(scale), dtype)


def test_what_overflows_in_a_dtype_is_not_judged_there():
    told = "out of range: f, the gradient or the change of f overflows in float32"
    most = 2.0**127
    below = np.nextafter(most, 0)
    small = unit(2) * 2.0**-30
    assert admission.out_of_range(truth(unit(2), X=small, value=ball(below)), "float32") == ""
    assert admission.out_of_range(truth(unit(2), X=small, value=ball(most)), "float32") == told
    assert admission.out_of_range(truth(below / 2 * unit(2), X=small), "float32") == ""
    assert admission.out_of_range(truth(most / 2 * unit(2), X=small), "float32") == told
    assert admission.out_of_range(truth(most / 2 * unit(2), X=small), "float64") == ""


def test_sizes_are_refused_where_a_tolerance_has_no_room():
    reference = truth(S)

    def strange(X, sensitivity):
        return out_of_range(X * unit(2), ball(1), reference.S, sensitivity * unit(2))

    assert strange(1e-30, 1e90) == strange(1e30, 1e-90) == ""
    assert strange(0.9 * LIMIT, 1 / LIMIT) != ""
    assert "∂S/∂X is of the size" in strange(1, 1.1 * LIMIT)
    assert "‖X‖·∂S/∂X is of the size" in strange(1e100, 1e100)


def test_a_hermitian_matrix_may_have_exponents():
    assert parse_hermitian("1e30 1e30+2e-3i; 1e30-2e-3i 1") == parse_hermitian(
        f"{10**30} {10**30}+1/500i; {10**30}-1/500i 1"
    )


@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_right_routes_are_right_in_every_unit_and_one_that_is_not_is_found(dtype, tmp_path):
    path, output = tmp_path / "largest.py", tmp_path / "run.json"
    path.write_text(OWN, encoding="utf-8")
    command = [str(path), "-f", "numpy", "--dtype", dtype, "--points", "1", "--quiet"]
    status = cli.main([*command, "--scale", "1e-12,1,1e6", "--json", str(output)])
    said = {
        (v.route, float(Fraction(v.point["a"]))): v for v in from_json(output.read_bytes()).verdicts
    }
    assert status == 1
    right = [v.verdict for (route, _), v in said.items() if route == "right"]
    assert right == ["agrees"] * 3
    wrong = [v.verdict for (route, _), v in said.items() if route == "absolute epsilon"]
    assert wrong == ["disagrees", "agrees", "agrees"]


OWN = """
formula, domain, citation = "log tr X²", "positive definite", "2X/tr X²"

def exact(X):
    import sympy
    return sympy.log((X * X).trace())

def right(X):
    import numpy as np
    t = np.trace(X @ X)
    return np.log(t), 2 * X / t

def epsilon(X):
    import numpy as np
    t = np.trace(X @ X)
    return np.log(t), 2 * X * (t / (t**2 + np.float32(1e-36)))

routes = {"numpy": {"right": right, "absolute epsilon": epsilon}}
"""
