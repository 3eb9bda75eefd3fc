"""The toolkit's own check of the gradient of an eigenvalue: reference, then judgement.

Two references: Arb's, with 32 digits, and the one of float64 alone, for any n.  Both judge all
n(n+1)/2 symmetric directions; the second does so by the entries of (G + Gᵀ)/2 alone.
"""

from __future__ import annotations

from fractions import Fraction

import numpy as np
from jaxtyping import Float

from symgrad.court.judging.judge import judge
from symgrad.court.questions import Reported
from symgrad.court.references import Reference
from symgrad.court.verdicts import Verdict
from symgrad.symbolic.catalogue import choose
from symgrad.symbolic.certified.large import certify_large
from symgrad.symbolic.certified.reference import refer
from symgrad.symbolic.parameterizations import symmetric

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
    (eigenvalue,) = choose(f"eigenvalue[{i}]", len(X))
    return certify_large(eigenvalue, X)


def verdict(reference: Reference, value: float, G: Array) -> Verdict:
    """The judgement on a value and a gradient (n×n) that some framework reported."""
    reported = Reported(0, "torch", "", "torch.linalg.eigvalsh", "float64", value, G)
    return judge(reference, reported, "float64")
