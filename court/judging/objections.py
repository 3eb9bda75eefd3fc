"""Objections: what is wrong with a reported value and gradient, in words."""

from __future__ import annotations

import math
from collections.abc import Sequence
from fractions import Fraction

import numpy as np
from msgspec import structs

from symgrad.court.judging.contraction import Array, norm, symmetric_error, to_float
from symgrad.court.judging.tolerance import gradient_norm, value_tolerance
from symgrad.court.records import Component, Direction, Reference, Reported

STABLE = "what a backward stable algorithm would lose"
DIGITS_LOST = 1e-6
"""Relative to what the error is of: a smaller one is a loss of digits, no wrong formula."""
DIGITS_LOST_SHORT = 1e-3
"""The same of an error within ten times the tolerance, as in the shorter dtypes."""


def _off(error: float, tolerance: float, scale: float) -> str:
    """How far off: by a loss of digits that a stable algorithm does not have, or altogether."""
    near = error < 10 * tolerance and error < DIGITS_LOST_SHORT * scale
    if near or error < DIGITS_LOST * scale:
        times = error / tolerance if tolerance else math.inf
        return (
            f"digits are lost, {times:.2g} times {STABLE} "
            f"(off by {error:.2g}, tolerance {tolerance:.2g})"
        )
    return f"off by {error:.2g}, tolerance {tolerance:.2g}"


def wrong_value(reference: Reference, reported: Reported, dtype: str) -> str:
    """How far the value is off, if by more than its tolerance."""
    assert reference.value is not None
    error = abs(Fraction(reported.value) - reference.value.mid) + reference.value.radius
    tolerance = value_tolerance(reference, dtype)
    if error <= tolerance:
        return ""
    exact = float(reference.value.mid)
    off = _off(to_float(error), tolerance, abs(exact))
    return f"the value is {reported.value!r}, exactly {exact!r}: {off}"


def is_turned(reference: Reference, reported: Reported, dtype: str) -> bool:
    """Whether the value is one that f has if a sign is chosen that X does not determine."""
    others = (structs.replace(reference, value=value) for value in reference.turned)
    return any(not wrong_value(other, reported, dtype) for other in others)


def wrong_component(
    components: list[Component], directions: Sequence[Direction], scale: float
) -> str:
    """The worst of the wrong contractions, relative to the size of its direction."""
    sizes = [scale * norm(d.D) for d in directions]
    wrong = [(c, s) for c, s in zip(components, sizes, strict=True) if float(c.error) > c.tolerance]
    if not wrong:
        return ""
    c, scale = max(wrong, key=lambda pair: float(pair[0].error) / (pair[1] or 1.0))
    return (
        f"the contraction with ∂X/∂{c.name} is {float(c.contracted)!r}, "
        f"exactly {float(c.exact)!r}: {_off(float(c.error), c.tolerance, scale)}"
    )


def wrong_entry(reference: Reference, G: Array, tolerances: Array) -> str:
    """The worst of the wrong entries of the symmetric part, which no direction need see."""
    assert reference.S is not None
    errors = np.abs(symmetric_error(G, reference.S)) + reference.S.radius
    if np.all(errors <= tolerances):
        return ""
    j, i = sorted(np.unravel_index(np.nanargmax(errors - tolerances), errors.shape))
    off = _off(float(errors[i, j]), float(tolerances[i, j]), gradient_norm(reference))
    where = "the contractions agree, but in a direction that {} does not have "
    return (
        (where.format(reference.parameterization) if reference.directions else "")
        + f"entry ({i}, {j}) of (G + Gᵀ)/2 is {float(G[i, j] / 2 + G[j, i] / 2)!r}, exactly "
        f"{float(reference.S.high[i, j])!r}: {off}"
    )
