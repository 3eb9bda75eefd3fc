"""Numbers as they are written: decimals for what is exact, and names for what JSON lacks."""

from __future__ import annotations

import math
from decimal import Context, Decimal
from fractions import Fraction
from typing import cast

import numpy as np
from jaxtyping import Inexact

from symgrad.court.verdicts import Number, Rows

DIGITS = 40
LARGE = 100
"""Rows from which on a matrix is not taken apart."""


def decimal(x: Fraction, scale: float) -> Decimal:
    """x to 40 digits of the larger of itself and ``scale``: an enclosed zero prints as zero."""
    context = Context(prec=DIGITS)
    rounded = context.divide(Decimal(x.numerator), Decimal(x.denominator))
    if scale and abs(rounded) < Decimal(scale) * Decimal(10) ** -DIGITS:
        return Decimal(0)
    return rounded


def rows(G: Inexact[np.ndarray, "n n"] | None) -> Rows | None:
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
    if x == math.inf:
        return "Infinity"
    return "-Infinity" if x == -math.inf else x
