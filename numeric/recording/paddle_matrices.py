"""What PaddlePaddle's products and linear algebra are made of, by the name of each operation."""

from __future__ import annotations

from collections.abc import Callable
from functools import reduce

import numpy as np

from symgrad.numeric.recording import composites as c
from symgrad.numeric.recording.paddle_operations import Executed, Found
from symgrad.numeric.recording.tape import Array, Tape, UnsupportedError, Value


def _product(t: Tape, a: Value, b: Value) -> Value:
    """a @ b, of vectors too."""
    first = t.reshape(a, (1, *a.shape)) if len(a.shape) == 1 else a
    second = t.reshape(b, (*b.shape, 1)) if len(b.shape) == 1 else b
    found = t.matmul(first, second)
    shape = list(found.shape)
    if len(b.shape) == 1:
        del shape[-1]
    if len(a.shape) == 1:
        del shape[-1 if len(b.shape) == 1 else -2]
    return t.reshape(found, tuple(shape))


def _matmul(e: Executed) -> Found:
    t, given = e.tape, [e.tape.value(x) for x in e.args]
    for k, turned in enumerate((e.attributes["transpose_x"], e.attributes["transpose_y"])):
        if turned and len(given[k].shape) > 1:
            given[k] = t.mT(given[k])
    return _product(t, *given)


def _added(e: Executed) -> Found:
    t, a = e.tape, e.attributes
    product = t.matmul(t.value(e.args[1]), t.value(e.args[2]))
    scaled = t.binary("mul", product, float(a["alpha"]))
    return t.binary("add", t.binary("mul", e.args[0], float(a["beta"])), scaled)


def _einsum(e: Executed) -> Found:
    return c.einsum(e.tape, e.attributes["equation"], [e.tape.value(x) for x in e.args[0]])


def _dot(e: Executed) -> Found:
    return e.tape.sum(e.tape.binary("mul", *e.args), (-1,))


def _kron(e: Executed) -> Found:
    t, (a, b) = e.tape, map(e.tape.value, e.args)
    if len(a.shape) != 2 or len(b.shape) != 2:
        raise UnsupportedError("kron of what is no matrix")
    (m, n), (p, q) = a.shape, b.shape
    blocks = t.binary("mul", t.reshape(a, (m, 1, n, 1)), t.reshape(b, (1, p, 1, q)))
    return t.reshape(blocks, (m * p, n * q))


def _trace(e: Executed) -> Found:
    a, v = e.attributes, e.args[0]
    places = np.diagonal(v.places, a["offset"], a["axis1"], a["axis2"])
    return e.tape.sum(e.tape.take(v, places), (-1,))


def _solved(t: Tape, A: Value, B: Value) -> Value:
    """A⁻¹B, of one vector for each matrix too."""
    if len(B.shape) == 1:
        return t.reshape(t.solve(A, t.reshape(B, (*B.shape, 1))), B.shape)
    return t.solve(A, B)


def _solve(e: Executed) -> Found:
    A, B = map(e.tape.value, e.args)
    if len(A.shape) != len(B.shape) and len(B.shape) != 1:
        raise UnsupportedError("solve of a batch by vectors; give columns")
    return _solved(e.tape, A, B)


def _triangular_solve(e: Executed) -> Found:
    t, a, (A, B) = e.tape, e.attributes, map(e.tape.value, e.args)
    T = c.triangle(t, A, not a["upper"], unit=bool(a["unitriangular"]))
    return t.solve(t.mT(T) if a["transpose"] else T, B)


def _cholesky_solve(e: Executed) -> Found:
    t, (B, A) = e.tape, map(e.tape.value, e.args)
    T = c.triangle(t, A, not e.attributes["upper"])
    first, second = (t.mT(T), T) if e.attributes["upper"] else (T, t.mT(T))
    return t.solve(second, t.solve(first, B))


def _slogdet(e: Executed) -> Found:
    """The sign and log |det|, as one array."""
    t, A = e.tape, e.args[0]
    signs, size = c.slogdet(t, A)
    return t.reshape(t.cat([t.const(signs.astype(float)), size]), (2, *A.shape[:-2]))


def _eigh(e: Executed) -> Found:
    return list(c.eigh(e.tape, e.args[0], e.attributes["UPLO"] == "L", e.told()[1]))


def _eigvalsh(e: Executed) -> Found:
    """The second, vectors, is there for the derivative alone."""
    values, vectors = c.eigh(e.tape, e.args[0], e.attributes["uplo"] == "L")
    return [values, vectors.floats]


def _svd(e: Executed) -> Found:
    v = e.args[0]
    if e.attributes["full_matrices"] and v.shape[-1] != v.shape[-2]:
        raise UnsupportedError(
            "svd of a matrix that is not square has vectors that it does not determine; "
            "full_matrices=False"
        )
    V = np.swapaxes(e.told()[2], -1, -2) if v.shape[-2] >= v.shape[-1] else None
    return list(c.svd(e.tape, v, V))


def _qr(e: Executed) -> Found:
    rows, columns = e.args[0].shape[-2:]
    if e.attributes["mode"] == "complete" and rows != columns:
        raise UnsupportedError("the complete qr of a matrix that is not square; mode='reduced'")
    R = e.told()[-1]
    Q, found = c.qr(e.tape, e.args[0], np.sign(np.diagonal(R, axis1=-2, axis2=-1)))
    return [Q.floats if e.attributes["mode"] == "r" else Q, found]


def _rows(pivots: Array) -> Array:
    """The order of the rows that these exchanges make; they count from 1."""
    rows = np.broadcast_to(np.arange(pivots.shape[-1]), pivots.shape).copy()
    for k in np.ndindex(pivots.shape):
        other = (*k[:-1], int(pivots[k]) - 1)
        rows[k], rows[other] = rows[other], rows[k]
    return rows


def _lu(e: Executed) -> Found:
    gave = e.told()
    if e.args[0].shape[-1] != e.args[0].shape[-2]:
        raise UnsupportedError("lu of a matrix that is not square")
    return [c.lu(e.tape, e.args[0], _rows(gave[1])), gave[1], gave[2]]


def _unpacked(e: Executed) -> Found:
    t, both = e.tape, e.args[0]
    L, U = c.triangle(t, both, True, unit=True), c.triangle(t, both, False)
    return [e.told()[0], L, U]


def _lu_solve(e: Executed) -> Found:
    t, (B, both) = e.tape, map(e.tape.value, e.args[:2])
    if e.attributes["trans"] != "N":
        raise UnsupportedError("lu_solve(trans=…); leave it out")
    L, U = c.triangle(t, both, True, unit=True), c.triangle(t, both, False)
    rows = _rows(np.asarray(e.args[2]))
    if len(rows.shape) > 1:
        raise UnsupportedError("lu_solve of a batch")
    return t.solve(U, t.solve(L, t.take(B, B.places[rows])))


def _power(e: Executed) -> Found:
    """By products, of the inverse where the exponent is negative."""
    t, n, A = e.tape, int(e.attributes["n"]), e.args[0]
    if not n:
        return np.broadcast_to(np.eye(A.shape[-1]), A.shape)
    factor = A if n > 0 else c.inverse(t, A)
    return reduce(t.matmul, [factor] * abs(n))


MATRICES: dict[str, Callable[[Executed], Found]] = {
    "matmul": _matmul,
    "bmm": lambda e: e.tape.matmul(*map(e.tape.value, e.args)),
    "mv": lambda e: _product(e.tape, *map(e.tape.value, e.args)),
    "dot": _dot,
    "addmm": _added,
    "einsum": _einsum,
    "multi_dot": lambda e: reduce(
        lambda a, b: _product(e.tape, a, b), [e.tape.value(x) for x in e.args[0]]
    ),
    "kron": _kron,
    "trace": _trace,
    "inverse": lambda e: c.inverse(e.tape, e.args[0]),
    "det": lambda e: e.tape.emit("det", [e.args[0]])[0],
    "slogdet": _slogdet,
    "cholesky": lambda e: c.cholesky(e.tape, e.args[0], not e.attributes["upper"]),
    "solve": _solve,
    "triangular_solve": _triangular_solve,
    "cholesky_solve": _cholesky_solve,
    "eigh": _eigh,
    "eigvalsh": _eigvalsh,
    "svd": _svd,
    "svdvals": lambda e: c.svd(e.tape, e.args[0])[1],
    "qr": _qr,
    "lu": _lu,
    "lu_unpack": _unpacked,
    "lu_solve": _lu_solve,
    "matrix_power": _power,
}
