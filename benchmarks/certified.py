"""The toolkit's own check of the gradient of an eigenvalue: reference, then judgement.

Two references: Arb's, with 32 digits, and the one of float64 alone, for any n.  Both judge all
n(n+1)/2 symmetric directions; the second does so by the entries of (G + Gᵀ)/2 alone.
"""

from __future__ import annotations

from fractions import Fraction

import numpy as np
from jaxtyping import Float

from court.judge import judge
from court.records import Ball, Enclosure, Reference, Reported, Verdict
from symbolic.catalogue import choose
from symbolic.certified.float64 import Spectrum, spectrum
from symbolic.certified.reference import refer
from symbolic.parameterizations import symmetric

Array = Float[np.ndarray, "n n"]


def reference_in_arb(X: Array, i: int) -> Reference:
    """λ_i at X (n×n, symmetric) and ∂λ_i/∂X, by exact polynomials and Arb."""
    n = len(X)
    (eigenvalue,) = choose(f"eigenvalue[{i}]", n)
    x = symmetric(n)
    upper = (Fraction(float(entry)) for entry in X[np.triu_indices(n)])
    return refer(eigenvalue, x, dict(zip(x.names, upper, strict=True)), "float64")


def reference_in_float64(X: Array, i: int) -> Reference:
    """λ_i at X (n×n, symmetric) and ∂λ_i/∂X, by rounding errors bounded in advance."""
    found = spectrum(X)
    pair = found.eigenpair(i)
    S, radius = pair.projector()
    return Reference(
        function=f"eigenvalue[{i}]",
        parameterization="symmetric",
        point={},
        X=X,
        value=Ball(Fraction(pair.value) + Fraction(pair.value_tail), Fraction(pair.value_radius)),
        S=Enclosure(S, np.zeros_like(S), radius),
        directions=(),
        sensitivity=projector_sensitivity(found, i),
        evidence="certified",
    )


def projector_sensitivity(found: Spectrum, i: int) -> Array:
    """‖∂(v vᵀ)_ab/∂X‖ over Sym(n), n×n; a tolerance needs its size alone.

    With X = Σ λ_k u_k u_kᵀ and v = u_i, dv = Σ_{k≠i} u_k (u_kᵀ dX v)/(λ_i − λ_k).  The functionals
    u_kᵀ dX v are orthogonal on Sym(n) with squared norm 1/2, so that with
    A = Σ_{k≠i} u_k u_kᵀ/(λ_i − λ_k)² the square is (A_aa v_b² + 2 A_ab v_a v_b + v_a² A_bb)/2.
    """
    v = found.basis[:, i]
    gaps = found.values[i] - found.values
    gaps[i] = np.inf
    scaled = found.basis / gaps
    A = scaled @ scaled.T
    across = np.outer(np.diag(A), v**2)
    square = across + across.T + 2 * A * np.outer(v, v)
    return np.asarray(np.sqrt(np.maximum(square, 0) / 2))


def verdict(reference: Reference, value: float, G: Array) -> Verdict:
    """The judgement on a value and a gradient (n×n) that some framework reported."""
    reported = Reported(0, "torch", "", "torch.linalg.eigvalsh", "float64", value, G)
    return judge(reference, reported, "float64")
