"""Proofs of functions that hold roots, exp, log and signs: accepted, rejected, or refused."""

import pytest
import sympy

from symgrad.symbolic.algebra.expressions import Eigenvalue
from symgrad.symbolic.parameterizations import PARAMETERIZATIONS, Parameterization, symmetric
from symgrad.symbolic.proofs.prove import examine, prove
from tests.proof_functions import FUNCTIONS, HALF, WRONG, in_first_route, in_second_route, own

SIZES = [(name, n) for name in FUNCTIONS for n in (2, 3) if n == 3 or name not in ("L_21", "L_22")]

# Gradient theorems


@pytest.mark.sampled(8)
@pytest.mark.parametrize(("name", "n"), SIZES)
def test_each_route_alone_proves_each_theorem(name, n):
    function, x = FUNCTIONS[name](n), symmetric(n)
    assert in_first_route(function, x) == [True] * len(x.symbols)
    found = in_second_route(function, x)
    assert found.not_covered == ""
    assert [identity.vanishes for identity in found.identities] == [True] * len(x.symbols)


@pytest.mark.sampled(6)
@pytest.mark.parametrize("structure", ["diagonal", "toeplitz", "ar1"])
@pytest.mark.parametrize("name", ["log tr exp X", "Σ|λ|", "√tr X²", "⟨W, √X⟩", "L_10", "L_11"])
def test_both_routes_prove_theorems_in_structures(name, structure):
    proof = examine(FUNCTIONS[name](2), PARAMETERIZATIONS[structure](2))
    assert proof.not_covered == ""
    assert proof.holds


@pytest.mark.parametrize("name", WRONG)
def test_each_route_alone_rejects_a_near_miss(name):
    function, x = WRONG[name](2), symmetric(2)
    first, found = in_first_route(function, x), in_second_route(function, x)
    assert found.not_covered == ""
    assert first == [identity.vanishes for identity in found.identities]
    assert not all(first)


def test_both_routes_reject_a_near_miss_at_size_three():
    proof = examine(WRONG["√X, wrong sign of P W R"](3), symmetric(3))
    assert proof.not_covered == ""
    assert not proof.holds


# Shapes of expressions


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
    """log det² = 2 log det where det X is positive, which no relation says."""

    def theorem(X, half=HALF):
        return (sympy.log(X.det() ** 2) * half - sympy.log(X.det())) * sympy.eye(2)

    undecided = own(lambda X: sympy.S.One, theorem=theorem)
    assert "decided" in in_second_route(undecided, symmetric(2)).not_covered
    refuted = own(lambda X: sympy.S.One, theorem=lambda X: theorem(X, 1))
    found = in_second_route(refuted, symmetric(2)).identities
    assert [identity.vanishes for identity in found] == [False, True, False]


@pytest.mark.parametrize("n", [2, 3])
def test_eigenvalues_are_known_to_be_all_the_roots(n):
    """Σ λ_i = tr X and Π λ_i = det X; each eigenvalue alone is only a root of p."""
    lambdas = [Eigenvalue(i) for i in range(n)]
    x = symmetric(n)
    for value, gradient in [
        (sum(lambdas), sympy.eye(n)),
        (sympy.Mul(*lambdas), x.X.adjugate()),
    ]:
        proof = examine(own(lambda X, f=value: f, n, lambda X, G=gradient: G), x)
        assert proof.not_covered == ""
        assert proof.holds
        proof = examine(own(lambda X, f=value: f, n, lambda X, G=gradient: X - G), x)
        assert proof.not_covered == ""
        assert not proof.holds


# Quotients as entries of X


def of_length_scale(factor: int = 2) -> Parameterization:
    """[[1, r], [r, 1]] with r = 2ℓ²/(factor·ℓ² + 1)."""
    ell = sympy.Symbol("l", real=True)
    r = 2 * ell**2 / (factor * ell**2 + 1)
    return Parameterization("kernel", "r", (ell,), sympy.ImmutableMatrix([[1, r], [r, 1]]), (0,))


@pytest.mark.parametrize("name", ["tr exp X", "⟨W, √X⟩", "L_11"])
def test_entries_of_X_may_be_quotients_of_polynomials(name):
    proof = examine(FUNCTIONS[name](2), of_length_scale())
    assert proof.not_covered == ""
    assert proof.holds
    assert not any(
        identity.holds for identity in prove(WRONG["√tr X², squared"](2), of_length_scale())
    )


def test_an_eigenvalue_of_quotients_is_a_root_of_its_polynomial():
    """λ = 1 ± r, so that (λ − 1)² = r²; and not 4r²."""
    x, lam = of_length_scale(), Eigenvalue(0)
    gradient = {"theorem": lambda X: sympy.zeros(2)}
    zero = own(lambda X: (lam - 1) ** 2 - X[0, 1] ** 2, **gradient)
    assert in_first_route(zero, x) == [True]
    assert [i.vanishes for i in in_second_route(zero, x).identities] == [True]
    other = own(lambda X: (lam - 1) ** 2 - 4 * X[0, 1] ** 2, **gradient)
    assert in_first_route(other, x) == [False]
    assert [i.vanishes for i in in_second_route(other, x).identities] == [False]
