"""Tangents as a number system: numbers of another one, each with its derivative along a direction.

Every rule of :mod:`symgrad.symbolic.traced.rules` holds over it, so that a program run there and
back gives f, ⟨S, E⟩, S and the derivative of S along E, which is the Hessian of f applied to E
(forward over reverse mode; Griewank and Walther, Evaluating Derivatives, 2nd ed., section 5.1).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from symgrad.court.program import Step
from symgrad.symbolic.traced import rules
from symgrad.symbolic.traced.decisions import RefusedError
from symgrad.symbolic.traced.numbers import Array, Decision, Numbers
from symgrad.symbolic.traced.scalars import ZERO


class Tangent:
    """A number and its derivative."""

    __slots__ = ("slope", "value")

    def __init__(self, value: Any, slope: Any) -> None:
        self.value = value
        self.slope = slope

    def __neg__(self) -> Tangent:
        return Tangent(-self.value, -self.slope)

    def __add__(self, other: Tangent) -> Tangent:
        if not isinstance(other, Tangent):
            return NotImplemented
        return Tangent(self.value + other.value, self.slope + other.slope)

    def __sub__(self, other: Tangent) -> Tangent:
        if not isinstance(other, Tangent):  # an array, which then asks each of its entries
            return NotImplemented
        return Tangent(self.value - other.value, self.slope - other.slope)

    def __mul__(self, other: Tangent) -> Tangent:
        if not isinstance(other, Tangent):
            return NotImplemented
        slope = self.slope * other.value
        if other.slope is not ZERO:
            slope = slope + self.value * other.slope
        return Tangent(self.value * other.value, slope)

    def __eq__(self, other: object) -> bool:
        """Whether it is 0, with its slope; nothing else is asked."""
        return bool(other == 0 and self.value == 0 and self.slope == 0)

    def __gt__(self, other: object) -> bool:
        """Whether it is above another number, or just beside it, for t > 0."""
        return bool(self.value > other or (self.value == other and self.slope > 0))

    def __lt__(self, other: object) -> bool:
        """Whether it is below so."""
        return bool(self.value < other or (self.value == other and self.slope < 0))

    __hash__ = None  # type: ignore[assignment]


def is_nothing(x: Any) -> bool:
    """Whether x is the exact 0, with its derivative."""
    return x is ZERO or (isinstance(x, Tangent) and x.value is ZERO and x.slope is ZERO)


_value = np.frompyfunc(lambda x: x.value, 1, 1)
_slope = np.frompyfunc(lambda x: x.slope, 1, 1)
_made = np.frompyfunc(Tangent, 2, 1)


class Tangents:
    """Tangents over the numbers ``below``.

    What needs a third derivative of what is differentiated by a rule of its own, as eigenvalues of
    a matrix that is not symmetric, is refused.
    """

    def __init__(self, below: Numbers) -> None:
        self.below = below
        self.is_exact = below.is_exact
        self.runs = below.runs
        self._known: dict[tuple[int, int], Tangent] = {}

    @property
    def decided(self) -> dict[int, Decision]:
        """What the numbers below decide."""
        return self.below.decided

    def join(self, values: Array, slopes: Array) -> Array:
        """The tangents of these parts; of the same exact ones, the same tangent."""
        values, slopes = (np.asarray(part, object) for part in (values, slopes))
        known = self._known

        def of(value: Any, slope: Any) -> Tangent:
            key = (id(value), id(slope))
            found = known.get(key)
            if found is None:
                found = known[key] = Tangent(value, slope)
            return found

        return np.asarray(np.frompyfunc(of, 2, 1)(values, slopes), object)

    def made(self, values: Array, slopes: Array) -> Array:
        """The tangents of parts that are new, and are not looked for among what is known."""
        return np.asarray(_made(values, slopes), object)

    def values(self, x: Array) -> Array:
        """The numbers alone, as an array of those below."""
        return np.asarray(_value(x), object)

    def slopes(self, x: Array) -> Array:
        """Their derivatives."""
        return np.asarray(_slope(x), object)

    def _parts(self, x: Array) -> tuple[Array, Array]:
        return self.values(x), self.slopes(x)

    def constant(self, floats: Array) -> Array:
        """The same numbers, which do not move."""
        if self.is_exact and floats.size > 1 and not np.any(floats):
            return np.full(floats.shape, self.constant(np.zeros(())).item(), object)
        return self.join(self.below.constant(floats), self.below.constant(np.zeros(floats.shape)))

    def entrywise(self, name: str, *arrays: Array) -> Array:
        """Arithmetic, or a function by its derivative; max and min choose by the numbers."""
        N, parts = self.below, [self._parts(x) for x in arrays]
        y = N.entrywise(name, *(value for value, _ in parts))
        if len(parts) == 1:
            x, dx = parts[0]
            if name == "abs":
                return self.join(y, np.where(self._sides(x, dx) < 0, -dx, dx))
            return self.join(y, N.times(dx, rules.slope(N, name, x, y)))
        (x, dx), (z, dz) = parts
        if name in ("max", "min"):
            first = (self._sides(x - z, dx - dz) >= 0) == (name == "max")
            return self.join(y, np.where(first, dx, dz))
        return self.join(y, self._of_two(name, y, (x, dx), (z, dz)))

    def _sides(self, x: Array, dx: Array) -> Array:
        """On which side of 0 numbers are: what is 0 and asked about is refused elsewhere."""
        return _signs(x)

    def _of_two(
        self, name: str, y: Array, left: tuple[Array, Array], right: tuple[Array, Array]
    ) -> Array:
        N, (x, dx), (z, dz) = self.below, left, right
        if name in ("add", "sub"):
            return N.entrywise(name, dx, dz)
        if name == "mul":
            return N.entrywise("add", N.times(dx, z), N.times(dz, x))
        return N.entrywise("div", N.entrywise("sub", dx, N.times(dz, y)), z)

    def power(self, x: Array, exponent: float) -> Array:
        """x to a constant exponent."""
        N, (v, s) = self.below, self._parts(x)
        y = N.power(v, exponent)
        return self.join(y, N.times(s, rules.slope_of_power(N, v, y, exponent)))

    def trigamma(self, x: Array) -> Array:
        """Refused: its own derivative has no rule."""
        raise RefusedError("domain", "digamma is differentiated once only")

    def times(self, g: Array, d: Array) -> Array:
        """g·d, and 0 where g is."""
        N, (v, s), (w, t) = self.below, self._parts(g), self._parts(d)
        return self.made(N.times(v, w), N.times(s, w) + N.times(v, t))

    def signs(self, step: Step, x: Array, asked: Array) -> Array:
        """Those of the numbers."""
        return self.below.signs(step, self.values(x), asked)

    def matmul(self, A: Array, B: Array) -> Array:
        """AB."""
        N, (a, da), (b, db) = self.below, self._parts(A), self._parts(B)
        return self.made(N.matmul(a, b), N.matmul(da, b) + N.matmul(a, db))

    def solve(self, A: Array, B: Array) -> Array:
        """Y = A⁻¹B, which moves by A⁻¹(dB − dA·Y)."""
        N, (a, da), (b, db) = self.below, self._parts(A), self._parts(B)
        y = N.solve(a, b)
        return self.made(y, N.solve(a, db - N.matmul(da, y)))

    def cholesky(self, A: Array) -> Array:
        """L, which moves by L Φ(L⁻¹ dA L⁻ᵀ), Φ the lower half (Murray (2016))."""
        N, (a, da) = self.below, self._parts(A)
        L, n = N.cholesky(a), A.shape[-1]
        inner = _mT(N.solve(L, _mT(N.solve(L, da))))
        half = N.constant(np.tril(np.ones((n, n)), -1) + np.eye(n) / 2)
        return self.made(L, N.matmul(L, N.times(half, inner)))

    def eigh(self, step: Step, *A: Array) -> list[Array]:
        """λ moves by diag VᴴdA V, V by V·(VᴴdA V over the gaps)."""
        N, parts = self.below, [self._parts(M) for M in A]
        w, *V = N.eigh(step, *(a for a, _ in parts))
        moved = _congruent(N, V, [da for _, da in parts])
        every = range(w.shape[-1])
        turned = [N.over_gaps(step, w, M, part) for part, M in enumerate(moved)]
        rates = _product(N, V, turned)
        return [
            self.join(w, moved[0][..., every, every]),
            *(self.join(v, dv) for v, dv in zip(V, rates, strict=True)),
        ]

    def is_tied(self, step: Step) -> bool:
        """Whether eigenvalues of that step are equal; their derivatives need not be."""
        return self.below.is_tied(step)

    def over_gaps(self, step: Step, w: Array, M: Array, part: int = 0) -> Array:
        """Q = M over λ_j − λ_i, which moves by dM − Q(dλ_j − dλ_i) over the same."""
        N, (v, dv), (m, dm) = self.below, self._parts(w), self._parts(M)
        Q = N.over_gaps(step, v, m, part)
        moved = dm - Q * (dv[..., None, :] - dv[..., :, None])
        return self.join(Q, N.over_gaps(step, v, moved, part))

    def eigvals(self, A: Array) -> Array:
        """Refused."""
        raise RefusedError("domain", "eigenvalues of a matrix that is not symmetric are "
                           "differentiated once only")  # fmt: skip

    def pulled_eigvals(self, A: Array, g: Array) -> Array:
        """Refused, as they are."""
        return self.eigvals(A)

    def det(self, A: Array) -> Array:
        """By Jacobi's formula."""
        N, (a, da) = self.below, self._parts(A)
        return self.join(N.det(a), (N.cofactors(a) * da).sum((-2, -1)))

    def cofactors(self, A: Array) -> Array:
        """C = det A·A⁻ᵀ, which moves by tr(A⁻¹dA)C − A⁻ᵀ dAᵀ C; A must not be singular."""
        N, (a, da) = self.below, self._parts(A)
        C = N.cofactors(a)
        turned = N.solve(_mT(a), N.matmul(_mT(da), C))
        return self.join(C, _trace(N.solve(a, da))[..., None, None] * C - turned)

    def log_abs_det(self, A: Array, signs: Sequence[int]) -> Array:
        """It moves by tr(A⁻¹dA)."""
        N, (a, da) = self.below, self._parts(A)
        return self.join(N.log_abs_det(a, signs), _trace(N.solve(a, da)))

    def lu(self, A: Array) -> Array:
        """L and U move by L·tril(M, −1) and triu(M)·U with M = L⁻¹dA U⁻¹."""
        N, (a, da) = self.below, self._parts(A)
        n, found = A.shape[-1], N.lu(a)
        strict, upper = (N.constant(part(np.ones((n, n)))) for part in (_strict, np.triu))
        L = N.times(strict, found) + N.constant(np.eye(n))
        U = N.times(upper, found)
        M = _mT(N.solve(_mT(U), _mT(N.solve(L, da))))
        below, above = N.matmul(L, N.times(strict, M)), N.matmul(N.times(upper, M), U)
        # roundings of the one, which may be larger by far, are none of the other
        return self.join(found, N.times(strict, below) + N.times(upper, above))

    def expm(self, A: Array) -> Array:
        """By the exponential of [[A, dA], [0, A]] (Higham (2008))."""
        N, (a, da) = self.below, self._parts(A)
        n = A.shape[-1]
        zero = N.constant(np.zeros(a.shape))
        block = np.concatenate(
            [np.concatenate([a, da], -1), np.concatenate([zero, a], -1)], -2
        )  # fmt: skip
        whole = N.expm(block)
        return self.join(whole[..., :n, :n], whole[..., :n, n:])


def _mT(A: Array) -> Array:
    return A.swapaxes(-1, -2)


def _trace(A: Array) -> Array:
    every = range(A.shape[-1])
    return np.asarray(A[..., every, every].sum(-1), A.dtype)


def _strict(A: Array) -> Array:
    return np.tril(A, -1)


class Beside(Tangents):
    """Tangents along a line, t > 0: what is 0 is on the side to which it moves."""

    def _sides(self, x: Array, dx: Array) -> Array:
        """By the derivative where the number is 0."""
        sides = _signs(x)
        return np.where(sides == 0, _signs(dx), sides)


def _signs(x: Array) -> Array:
    """Signs of numbers that have been decided to have one; 0 of what is not asked."""
    of: Callable[[Any], int] = lambda entry: 1 if entry > 0 else -1 if entry < 0 else 0  # noqa: E731
    return np.asarray(np.frompyfunc(of, 1, 1)(x), int)


def _congruent(N: Numbers, V: Sequence[Array], A: Sequence[Array]) -> list[Array]:
    """VᴴA V, by the parts of all."""
    if len(V) == 1:
        return [N.matmul(N.matmul(_mT(V[0]), A[0]), V[0])]
    conjugate = [_mT(V[0]), -_mT(V[1])]
    return _product(N, _product(N, conjugate, A), V)


def _product(N: Numbers, A: Sequence[Array], B: Sequence[Array]) -> list[Array]:
    """AB, by the parts of both."""
    if len(A) == 1:
        return [N.matmul(A[0], B[0])]
    real = N.matmul(A[0], B[0]) - N.matmul(A[1], B[1])
    return [real, N.matmul(A[0], B[1]) + N.matmul(A[1], B[0])]
