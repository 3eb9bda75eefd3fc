"""The algebra of tangents: dual numbers over any other algebra, along one direction E of Sym(n).

A theorem f, G over tangents gives ⟨G, E⟩, the derivative of f along E, and the derivative of G
along E, a representative of the symmetric gradient of X → ⟨S(X), E⟩: the Hessian of f applied to E.
"""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from typing import Any, NamedTuple

from symgrad.symbolic.algebra import Algebra, Rows
from symgrad.symbolic.algebra.scalar import Index, Scalar


class Late(NamedTuple):
    """A value that may never be asked for."""

    make: Callable[[], Any]


class Tangent:
    """A matrix (n×n) or scalar of the algebra below, and its derivative along E.

    What takes long is given as a ``Late`` value, and made when it is asked for.
    """

    __slots__ = ("_value", "slope")

    def __init__(self, value: Any, slope: Any) -> None:
        self._value = value
        self.slope = slope

    @property
    def value(self) -> Any:
        """The matrix or scalar."""
        if isinstance(self._value, Late):
            self._value = self._value.make()
        return self._value

    def __neg__(self) -> Tangent:
        return Tangent(-self.value, -self.slope)

    def __add__(self, other: Tangent) -> Tangent:
        return Tangent(self.value + other.value, self.slope + other.slope)

    def __sub__(self, other: Tangent) -> Tangent:
        return Tangent(self.value - other.value, self.slope - other.slope)

    def __mul__(self, other: Tangent | int) -> Tangent:
        if isinstance(other, int):
            return Tangent(self.value * other, self.slope * other)
        product = self.slope * other.value + self.value * other.slope
        return Tangent(self.value * other.value, product)

    __rmul__ = __mul__  # of integers alone: two tangents meet in __mul__

    def __truediv__(self, other: Tangent) -> Tangent:
        quotient = self.value / other.value
        return Tangent(quotient, (self.slope - quotient * other.slope) / other.value)

    def __rtruediv__(self, number: int) -> Tangent:
        quotient = number / self.value
        return Tangent(quotient, -quotient * self.slope / self.value)


class Tangents:
    """Tangents over an algebra along the constant matrix of ``E`` (n×n, symmetric)."""

    def __init__(self, below: Algebra, E: Rows) -> None:
        self._below = below
        self._E = E

    def matrix(self, X: Any) -> Tangent:
        """X + tE at t = 0; X is the matrix of the algebra below."""
        return Tangent(X, self._below.constant(self._E))

    def size(self, X: Tangent) -> int:
        return self._below.size(X.value)

    def constant(self, rows: Rows) -> Tangent:
        nothing = [[0] * len(row) for row in rows]
        return Tangent(self._below.constant(rows), self._below.constant(nothing))

    def inner(self, W: Tangent, M: Tangent) -> Tangent:
        A = self._below
        return Tangent(
            A.inner(W.value, M.value), A.inner(W.slope, M.value) + A.inner(W.value, M.slope)
        )

    def scaled(self, x: Tangent, factor: Fraction) -> Tangent:
        return Tangent(self._below.scaled(x.value, factor), self._below.scaled(x.slope, factor))

    def log(self, x: Tangent) -> Tangent:
        return Tangent(self._below.log(x.value), x.slope / x.value)

    def congruence(self, T: Rows, X: Tangent) -> Tangent:
        M = self._below.constant(T)
        slope = M * X.slope * self._below.transpose(M)
        return Tangent(self._below.congruence(T, X.value), slope)

    def inverse(self, X: Tangent) -> Tangent:
        return self._inverted(self._below.inverse(X.value), X.slope)

    def triangular_inverse(self, L: Tangent) -> Tangent:
        return self._inverted(self._below.triangular_inverse(L.value), L.slope)

    def _inverted(self, R: Any, slope: Any) -> Tangent:
        return Tangent(R, -(R * slope * R))

    def det(self, X: Tangent) -> Tangent:
        """By Jacobi's formula."""
        A = self._below
        return Tangent(A.det(X.value), A.inner(A.adjugate(X.value), X.slope))

    def adjugate(self, X: Tangent) -> Tangent:
        A = self._below
        return Tangent(A.adjugate(X.value), A.adjugate_along(X.value, X.slope))

    def by_modulus(self, rank: int) -> Index:
        return self._below.by_modulus(rank)

    def trace(self, X: Tangent, phi: Scalar) -> Tangent:
        """d tr φ(X) = ⟨φ′(X), dX⟩."""
        A = self._below
        slope = A.inner(A.apply(X.value, phi.derivative()), X.slope)
        return Tangent(A.trace(X.value, phi), slope)

    def apply(self, X: Tangent, phi: Scalar) -> Tangent:
        A = self._below
        value = Late(lambda: A.apply(X.value, phi))
        return Tangent(value, A.frechet(X.value, phi, X.slope))

    def frechet(self, X: Tangent, phi: Scalar, W: Tangent) -> Tangent:
        """W is constant."""
        A = self._below
        value = Late(lambda: A.frechet(X.value, phi, W.value))
        return Tangent(value, A.second_frechet(X.value, phi, W.value, X.slope))

    def cholesky(self, X: Tangent) -> Tangent:
        """L moves by L Φ(L⁻¹ dX L⁻ᵀ), Φ the lower half (Murray (2016))."""
        A = self._below
        L = A.cholesky(X.value)
        R = A.triangular_inverse(L)
        return Tangent(L, L * A.lower_half(R * X.slope * A.transpose(R)))

    def transpose(self, M: Tangent) -> Tangent:
        return Tangent(self._below.transpose(M.value), self._below.transpose(M.slope))

    def lower_half(self, M: Tangent) -> Tangent:
        return Tangent(self._below.lower_half(M.value), self._below.lower_half(M.slope))
