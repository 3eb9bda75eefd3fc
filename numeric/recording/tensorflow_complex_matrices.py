"""TensorFlow's operations on complex matrices."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from symgrad.numeric.recording import composites, pair_matrices
from symgrad.numeric.recording.pairs import (
    Pair,
    adjoint,
    eigh,
    mirrored,
    product,
    solved,
    transposed,
)
from symgrad.numeric.recording.tape import Tape, UnsupportedError, Value
from symgrad.numeric.recording.tensorflow_matrices import written_out
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
            transposed(t, x) if op.attributes[name] else x
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
        A = pair_matrices.triangle(t, A, op.attributes["lower"])
    return [solved(t, adjoint(t, A) if op.attributes["adjoint"] else A, B)]


@rule("MatrixInverse")
def _inverse(t: Tape, op: Executed) -> list[Pair]:
    A = op.given[0]
    A = adjoint(t, A) if op.attributes["adjoint"] else A
    return [pair_matrices.inverse(t, A)]


@rule("Cholesky")
def _cholesky(t: Tape, op: Executed) -> list[Pair]:
    return [pair_matrices.cholesky(t, mirrored(t, op.given[0]))]


@rule("LogMatrixDeterminant")
def _slogdet(t: Tape, op: Executed) -> list[Value | Pair | None]:
    pair_matrices.hermitian_sign(op.given[0])
    return [None, Pair.of(t, pair_matrices.log_size(t, op.given[0]))]


@rule("MatrixDeterminant")
def _det(t: Tape, op: Executed) -> list[Pair]:
    A = op.given[0]
    sign, size = pair_matrices.hermitian_sign(A), t.unary("exp", pair_matrices.log_size(t, A))
    return [Pair.of(t, t.binary("mul", sign, size))]


@rule("SelfAdjointEigV2")
def _eigh(t: Tape, op: Executed) -> list[Pair | None]:
    A = mirrored(t, op.given[0])
    wanted = op.attributes["compute_v"]
    values, vectors = eigh(t, A, op.came[1] if wanted else np.linalg.eigh(A.numbers)[1])
    return [Pair.of(t, values), vectors if wanted else None]


@rule("Svd")
def _svd(t: Tape, op: Executed) -> list[Value | Pair | None]:
    A, wanted = op.given[0], op.attributes["compute_uv"]
    if wanted and op.attributes["full_matrices"] and A.shape[-2] != A.shape[-1]:
        raise UnsupportedError("the full svd of a matrix that is not square; full_matrices=False")
    U, S, V = pair_matrices.svd(t, A, *(op.came[1:] if wanted else (None, None)))
    return [Pair.of(t, S), U, V] if wanted else [Pair.of(t, S), None, None]


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
    return [pair_matrices.spectral(t, A, "log" if op.kind == "MatrixLogarithm" else "sqrt")]


@rule("FFT", "FFT2D", "FFT3D", "IFFT", "IFFT2D", "IFFT3D")
def _fourier(t: Tape, op: Executed) -> list[Pair]:
    (v,) = pairs(t, op)
    dimensions = int(op.kind[-2]) if op.kind[-1] == "D" else 1
    return [pair_matrices.fourier(t, v, range(-dimensions, 0), op.kind.startswith("I"))]
