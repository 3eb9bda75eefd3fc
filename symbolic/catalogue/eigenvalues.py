"""Eigenvalues, singular values and the norms made of them.

They are traces tr φ(X) with a φ that is 0 at all eigenvalues but some, and differ in φ alone:
d tr φ(X) = ⟨φ′(X), dX⟩ (Lewis (1996)).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from symgrad.symbolic.algebra import Algebra
from symgrad.symbolic.algebra.scalar import ABSOLUTE, IDENTITY, Scalar
from symgrad.symbolic.catalogue.function import Constants, MatrixFunction

MAGNUS = "Magnus (1985)"
LEWIS = "Lewis (1996)"


def trace_function(
    name: str,
    formula: str,
    domain: str,
    citation: str,
    phi: Callable[..., Scalar],
    instances: Callable[[int], dict[str, Constants]] = lambda n: {"": {}},
    drawn_from: str = "",
) -> MatrixFunction:
    """tr φ(X), φ = ``phi(A, n, **constants)``, with the gradient φ′(X)."""

    def value(A: Algebra, X: Any, **constants: Any) -> Any:
        return A.trace(X, phi(A, A.size(X), **constants))

    def gradient(A: Algebra, X: Any, **constants: Any) -> Any:
        return A.apply(X, phi(A, A.size(X), **constants).derivative())

    about = (name, formula, domain, citation, value, gradient, instances)
    return MatrixFunction(*about, drawn_from=drawn_from)


def _each(count: Callable[[int], int], key: str = "i", first: int = 0) -> Any:
    return lambda n: {f"[{i}]": {key: i} for i in range(first, count(n))}


def _gap(A: Algebra, X: Any, i: int) -> Any:
    return A.trace(X, IDENTITY.at(i + 1)) - A.trace(X, IDENTITY.at(i))


def _gap_gradient(A: Algebra, X: Any, i: int) -> Any:
    one = IDENTITY.derivative()
    return A.apply(X, one.at(i + 1)) - A.apply(X, one.at(i))


def _extremes(A: Algebra, X: Any) -> tuple[Scalar, Scalar]:
    """|λ| at the eigenvalues of the largest and of the smallest modulus."""
    return ABSOLUTE.at(A.by_modulus(0)), ABSOLUTE.at(A.by_modulus(A.size(X) - 1))


def _condition(A: Algebra, X: Any) -> Any:
    largest, smallest = _extremes(A, X)
    return A.trace(X, largest) / A.trace(X, smallest)


def _condition_gradient(A: Algebra, X: Any) -> Any:
    """(S_max − κ·S_min)/σ_min, with the gradients S of σ_max and σ_min."""
    largest, smallest = _extremes(A, X)
    least = A.trace(X, smallest)
    first, last = (A.apply(X, phi.derivative()) for phi in (largest, smallest))
    return (first - last * (A.trace(X, largest) / least)) * (1 / least)


FUNCTIONS = (
    trace_function(
        "eigenvalue",
        "λ_i(X), i = 0 for the smallest",
        "symmetric",
        MAGNUS,
        lambda A, n, i: IDENTITY.at(i),
        _each(lambda n: n),
    ),
    trace_function(
        "largest_eigenvalue",
        "λ_max(X)",
        "symmetric",
        MAGNUS,
        lambda A, n: IDENTITY.at(n - 1),
    ),
    trace_function(
        "smallest_eigenvalue",
        "λ_min(X)",
        "symmetric",
        MAGNUS,
        lambda A, n: IDENTITY.at(0),
    ),
    MatrixFunction(
        "eigenvalue_gap",
        "λ_{i+1} − λ_i",
        "symmetric",
        MAGNUS,
        _gap,
        _gap_gradient,
        _each(lambda n: n - 1),
    ),
    trace_function(
        "singular_value",
        "σ_i(X), i = 0 for the largest",
        "symmetric",
        f"σ_i = |λ_k| for a symmetric X; {LEWIS}",
        lambda A, n, i: ABSOLUTE.at(A.by_modulus(i)),
        _each(lambda n: n),
        drawn_from="invertible",
    ),
    trace_function(
        "spectral_norm",
        "‖X‖₂ = max |λ_i|",
        "symmetric",
        f"the largest singular value; {LEWIS}",
        lambda A, n: ABSOLUTE.at(A.by_modulus(0)),
        drawn_from="invertible",
    ),
    trace_function(
        "nuclear_norm",
        "‖X‖_* = Σ |λ_i|",
        "invertible",
        f"the gradient is sign(X), at an invertible X as |λ| has a kink at 0; {LEWIS}",
        lambda A, n: ABSOLUTE,
    ),
    trace_function(
        "ky_fan_norm",
        "σ_0 + … + σ_{k−1}",
        "symmetric",
        f"the sum of the k largest |λ_i|; {LEWIS}",
        lambda A, n, k: ABSOLUTE.at(*map(A.by_modulus, range(k))),
        _each(lambda n: n + 1, "k", 1),
        drawn_from="positive definite",
    ),
    MatrixFunction(
        "condition_number",
        "κ₂(X) = σ_0/σ_{n−1}",
        "invertible",
        f"the quotient rule, σ_i = |λ_k|; {LEWIS}",
        _condition,
        _condition_gradient,
        drawn_from="positive definite",
    ),
)
