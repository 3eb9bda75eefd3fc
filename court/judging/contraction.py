"""The contraction: a reported n×n gradient paired with the directions of a parameterization."""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np
from jaxtyping import Float, Inexact

from symgrad.court.references import Enclosure, Sparse

Array = Float[np.ndarray, "n n"]


def contract(G: Array, D: Sparse) -> Fraction:
    """The Frobenius inner product ⟨G, D⟩ = Σ_ij G_ij D_ij of n×n matrices, without rounding.

    Raises:
        ValueError, OverflowError: an entry of G that D sees is not finite.
    """
    return sum((Fraction(float(G[i, j])) * d for i, j, d in D), Fraction(0))


def as_blocks(G: Inexact[np.ndarray, "n n"]) -> Float[np.ndarray, "2n 2n"]:
    """[[Re G, −Im G], [Im G, Re G]]/2, so that ⟨·, [[A, −B], [B, A]]⟩ = Re tr(Gᴴ (A + iB))."""
    A, B = np.real(G) / 2, np.imag(G) / 2
    return np.block([[A, -B], [B, A]])


def weigh(bounds: Array, D: Sparse) -> Fraction:
    """Σ_ij bounds_ij·|D_ij|: how far a contraction with D moves if entries move by ``bounds``."""
    return sum((Fraction(float(bounds[i, j])) * abs(d) for i, j, d in D), Fraction(0))


def to_float(x: Fraction) -> float:
    """x, rounded; infinite where it is too large."""
    try:
        return float(x)
    except OverflowError:
        return math.inf if x > 0 else -math.inf


def norm(D: Sparse) -> float:
    """The Frobenius norm of D, rounded; without overflow or underflow on the way."""
    return math.hypot(*(to_float(d) for _, _, d in D))


def skew_part(G: Array) -> Array:
    """(G − Gᵀ)/2 of an n×n G, without overflow: arbitrary in a valid gradient."""
    return np.asarray(G / 2 - G.T / 2)


def symmetric_error(G: Array, S: Enclosure) -> Array:
    """(G + Gᵀ)/2 − S, entry by entry, to full relative accuracy, for an n×n G.

    The sum is split into its rounded value and its rounding error (Knuth's TwoSum), so that
    subtracting S cancels what is equal without loss.  It is a sum of halves, which cannot overflow.
    """
    lower, upper = G / 2, G.T / 2
    high = lower + upper
    carried = high - lower
    low = (lower - (high - carried)) + (upper - carried)
    return np.asarray((high - S.high) + (low - S.low))
