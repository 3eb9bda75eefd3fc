"""Complex arrays of a record: two real ones each, their parts.

What multiplies matrices is written by its parts; what solves with them by the real matrices
[[Re A, −Im A], [Im A, Re A]], which multiply as the complex ones do.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np

from symgrad.numeric.recording import composites
from symgrad.numeric.recording.tape import Array, Tape, Value


class Pair(NamedTuple):
    """A complex array by its parts."""

    re: Value
    im: Value

    @property
    def depends(self) -> bool:
        """Whether X has any part in it."""
        return self.re.depends or self.im.depends

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape of both."""
        return self.re.shape

    @property
    def numbers(self) -> Array:
        """What it was."""
        return np.asarray(self.re.floats + 1j * self.im.floats)

    @classmethod
    def of(cls, t: Tape, x: Any) -> Pair:
        """A value, or numbers, as a complex array."""
        if isinstance(x, Pair):
            return x
        if isinstance(x, Value):
            return cls(x, t.const(np.zeros(x.shape)))
        return cls(t.const(np.real(x)), t.const(np.imag(x)))


Held = Value | Pair
"""What an array of the record holds."""


def given(t: Tape, X: Array) -> Held:
    """X, or both of its parts."""
    return Pair(t.input(X.real), t.input(X.imag)) if np.iscomplexobj(X) else t.input(X)


def apart(move: Callable[[Value], Value], held: Held) -> Held:
    """What moves entries, of the parts alike."""
    return Pair(move(held.re), move(held.im)) if isinstance(held, Pair) else move(held)


def parts(x: Any) -> list[Value]:
    """The values that something is: one, the two of a complex array, none of numbers."""
    return [x] if isinstance(x, Value) else list(x) if isinstance(x, Pair) else []


def part(x: Any, k: int) -> Any:
    """The real or the imaginary part; of what is real itself both are the whole."""
    if isinstance(x, Pair):
        return x[k]
    if isinstance(x, Value) or np.asarray(x).dtype.kind != "c":
        return x
    return np.real(x) if k == 0 else np.imag(x)


def is_real(x: Any) -> bool:
    """Whether there is no imaginary part, wherever X is."""
    if isinstance(x, Pair):
        return not x.im.depends and not x.im.floats.any()
    return isinstance(x, Value) or not np.imag(x).any()


def product(t: Tape, a: Pair, b: Pair, by: Callable[[Value, Value], Value] | None = None) -> Pair:
    """The product of complex arrays, by a product of real ones."""
    by = by or (lambda x, y: t.binary("mul", x, y))
    if is_real(b):
        return Pair(by(a.re, b.re), by(a.im, b.re))
    if is_real(a):
        return Pair(by(a.re, b.re), by(a.re, b.im))
    re = t.binary("sub", by(a.re, b.re), by(a.im, b.im))
    return Pair(re, t.binary("add", by(a.re, b.im), by(a.im, b.re)))


def multilinear(t: Tape, factors: Sequence[Pair], by: Callable[..., Value]) -> Pair:
    """What is linear in each of the factors, by the same of real ones."""
    total: list[Value | None] = [None, None]
    for chosen in itertools.product((0, 1), repeat=len(factors)):
        if any(k and is_real(x) for k, x in zip(chosen, factors, strict=True)):
            continue
        turns = sum(chosen) % 4
        found = by(*(x[k] for k, x in zip(chosen, factors, strict=True)))
        found = t.unary("neg", found) if turns > 1 else found
        so_far = total[turns % 2]
        total[turns % 2] = found if so_far is None else t.binary("add", so_far, found)
    re, im = total
    assert re is not None
    return Pair(re, t.const(np.zeros(re.shape)) if im is None else im)


def conjugate(t: Tape, a: Pair) -> Pair:
    """The conjugate."""
    return Pair(a.re, t.unary("neg", a.im))


def transposed(t: Tape, A: Pair) -> Pair:
    """The transposed matrices."""
    return Pair(t.mT(A.re), t.mT(A.im))


def adjoint(t: Tape, A: Pair) -> Pair:
    """The conjugate transpose of matrices."""
    return Pair(t.mT(A.re), t.unary("neg", t.mT(A.im)))


def squared_size(t: Tape, a: Pair) -> Value:
    """|a|²."""
    return t.binary("add", t.binary("mul", a.re, a.re), t.binary("mul", a.im, a.im))


def quotient(t: Tape, a: Pair, b: Pair) -> Pair:
    """a/b."""
    size, over = squared_size(t, b), product(t, a, conjugate(t, b))
    return Pair(t.binary("div", over.re, size), t.binary("div", over.im, size))


def embedded(t: Tape, A: Pair) -> Value:
    """[[Re A, −Im A], [Im A, Re A]]."""
    parts = t.cat([A.re, A.im, t.unary("neg", A.im)])
    re, im, minus = parts.places.reshape(3, *A.shape)
    upper, lower = np.concatenate([re, minus], -1), np.concatenate([im, re], -1)
    return t.take(parts, np.concatenate([upper, lower], -2))


def of_embedded(t: Tape, M: Value) -> Pair:
    """A of its real matrix."""
    rows, columns = M.shape[-2] // 2, M.shape[-1] // 2
    first = M.places[..., :columns]
    return Pair(t.take(M, first[..., :rows, :]), t.take(M, first[..., rows:, :]))


def solved(t: Tape, A: Pair, B: Pair) -> Pair:
    """A⁻¹B."""
    return of_embedded(t, t.solve(embedded(t, A), embedded(t, B)))


def mirrored(t: Tape, A: Pair, lower: bool = True) -> Pair:
    """The Hermitian matrices of which one triangle was read, and the real part of the diagonal."""
    half = composites.triangle(t, A.im, lower, -1 if lower else 1)
    return Pair(composites.mirror(t, A.re, lower), t.binary("sub", half, t.mT(half)))


def eigh(t: Tape, A: Pair, V: Array) -> tuple[Value, Pair]:
    """Eigenvalues and eigenvectors, which have the phases of V: those are any."""
    pivots = np.argmax(np.abs(V), axis=-2)
    about = {"pivots": tuple(pivots.ravel().tolist()), "signs": (1,) * pivots.size}
    values, re, im = t.emit("eigh", list(A), **about)
    off = np.abs(A.numbers @ V - V * values.floats[..., None, :]).max(initial=0.0)
    if not off <= 1e-5 * np.abs(A.numbers).max(initial=0.0):
        return values, Pair(re, im)
    largest = Pair.of(t, np.take_along_axis(V, pivots[..., None, :], -2))
    size = t.unary("sqrt", squared_size(t, largest))  # in the record, so that no digit is lost
    phases = Pair(t.binary("div", largest.re, size), t.binary("div", largest.im, size))
    vectors = product(t, Pair(re, im), phases)
    vectors.re.floats, vectors.im.floats = V.real, V.imag
    return values, vectors
