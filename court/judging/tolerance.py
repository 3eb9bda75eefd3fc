"""Tolerances: how large an error rounding explains, entry by entry.

A backward stable algorithm returns the exact gradient of a matrix X + ΔX with ‖ΔX‖ ≤ p(n)·u·‖X‖,
p a modest polynomial and u the unit roundoff (Higham (2002)).
With p(n) = STAGES·n and δ = p(n)·u·‖X‖, that moves entry (i, j) of the symmetric gradient S by at
most δ·‖∂S_ij/∂X‖ to first order, and by about (δ·‖∂S/∂X‖)²/‖S‖ to second order, which is felt where
the first derivative of an entry happens to vanish.  Assembling S adds roundings of the size p(n)·u
times ‖S‖.  So

    tolerance_ij = δ·‖∂S_ij/∂X‖ + (δ·‖∂S/∂X‖)²/‖S‖ + p(n)·u·(‖S‖ + skew_ij) + p(n)·η

with Frobenius norms throughout, the sensitivity ‖∂S_ij/∂X‖ from the gradient theorem differentiated
once more in float64 (above 64 symmetric directions, n ≥ 11, from random ones, to about ±10 %), and
η the spacing of the subnormal numbers.  That p(n) = STAGES·n is postulated, not derived;
calibration bears it out.  The skew part K of a reported G carries rounding errors of
its own, which its symmetric part inherits: skew_ij = |K_ij|·(1 + κ), κ = ‖X‖·‖∂S/∂X‖/‖S‖ the
relative condition number of the gradient map.

Of a constant f nothing of this is left but η: there the last term is p(n)·u·|f|/‖X‖, the rounding
of what cancels in a gradient that would be of the size of f's relative to X.

Of a program, whose steps are many and need not be backward stable together, STAGES·u times what
roundings of all its steps move S_ij by, per unit roundoff, is added.

Where δ·‖∂S/∂X‖ is no longer small beside ‖S‖ the expansion means nothing, and nothing is judged.
The contraction with ∂X/∂θ_k is done in rational arithmetic and adds nothing: its tolerance is
Σ_ij tolerance_ij·|(∂X/∂θ_k)_ij|.
"""

from __future__ import annotations

import math

import numpy as np
from jaxtyping import Float

from symgrad.court.formats import spacing, unit_roundoff
from symgrad.court.references import Reference

Array = Float[np.ndarray, "n n"]

STAGES = 8
"""Backward stable stages between X and G, each of which contributes one n·u: two for reading and
scaling X, two for each side of an orthogonal reduction or a factorization with its two solves, and
two for the backward pass."""


def deflation(dtype: str) -> float:
    """The part of ‖X‖ that an iteration for singular values may take for zero.

    LAPACK's xBDSQR drops an off-diagonal of max(10, min(100, u^(−1/8)))·u times its neighbour on
    the diagonal (Demmel and Kahan (1990)), so that together they are at most as large a part of
    ‖X‖: 99 u in double precision, 10 u in single.
    """
    u = unit_roundoff(dtype)
    return max(10.0, min(100.0, math.pow(u, -1 / 8))) * u


def norm(M: Array) -> float:
    """The Frobenius norm, without overflow or underflow on the way."""
    largest = float(np.max(np.abs(M), initial=0.0))
    return largest * float(np.linalg.norm(M / largest)) if largest else 0.0


def gradient_norm(reference: Reference) -> float:
    """‖S‖, the Frobenius norm of the symmetric gradient."""
    assert reference.S is not None
    return norm(reference.S.high)


def perturbation(reference: Reference, dtype: str) -> float:
    """δ·‖∂S/∂X‖: how far rounding may move S as a whole, to first order."""
    return roundoff(reference, dtype) * norm(reference.X) * norm(reference.sensitivity)


def entry_tolerances(reference: Reference, skew: Array | None, dtype: str) -> Array:
    """The largest error of each entry of (G + Gᵀ)/2 that rounding explains, in the units of S."""
    S, pu = gradient_norm(reference), roundoff(reference, dtype)
    moved = norm(reference.X) * reference.sensitivity
    assembled = np.full_like(moved, S)
    second = 0.0
    if S > 0:
        second = perturbation(reference, dtype) * (perturbation(reference, dtype) / S)
        if skew is not None:
            with np.errstate(over="ignore"):  # what is too large is infinite
                assembled = assembled + np.abs(skew) * (1 + norm(moved) / S)
    floor = STAGES * len(reference.X) * spacing(dtype)
    if S == norm(moved) == 0 and reference.value is not None and norm(reference.X) > 0:
        floor += pu * abs(float(reference.value.mid)) / norm(reference.X)
    steps = (
        0.0 if reference.roundoff is None else STAGES * unit_roundoff(dtype) * reference.roundoff
    )
    return np.asarray(pu * (moved + assembled) + second + steps + floor)


def value_tolerance(reference: Reference, dtype: str) -> float:
    """The largest error of f(X) itself that rounding explains: ‖X‖·‖S‖ is its sensitivity to X."""
    assert reference.value is not None
    pu, X = roundoff(reference, dtype), norm(reference.X)
    first = pu * (X * gradient_norm(reference) + abs(float(reference.value.mid)))
    second = pu * X * perturbation(reference, dtype)
    steps = STAGES * unit_roundoff(dtype) * reference.value_roundoff
    return first + second + steps + STAGES * len(reference.X) * spacing(dtype)


def roundoff(reference: Reference, dtype: str) -> float:
    """p(n)·u, n the rows of X, or of the matrix that it takes as much work as f to work on."""
    return STAGES * max(len(reference.X), reference.work) * unit_roundoff(dtype)
