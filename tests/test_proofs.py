"""Proofs of functions by two routes: what they accept and reject, what a disagreement does."""

from functools import partial
from pathlib import Path

import pytest
import sympy
from sympy import MatrixSymbol, Trace

import symgrad.symbolic.proofs.prove as proving
from symgrad.court.errors import InputError
from symgrad.court.references import Identity
from symgrad.symbolic.algebra.expressions import Eigenvalue
from symgrad.symbolic.catalogue import CATALOGUE, DIFFERENTIABLE, MatrixFunction, choose, instances
from symgrad.symbolic.derivation import Derivation, derive
from symgrad.symbolic.extension import check_exact, load_function
from symgrad.symbolic.limits import Limits
from symgrad.symbolic.parameterizations import PARAMETERIZATIONS, symmetric
from symgrad.symbolic.proofs.by_flint.second_route import second_route
from symgrad.symbolic.proofs.prove import examine, prove
from tests.helpers import PROVED, REAL
from tests.proof_functions import in_second_route, own

EXAMPLES = Path(__file__).parent.parent / "docs" / "examples"
FRAMEWORKS = ("numpy", "torch", "tensorflow")


# The catalogue, and functions of a user


@pytest.mark.sampled(40)
@pytest.mark.parametrize(("name", "n", "structure"), PROVED)
def test_the_second_route_proves_each_gradient_theorem(name, n, structure):
    x = PARAMETERIZATIONS[structure](n)
    for function in instances(CATALOGUE[name], n)[-2:]:
        found = in_second_route(function, x)
        assert found.not_covered == ""
        assert [identity.parameter for identity in found.identities] == list(x.names)
        assert all(identity.vanishes for identity in found.identities)


SIZE_FOUR = [name for name in DIFFERENTIABLE if CATALOGUE[name].proved_size >= 3]
"""The functions whose theorem is proved at n = 4 in seconds; the projectors' takes far longer."""


@pytest.mark.sampled(3)
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


@pytest.mark.sampled(15)
@pytest.mark.parametrize("name", DIFFERENTIABLE)
def test_both_routes_refute_a_wrong_theorem_in_every_parameter(name):
    f = CATALOGUE[name]
    extra = sympy.ImmutableDenseMatrix([[1, 2], [2, 3]]) / 1000  # seen along every direction

    def wrong_gradient(algebra, X, **constants):
        return sympy.ImmutableDenseMatrix(f.gradient(algebra, X, **constants)) + extra

    wrong = MatrixFunction(
        f.name, f.formula, f.domain, f.citation, f.value, wrong_gradient, f.instances
    )
    for function in instances(wrong, 2):
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


@pytest.mark.sampled(20)
@pytest.mark.parametrize("structure", REAL)
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
    (function,) = instances(load_function(EXAMPLES / "multivariate_normal.py", FRAMEWORKS, 60), 3)
    proof = examine(function, symmetric(3))
    assert proof.holds
    assert proof.not_covered == ""


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
        check_exact(own(exact), [], Path("own.py"), Limits(60))


def test_the_same_functions_written_out_in_entries_are_right():
    X = symmetric(2).X
    a, b, c = symmetric(2).symbols
    log_det = derive(own(lambda X: sympy.log(X.det())), symmetric(2)).gradient
    assert [sympy.simplify(g * X.det()) for g in log_det] == [c, -2 * b, a]
    traces = derive(own(lambda X: X.trace() + (X * X).trace()), symmetric(2)).gradient
    assert list(map(sympy.expand, traces)) == [2 * a + 1, 4 * b, 2 * c + 1]
