"""Tangents over float64, each held as one complex number, which NumPy adds and multiplies.

A number a with the derivative b is a + iTINY·b: of a product all but TINY² is that of tangents, and
that is no float (the complex step of Squire and Trapp, SIAM Review 40 (1998), with no step left).
"""

from __future__ import annotations

import numpy as np

from symgrad.symbolic.traced.numbers import Array
from symgrad.symbolic.traced.tangents import Tangents

TINY = 2.0**-560
"""Derivatives above 2⁻⁴⁶² keep all their digits, so that those of the smallest S that is judged,
1e-150, keep some; TINY² times two of up to 10⁶ is 0, and of larger ones far below any digit."""


class FloatTangents(Tangents):
    """Tangents over :class:`symgrad.symbolic.traced.floats.Floats`, as arrays of complex128."""

    def join(self, values: Array, slopes: Array) -> Array:
        """The tangents of these parts."""
        values, slopes = np.broadcast_arrays(values, slopes)
        found = np.empty(values.shape, complex)
        found.real, found.imag = values, TINY * slopes
        return found

    def made(self, values: Array, slopes: Array) -> Array:
        """The same: none is looked for."""
        return self.join(values, slopes)

    def values(self, x: Array) -> Array:
        """The numbers alone."""
        return np.array(x.real)

    def slopes(self, x: Array) -> Array:
        """Their derivatives."""
        return np.asarray(x.imag / TINY)
