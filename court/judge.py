"""The judgement: a reported gradient against the exact one, at one point.

A gradient agrees if its contraction with every parameter is right *and* its symmetric part is S,
entry by entry: the second also sees the directions that the parameterization does not have.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Sequence
from decimal import Context, Decimal
from fractions import Fraction
from typing import cast

import numpy as np
from jaxtyping import Inexact
from msgspec import structs

from court.contraction import (
    Array,
    as_blocks,
    contract,
    norm,
    skew_part,
    symmetric_error,
    to_float,
    weigh,
)
from court.conventions import find_convention, find_mistake
from court.gauge import FLIPPED
from court.records import (
    Ball,
    Component,
    Conjugation,
    Convention,
    Direction,
    Enclosure,
    Number,
    Outcome,
    Reference,
    Reported,
    Rows,
    Verdict,
)
from court.subdifferential import describe_subgradient
from court.tolerance import (
    entry_tolerances,
    gradient_norm,
    perturbation,
    unit_roundoff,
    value_tolerance,
)
from court.tolerance import norm as norm_of

DIGITS = 40


WORST_FIRST: tuple[Outcome, ...] = ("disagrees", "failed", "refused", "agrees")


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
    return structs.replace(verdict, gradient=_rows(G), conjugation=conjugation)


def _distance(verdict: Verdict) -> float:
    """The largest error for its tolerance: the reading nearest to S tells what is wrong."""
    ratios = [float(c.error) / (c.tolerance or math.ulp(0.0)) for c in verdict.parameters]
    return max(ratios, default=math.inf)


def _judge(reference: Reference, reported: Reported, dtype: str) -> Verdict:
    """The same for a real gradient, and for a complex one that is given by its real blocks."""
    if reported.error and (reported.worker_died or not reference.refusal):
        outcome: Outcome = "refused" if reported.declined else "failed"
        return _verdict(reference, reported, dtype, outcome, reported.error)
    if reference.refusal:
        reason = "; ".join(filter(None, [reference.refusal, _subgradient(reference, reported)]))
        return _verdict(reference, reported, dtype, "refused", reason)
    malformed = _malformed(reference, reported, dtype)
    if malformed:
        return _verdict(reference, reported, dtype, "disagrees", malformed, "invalid")
    G, S = reported.gradient, reference.S
    assert G is not None
    assert S is not None
    doubt = _doubt(reference, G, dtype)
    infinite = "" if doubt else _infinite(reported)
    if infinite:
        return _verdict(reference, reported, dtype, "disagrees", infinite, "invalid")
    if not np.all(np.isfinite(G)):
        return _verdict(reference, reported, dtype, "refused", doubt)
    blocks = 2 if reference.hermitian else 1
    tolerances = entry_tolerances(reference, skew_part(G), dtype)
    if not np.all(np.isfinite(tolerances)):
        return _verdict(reference, reported, dtype, "refused", HIDDEN)
    directions = reference.directions or (_worst_direction(G, S, tolerances),)
    components = [_component(d, G, reference, tolerances) for d in directions]
    if doubt:
        return _verdict(reference, reported, dtype, "refused", doubt, None, components)
    wrong = [
        _wrong_value(reference, reported, dtype),
        _wrong_component(components, directions, gradient_norm(reference))
        or _wrong_entry(reference, G, tolerances),
    ]
    if any(wrong) and reference.may_flip and _is_of_negative(reference, reported, dtype):
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


def _is_of_negative(reference: Reference, reported: Reported, dtype: str) -> bool:
    """Whether the report, with its sign turned, agrees."""
    assert reported.gradient is not None
    turned = structs.replace(reported, value=-reported.value, gradient=-reported.gradient)
    verdict = _judge(structs.replace(reference, may_flip=False), turned, dtype)
    return verdict.verdict == "agrees"


HIDDEN = "vacuous: the skew part of G hides an error as large as the gradient itself"


WIDER = {
    "float32": ("float64",),
    "float16": ("float32", "float64"),
    "bfloat16": ("float32", "float64"),
    "complex64": ("complex128",),
}
"""Dtypes that hold all numbers of another: a gradient that comes back in one is judged as it is."""


SMALLEST = {
    "float64": 2.0**-1022,
    "float32": 2.0**-126,
    "float16": 2.0**-14,
    "bfloat16": 2.0**-126,
    "complex128": 2.0**-1022,
    "complex64": 2.0**-126,
}
"""The smallest normal number of each dtype; some frameworks take what is smaller for zero."""
RELIABLE = 0.25
"""Largest δ·‖∂S/∂X‖/‖S‖ at which the expansion behind the tolerance is trusted."""
GROSS = 1e6
"""An error this many times the largest tolerance is beyond doubt all the same."""
LARGE = 100
"""Rows from which on a matrix is not taken apart."""
SHARP = 0.5
"""Largest radius of an enclosure, as a fraction of the tolerance, with which one can judge."""


def _doubt(reference: Reference, G: Array, dtype: str) -> str:
    """Why the numbers of a report cannot be judged; nothing if they can."""
    assert reference.S is not None
    size, least = gradient_norm(reference), SMALLEST[dtype]
    entries = np.abs(reference.X[reference.X != 0])
    change = norm_of(reference.X) * size
    if 0 < size < least or 0 < change < least or np.any(entries < least):
        return f"out of range: X, the gradient or the change of f underflows in {dtype}"
    if perturbation(reference, dtype) <= RELIABLE * size:
        return "" if _is_sharp(reference, dtype) else "vacuous: what is true is enclosed too widely"
    error = np.abs(symmetric_error(G, reference.S)) if np.all(np.isfinite(G)) else np.zeros(1)
    if np.max(error) > GROSS * np.max(entry_tolerances(reference, None, dtype)):
        return ""
    return "vacuous: rounding X alone may change the gradient by a quarter of itself or more"


def _is_sharp(reference: Reference, dtype: str) -> bool:
    """Whether the enclosures are narrow beside the tolerances, as Arb's always are."""
    assert reference.S is not None
    assert reference.value is not None
    entries = reference.S.radius <= SHARP * entry_tolerances(reference, None, dtype)
    value = float(reference.value.radius) <= SHARP * value_tolerance(reference, dtype)
    return bool(np.all(entries)) and value


def _subgradient(reference: Reference, reported: Reported) -> str:
    """At a repeated eigenvalue: whether G is a subgradient, where the notion applies."""
    malformed = _malformed(reference, reported, reported.dtype)
    if reference.cluster is None or malformed or _infinite(reported):
        return ""
    assert reported.gradient is not None
    return describe_subgradient(
        reported.gradient, reference.X, reference.cluster, unit_roundoff(reported.dtype)
    )


def _malformed(reference: Reference, reported: Reported, dtype: str) -> str:
    """What is wrong with the report before its numbers are looked at."""
    G, n = reported.gradient, len(reference.X)
    if G is None or G.shape != (n, n):
        blocks = n // reference.size
        shape = "nothing" if G is None else "×".join(str(d // blocks) for d in G.shape)
        return f"the gradient has the shape {shape}, X is {n // blocks}×{n // blocks}"
    if reported.dtype != dtype and reported.dtype not in WIDER.get(dtype, ()):
        return f"the gradient came back in {reported.dtype}, {dtype} was asked for"
    return ""


def _infinite(reported: Reported) -> str:
    """Which number of the report is NaN or infinite, where the true one is not."""
    assert reported.gradient is not None
    for i, j in np.argwhere(~np.isfinite(reported.gradient)):
        return (
            f"entry ({i}, {j}) of the gradient is {reported.gradient[i, j]}, exactly it is finite"
        )
    if not math.isfinite(reported.value):
        return f"the value is {reported.value}, exactly it is finite"
    return ""


def _worst_direction(G: Array, S: Enclosure, tolerances: Array) -> Direction:
    """Of all n(n+1)/2 symmetric directions the one in which G is furthest off for its tolerance.

    It stands for them all where no parameters are listed, under the name that it has among them.
    """
    ratio = np.abs(symmetric_error(G, S)) / tolerances
    i, j = sorted(int(k) for k in np.unravel_index(np.argmax(ratio), ratio.shape))
    D = tuple((a, b, Fraction(1)) for a, b in {(i, j), (j, i)})
    mid = sum((Fraction(float(x[a, b])) for x in (S.high, S.low) for a, b, _ in D), Fraction(0))
    return Direction(f"x{i}_{j}", D, Ball(mid, weigh(S.radius, D)))


def _component(
    direction: Direction, G: Array, reference: Reference, tolerances: Array
) -> Component:
    contracted = contract(G, direction.D)
    exact = direction.derivative
    tolerance = weigh(tolerances, direction.D)
    scale = gradient_norm(reference) * norm(direction.D)
    digits = _decimal(exact.mid, scale)
    return Component(
        direction.name,
        number(to_float(contracted)),
        digits,
        math.nextafter(float(exact.radius + abs(exact.mid - Fraction(digits))), math.inf),
        number(to_float(abs(contracted - exact.mid))),
        min(to_float(tolerance), sys.float_info.max),
        number(to_float(tolerance + exact.radius) / scale if scale else 0.0),
    )


def _decimal(x: Fraction, scale: float) -> Decimal:
    """x to 40 digits of the larger of itself and ``scale``: an enclosed zero prints as zero."""
    context = Context(prec=DIGITS)
    rounded = context.divide(Decimal(x.numerator), Decimal(x.denominator))
    if scale and abs(rounded) < Decimal(scale) * Decimal(10) ** -DIGITS:
        return Decimal(0)
    return rounded


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
            f"digits are lost, {times:.2g} times what a backward stable algorithm would lose "
            f"(off by {error:.2g}, tolerance {tolerance:.2g})"
        )
    return f"off by {error:.2g}, tolerance {tolerance:.2g}"


def _wrong_value(reference: Reference, reported: Reported, dtype: str) -> str:
    assert reference.value is not None
    error = abs(Fraction(reported.value) - reference.value.mid) + reference.value.radius
    tolerance = value_tolerance(reference, dtype)
    if error <= tolerance:
        return ""
    exact = float(reference.value.mid)
    off = _off(to_float(error), tolerance, abs(exact))
    return f"the value is {reported.value!r}, exactly {exact!r}: {off}"


def _wrong_component(
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


def _wrong_entry(reference: Reference, G: Array, tolerances: Array) -> str:
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
        gradient=_rows(reported.gradient),
        convention=convention,
        reads=reported.reads,
        parameters=components or [],
        evidence=reference.evidence,
        verdict=outcome,
        reason=reason,
        mode=reported.mode,
    )


def _rows(G: Inexact[np.ndarray, "n n"] | None) -> Rows | None:
    """G for the report; a complex entry is a pair.

    A large one stays an array, of a fifth of the size, until it is written.
    """
    if G is None or G.ndim != 2:
        return None
    if np.iscomplexobj(G):
        return [[(number(float(x.real)), number(float(x.imag))) for x in row] for row in G]
    if len(G) > LARGE and np.all(np.isfinite(G)):
        return cast(Rows, G)
    return [[number(float(x)) for x in row] for row in G]


def number(x: float) -> Number:
    """x for JSON: itself if it is finite, else its name."""
    if math.isnan(x):
        return "NaN"
    if math.isinf(x):
        return "Infinity" if x > 0 else "-Infinity"
    return x
