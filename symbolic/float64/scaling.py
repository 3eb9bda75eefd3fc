"""What the float64 route takes and refuses: exact scaling to the middle of float64's range."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import ParamSpec, TypeVar

import numpy as np
from jaxtyping import Float

from symgrad.symbolic.float64.rounding import MAX_SIZE, UNIT

Array = np.ndarray
P = ParamSpec("P")
T = TypeVar("T")

LARGEST_EXPONENT = 500
"""Bounds above FLOOR in the scale of Y then stay normal numbers when they are scaled back."""


class NotCertifiedError(ValueError):
    """No rigorous bound could be had in float64; the message says of what."""


def quiet(function: Callable[P, T]) -> Callable[P, T]:
    """Overflow and NaN end in a refusal here, so that NumPy need not warn of them as well."""

    @wraps(function)
    def silent(*args: P.args, **kwargs: P.kwargs) -> T:
        with np.errstate(all="ignore"):
            return function(*args, **kwargs)

    return silent


def scaled(X: Float[Array, "n n"]) -> tuple[Float[Array, "n n"], int]:
    """Y and e with X = 2^e·Y exactly, |e| ≤ 500 and largest |Y_ij| in [1/2, 1).

    Raises:
        TypeError: X is no float64 array.
        ValueError: X is not square, finite and symmetric, or n > MAX_SIZE.
        NotCertifiedError: the scaling would overflow or be inexact, or the rounding mode is wrong.
    """
    if not (isinstance(X, np.ndarray) and X.dtype == np.float64):
        kind = X.dtype if isinstance(X, np.ndarray) else type(X).__name__
        raise TypeError(f"X is {kind}: convert it to a float64 array first, if that is exact")
    if X.ndim != 2 or X.shape[0] != X.shape[1] or not 0 < len(X) <= MAX_SIZE:
        raise ValueError(f"X has shape {X.shape}: give n×n numbers, n from 1 to {MAX_SIZE}")
    if not _rounds_to_nearest():
        raise NotCertifiedError("float64 does not round to nearest here: restore the rounding mode")
    X = np.array(X, order="C", subok=False)
    if not bool(np.isfinite(X).all()):
        raise ValueError("X has infinite or NaN entries: give finite ones")
    if not bool((X == X.T).all()):
        raise ValueError("X is not symmetric: give (X + Xᵀ)/2 or copy one triangle")
    e = int(np.frexp(np.abs(X).max())[1])
    if not abs(e) <= LARGEST_EXPONENT:
        raise NotCertifiedError(f"X has largest entry near 2^{e}: scale it to within 2^±500")
    Y = np.ldexp(X, -e)
    if not bool((np.ldexp(Y, e) == X).all()):
        raise NotCertifiedError("the entries of X span more than float64's range: use Arb")
    return Y, e


def _rounds_to_nearest() -> bool:
    """Whether ±1 ± half and three quarters of an ulp go where they should, in this thread."""
    ones = np.array([1.0, -1.0])
    stays, moves = ones + ones * UNIT, ones + ones * (1.5 * UNIT)
    return bool((stays == ones).all() and (moves == ones + ones * (2 * UNIT)).all())


def scaled_back(
    mid: Float[Array, "n n"], radius: Float[Array, "n n"], e: int
) -> tuple[Float[Array, "n n"], Float[Array, "n n"]]:
    """2^e times an enclosure; refused if that overflows, widened for what underflows."""
    mid, radius = np.ldexp(mid, e), np.ldexp(radius, e)
    if not bool(np.isfinite(mid).all() and np.isfinite(radius).all()):
        raise NotCertifiedError("the inverse leaves float64's range: scale X")
    # where the scaling was subnormal, mid and radius may each have lost half of the smallest float
    return mid, np.nextafter(radius, np.inf)


def up(x: float) -> float:
    """Two floats further up: makes up for a subnormal scaling of three numbers."""
    return float(np.nextafter(np.nextafter(x, np.inf), np.inf))
