"""Operations on complex matrices, made of those on their parts or on their real matrices."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from symgrad.court.program import Operation
from symgrad.numeric.recording import composites
from symgrad.numeric.recording.pair_entries import plus, scaled
from symgrad.numeric.recording.pairs import (
    Pair,
    adjoint,
    eigh,
    embedded,
    mirrored,
    of_embedded,
    product,
    quotient,
    solved,
)
from symgrad.numeric.recording.tape import Array, Tape, UnsupportedError, Value


def triangle(t: Tape, A: Pair, lower: bool, unit: bool = False) -> Pair:
    """One triangle, the rest 0; ``unit``: with ones on the diagonal."""
    im = composites.triangle(t, A.im, lower, (-1 if lower else 1) if unit else 0)
    return Pair(composites.triangle(t, A.re, lower, unit=unit), im)


def inverse(t: Tape, A: Pair) -> Pair:
    """A⁻¹."""
    return of_embedded(t, composites.inverse(t, embedded(t, A)))


def cholesky(t: Tape, A: Pair) -> Pair:
    """The lower factor of Hermitian matrices.

    It is that of the blocks [[Re, −Im], [Im, Re]] of each entry, whose factor is of such blocks.
    """
    M = embedded(t, A)
    order = np.arange(M.shape[-1]).reshape(2, -1).T.ravel()
    L = t.emit("cholesky", [t.take(M, M.places[..., order[:, None], order])])[0]
    return Pair(*(t.take(L, L.places[..., k::2, ::2]) for k in (0, 1)))


def log_size(t: Tape, A: Pair) -> Value:
    """log |det A|, half of that of its real matrix."""
    signs = (1,) * int(np.prod(A.shape[:-2]))
    return t.binary("mul", 0.5, t.emit("slogdet", [embedded(t, A)], signs=signs)[0])


def hermitian_sign(A: Pair) -> Array:
    """The sign of the determinant of Hermitian matrices.

    Raises:
        UnsupportedError: they are not Hermitian.
    """
    M = A.numbers
    if not np.allclose(M, M.swapaxes(-1, -2).conj(), rtol=0, atol=1e-6 * np.abs(M).max()):
        raise UnsupportedError("the determinant of a complex matrix that is not Hermitian")
    return np.asarray(np.sign(np.linalg.slogdet(M)[0].real))


def lu(t: Tape, A: Pair, permutation: Array) -> Pair:
    """L − I + U of the rows of A in that order, one column after the other.

    Raises:
        UnsupportedError: A is not square.
    """
    if A.shape[-2] != A.shape[-1]:
        raise UnsupportedError("lu of a complex matrix that is not square")
    places = np.take_along_axis(A.re.places, permutation[..., None], -2)
    M = Pair(*(t.take(x, places) for x in A))
    for k in range(A.shape[-1] - 1):
        M = _eliminated(t, M, k)
    return M


def _eliminated(t: Tape, M: Pair, k: int) -> Pair:
    """With the k-th column over its pivot, and the rows below less their parts of the pivot's."""
    places, here, below = M.re.places, slice(k, k + 1), slice(k + 1, None)

    def block(rows: slice, columns: slice) -> Pair:
        return Pair(*(t.take(x, places[..., rows, columns]) for x in M))

    column = quotient(t, block(below, here), block(here, here))
    rest = plus(t, block(below, below), product(t, column, block(here, below)), "sub")
    found = []
    for whole, first, second in zip(M, column, rest, strict=True):
        done = t.put(whole, places[..., below, here], first)
        found.append(t.put(done, places[..., below, below], second))
    return Pair(*found)


def qr(t: Tape, A: Pair, signs: Array) -> tuple[Pair, Pair]:
    """Q (m×n) and R, whose diagonal is real of these signs, of m×n matrices of full column rank.

    By RᴴR = AᴴA.

    Raises:
        UnsupportedError: it has more columns than rows.
    """
    if A.shape[-2] < A.shape[-1]:
        raise UnsupportedError("qr of a matrix with more columns than rows; transpose it")
    R = adjoint(t, cholesky(t, mirrored(t, product(t, adjoint(t, A), A, t.matmul))))
    R = scaled(t, R, np.asarray(signs, float)[..., :, None])
    return adjoint(t, solved(t, adjoint(t, R), adjoint(t, A))), R


def svd(t: Tape, A: Pair, U: Array | None, V: Array | None) -> tuple[Pair, Value, Pair]:
    """U, σ (descending) and V, without zeros, by the eigenvalues of AᴴA or, of a wide A, of AAᴴ.

    These have the phases of the framework's U and V, if given.
    """
    if A.shape[-2] < A.shape[-1]:
        right, S, left = svd(t, adjoint(t, A), V, U)
        return left, S, right
    gram = mirrored(t, product(t, adjoint(t, A), A, t.matmul))
    phases = np.linalg.eigh(gram.numbers)[1] if V is None else V[..., ::-1]
    squares, vectors = eigh(t, gram, phases)
    S = t.unary("sqrt", t.take(squares, squares.places[..., ::-1]))
    first = Pair(*(t.take(x, x.places[..., ::-1]) for x in vectors))
    row = t.reshape(S, (*S.shape[:-1], 1, S.shape[-1]))
    second = Pair(*(t.binary("div", x, row) for x in product(t, A, first, t.matmul)))
    return second, S, first


def spectral(t: Tape, A: Pair, operation: Operation) -> Pair:
    """A function of Hermitian matrices by that of their eigenvalues."""
    T = adjoint(t, A)
    H = scaled(t, plus(t, A, T), 0.5)
    values, V = eigh(t, H, np.linalg.eigh(A.numbers)[1])
    mapped = t.unary(operation, values)
    row = t.reshape(mapped, (*mapped.shape[:-1], 1, mapped.shape[-1]))
    return product(t, scaled(t, V, row), adjoint(t, V), t.matmul)


def fourier(t: Tape, a: Pair, axes: Sequence[int], back: bool = False) -> Pair:
    """Along these axes, by the matrix of the transform."""
    for axis in axes:
        n = a.shape[axis]
        F = np.fft.ifft(np.eye(n)) if back else np.fft.fft(np.eye(n))
        order = list(range(len(a.shape)))
        order[axis], order[-1] = order[-1], order[axis]
        turned = Pair(*(t.transpose(x, order) for x in a))
        flat = Pair(*(t.reshape(x, (-1, n)) for x in turned))
        done = product(t, flat, Pair.of(t, F), t.matmul)
        a = Pair(*(t.transpose(t.reshape(x, turned.shape), order) for x in done))
    return a
