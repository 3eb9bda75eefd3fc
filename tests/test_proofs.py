"""Proofs by two routes: what they accept, what they reject, and what a disagreement does."""

from functools import partial
from pathlib import Path

import pytest
import sympy
from sympy import MatrixSymbol, Trace

import symbolic.proofs.characteristic_flint as flint_route
import symbolic.proofs.characteristic_sympy as sympy_route
import symbolic.proofs.closed_form as closed_form
import symbolic.proofs.conventions as conventions
import symbolic.proofs.prove as proving
from court.errors import InputError
from court.records import Identity
from symbolic.algebra.expressions import Eigenvalue
from symbolic.catalogue import CATALOGUE, Instance, MatrixFunction, choose, instances
from symbolic.derivation import Derivation, derive
from symbolic.extension import check_exact, load_function
from symbolic.parameterizations import PARAMETERIZATIONS, symmetric
from symbolic.proofs.characteristic import prove_characteristic
from symbolic.proofs.characteristic_flint import by_flint
from symbolic.proofs.characteristic_sympy import by_sympy
from symbolic.proofs.prove import examine, prove
from symbolic.proofs.second_route import second_route

EXAMPLES = Path(__file__).parent.parent / "examples"
FRAMEWORKS = ("numpy", "torch", "tensorflow")


def own(exact, n=2, theorem=None) -> Instance:
    """A function that a user adds: its exact definition, perhaps with a gradient theorem."""
    gradient = None if theorem is None else lambda _, X: theorem(X)
    mine = MatrixFunction("own", "f", "symmetric", "none", lambda _, X: exact(X), gradient)
    (instance,) = instances(mine, n)
    return instance


def in_second_route(function: Instance, x):
    return second_route(function, x, derive(function, x).gradient)


# Eigenvalues of a generic symmetric matrix


@pytest.mark.parametrize("n", [1, 2, 3, 4, 5])
def test_eigenvalue_identities_hold_by_both_routes(n):
    proof = prove_characteristic(n)
    assert proof.routes == ("SymPy", "python-flint")
    assert proof.holds
    places = n * (n + 1) // 2
    assert len(proof.identities) == places + 1 + 6 * places


@pytest.mark.parametrize("n", [6, 7, 8])
def test_eigenvalue_identities_hold_by_one_route_at_larger_sizes(n):
    proof = prove_characteristic(n)
    assert proof.routes == ("python-flint",)
    assert proof.holds
    assert proof.terms == {6: 1218, 7: 7530, 8: 54330}[n]


@pytest.mark.slow
def test_eigenvalue_identities_hold_at_the_largest_size():
    assert prove_characteristic(10).holds


def test_the_spurious_gradient_is_refuted_off_the_diagonal_and_nowhere_else():
    off_diagonal = {"x0_1", "x0_2", "x0_3", "x1_2", "x1_3", "x2_3"}
    for identity in prove_characteristic(4).identities:
        spurious = identity.gradient.startswith("spurious") and identity.parameter in off_diagonal
        assert identity.vanishes == (not spurious)
        assert (identity.residual == "0") == identity.vanishes


def test_above_the_compared_sizes_the_upper_triangle_stands_for_both(monkeypatch):
    full = by_flint(4, symmetric(4).names, comparable=True)
    monkeypatch.setattr(flint_route, "MIRROR_LIMIT", 3)
    assert by_flint(4, symmetric(4).names, comparable=True) == full


@pytest.mark.parametrize("n", [0, 11])
def test_sizes_out_of_reach_are_an_error(n):
    with pytest.raises(InputError, match="sizes 1 to 10"):
        prove_characteristic(n)


def plant(monkeypatch, route, i, j):
    """Add 1 to one entry of the adjugate that the route computes."""
    true = route.polynomials

    def planted(n):
        found = true(n)
        found.A[i][j] = found.A[i][j] + 1
        return found

    monkeypatch.setattr(route, "polynomials", planted)


@pytest.mark.parametrize("place", [(0, 0), (0, 1), (2, 1)])
@pytest.mark.parametrize(
    ("route", "run"),
    [
        (sympy_route, lambda: by_sympy(3)),
        (flint_route, lambda: by_flint(3, symmetric(3).names, comparable=False)),
    ],
    ids=["SymPy", "python-flint"],
)
def test_each_route_alone_rejects_a_wrong_entry_of_the_adjugate(monkeypatch, route, run, place):
    assert all(identity.holds for identity in run().identities)
    plant(monkeypatch, route, *place)
    wrong = [identity for identity in run().identities if not identity.holds]
    i, j = sorted(place)
    parameter = symmetric(3).X[i, j].name
    assert {identity.parameter for identity in wrong} == {parameter} | ({"λ"} if i == j else set())
    assert any(identity.function.startswith("det") for identity in wrong)


@pytest.mark.parametrize("route", [sympy_route, flint_route], ids=["SymPy", "python-flint"])
def test_a_wrong_entry_in_one_route_stops_the_run(monkeypatch, route):
    plant(monkeypatch, route, 2, 1)
    with pytest.raises(ArithmeticError, match=r"adj\(λI − X\)\[2, 1\] at n = 3 differs"):
        prove_characteristic(3)


def test_a_term_dropped_from_the_characteristic_polynomial_stops_the_run(monkeypatch):
    true = sympy_route.polynomials

    def without_a_term(n):
        found = true(n)
        return found._replace(p=found.p - found.p.leading_term())

    monkeypatch.setattr(sympy_route, "polynomials", without_a_term)
    assert not all(identity.holds for identity in by_sympy(3).identities)
    with pytest.raises(ArithmeticError, match=r"det\(λI − X\) at n = 3 differs"):
        prove_characteristic(3)


def test_routes_with_different_conventions_stop_the_run(monkeypatch):
    true = sympy_route.representatives

    def doubled_lower(S):
        named = true(S)
        return named | {"lower: 2 tril(S) − diag(S)": 2 * named["lower: 2 tril(S) − diag(S)"]}

    monkeypatch.setattr(sympy_route, "representatives", doubled_lower)
    with pytest.raises(ArithmeticError, match="the identities at n = 2 differs"):
        prove_characteristic(2)


# The closed form at n = 2


def test_the_closed_form_equals_the_implicit_one():
    found = closed_form.prove_closed_form()
    assert [(i.function, i.parameter) for i in found] == [
        (f, t) for f in ("λ₁", "λ₂") for t in "abc"
    ]
    assert all(identity.residual == "0" for identity in found)


def test_the_wrong_root_is_no_closed_form(monkeypatch):
    monkeypatch.setattr(closed_form, "SIGNS", {"λ₁": -2, "λ₂": 2})
    assert not any(closed_form._by_flint().values())
    assert not any(identity.holds for identity in closed_form.prove_closed_form())


def test_a_closed_form_that_only_one_route_proves_stops_the_run(monkeypatch):
    true = closed_form._by_flint
    monkeypatch.setattr(closed_form, "_by_flint", lambda: true() | {("λ₂", "b"): False})
    with pytest.raises(ArithmeticError, match="∂λ₂/∂b"):
        closed_form.prove_closed_form()


# Conventions of any function


@pytest.mark.parametrize("n", [1, 2, 3, 4])
def test_every_convention_contracts_as_the_symmetric_gradient(n):
    found = conventions.prove_conventions(n)
    assert len(found) == 6
    assert all(identity.holds for identity in found)
    assert [identity.vanishes for identity in found] == [True] * 5 + [n == 1]


def test_a_wrong_convention_stops_the_run(monkeypatch):
    true = conventions.representatives
    wrong = "upper: 2 triu(S) − diag(S)"
    monkeypatch.setattr(conventions, "representatives", lambda S: true(S) | {wrong: 2 * S})
    with pytest.raises(ArithmeticError, match="upper"):
        conventions.prove_conventions(2)


# The catalogue, and functions of a user


@pytest.mark.parametrize("structure", PARAMETERIZATIONS)
@pytest.mark.parametrize("n", [1, 2, 3])
@pytest.mark.parametrize("name", CATALOGUE)
def test_the_second_route_proves_each_gradient_theorem(name, n, structure):
    x = PARAMETERIZATIONS[structure](n)
    for function in instances(CATALOGUE[name], n):
        found = in_second_route(function, x)
        assert found.not_covered == ""
        assert [identity.parameter for identity in found.identities] == list(x.names)
        assert all(identity.vanishes for identity in found.identities)


SIZE_FOUR = [name for name, function in CATALOGUE.items() if function.proved_size >= 3]
"""The functions whose theorem is proved at n = 4 in seconds; the projectors' takes far longer."""


@pytest.mark.parametrize("name", SIZE_FOUR)
def test_the_second_route_proves_each_gradient_theorem_at_size_four(name):
    for function in instances(CATALOGUE[name], 4):
        found = in_second_route(function, symmetric(4))
        assert len(found.identities) == 10
        assert all(identity.vanishes for identity in found.identities)


@pytest.mark.slow
@pytest.mark.parametrize("name", SIZE_FOUR)
def test_both_routes_prove_and_agree_at_size_four(name):
    for function in instances(CATALOGUE[name], 4):
        proof = examine(function, symmetric(4))
        assert proof.holds
        assert proof.not_covered == ""


@pytest.mark.parametrize("name", ["eigenvalue[1]", "log_det", "weighted_inverse"])
def test_both_routes_prove_and_agree(name):
    (function,) = choose(name, 2)
    found = prove(function, symmetric(2))
    assert found
    assert all(identity.residual == "0" for identity in found)
    assert examine(function, symmetric(2)).not_covered == ""


@pytest.mark.parametrize("name", [name for name in CATALOGUE if name != "trace"])
def test_both_routes_refute_a_wrong_theorem(name):
    f = CATALOGUE[name]

    def doubled(algebra, X, **constants):
        return 2 * sympy.ImmutableDenseMatrix(f.gradient(algebra, X, **constants))

    wrong = MatrixFunction(f.name, f.formula, f.domain, f.citation, f.value, doubled, f.instances)
    function = instances(wrong, 2)[0]
    assert not any(i.vanishes for i in in_second_route(function, symmetric(2)).identities)
    assert not any(identity.holds for identity in prove(function, symmetric(2)))


def test_a_term_dropped_from_a_theorem_is_refuted_where_it_matters():
    def exact(X):
        return (X**3).trace()

    def theorem(X, dropped=0):
        return sympy.ImmutableDenseMatrix(3 * X**2 - dropped * sympy.diag(X[0, 0] * X[1, 1], 0))

    right, wrong = own(exact, theorem=theorem), own(exact, theorem=partial(theorem, dropped=1))
    assert all(identity.holds for identity in prove(right, symmetric(2)))
    refuted = [identity for identity in prove(wrong, symmetric(2)) if not identity.holds]
    assert [identity.parameter for identity in refuted] == ["a"]


@pytest.mark.parametrize("structure", PARAMETERIZATIONS)
@pytest.mark.parametrize(
    "exact",
    [
        lambda X: (X**3).trace(),
        lambda X: sympy.log(X.det()) / 3 - 2 * sympy.log(2 * sympy.pi) + X[0, 1] ** 2,
        lambda X: sympy.log((X * X).trace() + 1) + sympy.log(X[0, 0] ** 2 + 1) * 5,
        lambda X: X.inv()[0, 1] + sympy.sqrt(2),
        lambda X: Eigenvalue(0) ** 2 / 2 + X[0, 0],
    ],
)
def test_a_function_without_a_theorem_is_proved_by_both_routes(exact, structure):
    x = PARAMETERIZATIONS[structure](2)
    proof = examine(own(exact), x)
    assert proof.not_covered == ""
    assert len(proof.identities) == len(x.symbols)
    assert proof.holds


def test_a_users_file_gets_both_routes():
    (function,) = instances(load_function(EXAMPLES / "multivariate_normal.py", FRAMEWORKS), 3)
    proof = examine(function, symmetric(3))
    assert proof.holds
    assert proof.not_covered == ""


@pytest.mark.parametrize(
    "exact",
    [
        lambda X: sympy.sqrt((X * X).trace()),
        lambda X: sympy.exp(X.trace() / 2) + sympy.E,
        lambda X: sympy.pi * X.trace() ** 2,
        lambda X: X.trace() * sympy.log(X.trace() ** 2 + 1),
        lambda X: X[0, 0] ** sympy.Rational(1, 3) / (1 + sympy.sqrt(X[0, 0])),
        lambda X: abs(X[0, 1] - X[0, 0]) ** 3,
        lambda X: 1 / (Eigenvalue(0) - Eigenvalue(1)),
    ],
)
def test_functions_that_are_not_rational_are_proved_by_both_routes(exact):
    assert in_second_route(own(exact), symmetric(2)).not_covered == ""
    assert examine(own(exact), symmetric(2)).holds


@pytest.mark.parametrize(
    "exact",
    [
        lambda X: sympy.sin(X.trace()),
        lambda X: X.trace() ** X[0, 0],
        lambda X: sympy.Max(X[0, 0], X[0, 1]),
        lambda X: sympy.Float(0.5) * X.trace(),
        lambda X: sympy.I * X.trace(),
    ],
)
def test_what_the_second_route_cannot_treat_is_said_to_be_not_covered(exact):
    found = in_second_route(own(exact), symmetric(2))
    assert found.identities == ()
    assert "covered" in found.not_covered
    assert examine(own(exact), symmetric(2)).not_covered


def nothing(X):
    """0, unexpanded."""
    a, b = X[0, 0], X[0, 1]
    return sympy.Add(sympy.Mul(a, a + b, evaluate=False), -(a**2), -a * b, evaluate=False)


@pytest.mark.parametrize(
    "zero",
    [
        nothing,
        lambda X: Eigenvalue(0) ** 2 - Eigenvalue(0) * X.trace() + X.det(),
        lambda X: Eigenvalue(0) + Eigenvalue(1) - X.trace(),
        lambda X: sympy.log(X.det() ** 2) - 2 * sympy.log(X.det()),
        lambda X: sympy.sqrt(X[0, 0]) * sympy.sqrt(X.det()) - sympy.sqrt(X[0, 0] * X.det()),
    ],
)
def test_division_by_what_is_zero_for_all_parameters_is_not_covered(zero):
    """Also where no relation says so: log det² = 2 log det, λ0 + λ1 = tr X, √a √d = √(ad)."""
    found = in_second_route(own(lambda X: X[0, 0] / (zero(X) + 1)), symmetric(2))
    assert all(identity.vanishes for identity in found.identities)
    found = in_second_route(own(lambda X: X[0, 0] / zero(X)), symmetric(2))
    assert found.identities == ()
    assert "denominator" in found.not_covered


def test_a_denominator_that_no_relation_shows_to_be_zero_is_found_at_the_witness():
    function = own(lambda X: 1 / (Eigenvalue(0) + Eigenvalue(1) - X.trace()))
    reason = "no point is known at which every denominator is not 0; not covered"
    assert in_second_route(function, symmetric(2)).not_covered == reason


def test_what_no_relation_shows_to_be_zero_is_neither_proved_nor_refuted():
    """⟨G, ·⟩ = 2(λ0 + λ1 − tr X)⟨I, ·⟩ is 0, which the relations of each eigenvalue do not say."""

    def theorem(X, factor=2):
        return factor * (Eigenvalue(0) + Eigenvalue(1) - X.trace()) * sympy.eye(2)

    undecided = own(lambda X: sympy.S.One, theorem=theorem)
    assert "decided" in in_second_route(undecided, symmetric(2)).not_covered
    refuted = own(lambda X: sympy.S.One, theorem=lambda X: Eigenvalue(0) * sympy.eye(2))
    found = in_second_route(refuted, symmetric(2)).identities
    assert [identity.vanishes for identity in found] == [False, True, False]


# Disagreements


def test_a_wrong_derivative_of_sympy_stops_the_run(monkeypatch):
    function = own(lambda X: X.det())
    true = derive(function, symmetric(2))
    zeros = Derivation(true.parameterization, true.value, (sympy.S.Zero,) * 3)
    monkeypatch.setattr(proving, "derive", lambda f, x: zeros)
    with pytest.raises(ArithmeticError, match="∂own/∂a differs between SymPy and python-flint"):
        prove(function, symmetric(2))


def test_one_wrong_coefficient_in_a_derivative_stops_the_run():
    (function,) = choose("eigenvalue[0]", 2)
    a, b, c = derive(function, symmetric(2)).gradient
    assert second_route(function, symmetric(2), (a, b, c)).identities
    for wrong in [(a, b * (1 + sympy.Rational(1, 10**20)), c), (a, b, 0 * c), (a, b, c + b)]:
        with pytest.raises(ArithmeticError, match="differs"):
            second_route(function, symmetric(2), wrong)


def test_routes_that_disagree_on_a_residual_stop_the_run(monkeypatch):
    function = own(lambda X: X.det(), theorem=lambda X: X)
    assert not any(identity.vanishes for identity in prove(function, symmetric(2)))
    examine.cache_clear()
    everything = [Identity("own", "G", theta, "0", True) for theta in "abc"]
    monkeypatch.setattr(proving, "contraction_identities", lambda f, x: everything)
    with pytest.raises(ArithmeticError, match="0 by SymPy but not 0 by python-flint"):
        prove(function, symmetric(2))


# Matrix expressions, which SymPy differentiates wrongly

A = MatrixSymbol("A", 2, 2)


def test_sympy_differentiates_matrix_expressions_to_wrong_zeros():
    """Pinned: should SymPy come to do better, the refusal below can be reconsidered."""
    assert sympy.log(A.det()).diff(A) == sympy.ZeroMatrix(2, 2)
    assert (Trace(A) + Trace(A**2)).diff(A) == sympy.ZeroMatrix(2, 2)
    assert Trace(A).diff(A) == sympy.Identity(2)
    assert (Trace(A) + Trace(A**2)).diff(A[0, 1]) == 2 * A[1, 0]


@pytest.mark.parametrize(
    "exact",
    [
        lambda X: sympy.log(A.det()),
        lambda X: Trace(A) + Trace(A**2),
        lambda X: X[0, 0] + A[0, 0],
        lambda X: A.as_explicit().det(),
        lambda X: sympy.log(sympy.Determinant(X)),
        lambda X: Trace(X) + Trace(X * X),
        lambda X: A,
        lambda X: A * X,
        lambda X: X,
    ],
)
def test_a_matrix_expression_cannot_reach_a_verdict(exact):
    with pytest.raises(TypeError, match="exact definition of own must"):
        derive(own(exact), symmetric(2))
    with pytest.raises(TypeError, match="exact definition of own must"):
        prove(own(exact), symmetric(2))
    with pytest.raises(InputError, match=r"own\.py.*exact: TypeError"):
        check_exact(own(exact), [], Path("own.py"))


def test_the_same_functions_written_out_in_entries_are_right():
    X = symmetric(2).X
    a, b, c = symmetric(2).symbols
    log_det = derive(own(lambda X: sympy.log(X.det())), symmetric(2)).gradient
    assert [sympy.simplify(g * X.det()) for g in log_det] == [c, -2 * b, a]
    traces = derive(own(lambda X: X.trace() + (X * X).trace()), symmetric(2)).gradient
    assert list(map(sympy.expand, traces)) == [2 * a + 1, 4 * b, 2 * c + 1]
