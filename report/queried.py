"""What is differentiated, where that is not f itself: told once, so that it can be computed again.

That is f with a direction E of its Hessian, or with a cotangent W of a matrix F(X).
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from symgrad.court.hearing import Judged
from symgrad.court.scenario import Scenario
from symgrad.court.verdicts import Verdict

SHOWN = 6
"""Matrices up to this size are written out."""
About = tuple[str, str, int]
"""Function, structure and size: what has one direction and one cotangent."""
Queried = dict[About, str]


def about(v: Verdict) -> About:
    """By what it is found what a verdict is about."""
    return v.function, v.parameterization, v.size


def of_all(judged: Iterable[Judged]) -> Queried:
    """What is told of the verdicts of a run, beside f and X."""
    found: dict[About, dict[str, None]] = {}
    for scenario, _, verdict in judged:
        if text := _of(scenario):
            found.setdefault(about(verdict), {})[text] = None
    return {key: "; or ".join(texts) for key, texts in found.items()}


def _of(scenario: Scenario) -> str:
    W = scenario.constants.get("W")
    if isinstance(W, dict):
        W = (np.array(W["real"]) + 1j * np.array(W["imaginary"])).tolist()
    cotangent = scenario.cotangent or (written(W) if W is not None else "")
    return told(scenario.query.direction, cotangent)


def told(direction: Any = (), cotangent: str = "") -> str:
    """What is judged in place of the gradient of f; E (n×n) is given by rows, W as written."""
    parts = []
    if len(direction):
        parts.append(f"the derivative of X ↦ ⟨∇f(X), E⟩, E = {written(direction)}")
    if cotangent:
        parts.append(f"f(X) = ⟨W, F(X)⟩, W = {cotangent}")
    return ", ".join(parts)


def written(M: Any) -> str:
    """A matrix by rows, as the options take it: ``1 2; 2 3``; of a larger one its shape."""
    array = np.array(M)
    if array.ndim > 2 or max(array.shape, default=0) > SHOWN:
        return f"an array {'×'.join(map(str, array.shape))}"
    rows = array.tolist() if array.ndim == 2 else [np.atleast_1d(array).tolist()]
    return "; ".join(" ".join(map(_number, row)) for row in rows)


def _number(x: Any) -> str:
    """An entry with all its digits."""
    if isinstance(x, complex):
        imaginary = _number(x.imag)
        sign = "" if imaginary.startswith("-") else "+"
        return _number(x.real) + (f"{sign}{imaginary}i" if x.imag else "")
    return f"{int(x)}" if float(x).is_integer() and abs(x) < 2**53 else repr(x)
