"""Scatter: is an error rounding, or a wrong formula?  The route's answers near X tell.

At matrices that differ from X by no more than rounding X does, a wrong formula errs in the same
way, and rounding in another way each time.  With the errors e_0 (at X), …, e_m (at its neighbours),
their mean ē and their standard deviation s, an error is noise if

    ‖ē‖ ≤ SYSTEMATIC·s .

For independent errors without a bias √(m + 1)·‖ē‖/s follows Student's distribution with m degrees
of freedom, if there is one entry, and is bounded more sharply if there are several: with m = 6 the
odds that noise is taken for a wrong formula are 1 to 20,000, and this is asked only of errors
beyond the tolerance.  A wrong formula that errs by some times the rounding of its route is never
noise.

An error that stays is a wrong formula's, however small it is: SciPy 1.17.1's ``expm`` loses four
digits by its [13/13] Padé approximant, whose own error is below rounding there, and the loss is the
same at matrices 10⁻⁸ apart.

Yet rounding may stay so near to X: the same logarithm comes out of a determinant that differs in
the last digit, and its exponential is off by as much.  So an error of at most ``QUANTUM``
tolerances is looked at a little farther off, too, where S moves by a hundredth of itself: there a
formula errs alike still, and what was rounded to a coarse grid scatters.

And an iteration that stops leaves a remainder that is no rounding: it changes with X as smoothly as
a formula does.  So an error that stays is rounding's still up to ``remainder``: what an iteration
for singular values may leave, some six tolerances at most, and a hundredth of ‖X‖/gap, as singular
vectors turn by a perturbation over the gap of their values (Davis and Kahan (1970)).  Normal
equations square the condition number (Higham (2002)): of that size an error may be that stays near
X and scatters farther off.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from fractions import Fraction
from typing import NamedTuple

import numpy as np
from jaxtyping import Float

from symgrad.court.formats import unit_roundoff
from symgrad.court.judging.contraction import symmetric_error, to_float
from symgrad.court.judging.tolerance import deflation, gradient_norm, norm, roundoff
from symgrad.court.questions import NEIGHBOURS, Reported
from symgrad.court.reasons import Reason, say
from symgrad.court.references import Reference
from symgrad.court.verdicts import Outcome

SYSTEMATIC = 4.0
QUANTUM = 1000.0
"""So many tolerances off rounding to a grid may be; single precision in a double is far beyond."""
MOVED = 0.01
"""The part of itself by which S moves to the farther matrices, of a kink's distance likewise."""
TURNED = 0.01
"""So many times ‖X‖/gap what an iteration leaves may be in tolerances."""
SQUARED = 10.0
"""So many times ‖X‖/gap, or the condition number, what divides by them may be off in tolerances."""
TIED = 0.1
"""The part by which a step between singular values moves at most, so that what divides by it errs
alike."""
FARTHEST = 1e-4
"""The part of X by which the farther matrices differ from it at most."""
NEAR, AROUND = range(NEIGHBOURS), range(NEIGHBOURS, 2 * NEIGHBOURS)
"""The places of the matrices as near as rounding, and of those a little farther off."""
LEAST = 4
"""With fewer answers, that at X among them, nothing is told from them."""
STOPPED = ", off by the same near X: no more than an iteration leaves where it stops"
"""What is said of an error that stays, and is of that size."""
KEPT = 1 / 3
"""The share of the digits that has to be left: with fewer a right formula is of no use."""
WIDE = 8.0
"""So many times its error a gradient may be off the convention by which it is called."""


class Errors(NamedTuple):
    """Of the answers at X and near it, in this order: of the value, and of (G + Gᵀ)/2."""

    values: Float[np.ndarray, " m"]
    gradients: Float[np.ndarray, "m n n"]

    @property
    def are_enough(self) -> bool:
        """Whether they tell anything."""
        return len(self.values) >= LEAST


def spread(reference: Reference) -> float:
    """How far from X, relative to it, a formula still errs as at X; 0 if that cannot be said."""
    if reference.S is None:
        return 0.0
    X, S, moved = norm(reference.X), gradient_norm(reference), norm(reference.sensitivity)
    if X == 0 or S == 0:
        return 0.0
    nearest = min((kink.distance for kink in reference.kinks), default=math.inf)
    alike = min(MOVED * S / moved if moved else math.inf, MOVED * nearest)
    return min(FARTHEST, min(alike, TIED * _least_step(reference)) / X)


def errors(
    reference: Reference,
    reported: Reported,
    near: Sequence[Reference | None],
    places: Sequence[int],
) -> Errors:
    """The errors of a report with finite numbers, and of those beside X that are finite too.

    ``near`` is what is true at the matrices beside X, of which some ``places`` are looked at; one
    where nothing is known to be true is left out.
    """
    answers = [(reference, reported.value, reported.gradient)]
    pairs = list(zip(near, reported.nearby, strict=False))
    for there, said in (pairs[k] for k in places if k < len(pairs)):
        if said is None or there is None or there.S is None:
            continue
        if said.gradient.shape == there.S.high.shape:
            answers.append((there, said.value, said.gradient))
    found = [
        (_value_error(there, value), symmetric_error(G, there.S))
        for there, value, G in answers
        if there.S is not None and G is not None
        if math.isfinite(value) and np.all(np.isfinite(G))
    ]
    return Errors(np.array([v for v, _ in found]), np.array([G for _, G in found]))


def _value_error(reference: Reference, value: float) -> float:
    assert reference.value is not None
    return to_float(Fraction(value) - reference.value.mid)


def is_noise(errors: Float[np.ndarray, "m ..."]) -> bool:
    """Whether errors scatter as rounding does; the first axis counts the matrices."""
    scale = float(np.max(np.abs(errors), initial=0.0))
    if scale == 0:
        return True
    scaled = errors / scale
    mean = scaled.mean(axis=0)
    deviation = math.sqrt(float(np.sum((scaled - mean) ** 2)) / (len(errors) - 1))
    return float(np.linalg.norm(mean)) <= SYSTEMATIC * deviation


def digits_of(dtype: str) -> float:
    """The decimal digits of a dtype: 15.95 of float64."""
    return -math.log10(unit_roundoff(dtype))


def digits_left(error: float, size: float, dtype: str) -> float:
    """How many decimal digits an error leaves of a number of some size; none at all is 0."""
    if error == 0:
        return digits_of(dtype)
    ratio = error / size if size else math.inf
    return max(0.0, min(-math.log10(ratio) if math.isfinite(ratio) else 0.0, digits_of(dtype)))


def gradient_scale(reference: Reference) -> float:
    """What an error of the gradient is relative to: its largest entry.

    Where it is zero, how fast it changes (‖X‖·‖∂S/∂X‖), or what it would be if f grew as X does.
    """
    assert reference.S is not None
    X = norm(reference.X)
    largest = float(np.max(np.abs(reference.S.high)))
    return largest or X * norm(reference.sensitivity) or value_scale(reference) / (X or 1.0)


def value_scale(reference: Reference) -> float:
    """What an error of the value is relative to: |f(X)|; where that is zero, by its derivatives."""
    assert reference.value is not None
    X = norm(reference.X)
    value = abs(to_float(reference.value.mid))
    return value or X * gradient_norm(reference) or X * X * norm(reference.sensitivity) or 1.0


def remainder(reference: Reference, dtype: str) -> float:
    """How many tolerances an error that stays may be, as an iteration that stops left it.

    The tolerance is for a perturbation of p(n)·u·‖X‖; this is for one larger by ``deflation``, and
    for vectors that it turns.
    """
    turned = TURNED * norm(reference.X) / _least(np.diff(_singular_values(reference)), reference)
    return 1 + deflation(dtype) / roundoff(reference, dtype) + turned


def quantum(reference: Reference) -> float:
    """How many tolerances an error that stays near X may be, if it scatters a little farther off.

    More than QUANTUM where two singular values nearly coincide, or one is nearly 0.
    """
    return max(QUANTUM, SQUARED * norm(reference.X) / _least_step(reference))


def _singular_values(reference: Reference) -> Float[np.ndarray, " n"]:
    """Those of X, ascending."""
    return np.asarray(np.sort(np.abs(np.linalg.eigvalsh(reference.X)))[:: reference.blocks])


def _least_step(reference: Reference) -> float:
    """The least of the steps from 0 to the first singular value of X and from each to the next."""
    return _least(np.diff(_singular_values(reference), prepend=0.0), reference)


def _least(steps: Float[np.ndarray, " k"], reference: Reference) -> float:
    """The least of them that is more than rounding, infinite if none is.

    Nothing is left of what divides by the others.
    """
    told = steps[steps > roundoff(reference, "float64") * norm(reference.X)]
    return float(np.min(told, initial=math.inf))


class Finding(NamedTuple):
    """What an error beyond the tolerance is: the verdict on it, and what is to be said of it.

    ``digits`` are those that are left where it is ``inaccurate``.
    """

    verdict: Outcome
    said: tuple[Reason, ...] = ()
    digits: int | None = None


RIGHT = Finding("agrees")
"""Where no error is beyond its tolerance."""


def examine(
    reference: Reference,
    reported: Reported,
    near: Sequence[Reference | None],
    dtype: str,
    value: float,
    gradient: float,
) -> Finding:
    """An error of the ``value``, or of the ``gradient``, or of both, that no tolerance explains.

    Each is given as so many times its tolerance, 0 if it is within it.
    """
    found = errors(reference, reported, near, NEAR)
    if not found.are_enough:
        few = "unstable: nothing finite at most neighbouring matrices" if any(near) else ""
        return Finding("disagrees", say("not finite", few))
    is_quantum = max(value, gradient) <= quantum(reference)
    around = errors(reference, reported, near, AROUND if is_quantum else ())
    is_zero = not (value and _is_nonzero(reference)) and not (gradient and _is_varied(reference))
    stays = not any(_scatters(e, value > 0, gradient > 0) for e in (found, around))
    if stays and (is_zero or max(value, gradient) > remainder(reference, dtype)):
        stays_off = "it is the same at neighbouring matrices, as rounding is not"
        return Finding("disagrees", say("systematic", stays_off))
    parts = _parts(found, value > 0, gradient > 0)
    worst = [float(np.max(np.abs(part[0]))) for part in parts]
    scales = [value_scale(reference)] * (value > 0) + [gradient_scale(reference)] * (gradient > 0)
    of, pairs = digits_of(dtype), zip(worst, scales, strict=True)
    left = min(digits_left(error, scale, dtype) for error, scale in pairs)
    if left < KEPT * of:
        how_many = f"{left:.0f} of {of:.0f} digits are" if left >= 1 else "no digit is"
        return Finding("disagrees", say("rounding", f"unstable: {how_many} left"))
    if is_zero:
        told = f"exactly 0: what is reported is rounding, {max(worst):.1g}"
        return Finding("agrees", say("rounding", told))
    told = f"agrees to {int(left)} of {of:.0f} digits" + STOPPED * stays
    return Finding("inaccurate", say("rounding", told), int(left))


def _parts(found: Errors, value: bool, gradient: bool) -> list[np.ndarray]:
    """The errors that are beyond the tolerance: of the values (m), of the gradients (m×n×n)."""
    return [found.values] * value + [found.gradients] * gradient


def _scatters(found: Errors, value: bool, gradient: bool) -> bool:
    """Whether all of them scatter as rounding does."""
    return found.are_enough and all(map(is_noise, _parts(found, value, gradient)))


def share_left(reference: Reference, reported: Reported, dtype: str) -> float:
    """Which part of the digits of a dtype is left, of the value or of the gradient; of NaN 0."""
    found = errors(reference, reported, (), ())
    if len(found.values) == 0:
        return 0.0
    value, gradient = float(abs(found.values[0])), float(np.max(np.abs(found.gradients[0])))
    left = min(
        digits_left(value, value_scale(reference), dtype),
        digits_left(gradient, gradient_scale(reference), dtype),
    )
    return left / digits_of(dtype)


def _is_nonzero(reference: Reference) -> bool:
    value = reference.value
    return value is not None and abs(value.mid) > value.radius


def _is_varied(reference: Reference) -> bool:
    """Whether S is not 0 here, or not so nearby: then its tolerance is not of rounding alone."""
    return gradient_norm(reference) > 0 or norm(reference.sensitivity) > 0
