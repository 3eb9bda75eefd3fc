"""References at large matrices, n up to 2000: certified in float64 alone.

The theorem is evaluated over :mod:`symgrad.symbolic.algebra.intervals`, whose enclosures are
sharper than a float64 gradient's tolerance by two orders of magnitude or more, and differentiated
once more over :mod:`symgrad.symbolic.algebra.differentials`.  All of it is a number of products of
n×n matrices.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np
from jaxtyping import Float

from symgrad.court.references import Ball, Enclosure, Reference
from symgrad.symbolic.algebra.differentials import Differentials
from symgrad.symbolic.algebra.intervals import IntervalMatrix, Intervals
from symgrad.symbolic.algebra.scalar import NotDifferentiableError
from symgrad.symbolic.catalogue import Instance, MatrixFunction
from symgrad.symbolic.certified.enclosure import precision, to_ball
from symgrad.symbolic.certified.reference import out_of_range
from symgrad.symbolic.float64.scaling import NotCertifiedError, quiet

Array = Float[np.ndarray, "n n"]

BITS = 128
"""Precision of the scalars."""


def certify_large(function: Instance, X: Array) -> Reference:
    """What is true of a function with a float64 route at a symmetric float64 X (n×n).

    No direction is listed: the court judges every entry of (G + Gᵀ)/2, that is, all n(n+1)/2
    symmetric directions.  What cannot be certified, as an eigenvalue that cannot be told apart from
    its neighbours, is refused.

    Raises:
        TypeError, ValueError: X is not a symmetric float64 matrix of finite entries.
    """
    try:
        value, S, sensitivity = _evaluate(function, X)
    except (NotCertifiedError, NotDifferentiableError) as error:
        return refused_at(function, X, str(error))
    enclosed = Enclosure(S.mid, np.zeros_like(S.mid), S.radius)
    strange = out_of_range(X, value, enclosed, sensitivity)
    if strange:
        return refused_at(function, X, strange)
    about = (function.name, "symmetric", dict[str, str](), X)
    return Reference(*about, value, enclosed, (), sensitivity, "certified")


def refused_at(function: Instance, X: Array, why: str) -> Reference:
    """Nothing is true of the derivative at X (n×n), and why."""
    about = (function.name, "symmetric", dict[str, str](), X)
    return Reference(*about, None, None, (), np.zeros((0, 0)), "certified", why)


@quiet
def _evaluate(function: Instance, X: Array) -> tuple[Ball, IntervalMatrix, Array]:
    """f(X), S and ‖∂S_ij/∂X‖ (n×n)."""
    intervals: Any = Intervals(X)
    differentials: Any = Differentials(intervals)
    DOMAINS[function.function.domain](intervals)
    with precision(BITS):
        value = function.value(intervals, intervals.matrix())
        G = function.gradient(intervals, intervals.matrix())
        slopes = function.gradient(differentials, differentials.matrix())
        return to_ball(value), G.symmetric_part(), differentials.sensitivity(slopes)


def _check_positive_definite(intervals: Intervals) -> None:
    found = intervals.spectrum
    if not found.values[0] > found.radii[0]:
        raise NotCertifiedError(
            f"X could not be proved positive definite: its smallest eigenvalue is within "
            f"{found.radii[0]:.1e} of {found.values[0]:.6g}"
        )


DOMAINS: dict[str, Callable[[Intervals], None]] = {
    "symmetric": lambda intervals: None,
    "invertible": lambda intervals: None,  # the inverse, det and |λ| prove it themselves
    "positive definite": _check_positive_definite,
}
"""How X is proved to be in a domain, by its name."""


@cache
def has_float64_route(function: MatrixFunction) -> bool:
    """Whether the theorem is there, and made of what intervals and differentials can do."""
    if function.gradient is None or function.domain not in DOMAINS:
        return False
    first = next(iter(function.instances(2).items()))
    try:
        _evaluate(Instance(first[0], function, 2, first[1]), np.diag([1.0, 2.0]))
    except (AttributeError, TypeError, NotImplementedError, NotCertifiedError):
        return False  # an operation that is not among theirs
    return True
