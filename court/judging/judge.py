"""The judgement: a reported gradient against the exact one, at one point.

A gradient agrees if its contraction with every parameter is right *and* its symmetric part is S,
entry by entry: the second also sees the directions that the parameterization does not have.
"""

from __future__ import annotations

import math
import sys
from fractions import Fraction

import numpy as np
from jaxtyping import Inexact
from msgspec import structs

from court.judging import admission, objections
from court.judging.contraction import (
    Array,
    as_blocks,
    contract,
    norm,
    skew_part,
    symmetric_error,
    to_float,
    weigh,
)
from court.judging.conventions import find_convention, find_mistake
from court.judging.gauge import FLIPPED
from court.judging.subdifferential import describe_subgradient
from court.judging.tolerance import entry_tolerances, gradient_norm, unit_roundoff
from court.judging.written import decimal, number, rows
from court.records import (
    Ball,
    Component,
    Conjugation,
    Convention,
    Direction,
    Enclosure,
    Outcome,
    Reference,
    Reported,
    Verdict,
)

WORST_FIRST: tuple[Outcome, ...] = ("disagrees", "failed", "refused", "agrees")
HIDDEN = "vacuous: the skew part of G hides an error as large as the gradient itself"


def judge(reference: Reference, reported: Reported, dtype: str) -> Verdict:
    """The verdict on what one route reported, when asked for the gradient in ``dtype``.

    Of two different answers to the same question it is the verdict on the worse one.
    """
    verdict = _judge_one(reference, reported, dtype)
    if reported.again is None:
        return verdict
    both = (verdict, _judge_one(reference, reported.again, dtype))
    worse = min(both, key=lambda v: WORST_FIRST.index(v.verdict))
    said = f"asked twice, it answered differently ({both[0].verdict}, then {both[1].verdict})"
    return structs.replace(worse, reason="; ".join(filter(None, [said, worse.reason])))


def _judge_one(reference: Reference, reported: Reported, dtype: str) -> Verdict:
    if reference.hermitian and reported.gradient is not None and reported.gradient.ndim == 2:
        return _judge_complex(reference, reported, reported.gradient, dtype)
    return _judge(reference, reported, dtype)


def _judge_complex(
    reference: Reference, reported: Reported, G: Inexact[np.ndarray, "n n"], dtype: str
) -> Verdict:
    """The verdict on a complex gradient G, which may be written as itself or as its conjugate."""
    written: dict[Conjugation, Inexact[np.ndarray, "n n"]] = {
        "∂Re + i∂Im": G,
        "∂Re − i∂Im": np.conj(G),
    }
    readings = {
        name: _judge(reference, structs.replace(reported, gradient=as_blocks(M)), dtype)
        for name, M in written.items()
    }
    right = [name for name, verdict in readings.items() if verdict.verdict == "agrees"]
    verdict = readings[right[0] if right else min(readings, key=lambda k: _distance(readings[k]))]
    conjugation: Conjugation | None = "real" if len(right) == 2 else right[0] if right else None
    return structs.replace(verdict, gradient=rows(G), conjugation=conjugation)


def _distance(verdict: Verdict) -> float:
    """The largest error for its tolerance: the reading nearest to S tells what is wrong."""
    ratios = [float(c.error) / c.tolerance for c in verdict.parameters]
    return max(ratios, default=math.inf)


def _judge(reference: Reference, reported: Reported, dtype: str) -> Verdict:
    """The same for a real gradient, and for a complex one that is given by its real blocks."""
    if reported.error and (reported.worker_died or not reference.refusal):
        outcome: Outcome = "refused" if reported.declined else "failed"
        return _verdict(reference, reported, dtype, outcome, reported.error)
    if reference.refusal:
        reason = "; ".join(filter(None, [reference.refusal, _subgradient(reference, reported)]))
        return _verdict(reference, reported, dtype, "refused", reason)
    unfit = admission.malformed(reference, reported, dtype)
    if unfit:
        return _verdict(reference, reported, dtype, "disagrees", unfit, "invalid")
    G, S = reported.gradient, reference.S
    assert G is not None
    assert S is not None
    doubt = admission.doubt(reference, G, dtype)
    infinite = "" if doubt else admission.infinite(reported, reference.size)
    if infinite:
        return _verdict(reference, reported, dtype, "disagrees", infinite, "invalid")
    if not np.all(np.isfinite(G)):
        return _verdict(reference, reported, dtype, "refused", doubt)
    blocks = 2 if reference.hermitian else 1
    tolerances = entry_tolerances(reference, skew_part(G), dtype)
    if reported.half_units is not None:
        tolerances = tolerances + (reported.half_units + reported.half_units.T) / 2
    if not np.all(np.isfinite(tolerances)):
        return _verdict(reference, reported, dtype, "refused", HIDDEN)
    directions = reference.directions or (_worst_direction(G, S, tolerances),)
    components = [_component(d, G, reference, tolerances) for d in directions]
    if doubt:
        return _verdict(reference, reported, dtype, "refused", doubt, None, components)
    wrong = [
        objections.wrong_value(reference, reported, dtype),
        objections.wrong_component(components, directions, gradient_norm(reference))
        or objections.wrong_entry(reference, G, tolerances),
    ]
    if wrong[0] and objections.is_turned(reference, reported, dtype):
        return _verdict(reference, reported, dtype, "refused", FLIPPED, None, components)
    if any(wrong):
        mistake = find_mistake(G, S, tolerances, blocks)
        reason = "; ".join(filter(None, [*wrong, mistake]))
        return _verdict(reference, reported, dtype, "disagrees", reason, "invalid", components)
    if np.max(tolerances) > gradient_norm(reference) > 0:
        return _verdict(reference, reported, dtype, "refused", HIDDEN, None, components)
    convention = find_convention(G, S, tolerances, blocks) if reported.mode == "reverse" else None
    widened = "" if reported.dtype == dtype else f"the gradient came back in {reported.dtype}"
    note = "; ".join(filter(None, [reference.note, widened]))
    return _verdict(reference, reported, dtype, "agrees", note, convention, components)


def _subgradient(reference: Reference, reported: Reported) -> str:
    """At a repeated eigenvalue: whether G is a subgradient, where the notion applies."""
    unfit = admission.malformed(reference, reported, reported.dtype)
    if reference.cluster is None or unfit or admission.infinite(reported, reference.size):
        return ""
    assert reported.gradient is not None
    return describe_subgradient(
        reported.gradient, reference.X, reference.cluster, unit_roundoff(reported.dtype)
    )


def _worst_direction(G: Array, S: Enclosure, tolerances: Array) -> Direction:
    """Of all n(n+1)/2 symmetric directions the one in which G is furthest off for its tolerance.

    It stands for them all where no parameters are listed, under the name that it has among them.
    """
    ratio = np.abs(symmetric_error(G, S)) / tolerances
    i, j = sorted(int(k) for k in np.unravel_index(np.argmax(ratio), ratio.shape))
    D = tuple((a, b, Fraction(1)) for a, b in {(i, j), (j, i)})
    exact = Ball(contract(S.high, D) + contract(S.low, D), weigh(S.radius, D))
    return Direction(f"x{i}_{j}", D, exact)


def _component(
    direction: Direction, G: Array, reference: Reference, tolerances: Array
) -> Component:
    contracted = contract(G, direction.D)
    exact = direction.derivative
    tolerance = weigh(tolerances, direction.D)
    scale = gradient_norm(reference) * norm(direction.D)
    digits = decimal(exact.mid, scale)
    return Component(
        direction.name,
        number(to_float(contracted)),
        digits,
        math.nextafter(float(exact.radius + abs(exact.mid - Fraction(digits))), math.inf),
        number(to_float(abs(contracted - exact.mid))),
        min(to_float(tolerance), sys.float_info.max),
        number(to_float(tolerance + exact.radius) / scale if scale else 0.0),
    )


def _verdict(
    reference: Reference,
    reported: Reported,
    dtype: str,
    outcome: Outcome,
    reason: str,
    convention: Convention | None = None,
    components: list[Component] | None = None,
) -> Verdict:
    return Verdict(
        function=reference.function,
        parameterization=reference.parameterization,
        size=reference.size,
        point=reference.point,
        framework=reported.framework,
        version=reported.version,
        route=reported.route,
        dtype=dtype,
        gradient=rows(reported.gradient),
        convention=convention,
        reads=reported.reads,
        parameters=components or [],
        evidence=reference.evidence,
        verdict=outcome,
        reason=reason,
        mode=reported.mode,
    )
