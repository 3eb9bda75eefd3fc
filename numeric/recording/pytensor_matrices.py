"""What PyTensor's linear algebra is made of, by the name of each operation."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from symgrad.numeric.recording import composites as c
from symgrad.numeric.recording.pytensor_operations import Executed, Found
from symgrad.numeric.recording.tape import Array, UnsupportedError, Value

SYMMETRIC = ("sym", "her", "pos")
"""The systems of which one triangle is read."""


def _right(e: Executed) -> tuple[Value, bool]:
    """The right-hand sides as columns, and whether they are one vector each."""
    B, is_vector = e.tape.value(e.args[1]), e.op.b_ndim == 1
    return (e.tape.reshape(B, (*B.shape, 1)) if is_vector else B), is_vector


def _columns(e: Executed, found: Value, is_vector: bool) -> Value:
    return e.tape.reshape(found, found.shape[:-1]) if is_vector else found


def _solve(e: Executed) -> Found:
    t, A, (B, is_vector) = e.tape, e.tape.value(e.args[0]), _right(e)
    if e.op.assume_a in SYMMETRIC:
        A = c.mirror(t, A, bool(e.op.lower))
    elif e.op.assume_a != "gen":
        raise UnsupportedError(f"solve(assume_a={e.op.assume_a!r}); leave assume_a out")
    return _columns(e, t.solve(A, B), is_vector)


def _triangular_solve(e: Executed) -> Found:
    t, (B, is_vector) = e.tape, _right(e)
    T = c.triangle(t, t.value(e.args[0]), bool(e.op.lower), unit=bool(e.op.unit_diagonal))
    return _columns(e, t.solve(T, B), is_vector)


def _cholesky_solve(e: Executed) -> Found:
    t, (B, is_vector) = e.tape, _right(e)
    T = c.triangle(t, t.value(e.args[0]), bool(e.op.lower))
    first, second = (T, t.mT(T)) if e.op.lower else (t.mT(T), T)
    return _columns(e, t.solve(second, t.solve(first, B)), is_vector)


def _slogdet(e: Executed) -> Found:
    return list(c.slogdet(e.tape, e.args[0]))


def _eigh(e: Executed) -> Found:
    """Also of a pair A, B: the eigenvalues of L⁻¹AL⁻ᵀ, where B = LLᵀ."""
    t, lower = e.tape, bool(e.op.lower)
    V = e.told()[1] if e.name == "Eigh" else None
    if len(e.args) == 1:
        values, vectors = c.eigh(t, e.args[0], lower, V)
        return values if V is None else [values, vectors]
    A, B = (t.value(x) for x in e.args)
    L = t.emit("cholesky", [c.mirror(t, B, lower)])[0]
    whitened = t.solve(L, t.mT(t.solve(L, c.mirror(t, A, lower))))
    own = None if V is None else L.floats.swapaxes(-1, -2) @ V
    values, vectors = c.eigh(t, whitened, True, own)
    return values if V is None else [values, t.solve(t.mT(L), vectors)]


def _svd(e: Executed) -> Found:
    v = e.args[0]
    if not e.op.compute_uv:
        return c.svd(e.tape, v)[1]
    if e.op.full_matrices and v.shape[-1] != v.shape[-2]:
        raise UnsupportedError(
            "svd of a matrix that is not square has vectors that it does not determine; "
            "full_matrices=False"
        )
    V = np.swapaxes(e.told()[2], -1, -2) if v.shape[-2] >= v.shape[-1] else None
    return list(c.svd(e.tape, v, V))


def _qr(e: Executed) -> Found:
    rows, columns = e.args[0].shape[-2:]
    if e.op.pivoting or e.op.mode == "raw":
        raise UnsupportedError("qr(pivoting=True) or mode='raw'")
    if e.op.mode == "full" and rows != columns:
        raise UnsupportedError("the full qr of a matrix that is not square; mode='economic'")
    R = e.told()[-1]
    Q, found = c.qr(e.tape, e.args[0], np.sign(np.diagonal(R, axis1=-2, axis2=-1)))
    return found if e.op.mode == "r" else [Q, found]


def _factors(e: Executed, permutation: Array) -> tuple[Value, Value]:
    """L and U of the rows of A in that order."""
    t = e.tape
    both = c.lu(t, e.args[0], permutation)
    return c.triangle(t, both, True, unit=True), c.triangle(t, both, False)


def _lu(e: Executed) -> Found:
    """A = P L U; or PL and U; or with P as the rows of L that make those of A."""
    t, gave = e.tape, e.told()
    if e.op.permute_l:
        rows = _rows_of(gave[0])
    else:
        rows = gave[0] if e.op.p_indices else np.argmax(gave[0], axis=-1)
    L, U = _factors(e, np.argsort(rows, axis=-1))
    if not e.op.permute_l:
        return [gave[0], L, U]
    return [t.take(L, np.take_along_axis(L.places, rows[..., None], -2)), U]


def _rows_of(PL: Array) -> Array:
    """Which row of L each row of PL is: its last entry that is not 0 is that on the diagonal."""
    return np.asarray(PL.shape[-1] - 1 - np.argmax((PL != 0)[..., ::-1], axis=-1))


def _lu_factor(e: Executed) -> Found:
    pivots = e.told()[1]
    rows = np.broadcast_to(np.arange(pivots.shape[-1]), pivots.shape).copy()
    for k in np.ndindex(pivots.shape):
        other = (*k[:-1], int(pivots[k]))
        rows[k], rows[other] = rows[other], rows[k]
    return [c.lu(e.tape, e.args[0], rows), pivots]


def _pinv(e: Executed) -> Found:
    A = e.args[0]
    return c.pinv(e.tape, c.mirror(e.tape, A, True) if e.op.hermitian else A)


MATRICES: dict[str, Callable[[Executed], Found]] = {
    "MatrixInverse": lambda e: c.inverse(e.tape, e.args[0]),
    "MatrixPinv": _pinv,
    "Det": lambda e: e.tape.emit("det", [e.args[0]])[0],
    "SLogDet": _slogdet,
    "Cholesky": lambda e: c.cholesky(e.tape, e.args[0], bool(e.op.lower)),
    "Solve": _solve,
    "SolveTriangular": _triangular_solve,
    "CholeskySolve": _cholesky_solve,
    "Eigh": _eigh,
    "Eigvalsh": _eigh,
    "SVD": _svd,
    "QR": _qr,
    "LU": _lu,
    "LUFactor": _lu_factor,
    "Expm": lambda e: e.tape.emit("expm", [e.args[0]])[0],
}
