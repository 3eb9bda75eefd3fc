"""Admission: whether what a route reported can be judged at all, and if not why.

A report can be malformed, or hold a number that is not finite where the true one is: then it is
wrong, whatever is in it.  Or the numbers are right in kind, but rounding alone could explain any:
then nothing is judged.
"""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np

from symgrad.court.formats import WIDER, largest_exponent, smallest_normal
from symgrad.court.judging.contraction import Array, skew_part, symmetric_error
from symgrad.court.judging.tolerance import (
    entry_tolerances,
    gradient_norm,
    norm,
    perturbation,
    roundoff,
    value_tolerance,
)
from symgrad.court.questions import Reported
from symgrad.court.references import Reference

RELIABLE = 0.25
"""Largest δ·‖∂S/∂X‖/‖S‖ at which the expansion behind the tolerance is trusted."""
GROSS = 1e6
"""An error this many times the largest tolerance is beyond doubt all the same."""
COARSE = 1e-6
"""A tolerance that is a larger part of ‖S‖ than this is said."""
MARGIN = 1.25
"""A mistake within so many tolerances may pass, as it is rounded as well."""
SHARP = 0.5
"""Largest radius of an enclosure, as a fraction of the tolerance, with which one can judge."""


def malformed(reference: Reference, reported: Reported, dtype: str) -> str:
    """What is wrong with the report before its numbers are looked at."""
    G, n = reported.gradient, len(reference.X)
    if G is None or G.shape != (n, n):
        blocks = n // reference.size
        shape = "nothing" if G is None else "×".join(str(d // blocks) for d in G.shape) or "()"
        return f"the gradient has the shape {shape}, X is {n // blocks}×{n // blocks}"
    if reported.dtype != dtype and reported.dtype not in WIDER.get(dtype, ()):
        return f"the gradient came back in {reported.dtype}, {dtype} was asked for"
    return ""


def infinite(reported: Reported, size: int) -> str:
    """Which number of the report is NaN or infinite, where the true one is not.

    A gradient of more rows than ``size`` is complex, its imaginary part in the rows below.
    """
    assert reported.gradient is not None
    columns = reported.gradient[:, :size]
    for i, j in np.argwhere(~np.isfinite(columns)):
        part = "the imaginary part of " if i >= size else ""
        entry = f"{part}entry ({i % size}, {j}) of the gradient"
        return f"{entry} is {columns[i, j]}, exactly it is finite"
    if not math.isfinite(reported.value):
        return f"the value is {reported.value}, exactly it is finite"
    return ""


def out_of_range(reference: Reference, dtype: str) -> str:
    """Why the dtype has no room for the numbers here; nothing if it has."""
    size, least = gradient_norm(reference), smallest_normal(dtype)
    most = largest_exponent(dtype)
    entries = np.abs(reference.X[reference.X != 0])
    change = norm(reference.X) * size
    if 0 < size < least or 0 < change < least or np.any(entries < least):
        return f"out of range: X, the gradient or the change of f underflows in {dtype}"
    assert reference.S is not None
    assert reference.value is not None
    doubled = 2 * float(np.max(np.abs(reference.S.high), initial=0.0))  # as one triangle has it
    value = abs(reference.value.mid)
    if max(doubled, change) >= 2.0 ** (most - 1) or value >= Fraction(2) ** (most - 1):
        return f"out of range: f, the gradient or the change of f overflows in {dtype}"
    return ""


def doubt(reference: Reference, G: Array, dtype: str) -> str:
    """Why the numbers of a report cannot be judged; nothing if they can.

    Where S is exactly 0 no error is relative to it, and the expansion is of first order.
    """
    assert reference.S is not None
    size, kink = gradient_norm(reference), near_kink(reference, G, dtype)
    if kink:
        return kink
    if size == 0 or perturbation(reference, dtype) <= RELIABLE * size:
        return "" if _is_sharp(reference, dtype) else "vacuous: what is true is enclosed too widely"
    gross = GROSS * np.max(entry_tolerances(reference, None, dtype))
    if np.all(np.isfinite(G)) and np.max(np.abs(symmetric_error(G, reference.S))) > gross:
        return ""
    return "vacuous: rounding X alone may change the gradient by a quarter of itself or more"


def near_kink(reference: Reference, G: Array, dtype: str) -> str:
    """Whether rounding X may cross a kink of f, and S may jump as far as G is from it."""
    assert reference.S is not None
    reach = roundoff(reference, dtype) * norm(reference.X)
    allowed = norm(entry_tolerances(reference, None, dtype))  # of |u|³ the jump is within it
    near = [k for k in reference.kinks if k.distance <= reach and k.jump > allowed]
    if not near:
        return ""
    error = norm(symmetric_error(G, reference.S)) if np.all(np.isfinite(G)) else 0.0
    own = norm(entry_tolerances(reference, skew_part(G), dtype))
    if error > MARGIN * sum(kink.jump for kink in near) + own:
        return ""
    nearest = min(near, key=lambda kink: kink.distance)
    by = f", by {nearest.step}" if nearest.step else ""
    return (
        f"vacuous: rounding may move X by {reach:.1g}, across a kink at the distance "
        f"{nearest.distance:.1g}, where the derivative jumps{by}"
    )


def blind(reference: Reference, G: Array, tolerances: Array, dtype: str) -> str:
    """Which mistake would pass too, so that agreeing means nothing; nothing if none would.

    The mistakes are one triangle dropped, which is the least of those that have a name, and a
    factor of 6/5.  What differs from S by less than a millionth is no mistake.  ``tolerances`` are
    those of G (n×n).
    """
    assert reference.S is not None
    S, n = np.abs(reference.S.high), reference.size
    largest = float(np.max(S, initial=0.0))
    off = S * np.tile(1 - np.eye(n), (reference.blocks, reference.blocks))
    dropped = np.maximum(
        tolerances, entry_tolerances(reference, off / 2 + np.abs(skew_part(G)), dtype)
    )
    if np.max(off, initial=0.0) > COARSE * largest and np.all(off / 2 <= MARGIN * dropped):
        return "vacuous: a gradient without one of its triangles would be within the tolerance too"
    if largest and np.all(S / 5 <= MARGIN * tolerances):
        return "vacuous: a gradient that is off by a fifth would be within the tolerance too"
    return ""


def coarse(reference: Reference, tolerances: Array, dtype: str) -> str:
    """A warning where double precision leaves a tolerance that is no small part of ‖S‖."""
    size, largest = gradient_norm(reference), float(np.max(tolerances))
    if dtype not in ("float64", "complex128") or not 0 < COARSE * size < largest:
        return ""
    return f"smaller errors than {largest / size:.1g}·‖S‖ cannot be seen at this matrix"


def _is_sharp(reference: Reference, dtype: str) -> bool:
    """Whether the enclosures are narrow beside the tolerances, as Arb's always are."""
    assert reference.S is not None
    assert reference.value is not None
    entries = reference.S.radius <= SHARP * entry_tolerances(reference, None, dtype)
    value = float(reference.value.radius) <= SHARP * value_tolerance(reference, dtype)
    return bool(np.all(entries)) and value
