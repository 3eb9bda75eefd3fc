"""The judgement: a reported gradient against the exact one, at one point.

A gradient agrees if its contraction with every parameter is right *and* its symmetric part is S,
entry by entry: the second also sees the directions that the parameterization does not have.
"""

from __future__ import annotations

import math
from decimal import Context, Decimal
from fractions import Fraction

import numpy as np
from jaxtyping import Float

from court.contraction import contract, exactly, norm, skew_part, symmetric_part, weigh
from court.conventions import find_convention, find_mistake
from court.records import (
    Component,
    Convention,
    Direction,
    Matrix,
    Number,
    Outcome,
    Reference,
    Reported,
    Verdict,
)
from court.tolerance import entry_tolerances, value_tolerance

DIGITS = 40


def judge(reference: Reference, reported: Reported, dtype: str) -> Verdict:
    """The verdict on what one route reported, when asked for the gradient in ``dtype``."""
    if reported.error:
        outcome: Outcome = "refused" if _declined(reported) else "failed"
        return _verdict(reference, reported, dtype, outcome, reported.error)
    if reference.refusal:
        return _verdict(reference, reported, dtype, "refused", reference.refusal)
    complaint = _complaint(reference, reported, dtype)
    if complaint:
        return _verdict(reference, reported, dtype, "disagrees", complaint, "invalid")
    assert reported.gradient is not None
    G = exactly(reported.gradient)
    tolerances = entry_tolerances(reference, skew_part(G), dtype)
    components = [_component(d, G, reference, tolerances) for d in reference.directions]
    if _vacuous(reference, tolerances):
        reason = "vacuous: the tolerance exceeds the gradient, so that no error could be detected"
        return _verdict(reference, reported, dtype, "refused", reason, None, components)
    wrong = (
        _wrong_value(reference, reported, dtype)
        or _wrong_component(components)
        or _wrong_entry(reference, G, tolerances)
    )
    if wrong:
        wrong = "; ".join(filter(None, [wrong, find_mistake(G, reference, tolerances)]))
        return _verdict(reference, reported, dtype, "disagrees", wrong, "invalid", components)
    convention = find_convention(G, reference, tolerances)
    return _verdict(reference, reported, dtype, "agrees", "", convention, components)


def _declined(reported: Reported) -> bool:
    """Whether the framework itself says that it has no such gradient."""
    return reported.error.startswith("NotImplementedError")


def _complaint(reference: Reference, reported: Reported, dtype: str) -> str:
    """What is wrong with the report before its numbers are compared."""
    G, n = reported.gradient, reference.size
    if G is None or G.shape != (n, n):
        shape = "nothing" if G is None else "×".join(map(str, G.shape))
        return f"the gradient has the shape {shape}, X is {n}×{n}"
    if reported.dtype != dtype:
        return f"the gradient came back in {reported.dtype}, {dtype} was asked for"
    for i, j in np.argwhere(~np.isfinite(G)):
        return f"entry ({i}, {j}) of the gradient is {G[i, j]}, exactly it is finite"
    if not math.isfinite(reported.value):
        return f"the value is {reported.value}, exactly it is finite"
    return ""


def _component(
    direction: Direction, G: Matrix, reference: Reference, tolerances: Float[np.ndarray, "n n"]
) -> Component:
    contracted = contract(G, direction.D)
    exact = direction.derivative
    tolerance = weigh(lambda i, j: Fraction(float(tolerances[i, j])), direction.D)
    scale = _size(reference) * norm(direction.D)
    digits = _decimal(exact.mid, scale)
    return Component(
        direction.name,
        number(float(contracted)),
        digits,
        math.nextafter(float(exact.radius + abs(exact.mid - Fraction(digits))), math.inf),
        number(float(abs(contracted - exact.mid))),
        float(tolerance),
        number(float(tolerance + exact.radius) / scale if scale else 0.0),
    )


def _decimal(x: Fraction, scale: float) -> Decimal:
    """x to 40 digits of the larger of itself and ``scale``: an enclosed zero prints as zero."""
    context = Context(prec=DIGITS)
    rounded = context.divide(Decimal(x.numerator), Decimal(x.denominator))
    if scale and abs(rounded) < Decimal(scale) * Decimal(10) ** -DIGITS:
        return Decimal(0)
    return rounded


def _size(reference: Reference) -> float:
    return norm(tuple(tuple(entry.mid for entry in row) for row in reference.S))


def _vacuous(reference: Reference, tolerances: Float[np.ndarray, "n n"]) -> bool:
    largest = float(np.max(tolerances))
    return largest > 0 and largest >= _size(reference)


def _wrong_value(reference: Reference, reported: Reported, dtype: str) -> str:
    assert reference.value is not None
    error = abs(Fraction(reported.value) - reference.value.mid)
    tolerance = value_tolerance(reference, dtype)
    if error <= tolerance:
        return ""
    exact = float(reference.value.mid)
    return f"the value is {reported.value!r}, exactly {exact!r}: off by more than {tolerance:.2g}"


def _wrong_component(components: list[Component]) -> str:
    for c in components:
        if float(c.error) > c.tolerance:
            return (
                f"the contraction with ∂X/∂{c.name} is {float(c.contracted)!r}, "
                f"exactly {float(c.exact)!r}: off by {float(c.error):.2g}, "
                f"tolerance {c.tolerance:.2g}"
            )
    return ""


def _wrong_entry(reference: Reference, G: Matrix, tolerances: Float[np.ndarray, "n n"]) -> str:
    H = symmetric_part(G)
    for i in range(reference.size):
        for j in range(i + 1):
            exact = reference.S[i][j]
            if abs(H[i][j] - exact.mid) > Fraction(float(tolerances[i, j])):
                return (
                    f"the contractions agree, but in a direction that {reference.parameterization} "
                    f"does not have entry ({i}, {j}) of (G + Gᵀ)/2 is {float(H[i][j])!r}, exactly "
                    f"{float(exact.mid)!r}"
                )
    return ""


def _verdict(
    reference: Reference,
    reported: Reported,
    dtype: str,
    outcome: Outcome,
    reason: str,
    convention: Convention | None = None,
    components: list[Component] | None = None,
) -> Verdict:
    G = reported.gradient
    return Verdict(
        function=reference.function,
        parameterization=reference.parameterization,
        size=reference.size,
        point=reference.point,
        framework=reported.framework,
        version=reported.version,
        route=reported.route,
        dtype=dtype,
        gradient=(
            [[number(float(x)) for x in row] for row in G]
            if G is not None and G.ndim == 2
            else None
        ),
        convention=convention,
        reads=reported.reads,
        parameters=components or [],
        evidence=reference.evidence,
        verdict=outcome,
        reason=reason,
    )


def number(x: float) -> Number:
    """x for JSON: itself if it is finite, else its name."""
    if math.isnan(x):
        return "NaN"
    if math.isinf(x):
        return "Infinity" if x > 0 else "-Infinity"
    return x
