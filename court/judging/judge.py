"""The judgement: a reported gradient against the exact one, at one point.

A gradient agrees if its contraction with every parameter is right *and* its symmetric part is S,
entry by entry: the second also sees the directions that the parameterization does not have.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Callable, Sequence
from fractions import Fraction
from typing import NamedTuple

import numpy as np
from jaxtyping import Inexact
from msgspec import structs

from symgrad.court.formats import unit_roundoff
from symgrad.court.judging import admission, objections, scatter
from symgrad.court.judging.contraction import (
    Array,
    as_blocks,
    contract,
    norm,
    skew_part,
    symmetric_error,
    to_float,
    weigh,
)
from symgrad.court.judging.conventions import find_convention, find_mistake
from symgrad.court.judging.gauge import FLIPPED
from symgrad.court.judging.notation import decimal, number, rows
from symgrad.court.judging.subdifferential import describe_subgradient
from symgrad.court.judging.tolerance import (
    entry_tolerances,
    gradient_norm,
    value_tolerance,
)
from symgrad.court.questions import TWICE, Mode, Reported
from symgrad.court.reasons import Reason, say, told
from symgrad.court.references import Ball, Direction, Enclosure, Reference
from symgrad.court.verdicts import RIGHT, Component, Conjugation, Convention, Outcome, Verdict

Complex = Inexact[np.ndarray, "n n"]

BY_DIRECTIONS: tuple[Mode, ...] = ("forward", "forward over forward")
"""Modes in which a gradient is put together from its slopes along symmetric directions."""
WORST_FIRST: tuple[Outcome, ...] = ("disagrees", "failed", "refused", "inaccurate", "agrees")
HIDDEN = "vacuous: the skew part of G hides an error as large as the gradient itself"


class Matter(NamedTuple):
    """What is judged: what is true at X, what a route said, and what is true near X.

    ``dtype`` is the one that was asked for.
    """

    reference: Reference
    reported: Reported
    dtype: str
    near: Sequence[Reference | None]

    def verdict(
        self,
        outcome: Outcome,
        reasons: Sequence[Reason],
        convention: Convention | None = None,
        components: Sequence[Component] = (),
        digits: int | None = None,
    ) -> Verdict:
        """The verdict, with all that it is about."""
        reference, reported = self.reference, self.reported
        return Verdict(
            function=reference.function,
            parameterization=reference.parameterization,
            size=reference.size,
            point=reference.point,
            framework=reported.framework,
            version=reported.version,
            route=reported.route,
            dtype=self.dtype,
            gradient=rows(reported.gradient),
            convention=convention,
            reads=reported.reads,
            parameters=list(components),
            evidence=reference.evidence,
            verdict=outcome,
            reason=told(reasons),
            mode=reported.mode,
            digits=digits,
            reasons=list(reasons),
        )


def judge(
    reference: Reference, reported: Reported, dtype: str, near: Sequence[Reference | None] = ()
) -> Verdict:
    """The verdict on what one route reported, when asked for the gradient in ``dtype``.

    ``near`` is what is true at the nearby matrices at which the route was asked too; without it an
    error beyond the tolerance always disagrees.
    Of two different answers to the same question it is the verdict on the worse one.
    """
    if reported.mode in TWICE:
        reported = _of_order_two(reference, reported, near)
    verdict = _judge_one(Matter(reference, reported, dtype, near))
    if reported.again is None:
        return verdict
    again = structs.replace(reported.again, nearby=reported.nearby)
    both = (verdict, _judge_one(Matter(reference, again, dtype, near)))
    worse = min(both, key=lambda v: WORST_FIRST.index(v.verdict))
    said = f"asked twice, it answered differently ({both[0].verdict}, then {both[1].verdict})"
    return worse.saying(Reason("asked twice", said), *worse.reasons)


def _of_order_two(
    reference: Reference, reported: Reported, near: Sequence[Reference | None]
) -> Reported:
    """The report without ⟨∇f, E⟩, which a Hessian is not asked for: the true one stands for it."""

    def true(there: Reference | None, value: float) -> float:
        return to_float(there.value.mid) if there is not None and there.value else value

    nearby = tuple(
        said and structs.replace(said, value=true(there, said.value))
        for there, said in zip(near, reported.nearby, strict=False)
    )
    return structs.replace(reported, value=true(reference, reported.value), nearby=nearby)


def _judge_one(matter: Matter) -> Verdict:
    G = matter.reported.gradient
    if matter.reference.hermitian and G is not None and G.ndim == 2:
        return _judge_complex(matter, G)
    return _judge(matter)


WRITTEN: dict[Conjugation, Callable[[Complex], Complex]] = {
    "∂Re + i∂Im": np.asarray,
    "∂Re − i∂Im": np.conj,
}
"""The two ways in which a complex gradient may be written, with what makes it the first."""


def _judge_complex(matter: Matter, G: Complex) -> Verdict:
    """The verdict on a complex gradient G, which may be written as itself or as its conjugate."""
    readings = {
        name: _judge(matter._replace(reported=_in_blocks(matter.reported, G, read)))
        for name, read in WRITTEN.items()
    }
    right = [k for outcome in RIGHT for k in readings if readings[k].verdict == outcome]
    verdict = readings[right[0] if right else min(readings, key=lambda k: _distance(readings[k]))]
    conjugation: Conjugation | None = "real" if len(right) == 2 else right[0] if right else None
    return structs.replace(verdict, gradient=rows(G), conjugation=conjugation)


def _in_blocks(reported: Reported, G: Complex, read: Callable[[Complex], Complex]) -> Reported:
    """The report with its gradient G, and those near X, given by their real blocks."""
    nearby = tuple(
        said and structs.replace(said, gradient=as_blocks(read(said.gradient)))
        for said in reported.nearby
    )
    return structs.replace(reported, gradient=as_blocks(read(G)), nearby=nearby)


def _distance(verdict: Verdict) -> float:
    """The largest error for its tolerance: the reading nearest to S tells what is wrong."""
    ratios = [float(c.error) / c.tolerance for c in verdict.parameters]
    return max(ratios, default=math.inf)


def _judge(matter: Matter) -> Verdict:
    """The same for a real gradient, and for a complex one that is given by its real blocks."""
    reference, reported, dtype, _ = matter
    if reported.error and (reported.worker_died or not reference.refusal):
        declined = say("declined", reported.error)
        failed = say("raised", reported.error)
        return matter.verdict(*("refused", declined) if reported.declined else ("failed", failed))
    if reference.refusal:
        subgradient = say("subgradient", _subgradient(reference, reported))
        return matter.verdict("refused", (*say("no derivative", reference.refusal), *subgradient))
    unfit = say("malformed", admission.malformed(reference, reported, dtype))
    if unfit:
        return matter.verdict("disagrees", unfit, "invalid")
    G = reported.gradient
    assert G is not None
    doubt = say("out of range", admission.out_of_range(reference, dtype))
    doubt = doubt or say("vacuous", admission.doubt(reference, G, dtype))
    infinite = say("not finite", admission.infinite(reported, reference.size))
    if infinite:
        if doubt:  # a matrix as near as rounding may have no derivative; NaN is said all the same
            return matter.verdict("refused", (*doubt, *infinite))
        return matter.verdict("disagrees", infinite, "invalid")
    tolerances = entry_tolerances(reference, skew_part(G), dtype)
    if reported.half_units is not None:
        tolerances = tolerances + (reported.half_units + reported.half_units.T) / 2
    if not np.all(np.isfinite(tolerances)):
        return matter.verdict("refused", say("vacuous", HIDDEN))
    verdict = _compare(matter, G, tolerances, doubt)
    return verdict if doubt else structs.replace(verdict, value=_of_value(matter))


def _compare(matter: Matter, G: Array, tolerances: Array, doubt: Sequence[Reason]) -> Verdict:
    """The verdict on a finite G (n×n) with these tolerances of its entries, unless in doubt."""
    reference, reported, dtype, near = matter
    assert reference.S is not None
    directions = reference.directions or (_worst_direction(G, reference.S, tolerances),)
    size = gradient_norm(reference)
    components = [_component(d, G, size, tolerances) for d in directions]
    if doubt:
        return matter.verdict("refused", doubt, None, components)
    value = objections.wrong_value(reference, reported, dtype)
    gradient = objections.wrong_component(components, directions, size, reported)
    gradient = gradient or objections.wrong_entry(reference, G, tolerances, reported)
    off = tuple(filter(None, (value, gradient)))
    if value and objections.is_turned(reference, reported, dtype):
        return matter.verdict("refused", say("turned", FLIPPED), None, components)
    found = scatter.RIGHT
    if off:
        excess = _excess(matter, G, tolerances, components)
        found = scatter.examine(
            reference, reported, near, dtype, excess[0] * bool(value), excess[1] * bool(gradient)
        )
    if found.verdict == "disagrees":
        mistake = say("mistake", find_mistake(G, reference.S, tolerances, reference.blocks))
        return matter.verdict("disagrees", (*off, *found.said, *mistake), "invalid", components)
    if found.verdict == "inaccurate":
        wide = tolerances + scatter.WIDE * np.max(np.abs(symmetric_error(G, reference.S)))
        convention = _convention(matter, G, wide)
        said = (*found.said, *off)
        return matter.verdict("inaccurate", said, convention, components, found.digits)
    if np.max(tolerances) > size > 0:
        return matter.verdict("refused", say("vacuous", HIDDEN), None, components)
    is_printed = reported.half_units is not None  # with mistakes that are printed alike
    blind = "" if is_printed else admission.blind(reference, G, tolerances, dtype)
    if blind:
        return matter.verdict("refused", say("vacuous", blind), None, components)
    own = (dtype, *(("float32", "complex64") if reported.products else ()))
    widened = "" if reported.dtype in own else f"the gradient came back in {reported.dtype}"
    coarse = admission.coarse(reference, tolerances, dtype)
    notes = (x for text in (reference.note, widened, coarse) for x in say("note", text))
    convention = _convention(matter, G, tolerances)
    return matter.verdict("agrees", (*notes, *found.said), convention, components)


def _of_value(matter: Matter) -> Outcome | None:
    """The verdict on f(X) alone; a Hessian is not asked for it."""
    reference, reported, dtype, _ = matter
    if reported.mode in TWICE:
        return None
    wrong = objections.wrong_value(reference, reported, dtype)
    if wrong is None:
        return "agrees"
    if objections.is_turned(reference, reported, dtype):
        return "refused"
    return "inaccurate" if wrong.lost else "disagrees"


def _excess(
    matter: Matter, G: Array, tolerances: Array, components: Sequence[Component]
) -> tuple[float, float]:
    """How many times their tolerances the errors of the value and of the gradient are."""
    reference, reported, dtype, _ = matter
    assert reference.S is not None
    assert reference.value is not None
    value = abs(Fraction(reported.value) - reference.value.mid)
    with np.errstate(over="ignore"):  # what is too large is infinite
        entries = float(np.max(np.abs(symmetric_error(G, reference.S)) / tolerances))
    along = [float(c.error) / c.tolerance for c in components]
    return to_float(value) / value_tolerance(reference, dtype), max([entries, *along])


def _convention(matter: Matter, G: Array, tolerances: Array) -> Convention | None:
    """What a valid G (n×n) is called; one put together by forward mode has no convention.

    Its skew part may be off its representative's by what an iteration leaves where it stops, which
    no processor leaves like another.
    """
    reference = matter.reference
    assert reference.S is not None
    if matter.reported.mode in BY_DIRECTIONS:
        return None
    wide = tolerances * scatter.remainder(reference, matter.dtype)
    return find_convention(G, reference.S, wide, reference.blocks)


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


def _component(direction: Direction, G: Array, size: float, tolerances: Array) -> Component:
    """⟨G, D⟩ beside ⟨S, D⟩; ``size`` is ‖S‖."""
    contracted = contract(G, direction.D)
    exact = direction.derivative
    tolerance = weigh(tolerances, direction.D)
    scale = size * norm(direction.D)
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
