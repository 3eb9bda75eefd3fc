"""TensorFlow's sums, products, scattering, and its operations on matrices."""

from __future__ import annotations

import string
from collections.abc import Sequence

import numpy as np

from symgrad.numeric.recording import composites
from symgrad.numeric.recording.tape import Tape, UnsupportedError, Value
from symgrad.numeric.recording.tensorflow_rules import Executed, Rule, into

MATRICES: dict[str, Rule] = {}
rule = into(MATRICES)


# sums and products


def _axes(op: Executed) -> tuple[int, ...]:
    return tuple(int(axis) % len(op.given[0].shape) for axis in np.ravel(op.given[1]))


@rule("Sum")
def _sum(t: Tape, op: Executed) -> list[Value]:
    return [t.sum(op.given[0], _axes(op), op.attributes["keep_dims"])]


@rule("Mean")
def _mean(t: Tape, op: Executed) -> list[Value]:
    return [composites.mean(t, op.given[0], _axes(op), op.attributes["keep_dims"])]


@rule("EuclideanNorm")
def _euclidean_norm(t: Tape, op: Executed) -> list[Value]:
    norm = composites.norm(t, op.given[0], 2, _axes(op), op.attributes["keep_dims"])
    return [norm]


@rule("Max", "Min")
def _extreme(t: Tape, op: Executed) -> list[Value]:
    extreme = composites.reduce_max(t, op.given[0], _axes(op), least=op.kind == "Min")
    return [t.reshape(extreme, op.came[0].shape)]


@rule("Prod")
def _prod(t: Tape, op: Executed) -> list[Value]:
    return [t.reshape(composites.prod(t, op.given[0], _axes(op)), op.came[0].shape)]


@rule("Cumsum", "Cumprod", "CumulativeLogsumexp")
def _cumulate(t: Tape, op: Executed) -> list[Value]:
    """Along an axis, from its other end if reversed, without the entry itself if exclusive."""
    v, axis = op.given[0], int(op.given[1])
    step = -1 if op.attributes["reverse"] else 1
    if op.attributes["exclusive"] or op.kind != "Cumsum":
        return [_cumulate_slices(t, op, axis, step)]
    turned = t.take(v, np.moveaxis(np.moveaxis(v.places, axis, -1)[..., ::step], -1, axis))
    sums = composites.cumsum(t, turned, axis)
    return [t.take(sums, np.moveaxis(np.moveaxis(sums.places, axis, -1)[..., ::step], -1, axis))]


def _cumulate_slices(t: Tape, op: Executed, axis: int, step: int) -> Value:
    if op.kind == "CumulativeLogsumexp":
        raise UnsupportedError("there is no rule to record it; write it by exp, cumsum and log")
    v, product = op.given[0], op.kind == "Cumprod"
    slices = np.moveaxis(v.places, axis, 0)[::step]
    total = t.const(np.full(slices.shape[1:], float(product)))
    parts = [total] if op.attributes["exclusive"] else []
    for places in slices[: len(slices) - len(parts)]:
        total = t.binary("mul" if product else "add", total, t.take(v, places))
        parts.append(total)
    stacked = t.reshape(t.cat(parts), slices.shape)
    return t.take(stacked, np.moveaxis(stacked.places[::step], 0, axis))


@rule("Softmax")
def _softmax(t: Tape, op: Executed) -> list[Value]:
    return [composites.softmax(t, op.given[0], -1)]


@rule("LogSoftmax")
def _log_softmax(t: Tape, op: Executed) -> list[Value]:
    v = op.given[0]
    return [t.binary("sub", v, composites.logsumexp(t, v, (len(v.shape) - 1,), True))]


@rule("SoftmaxCrossEntropyWithLogits")
def _cross_entropy(t: Tape, op: Executed) -> list[Value]:
    logits, labels = (t.value(x) for x in op.given)
    logs = t.binary("sub", logits, composites.logsumexp(t, logits, (1,), True))
    loss = t.unary("neg", t.sum(t.binary("mul", labels, logs), (1,)))
    return [loss, t.binary("sub", composites.softmax(t, logits, -1), labels)]


@rule("SparseSoftmaxCrossEntropyWithLogits")
def _sparse_cross_entropy(t: Tape, op: Executed) -> list[Value]:
    logits, classes = op.given
    labels = t.const(np.eye(logits.shape[1])[classes])
    logs = t.binary("sub", logits, composites.logsumexp(t, logits, (1,), True))
    loss = t.unary("neg", t.sum(t.binary("mul", labels, logs), (1,)))
    return [loss, t.binary("sub", composites.softmax(t, logits, -1), labels)]


@rule("L2Loss")
def _l2_loss(t: Tape, op: Executed) -> list[Value]:
    v = op.given[0]
    return [t.binary("mul", 0.5, t.sum(t.binary("mul", v, v)))]


@rule("MatMul", "BatchMatMul", "BatchMatMulV2", "BatchMatMulV3")
def _matmul(t: Tape, op: Executed) -> list[Value]:
    first, second = (t.value(x) for x in op.given)
    names = ("transpose_a", "transpose_b") if op.kind == "MatMul" else ("adj_x", "adj_y")
    left, right = (op.attributes[name] for name in names)
    return [t.matmul(t.mT(first) if left else first, t.mT(second) if right else second)]


@rule("Einsum")
def _einsum(t: Tape, op: Executed) -> list[Value]:
    values = [t.value(x) for x in op.given]
    equation = written_out(op.attributes["equation"], [len(v.shape) for v in values])
    return [t.reshape(composites.einsum(t, equation, values), op.came[0].shape)]


def written_out(equation: str, ranks: Sequence[int]) -> str:
    """The equation with letters for its ellipses."""
    given, _, out = equation.replace(" ", "").partition("->")
    free = [letter for letter in string.ascii_letters if letter not in equation]
    labels = given.split(",")
    longest = max(
        (rank - len(x) + 3 for rank, x in zip(ranks, labels, strict=True) if "." in x), default=0
    )
    letters = "".join(free[:longest])
    parts = [
        x.replace("...", letters[longest - (rank - len(x) + 3) :] if "." in x else "")
        for rank, x in zip(ranks, labels, strict=True)
    ]
    return f"{','.join(parts)}->{out.replace('...', letters)}"


# scattering


@rule("TensorScatterAdd", "TensorScatterSub")
def _scatter_add(t: Tape, op: Executed) -> list[Value]:
    v, indices, updates = t.value(op.given[0]), op.given[1], t.value(op.given[2])
    if op.kind == "TensorScatterSub":
        updates = t.unary("neg", updates)
    return [t.put_add(v, v.places[tuple(np.moveaxis(indices, -1, 0))], updates)]


@rule("ScatterNd")
def _scatter_nd(t: Tape, op: Executed) -> list[Value]:
    zeros = t.const(np.zeros(op.came[0].shape))
    where = zeros.places[tuple(np.moveaxis(op.given[0], -1, 0))]
    return [t.put_add(zeros, where, op.given[1])]


@rule("SegmentSum", "SegmentSumV2", "UnsortedSegmentSum")
def _segment_sum(t: Tape, op: Executed) -> list[Value]:
    v, segments = op.given[:2]
    zeros = t.const(np.zeros(op.came[0].shape))
    rows = v.places.reshape(*segments.shape, -1)[segments >= 0]
    where = zeros.places.reshape(len(op.came[0]), -1)[segments[segments >= 0]]
    return [t.put_add(zeros, where, t.take(v, rows))]


# matrices


@rule("SelfAdjointEigV2")
def _eigh(t: Tape, op: Executed) -> list[Value | None]:
    wanted = op.attributes["compute_v"]
    values, vectors = composites.eigh(t, op.given[0], True, op.came[1] if wanted else None)
    if not wanted:
        return [values, None]
    # of a multiple eigenvalue every basis is one: the shadow has the framework's
    A, V = composites.mirror(t, op.given[0], True).floats, op.came[1].astype(float)
    residual = np.abs(A @ V - V * values.floats[..., None, :]).max()
    if not np.allclose(V, vectors.floats, atol=1e-6) and residual <= 1e-5 * np.abs(A).max():
        vectors.floats = V
    return [values, vectors]


@rule("Cholesky")
def _cholesky(t: Tape, op: Executed) -> list[Value]:
    return [composites.cholesky(t, op.given[0])]


def _adjoint(t: Tape, op: Executed, A: Value) -> Value:
    return t.mT(A) if op.attributes["adjoint"] else A


@rule("MatrixTriangularSolve")
def _triangular_solve(t: Tape, op: Executed) -> list[Value]:
    T = composites.triangle(t, t.value(op.given[0]), op.attributes["lower"])
    return [t.solve(_adjoint(t, op, T), t.value(op.given[1]))]


@rule("MatrixSolve")
def _solve(t: Tape, op: Executed) -> list[Value]:
    return [t.solve(_adjoint(t, op, t.value(op.given[0])), t.value(op.given[1]))]


@rule("MatrixInverse")
def _inverse(t: Tape, op: Executed) -> list[Value]:
    return [composites.inverse(t, _adjoint(t, op, op.given[0]))]


@rule("MatrixSolveLs")
def _lstsq(t: Tape, op: Executed) -> list[Value]:
    """Least squares, or the least norm, by the normal equations; the fast way is regularized."""
    A, B, weight = t.value(op.given[0]), t.value(op.given[1]), float(op.given[2])
    is_wide = A.shape[-2] < A.shape[-1]
    gram = t.matmul(A, t.mT(A)) if is_wide else t.matmul(t.mT(A), A)
    if op.attributes["fast"] and weight:
        gram = t.binary("add", gram, weight * np.eye(gram.shape[-1]))
    return [t.matmul(t.mT(A), t.solve(gram, B)) if is_wide else t.solve(gram, t.matmul(t.mT(A), B))]


@rule("MatrixSquareRoot")
def _sqrtm(t: Tape, op: Executed) -> list[Value]:
    """The square root of symmetric positive definite matrices.

    Raises:
        UnsupportedError: they are not.
    """
    A = op.given[0]
    off = np.abs(A.floats - A.floats.swapaxes(-1, -2)).max()
    if off > 1e-12 * np.abs(A.floats).max() or np.linalg.eigvalsh(A.floats).min() <= 0:
        raise UnsupportedError("a matrix that is not symmetric and positive definite; use eigh")
    half = t.binary("mul", 0.5, t.binary("add", A, t.mT(A)))
    values, V = composites.eigh(t, half)
    row = t.reshape(t.unary("sqrt", values), (*values.shape[:-1], 1, values.shape[-1]))
    return [t.matmul(t.binary("mul", V, row), t.mT(V))]


@rule("MatrixDeterminant")
def _det(t: Tape, op: Executed) -> list[Value]:
    return t.emit("det", [op.given[0]])


@rule("LogMatrixDeterminant")
def _slogdet(t: Tape, op: Executed) -> list[Value | None]:
    return [None, composites.slogdet(t, op.given[0])[1]]


@rule("MatrixExponential")
def _expm(t: Tape, op: Executed) -> list[Value]:
    return t.emit("expm", [op.given[0]])


@rule("Lu")
def _lu(t: Tape, op: Executed) -> list[Value | None]:
    return [composites.lu(t, op.given[0], op.came[1]), None]


@rule("Qr")
def _qr(t: Tape, op: Executed) -> list[Value]:
    A, R = op.given[0], op.came[1]
    if op.attributes["full_matrices"] and A.shape[-2] != A.shape[-1]:
        raise UnsupportedError("the full qr of a matrix that is not square; full_matrices=False")
    return list(composites.qr(t, A, np.sign(np.diagonal(R, axis1=-2, axis2=-1))))


@rule("Svd")
def _svd(t: Tape, op: Executed) -> list[Value | None]:
    A, (_, U, V) = op.given[0], op.came
    if not op.attributes["compute_uv"]:
        return [composites.svd(t, A)[1], None, None]
    if op.attributes["full_matrices"] and A.shape[-2] != A.shape[-1]:
        raise UnsupportedError("the full svd of a matrix that is not square; full_matrices=False")
    if A.shape[-2] < A.shape[-1]:
        left, S, right = composites.svd(t, t.mT(A), U)
        return [S, t.mT(right), left]
    left, S, right = composites.svd(t, A, V)
    return [S, left, t.mT(right)]
