"""Whether the record still holds: recorded answers beside today's verdicts and today's answers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

import numpy as np
from jaxtyping import Float
from msgspec import Meta, Struct

from symgrad.court.former.recorded import Recalled, Record, recall
from symgrad.court.hearing import Hearing
from symgrad.court.judging.contraction import skew_part
from symgrad.court.judging.tolerance import entry_tolerances, value_tolerance
from symgrad.court.questions import Reported
from symgrad.court.references import Reference
from symgrad.court.verdicts import Verdict

Array = Float[np.ndarray, "n n"]

TWICE_DOUBLED = 4
"""Two answers are each within the tolerance of the truth, of entries that may be doubled."""


class Check(Struct, frozen=True):
    """What came of holding the record against today."""

    judged: Annotated[int, Meta(description="recorded answers that the court judged anew")]
    repeated: Annotated[int, Meta(description="of these, asked again in this run")]
    gradients: Annotated[int, Meta(description="of these, with a gradient")]
    identical: Annotated[int, Meta(description="of these, equal to the last bit")]
    differences: Annotated[list[str], Meta(description="what is not as it was, a line each")]

    @property
    def holds(self) -> bool:
        """Whether nothing is otherwise than recorded."""
        return not self.differences


def check(hearing: Hearing, record: Record, wanted: Sequence[str]) -> Check:
    """The record of the wanted versions against this run."""
    recalled = {
        (r.former.framework, r.case, r.answer.route): r
        for r in recall(hearing, record)
        if r.former.framework in wanted
    }
    measured = {
        (r.framework, r.problem, r.route): (r, verdict)
        for _, r, verdict in hearing.judged
        if r and r.framework in wanted and record.get(r.framework) and hearing.heard(r.framework)
    }
    again = [(r, *measured[key]) for key, r in recalled.items() if key in measured]
    with_gradient = [
        then.verdict.gradient == verdict.gradient
        for then, _, verdict in again
        if verdict.gradient is not None
    ]
    differences = [line for r in recalled.values() for line in _otherwise_judged(r)]
    for then, now, verdict in again:
        differences += _otherwise_answered(hearing.references[then.case], then, now, verdict)
    differences += [
        f"{_where(r.verdict)}: recorded, and not answered now"
        for key, r in recalled.items()
        if hearing.heard(r.former.framework) and key not in measured
    ]
    differences += [
        f"{_where(verdict)}: answered now, and not on record"
        for key, (_, verdict) in measured.items()
        if key not in recalled
    ]
    differences += _unasked(hearing, record, wanted, len(recalled))
    counts = (len(recalled), len(again), len(with_gradient), sum(with_gradient))
    return Check(*counts, differences)


def _otherwise_judged(r: Recalled) -> list[str]:
    """What the court of today says of a recorded answer, if it said something else then."""
    then, now = (r.answer.verdict, r.answer.convention), (r.verdict.verdict, r.verdict.convention)
    if then == now:
        return []
    return [
        f"{_where(r.verdict)}: the recorded answer is judged {_told(*now)} today and was "
        f"{_told(*then)}; {r.verdict.reason}".rstrip("; ")
    ]


def _otherwise_answered(
    reference: Reference, then: Recalled, now: Reported, verdict: Verdict
) -> list[str]:
    """What is answered otherwise today."""
    old = (then.verdict.verdict, then.verdict.convention)
    new = (verdict.verdict, verdict.convention)
    if old != new:
        return [f"{_where(then.verdict)}: recorded {_told(*old)}, measured {_told(*new)}"]
    if then.answer.reads != now.reads:
        return [f"{_where(then.verdict)}: recorded reads {then.answer.reads}, measured {now.reads}"]
    if reference.value is None or then.answer.gradient is None or now.gradient is None:
        return []  # where f has no derivative there is no tolerance either
    G, H = np.array(then.answer.gradient, dtype=np.float64), np.asarray(now.gradient)
    by_chance = then.answer.again is not None or now.again is not None
    off = "" if by_chance else _apart(reference, G, H, verdict.dtype)
    if off:
        return [f"{_where(then.verdict)}: {off}"]
    if abs(float(then.answer.value) - now.value) > 2 * value_tolerance(reference, verdict.dtype):
        return [
            f"{_where(then.verdict)}: recorded value {then.answer.value!r}, measured {now.value!r}"
        ]
    return []


def _apart(reference: Reference, G: Array, H: Array, dtype: str) -> str:
    """Where two gradients differ by more than rounding explains; nothing if they do not."""
    if G.shape != H.shape:
        return f"recorded a gradient of shape {G.shape}, measured {H.shape}"
    if np.array_equal(G, H, equal_nan=True):
        return ""
    near = np.abs(G - H) <= TWICE_DOUBLED * entry_tolerances(reference, skew_part(G), dtype)
    for i, j in np.argwhere(~near):
        return f"entry ({i}, {j}) recorded {G[i, j]!r}, measured {H[i, j]!r}"
    return ""


def _unasked(hearing: Hearing, record: Record, wanted: Sequence[str], recalled: int) -> list[str]:
    """Whether recorded answers are to no question of this run; ``recalled`` are to one."""
    count = sum(len(f.answers) for f in record.versions if f.framework in wanted) - recalled
    if not count or len(hearing.references) < len(hearing.scenarios):
        return []
    return [f"{count} recorded answers are to questions that are not asked any more"]


def _where(verdict: Verdict) -> str:
    n = verdict.size
    return f"{verdict.framework}, {verdict.function} ({n}×{n}), {verdict.route}"


def _told(outcome: str, convention: str | None) -> str:
    return f"{outcome} ({convention})" if convention else outcome
