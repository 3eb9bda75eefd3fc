"""Gauge: a sign that X does not determine, as that of an eigenvector, in a function of one's own.

The catalogue says of its functions whether they have one.  Where a user does not, it shows: a route
reports the value that f has with the sign of a root turned, and at another point perhaps f itself.
"""

from __future__ import annotations

from collections.abc import Sequence

from symgrad.court.reasons import Reason
from symgrad.court.verdicts import Verdict

FLIPPED = (
    "gauge: the value is that of f with the sign of a root turned, as if f changed with the sign "
    "of an eigenvector, which X does not determine (say so by gauge = …), or else the route has a "
    "wrong sign"
)
"""Of a route whose value is f's but for a sign."""
UNDETERMINED = "gauge: f has one sign here and the other at another point, by the same route"


def refuse_both_signs(verdicts: Sequence[Verdict]) -> list[Verdict]:
    """The same, but that no route agrees that reports one sign of f here and the other there.

    What another route reports of f says nothing of it.
    """
    flipped = {_route(v) for v in verdicts if v.is_said("turned")}
    return [
        v.saying(Reason("gauge", UNDETERMINED), verdict="refused", convention=None)
        if v.verdict == "agrees" and _route(v) in flipped
        else v
        for v in verdicts
    ]


def _route(verdict: Verdict) -> tuple[str, str, str]:
    return verdict.function, verdict.framework, verdict.route
