"""How far each entry of a gradient is off, in units of what rounding explains: to show it."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float, Inexact

from symgrad.court.judging.contraction import as_blocks, skew_part, symmetric_error
from symgrad.court.judging.tolerance import entry_tolerances
from symgrad.court.references import Reference

Array = Float[np.ndarray, "n n"]


def deviations(
    reference: Reference,
    G: Inexact[np.ndarray, "n n"] | None,
    dtype: str,
    half_units: Inexact[np.ndarray, "n n"] | None = None,
) -> Array | None:
    """|(G + Gᵀ)/2 − S| over its tolerance, entry by entry; None where they cannot be compared.

    What is not finite is infinitely far off.  A complex G is read as itself or as its conjugate,
    whichever is nearer; an entry is as far off as the worse of its parts.  ``half_units`` are how
    far the entries of G may be off that were rounded to be printed.
    """
    n = reference.size
    if reference.S is None or G is None or G.shape != (n, n):
        return None
    printed = np.zeros((n, n)) if half_units is None else half_units
    if not reference.hermitian:
        return None if np.iscomplexobj(G) else _ratios(reference, G, dtype, printed)
    readings = (as_blocks(G), as_blocks(np.conj(G)))
    allowed = np.abs(as_blocks(printed))
    nearer = min((_ratios(reference, M, dtype, allowed) for M in readings), key=np.max)
    return np.asarray(np.maximum(nearer[:n, :n], nearer[n:, :n]))


def _ratios(reference: Reference, G: Array, dtype: str, half_units: Array) -> Array:
    assert reference.S is not None
    with np.errstate(invalid="ignore", over="ignore"):  # of what is not finite
        tolerances = entry_tolerances(reference, skew_part(G), dtype)
        off = np.abs(symmetric_error(G, reference.S))
        ratios = off / (tolerances + (half_units + half_units.T) / 2)
    return np.where(np.isnan(ratios), np.inf, ratios)
