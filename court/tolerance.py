"""Tolerances: how large an error rounding explains, entry by entry.

A backward stable algorithm returns the exact gradient of a matrix X + ΔX with ‖ΔX‖ ≤ p(n)·u·‖X‖,
p a modest polynomial and u the unit roundoff (Higham, Accuracy and Stability of Numerical
Algorithms, 2nd ed., sections 1.5 and 3.6; LAPACK Users' Guide, 3rd ed., section 4.7, takes p(n) = n
in practice).  To first order that moves entry (i, j) of the symmetric gradient S by at most
‖∂S_ij/∂X‖·‖ΔX‖; assembling S adds roundings of the size n·u·‖S‖.  So

    tolerance_ij = STAGES · n · u · (‖X‖·‖∂S_ij/∂X‖ + ‖S‖ + skew_ij)

with the Frobenius norm throughout and the sensitivity ‖∂S_ij/∂X‖ from the exact second derivative.
The skew part K of a reported G carries rounding errors of its own, which its symmetric part
inherits: skew_ij = |K_ij|·(1 + κ), κ = ‖X‖·‖∂S/∂X‖/‖S‖ the relative condition number of the
gradient map.

The contraction with ∂X/∂θ_k is done in rational arithmetic and adds nothing: its tolerance is
Σ_ij tolerance_ij·|(∂X/∂θ_k)_ij|.
"""

from __future__ import annotations

import numpy as np
from jaxtyping import Float

from court.records import Reference

Array = Float[np.ndarray, "n n"]

STAGES = 8
"""Backward stable stages between X and G, each of which contributes one n·u: two for reading and
scaling X, two for each side of an orthogonal reduction or a factorization with its two solves, and
two for the backward pass."""


def unit_roundoff(dtype: str) -> float:
    """u = ε/2 of a real floating-point dtype: 2⁻⁵³ for float64."""
    return float(np.finfo(dtype).eps) / 2


def gradient_norm(reference: Reference) -> float:
    """‖S‖, the Frobenius norm of the symmetric gradient."""
    assert reference.S is not None
    return float(np.linalg.norm(reference.S.high))


def entry_tolerances(reference: Reference, skew: Array | None, dtype: str) -> Array:
    """The largest error of each entry of (G + Gᵀ)/2 that rounding explains, in the units of S."""
    S = gradient_norm(reference)
    moved = np.linalg.norm(reference.X) * reference.sensitivity
    scale = moved + S
    if skew is not None and S > 0:
        condition = float(np.linalg.norm(moved)) / S
        scale = scale + np.abs(skew) * (1 + condition)
    return np.asarray(STAGES * reference.size * unit_roundoff(dtype) * scale)


def value_tolerance(reference: Reference, dtype: str) -> float:
    """The largest error of f(X) itself that rounding explains: ‖X‖·‖S‖ is its sensitivity to X."""
    assert reference.value is not None
    scale = np.linalg.norm(reference.X) * gradient_norm(reference)
    return float(
        STAGES * reference.size * unit_roundoff(dtype) * (scale + abs(float(reference.value.mid)))
    )
