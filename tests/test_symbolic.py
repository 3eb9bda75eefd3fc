"""The exact side: derivations, theorems, enclosures, points."""

from fractions import Fraction

import mpmath
import pytest
import sympy
from flint import arb

from symgrad.court.errors import InputError
from symgrad.symbolic.catalogue import CATALOGUE, DIFFERENTIABLE, MatrixFunction, choose, instances
from symgrad.symbolic.certified import generic
from symgrad.symbolic.certified.enclosure import EnclosureError, enclose, precision, to_ball
from symgrad.symbolic.certified.reference import refer, spectrum_of
from symgrad.symbolic.derivation import derive, unvech
from symgrad.symbolic.domains import DOMAINS, has_simple_spectrum
from symgrad.symbolic.parameterizations import PARAMETERIZATIONS, symmetric, toeplitz
from symgrad.symbolic.points import coordinates, draw_points, parse_matrix, parse_point
from symgrad.symbolic.proofs.by_sympy import identities
from symgrad.symbolic.proofs.by_sympy.identities import contraction_identities
from symgrad.symbolic.proofs.by_sympy.residuals import Residuals
from symgrad.symbolic.proofs.by_sympy.two_by_two import two_by_two
from tests.helpers import PROVED


@pytest.mark.sampled(40)
@pytest.mark.parametrize(("name", "n", "structure"), PROVED)
def test_each_gradient_theorem_is_proved_for_all_parameters(name, n, structure):
    for function in instances(CATALOGUE[name], n):
        if n > function.function.proved_size:
            pytest.skip(f"{name} takes SymPy longer at n = {n}; python-flint proves it there")
        found = contraction_identities(function, PARAMETERIZATIONS[structure](n))
        assert found
        assert all(identity.residual == "0" for identity in found)


@pytest.mark.parametrize("name", [name for name in DIFFERENTIABLE if name != "trace"])
def test_a_wrong_theorem_is_not_proved(name):
    f = CATALOGUE[name]

    def spurious(algebra, X, **constants):
        S = sympy.ImmutableDenseMatrix(f.gradient(algebra, X, **constants))
        return identities.spurious((S + S.T) / 2)

    wrong = MatrixFunction(f.name, f.formula, f.domain, f.citation, f.value, spurious, f.instances)
    off_the_diagonal = 1 if name == "cholesky_entry" else 0
    found = contraction_identities(instances(wrong, 2)[off_the_diagonal], symmetric(2))
    assert not all(identity.holds for identity in found)


def test_the_two_by_two_proof():
    shown = two_by_two()
    assert len(shown.identities) == 2 * 3 * 6
    for identity in shown.identities:
        spurious = identity.gradient.startswith("spurious") and identity.parameter == "b"
        assert (identity.residual != "0") == spurious
        assert identity.holds


def test_a_residual_that_is_not_zero_is_not_reduced_to_zero():
    a, b, r = sympy.symbols("a b r")
    for residual, zero in (((r**2 - a) / r, True), ((r**2 - a + b / 10**9) / r, False)):
        found = Residuals([residual], {r: r**2 - a}).sum_of_products([(residual,)])
        assert (found == "0") == zero


def test_implicit_differentiation_against_the_closed_form():
    x = symmetric(2)
    a, b, c = x.symbols
    (f,) = choose("eigenvalue[1]", 2)
    derivation = derive(f, x)
    closed = (a + c) / 2 + sympy.sqrt((a - c) ** 2 + 4 * b**2) / 2
    at = {a: sympy.Rational(1, 3), b: sympy.Rational(2, 7), c: sympy.Rational(-5, 2)}
    for theta, implicit in zip(x.symbols, derivation.gradient, strict=True):
        value = implicit.subs(derivation.eigenvalues[0], closed).subs(at)
        assert sympy.simplify(value - closed.diff(theta).subs(at)) == 0


def test_unvech_halves_the_entries_off_the_diagonal():
    a, b, c = sympy.symbols("a b c")
    assert unvech((a, b, c), 2) == sympy.Matrix([[a, b / 2], [b / 2, c]])


@pytest.mark.parametrize(
    "expression",
    ["1/3", "sqrt(2)", "exp(-1/7)", "log(10)*pi", "sin(1)**2/3", "gamma(1/3)", "2**(1/3)", "E**3"],
)
def test_an_enclosure_contains_the_number_and_is_tight(expression):
    exact = sympy.sympify(expression, rational=True)
    with precision(256):
        ball = to_ball(enclose([exact], {})[0])
    with mpmath.workdps(120):
        text = mpmath.nstr(mpmath.mpf(sympy.N(exact, 110)), 105)
    assert abs(Fraction(text) - ball.mid) <= ball.radius + Fraction(1, 10**100)
    assert ball.radius < Fraction(1, 10**60)


def test_rationals_stay_exact():
    x = sympy.Symbol("x")
    with precision(256):
        ball = to_ball(enclose([3 * x - 1], {x: Fraction(1, 3)})[0])
    assert abs(ball.mid) <= ball.radius < Fraction(1, 10**70)


@pytest.mark.parametrize("expression", ["zeta(3)", "log(0)", "1/x"])
def test_what_cannot_be_enclosed_is_an_error(expression):
    x = sympy.Symbol("x")
    with pytest.raises(EnclosureError):
        enclose([sympy.sympify(expression)], {x: arb(0)})


def test_spectrum_finds_multiplicities():
    X = parse_matrix("2 0 0; 0 1 0; 0 0 1")
    assert [(k, m, round(float(x.mid()))) for k, m, x in spectrum_of(X).clusters()] == [
        (0, 2, 1),
        (2, 1, 2),
    ]
    assert not has_simple_spectrum(X)
    assert has_simple_spectrum(parse_matrix("2 0 0; 0 1 1/1000000000; 0 1/1000000000 1"))


def test_points_where_x_is_rounded_refer_to_the_rounded_matrix():
    (f,) = choose("log_det", 2)
    x = symmetric(2)
    theta = {"a": Fraction(1), "b": Fraction(1, 3), "c": Fraction(2)}
    ref = refer(f, x, theta, "float32")
    assert Fraction(ref.X[0][1]) != Fraction(1, 3)
    assert abs(Fraction(ref.X[0][1]) - Fraction(1, 3)) < Fraction(1, 2**25)
    assert ref.evidence == "certified"
    assert refer(f, x, theta | {"b": Fraction(1, 4)}, "float32").evidence == "proved"


def test_the_radius_is_below_the_thirtieth_digit():
    (f,) = choose("eigenvalue[2]", 4)
    x = symmetric(4)
    (theta,) = draw_points(x, "symmetric", 1, 5)
    for direction in refer(f, x, theta, "float64").directions:
        assert direction.derivative.radius < Fraction(1, 10**30)


def test_sensitivity_is_the_norm_of_the_second_derivative():
    (f,) = choose("trace_square", 3)
    x = symmetric(3)
    (theta,) = draw_points(x, "symmetric", 1, 0)
    sensitivity = refer(f, x, theta, "float64").sensitivity
    # S = 2X: along unit symmetric directions S_ii moves by 2, S_ij by 2/√2
    for i in range(3):
        for j in range(3):
            assert sensitivity[i, j] == pytest.approx(2 if i == j else 2**0.5, rel=1e-12)


SIZES = {"kronecker": [4], "correlation": [2, 3, 4, 5], "fixed_trace": [2, 3, 4, 5]}
SIZES["fixed_rank"] = []  # it is singular at every point
DRAWN = [(name, n) for name in PARAMETERIZATIONS for n in SIZES.get(name, [1, 2, 3, 4, 5])]


@pytest.mark.sampled(60)
@pytest.mark.parametrize("domain", DOMAINS)
@pytest.mark.parametrize(("structure", "n"), DRAWN)
def test_drawn_points_are_in_the_domain_and_repeatable(structure, n, domain):
    x = PARAMETERIZATIONS[structure](n)
    points = draw_points(x, domain, 4, 7)
    assert points == draw_points(x, domain, 4, 7)
    assert len({tuple(p.values()) for p in points}) == 4
    for theta in points:
        assert DOMAINS[domain].missing(x.at(theta)) == ""
        never_simple = structure == "circulant" and n > 2
        assert has_simple_spectrum(x.at(theta), x.blocks) != never_simple


def test_a_point_outside_the_domain_is_told_from_one_inside():
    x = symmetric(2)
    assert parse_point("a=1, b=99/100, c=1", x, "positive definite")["b"] == Fraction(99, 100)
    with pytest.raises(InputError, match="leading 2×2 minor"):
        parse_point("a=1, b=101/100, c=1", x, "positive definite")
    assert parse_point("a=1, b=1.000000001, c=1", x, "invertible")
    with pytest.raises(InputError, match="determinant is 0"):
        parse_point("a=1, b=1, c=1", x, "invertible")


def test_a_matrix_has_a_structure_or_not():
    X = parse_matrix("2 1 0; 1 2 1; 0 1 2")
    assert coordinates(X, toeplitz(3), "symmetric") == {"t0": 2, "t1": 1, "t2": 0}
    with pytest.raises(InputError, match="structure toeplitz"):
        coordinates(parse_matrix("2 1 0; 1 2 1; 0 1 3"), toeplitz(3), "symmetric")


def test_an_unsymmetric_matrix_is_told_from_a_symmetric_one():
    assert parse_matrix("1 1/3; 1/3 2")[0][1] == Fraction(1, 3)
    with pytest.raises(InputError, match=r"entry \(1, 0\)"):
        parse_matrix("1 0.3333333333333333; 1/3 2")


def test_contradicting_exact_routes_are_an_error(monkeypatch):
    (f,) = choose("det", 2)
    x = toeplitz(2)
    (theta,) = draw_points(x, "invertible", 1, 0)
    assert refer(f, x, theta, "float64").directions
    true = generic.derive

    def slightly_wrong(function, parameterization):
        derivation = true(function, parameterization)
        wrong = tuple(g * (1 + sympy.Rational(1, 10**20)) for g in derivation.gradient)
        return type(derivation)(parameterization, derivation.value, wrong)

    monkeypatch.setattr(generic, "derive", slightly_wrong)
    with pytest.raises(ArithmeticError, match="contradict"):
        refer(f, x, theta, "float64")
