"""TensorFlow's operations on complex matrices."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from symgrad.numeric.recording import composites
from symgrad.numeric.recording.tape import Array, Tape, UnsupportedError, Value
from symgrad.numeric.recording.tensorflow_matrices import written_out
from symgrad.numeric.recording.tensorflow_pairs import (
    Pair,
    adjoint,
    eigh,
    embedded,
    mirrored,
    of_embedded,
    product,
    solved,
)
from symgrad.numeric.recording.tensorflow_rules import Executed, into

ComplexRule = Callable[[Tape, Executed], Sequence[Value | Pair | None]]
COMPLEX_MATRICES: dict[str, ComplexRule] = {}
rule = into(COMPLEX_MATRICES)


def pairs(t: Tape, op: Executed) -> list[Pair]:
    """What an operation was given, as complex arrays."""
    return [Pair.of(t, x) for x in op.given]


@rule("MatMul", "BatchMatMul", "BatchMatMulV2", "BatchMatMulV3")
def _matmul(t: Tape, op: Executed) -> list[Pair]:
    a, b = pairs(t, op)
    if op.kind == "MatMul":
        a, b = (
            Pair(t.mT(x.re), t.mT(x.im)) if op.attributes[name] else x
            for x, name in ((a, "transpose_a"), (b, "transpose_b"))
        )
    else:
        a, b = (
            adjoint(t, x) if op.attributes[name] else x for x, name in ((a, "adj_x"), (b, "adj_y"))
        )
    return [product(t, a, b, t.matmul)]


@rule("Einsum")
def _einsum(t: Tape, op: Executed) -> list[Pair]:
    """Of up to two factors."""
    values, equation = pairs(t, op), op.attributes["equation"]
    equation = written_out(equation, [len(v.shape) for v in values])

    def by(*factors: Value) -> Value:
        return t.reshape(composites.einsum(t, equation, factors), op.came[0].shape)

    if len(values) > 2:
        raise UnsupportedError("einsum of more than two complex factors; take two at a time")
    first, *second = values
    return [product(t, first, second[0], by) if second else Pair(by(first.re), by(first.im))]


@rule("MatrixSolve", "MatrixTriangularSolve")
def _solve(t: Tape, op: Executed) -> list[Pair]:
    A, B = pairs(t, op)
    if op.kind == "MatrixTriangularSolve":
        A = Pair(*(composites.triangle(t, x, op.attributes["lower"]) for x in A))
    return [solved(t, adjoint(t, A) if op.attributes["adjoint"] else A, B)]


@rule("MatrixInverse")
def _inverse(t: Tape, op: Executed) -> list[Pair]:
    A = op.given[0]
    A = adjoint(t, A) if op.attributes["adjoint"] else A
    return [of_embedded(t, composites.inverse(t, embedded(t, A)))]


@rule("Cholesky")
def _cholesky(t: Tape, op: Executed) -> list[Pair]:
    """By that of the blocks [[Re, −Im], [Im, Re]] of each entry, whose factor is of such blocks."""
    M = embedded(t, mirrored(t, op.given[0]))
    order = np.arange(M.shape[-1]).reshape(2, -1).T.ravel()
    L = t.emit("cholesky", [t.take(M, M.places[..., order[:, None], order])])[0]
    return [Pair(*(t.take(L, L.places[..., k::2, ::2]) for k in (0, 1)))]


def _log_size(t: Tape, A: Pair) -> Value:
    """log |det A|, half of that of its real matrix."""
    signs = (1,) * int(np.prod(A.shape[:-2]))
    return t.binary("mul", 0.5, t.emit("slogdet", [embedded(t, A)], signs=signs)[0])


def _hermitian_sign(A: Pair) -> Array:
    """The sign of the determinant of Hermitian matrices.

    Raises:
        UnsupportedError: they are not Hermitian.
    """
    M = A.numbers
    if not np.allclose(M, M.swapaxes(-1, -2).conj(), rtol=0, atol=1e-6 * np.abs(M).max()):
        raise UnsupportedError("the determinant of a complex matrix that is not Hermitian")
    return np.asarray(np.sign(np.linalg.slogdet(M)[0].real))


@rule("LogMatrixDeterminant")
def _slogdet(t: Tape, op: Executed) -> list[Value | Pair | None]:
    _hermitian_sign(op.given[0])
    return [None, Pair.of(t, _log_size(t, op.given[0]))]


@rule("MatrixDeterminant")
def _det(t: Tape, op: Executed) -> list[Pair]:
    sign, size = _hermitian_sign(op.given[0]), t.unary("exp", _log_size(t, op.given[0]))
    return [Pair.of(t, t.binary("mul", sign, size))]


@rule("SelfAdjointEigV2")
def _eigh(t: Tape, op: Executed) -> list[Pair | None]:
    A = mirrored(t, op.given[0])
    wanted = op.attributes["compute_v"]
    values, vectors = eigh(t, A, op.came[1] if wanted else np.linalg.eigh(A.numbers)[1])
    return [Pair.of(t, values), vectors if wanted else None]


@rule("Svd")
def _svd(t: Tape, op: Executed) -> list[Value | Pair | None]:
    """By the eigenvalues of AᴴA; of a wide matrix by those of its adjoint."""
    A, (_, U, V) = op.given[0], op.came
    wanted, is_wide = op.attributes["compute_uv"], A.shape[-2] < A.shape[-1]
    if wanted and op.attributes["full_matrices"] and A.shape[-2] != A.shape[-1]:
        raise UnsupportedError("the full svd of a matrix that is not square; full_matrices=False")
    tall, right = (adjoint(t, A), U) if is_wide else (A, V)
    gram = mirrored(t, product(t, adjoint(t, tall), tall, t.matmul))
    right = right[..., ::-1] if wanted else np.linalg.eigh(gram.numbers)[1]
    squares, vectors = eigh(t, gram, right)
    S = t.unary("sqrt", t.take(squares, squares.places[..., ::-1]))
    if not wanted:
        return [Pair.of(t, S), None, None]
    first = Pair(*(t.take(x, x.places[..., ::-1]) for x in vectors))
    row = t.reshape(S, (*S.shape[:-1], 1, S.shape[-1]))
    second = Pair(*(t.binary("div", x, row) for x in product(t, tall, first, t.matmul)))
    left, right_vectors = (first, second) if is_wide else (second, first)
    return [Pair.of(t, S), left, right_vectors]


@rule("MatrixLogarithm", "MatrixSquareRoot")
def _of_eigenvalues(t: Tape, op: Executed) -> list[Pair]:
    """The logarithm or the square root of Hermitian positive definite matrices.

    Raises:
        UnsupportedError: they are not.
    """
    A = op.given[0]
    M, T = A.numbers, adjoint(t, A)
    if np.abs(M - T.numbers).max() > 1e-12 * np.abs(M).max() or np.linalg.eigvalsh(M).min() <= 0:
        raise UnsupportedError("a matrix that is not Hermitian and positive definite; use eigh")
    H = Pair(*(t.binary("mul", 0.5, t.binary("add", x, y)) for x, y in zip(A, T, strict=True)))
    values, V = eigh(t, H, np.linalg.eigh(M)[1])
    mapped = t.unary("log" if op.kind == "MatrixLogarithm" else "sqrt", values)
    row = t.reshape(mapped, (*mapped.shape[:-1], 1, mapped.shape[-1]))
    scaled = Pair(t.binary("mul", V.re, row), t.binary("mul", V.im, row))
    return [product(t, scaled, adjoint(t, V), t.matmul)]


@rule("FFT", "FFT2D", "FFT3D", "IFFT", "IFFT2D", "IFFT3D")
def _fourier(t: Tape, op: Executed) -> list[Pair]:
    """Along the last axes, by the matrix of the transform."""
    (v,) = pairs(t, op)
    back = op.kind.startswith("I")
    for axis in range(-int(op.kind[-2]) if op.kind[-1] == "D" else -1, 0):
        n = v.shape[axis]
        F = np.fft.ifft(np.eye(n)) if back else np.fft.fft(np.eye(n))
        order = list(range(len(v.shape)))
        order[axis], order[-1] = order[-1], order[axis]
        turned = Pair(*(t.transpose(x, order) for x in v))
        flat = Pair(*(t.reshape(x, (-1, n)) for x in turned))
        done = product(t, flat, Pair.of(t, F), t.matmul)
        v = Pair(*(t.transpose(t.reshape(x, turned.shape), order) for x in done))
    return [v]
