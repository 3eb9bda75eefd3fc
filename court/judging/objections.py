"""Objections: what is wrong with a reported value and gradient, and how far it is off."""

from __future__ import annotations

import math
from collections.abc import Sequence
from fractions import Fraction
from typing import NamedTuple

import numpy as np
from msgspec import structs

from symgrad.court.judging.contraction import Array, norm, symmetric_error, to_float
from symgrad.court.judging.tolerance import gradient_norm, value_tolerance
from symgrad.court.questions import Reported
from symgrad.court.reasons import Kind, Reason
from symgrad.court.references import Direction, Reference
from symgrad.court.verdicts import Component

STABLE = "what a backward stable algorithm would lose"
PRINTED = "what rounding in print loses"
DIGITS_LOST = 1e-6
"""Relative to what the error is of: a smaller one is a loss of digits, no wrong formula."""
DIGITS_LOST_SHORT = 1e-3
"""The same of an error within ten times the tolerance, as in the shorter dtypes."""


class Excess(NamedTuple):
    """How far something is off, beside its tolerance and the size of what it is an error of.

    ``loses`` says what loses as many digits as are allowed.
    """

    error: float
    tolerance: float
    scale: float
    loses: str

    @property
    def is_loss(self) -> bool:
        """Whether it is a loss of digits that a stable algorithm does not have, and no more."""
        near = self.error < 10 * self.tolerance and self.error < DIGITS_LOST_SHORT * self.scale
        return near or self.error < DIGITS_LOST * self.scale

    def reason(self, kind: Kind, what: str) -> Reason:
        """The objection: what is off, and so far."""
        off = f"off by {self.error:.2g}, tolerance {self.tolerance:.2g}"
        if self.is_loss:
            times = self.error / self.tolerance if self.tolerance else math.inf
            off = f"digits are lost, {times:.2g} times {self.loses} ({off})"
        return Reason(kind, f"{what}: {off}", self.is_loss)


def _loses(reported: Reported) -> str:
    return STABLE if reported.half_units is None else PRINTED


def wrong_value(reference: Reference, reported: Reported, dtype: str) -> Reason | None:
    """How far the value is off, if by more than its tolerance."""
    assert reference.value is not None
    error = abs(Fraction(reported.value) - reference.value.mid) + reference.value.radius
    tolerance = value_tolerance(reference, dtype)
    if error <= tolerance:
        return None
    exact = float(reference.value.mid)
    off = Excess(to_float(error), tolerance, abs(exact), _loses(reported))
    return off.reason("value", f"the value is {reported.value!r}, exactly {exact!r}")


def is_turned(reference: Reference, reported: Reported, dtype: str) -> bool:
    """Whether the value is one that f has if a sign is chosen that X does not determine."""
    others = (structs.replace(reference, value=value) for value in reference.turned)
    return any(not wrong_value(other, reported, dtype) for other in others)


def wrong_component(
    components: list[Component], directions: Sequence[Direction], scale: float, reported: Reported
) -> Reason | None:
    """The worst of the wrong contractions, relative to the size of its direction."""
    sizes = [scale * norm(d.D) for d in directions]
    wrong = [(c, s) for c, s in zip(components, sizes, strict=True) if float(c.error) > c.tolerance]
    if not wrong:
        return None
    c, scale = max(wrong, key=lambda pair: float(pair[0].error) / (pair[1] or 1.0))
    what = f"the contraction with ∂X/∂{c.name} is {float(c.contracted)!r}"
    off = Excess(float(c.error), c.tolerance, scale, _loses(reported))
    return off.reason("contraction", f"{what}, exactly {float(c.exact)!r}")


def wrong_entry(
    reference: Reference, G: Array, tolerances: Array, reported: Reported
) -> Reason | None:
    """The worst of the wrong entries of the symmetric part, which no direction need see."""
    assert reference.S is not None
    errors = np.abs(symmetric_error(G, reference.S)) + reference.S.radius
    if np.all(errors <= tolerances):
        return None
    j, i = sorted(np.unravel_index(np.nanargmax(errors - tolerances), errors.shape))
    error, size = float(errors[i, j]), gradient_norm(reference)
    off = Excess(error, float(tolerances[i, j]), size, _loses(reported))
    where = "the contractions agree, but in a direction that {} does not have "
    return off.reason(
        "entry",
        (where.format(reference.parameterization) if reference.directions else "")
        + f"entry ({i}, {j}) of (G + Gᵀ)/2 is {float(G[i, j] / 2 + G[j, i] / 2)!r}, exactly "
        f"{float(reference.S.high[i, j])!r}",
    )
