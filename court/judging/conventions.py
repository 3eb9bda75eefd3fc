"""Conventions: which representative of the symmetric gradient a reported G is.

The valid gradients are S + Skew(n).  Three of them have names of their own; a G that is none of
these, but whose symmetric part is S, is ``unsymmetric``.
"""

from __future__ import annotations

import numpy as np
from jaxtyping import Float

from symgrad.court.references import Enclosure
from symgrad.court.verdicts import Convention

Array = Float[np.ndarray, "n n"]

WEIGHTS: dict[Convention, tuple[int, int]] = {"symmetric": (1, 1), "lower": (2, 0), "upper": (0, 2)}
"""The factor of S_ij below and above the diagonal in each named representative."""

MISTAKES: dict[str, tuple[int, int]] = {
    "it is 2S − diag(S), the spurious form: right as the gradient in the coordinates vech X, to be "
    "paired with vech E, but not as a matrix to be paired with E": (2, 2),
    "it is tril(S): the upper triangle's share is missing": (1, 0),
    "it is triu(S): the lower triangle's share is missing": (0, 1),
    "it is diag(S): the entries off the diagonal are missing": (0, 0),
}
"""Invalid matrices that are made of S all the same, by what to say of them."""


def representative(S: Array, convention: Convention) -> Array:
    """The valid gradient that a convention makes of S: S, 2 tril(S) − diag(S) or its transpose."""
    return np.asarray(S * _weights(len(S), *WEIGHTS[convention]))


def find_convention(G: Array, S: Enclosure, tolerances: Array, blocks: int = 1) -> Convention:
    """The convention of a valid G (n×n): the one representative within the tolerances.

    ``ambiguous`` means that more than one fits, as for a diagonal S.  A complex gradient is given
    by 2×2 ``blocks``, its real and imaginary parts, and its triangles are those of each block.
    """
    fitting = [name for name, pair in WEIGHTS.items() if _fits(G, S, tolerances, blocks, *pair)]
    if not fitting:
        return "unsymmetric"
    return fitting[0] if len(fitting) == 1 else "ambiguous"


def mistakes(S: Array, blocks: int = 1) -> list[tuple[str, Array]]:
    """The known mistakes that can be made of S (n×n), each with what to say of it."""
    return [(said, S * _factors(len(S), blocks, *pair)) for said, pair in MISTAKES.items()]


def find_mistake(G: Array, S: Enclosure, tolerances: Array, blocks: int = 1) -> str:
    """What an invalid G (n×n) is, if it is one of the known mistakes; else nothing."""
    fitting = [said for said, pair in MISTAKES.items() if _fits(G, S, tolerances, blocks, *pair)]
    return fitting[0] if len(fitting) == 1 else ""


def _weights(n: int, below: int, above: int) -> Array:
    ones = np.ones((n, n))
    return np.asarray(np.eye(n) + below * np.tril(ones, -1) + above * np.triu(ones, 1))


def _factors(n: int, blocks: int, below: int, above: int) -> Array:
    """The same for each of the blocks of an n×n matrix."""
    return np.asarray(np.tile(_weights(n // blocks, below, above), (blocks, blocks)))


def _fits(G: Array, S: Enclosure, tolerances: Array, blocks: int, below: int, above: int) -> bool:
    """Whether G is S with these factors below and above the diagonal, within the tolerances."""
    factors = _factors(len(G), blocks, below, above)
    error = np.abs((G - factors * S.high) - factors * S.low)
    return bool(np.all(error <= np.maximum(1, factors) * tolerances))
