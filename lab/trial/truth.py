"""Whether a matrix is a valid gradient, by rational arithmetic: the court has no part in it."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
from jaxtyping import Float

from lab.trial.scenes import Gradient
from symgrad.court.references import Reference

ALLOWED = Fraction(4, 2**53)
"""How far (G + Gᵀ)/2 may be from S, for n times the largest entry of G: what storing it costs, and
the product of matrices that it came from.

It is less than half of every tolerance of the court, so that what is between the two is explained
by nothing, and is reported as a bug.
"""

Exact = list[list[Fraction]]


def is_valid(G: Gradient, reference: Reference) -> bool:
    """Whether G (n×n) is S + K with K skew; where G is complex, K skew-Hermitian.

    A complex gradient may be written as its conjugate, which is another convention.
    """
    if not np.all(np.isfinite(G)):
        return False
    S = _exact(reference)
    if not reference.hermitian:
        return _is_symmetric_part(_rationals(G), S, 1)
    n = reference.size
    A, B = [row[:n] for row in S[:n]], [row[:n] for row in S[n:]]
    re, im = _rationals(2 * np.real(G)), _rationals(2 * np.imag(G))
    shared = _largest(re, im)
    if not _is_symmetric_part(re, _scaled(A, 4), 1, shared):
        return False
    return any(_is_symmetric_part(im, _scaled(B, sign * 4), -1, shared) for sign in (1, -1))


def _is_symmetric_part(G: Exact, S: Exact, sign: int, size: Fraction | None = None) -> bool:
    """Whether (G + sign·Gᵀ)/2 is S, as far as the entries of G can be stored."""
    n = len(G)
    bound = ALLOWED * n * (_largest(G) if size is None else size)
    return all(
        abs((G[i][j] + sign * G[j][i]) / 2 - S[i][j]) <= bound for i in range(n) for j in range(n)
    )


def _exact(reference: Reference) -> Exact:
    """S to the 32 digits that are known of it."""
    assert reference.S is not None
    high, low = _rationals(reference.S.high), _rationals(reference.S.low)
    return [[a + b for a, b in zip(*rows, strict=True)] for rows in zip(high, low, strict=True)]


def _rationals(M: Float[np.ndarray, "n n"]) -> Exact:
    return [[Fraction(x) for x in row] for row in M.tolist()]


def _scaled(M: Exact, factor: int) -> Exact:
    return [[factor * x for x in row] for row in M]


def _largest(*matrices: Exact) -> Fraction:
    return max((abs(x) for M in matrices for row in M for x in row), default=Fraction(0))
