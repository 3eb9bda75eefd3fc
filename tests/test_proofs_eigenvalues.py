"""Proofs by two routes of what every function needs: eigenvalues, closed form, conventions."""

import pytest

import symgrad.symbolic.proofs.by_flint.characteristic as flint_route
import symgrad.symbolic.proofs.by_sympy.characteristic as sympy_route
import symgrad.symbolic.proofs.closed_form as closed_form
import symgrad.symbolic.proofs.conventions as conventions
from symgrad.court.errors import InputError
from symgrad.symbolic.parameterizations import symmetric
from symgrad.symbolic.proofs.by_flint.characteristic import by_flint
from symgrad.symbolic.proofs.by_sympy.characteristic import by_sympy
from symgrad.symbolic.proofs.characteristic import prove_characteristic

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
        return named | {"lower": 2 * named["lower"]}

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
    monkeypatch.setattr(conventions, "representatives", lambda S: true(S) | {"upper": 2 * S})
    with pytest.raises(ArithmeticError, match="upper"):
        conventions.prove_conventions(2)
