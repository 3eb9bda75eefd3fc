"""The algebra of intervals: float64 matrices that carry a bound of every entry's error.

It is for one matrix X with n in the thousands.  Products are BLAS's, with rigorous bounds; the
hypotheses are those of :mod:`symgrad.symbolic.float64.rounding`.  Scalars are Arb's.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property, reduce
from typing import Any

import numpy as np
from flint import arb, fmpq
from jaxtyping import Float

from symgrad.symbolic.algebra import Rows
from symgrad.symbolic.algebra.scalar import Index, Modulus, Scalar
from symgrad.symbolic.float64.determinant import log_abs_det
from symgrad.symbolic.float64.eigenpairs import Eigenpair, Spectrum, spectrum
from symgrad.symbolic.float64.inverse import inverse
from symgrad.symbolic.float64.products import product
from symgrad.symbolic.float64.rounding import FLOOR, LARGEST, SAFE, UNIT, row_products
from symgrad.symbolic.float64.scaling import NotCertifiedError, scaled

Array = Float[np.ndarray, "n n"]

MOST = 4
"""Largest number of eigenvalues in one trace: each costs the differentials further products."""


@dataclass(frozen=True, eq=False)
class IntervalMatrix:
    """All n×n matrices M with |M − mid| ≤ radius in every entry; these stay below 2⁴⁰⁰.

    Raises:
        NotCertifiedError: on creation, if they do not.
    """

    mid: Array
    radius: Array

    def __post_init__(self) -> None:
        if not float(np.max(np.abs(self.mid)) + np.max(self.radius)) < LARGEST:
            raise NotCertifiedError("out of range: an intermediate matrix exceeds 2⁴⁰⁰")

    def __neg__(self) -> IntervalMatrix:
        return IntervalMatrix(-self.mid, self.radius)

    def __add__(self, other: IntervalMatrix) -> IntervalMatrix:
        return _rounded(self.mid + other.mid, self.radius + other.radius)

    def __sub__(self, other: IntervalMatrix) -> IntervalMatrix:
        return self + -other

    def __mul__(self, other: IntervalMatrix | arb | int) -> IntervalMatrix:
        """|A′B′ − AB| ≤ |A||B′ − B| + |A′ − A|(|B| + |B′ − B|), and what is rounded."""
        if not isinstance(other, IntervalMatrix):
            return self._times(arb(other))
        mid, radius = product(self.mid, other.mid)
        if other.radius.any():
            radius += np.abs(self.mid) @ other.radius
        if self.radius.any():
            radius += self.radius @ (np.abs(other.mid) + other.radius)
        return _rounded(mid, radius)

    __rmul__ = __mul__  # of scalars alone: two matrices meet in __mul__

    def _times(self, c: arb) -> IntervalMatrix:
        near = float(c.mid())
        doubt = float((c - arb(near)).abs_upper()) * SAFE + FLOOR
        size = np.abs(self.mid) + self.radius
        return _rounded(near * self.mid, abs(near) * self.radius + doubt * size)

    def symmetric_part(self) -> IntervalMatrix:
        """(M + Mᵀ)/2."""
        return _rounded((self.mid + self.mid.T) / 2, (self.radius + self.radius.T) / 2)


def _rounded(mid: Array, radius: Array) -> IntervalMatrix:
    """With one rounding of ``mid``, and those of ``radius``, made up for."""
    return IntervalMatrix(mid, (radius + UNIT * np.abs(mid)) * SAFE + FLOOR)


class Intervals:
    """X is always the one float64 matrix that this algebra was made for."""

    def __init__(self, X: Array) -> None:
        """X is symmetric, n×n.

        Raises:
            TypeError, ValueError, NotCertifiedError: X is no such matrix, or out of range.
        """
        scaled(X)
        self._exact = X
        self._pairs: dict[int, Eigenpair] = {}

    @cached_property
    def spectrum(self) -> Spectrum:
        """All eigenvalues of X, enclosed."""
        return spectrum(self._exact)

    @cached_property
    def log_abs_det(self) -> tuple[int, arb]:
        """The sign of det X and log|det X|."""
        return log_abs_det(self.spectrum)

    @cached_property
    def _inverse(self) -> IntervalMatrix:
        return IntervalMatrix(*inverse(self._exact))

    def matrix(self) -> IntervalMatrix:
        """X itself."""
        return IntervalMatrix(self._exact, np.zeros_like(self._exact))

    def size(self, X: IntervalMatrix) -> int:
        return len(X.mid)

    def constant(self, rows: Rows) -> IntervalMatrix:
        mid = np.array(rows, dtype=np.float64)
        return IntervalMatrix(mid, np.zeros_like(mid))

    def inner(self, W: IntervalMatrix, M: IntervalMatrix) -> arb:
        sums, errors = row_products(W.mid, M.mid, np.zeros((len(W.mid), 0)))
        doubt = np.abs(W.mid) * M.radius + W.radius * (np.abs(M.mid) + M.radius)
        errors = (errors + doubt.sum(axis=1)) * SAFE + FLOOR
        return sum((arb(s, e) for s, e in zip(sums.tolist(), errors.tolist(), strict=True)), arb(0))

    def scaled(self, x: Any, factor: Fraction) -> Any:
        return x * arb(fmpq(factor.numerator, factor.denominator))

    def inverse(self, X: IntervalMatrix) -> IntervalMatrix:
        return self._inverse

    def det(self, X: IntervalMatrix) -> arb:
        sign, logarithm = self.log_abs_det
        return logarithm.exp() * sign

    def adjugate(self, X: IntervalMatrix) -> IntervalMatrix:
        return self._inverse * self.det(X)

    def log(self, x: arb) -> arb:
        return x.log()

    def by_modulus(self, rank: int) -> Modulus:
        return Modulus(rank)

    def positions(self, phi: Scalar) -> list[int]:
        """Which eigenvalues, counted from the smallest, φ is given at.

        Raises:
            NotImplementedError: at all of them, of which float64 isolates none in general.
            NotCertifiedError: there are too many, or they cannot be told apart by their modulus.
        """
        if phi.indices is None:
            raise NotImplementedError("φ(X) of all eigenvalues has no enclosure in float64 alone")
        if len(phi.indices) > MOST:
            raise NotCertifiedError(
                f"{len(phi.indices)} eigenvalues at once: float64 certifies {MOST} at most"
            )
        return [self._position(index) for index in phi.indices]

    def _position(self, index: Index) -> int:
        if isinstance(index, int):
            return index
        found = self.spectrum
        order = np.argsort(-np.abs(found.values), kind="stable")
        low, high = np.abs(found.values) - found.radii, np.abs(found.values) + found.radii
        k, above, below = order[index.rank], order[: index.rank], order[index.rank + 1 :]
        if not (np.all(low[above] > high[k]) and np.all(high[below] < low[k])):
            raise NotCertifiedError(
                f"singular value {index.rank}, about {abs(found.values[k]):.6g}, could not be "
                "told apart from another by float64"
            )
        return int(k)

    def _eigenpair(self, i: int) -> Eigenpair:
        if i not in self._pairs:
            self._pairs[i] = self.spectrum.eigenpair(i)
        return self._pairs[i]

    def eigenvalue(self, i: int) -> arb:
        """λ_i of X.

        Raises:
            NotIsolatedError: it could not be separated from the others.
        """
        pair = self._eigenpair(i)
        return arb(pair.value) + arb(pair.value_tail, pair.value_radius)

    def trace(self, X: IntervalMatrix, phi: Scalar) -> arb:
        values = (phi.taylor(self.eigenvalue(i), 1)[0] for i in self.positions(phi))
        return sum(values, arb(0))

    def apply(self, X: IntervalMatrix, phi: Scalar) -> IntervalMatrix:
        parts = [
            IntervalMatrix(*self._eigenpair(i).projector()) * phi.taylor(self.eigenvalue(i), 1)[0]
            for i in self.positions(phi)
        ]
        return reduce(IntervalMatrix.__add__, parts)
