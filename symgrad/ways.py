"""In which ways a gradient, or a Hessian, is asked; and what they come to beside each other."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

import numpy as np
from jaxtyping import Inexact
from msgspec import structs

from symgrad.court.errors import InputError
from symgrad.court.questions import GRADIENT, TWICE, Mode, Query
from symgrad.court.reasons import say
from symgrad.court.verdicts import RIGHT
from symgrad.report.here import WORSE, Report
from symgrad.symbolic import queries
from symgrad.traced import ways_twice


def asked_of(
    who: str,
    batch: Inexact[np.ndarray, "*batch n n"],
    order: int,
    direction: Any,
    mode: Mode | Literal["both"],
) -> tuple[Query, list[Mode]]:
    """What is asked of an f at these matrices, and in which modes.

    Raises:
        InputError: there is no such order, or the direction is not one.
    """
    if order == 1:
        if direction is not None or mode in TWICE:
            raise InputError("a direction and a mode of a Hessian are for order=2; give that too")
        return GRADIENT, ["reverse", "forward"] if mode == "both" else [mode]
    if order != 2:
        raise InputError(f"order is {order!r}; the gradient is 1, the Hessian 2")
    n = batch.shape[-1]
    E = queries.direction(n) if direction is None else queries.read_direction(direction, n)
    every = ways_twice(who)
    if np.iscomplexobj(batch):  # the Hessian as a whole is a function of frameworks for real ones
        every = [way for way in every if way != "hessian"]
    ways = [mode] if mode in TWICE else every
    if not ways:
        raise InputError(f"{who} differentiates once; leave order out")
    return Query(operator="hvp", direction=E), ways


def worst_of(ways: Sequence[Report]) -> Report:
    """The report with the worst verdict, the first of several."""
    return max(ways, key=lambda report: WORSE.index(report.verdict))


def beside_each_other(ways: Sequence[Report]) -> Report:
    """The worst of several ways to differentiate twice, with which of them agree.

    Those in which the framework has no rule are told, and judged only where it has none in any.
    """
    has = [report for report in ways if not report.record.is_said("declined")]
    worst = worst_of(has or ways)
    right = [report.record.mode for report in has if report.verdict in RIGHT]
    told = ""
    if right and worst.verdict not in RIGHT:
        told = f"so it is by {worst.record.mode}; it agrees by {', '.join(right)}"
    elif len(right) > 1:
        told = f"{', '.join(right)} agree with the exact Hessian, and so with each other"
    notes = (*say("note", told), *say("note", _lacking(ways) if has else ""))
    if not notes:
        return worst
    return structs.replace(worst, record=worst.record.saying(*worst.record.reasons, *notes))


def _lacking(ways: Sequence[Report]) -> str:
    """In which ways the framework has no rule, and why, by the reasons that it gives."""
    who, why = ways[0].record.framework, dict[str, list[str]]()
    for report in ways:
        if report.record.is_said("declined"):
            why.setdefault(report.reason, []).append(report.record.mode)
    told = (f"{who} has no rule for {', '.join(modes)}: {reason}" for reason, modes in why.items())
    return "; ".join(told)
