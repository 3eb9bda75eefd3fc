"""The functions of np.linalg, made of the operations of a record."""

from __future__ import annotations

from typing import Any

import numpy as np

from symgrad.numeric.recording import composites as c
from symgrad.numeric.recording.numpy_rules import Executed, Rule, unused
from symgrad.numeric.recording.recording import LOOSE
from symgrad.numeric.recording.tape import Array, UnsupportedError, Value

NOT_VECTORS = "the eigenvectors of a matrix that is not symmetric are not recorded; np.linalg.eigh"


def _det(e: Executed, a: Any) -> Value:
    return e.tape.emit("det", [e.value(a)])[0]


def _slogdet(e: Executed, a: Any) -> tuple[Value, Value]:
    signs, found = c.slogdet(e.tape, e.value(a))
    return e.tape.const(signs), found


def _inv(e: Executed, a: Any) -> Value:
    return c.inverse(e.tape, e.value(a))


def solved(e: Executed, A: Value, B: Value) -> Value:
    """A⁻¹B, where B may be a vector."""
    t = e.tape
    if len(B.shape) > 1:
        return t.solve(A, B)
    return t.reshape(t.solve(A, t.reshape(B, (B.size, 1))), (B.size,))


def _solve(e: Executed, a: Any, b: Any) -> Value:
    return solved(e, e.value(a), e.value(b))


def _cholesky(e: Executed, a: Any, /, *, upper: bool = False) -> Value:
    return c.cholesky(e.tape, e.value(a), not upper)


def eigh(e: Executed, A: Value, lower: bool, V: Array | None) -> tuple[Value, Value]:
    """Eigenvalues and eigenvectors; these are NumPy's own, V.

    Raises:
        UnsupportedError: V are not those of A.
    """
    values, vectors = c.eigh(e.tape, A, lower, V)
    if V is not None:
        M = c.mirror(e.tape, A, lower).floats
        check(M @ V, V * values.floats[..., None, :], V)
        vectors.floats = np.asarray(V, float)
    return values, vectors


def check(found: Array, wanted: Array, given: Array, why: str = "") -> None:
    """Whether the vectors that NumPy gave are those of the values.

    Raises:
        UnsupportedError: they are not.
    """
    close = LOOSE.get(np.asarray(given).dtype.name, 0.1)
    size = np.linalg.norm(np.asarray(wanted, float))
    if not np.max(np.abs(found - wanted), initial=0) <= close * size:
        known = "its vectors are not those of its matrix, as far as was recorded"
        raise UnsupportedError(known + why)


def _eigh(e: Executed, a: Any, UPLO: str = "L") -> tuple[Value, Value]:
    return eigh(e, e.value(a), UPLO.upper() == "L", e.out[1])


def _eigvalsh(e: Executed, a: Any, UPLO: str = "L") -> Value:
    return eigh(e, e.value(a), UPLO.upper() == "L", None)[0]


def _eigvals(e: Executed, a: Any, out: Any = None) -> Value:
    """Real ones, in the order in which NumPy has them."""
    given = e.out if out is None else out
    if np.iscomplexobj(given):
        raise UnsupportedError("eigenvalues of a real matrix that are complex")
    values = e.tape.emit("eigvals", [e.value(a)])[0]
    order = np.argsort(np.argsort(given, axis=-1), axis=-1)
    return e.tape.take(values, np.take_along_axis(values.places, order, -1))


def _eig(e: Executed, a: Any) -> tuple[Value, str]:
    return _eigvals(e, a, e.out[0]), NOT_VECTORS


def svd(e: Executed, A: Value, U: Array, Vt: Array) -> tuple[Value, Value, Value]:
    """U, σ and Vᵀ; the vectors are NumPy's own.

    Raises:
        UnsupportedError: they are any, as of σ = 0, or more than there are values.
    """
    t = e.tape
    if U.shape[-2:] != Vt.shape[-2:] and U.shape[-1] != Vt.shape[-2]:
        raise UnsupportedError("svd of a matrix that is not square; full_matrices=False")
    if A.shape[-2] < A.shape[-1]:
        V, S, Ut = c.svd(t, t.mT(A), U)
        left, right = t.mT(Ut), t.mT(V)
    else:
        left, S, right = c.svd(t, A, Vt.swapaxes(-1, -2))
    why = "; of a singular value that is 0, or lost in rounding, they are any"
    check(U * S.floats[..., None, :] @ Vt, A.floats, U, why)
    left.floats, right.floats = np.asarray(U, float), np.asarray(Vt, float)
    return left, S, right


def _svd(
    e: Executed,
    a: Any,
    full_matrices: bool = True,
    compute_uv: bool = True,
    hermitian: bool = False,
) -> Any:
    if not compute_uv:
        return singular_values(e, e.value(a))
    return svd(e, e.value(a), e.out[0], e.out[2])


def singular_values(e: Executed, A: Value) -> Value:
    """They alone, descending."""
    return c.svd(e.tape, A)[1]


def _svdvals(e: Executed, x: Any, /) -> Value:
    return singular_values(e, e.value(x))


def qr(e: Executed, A: Value, R: Array) -> tuple[Value, Value]:
    """Q and R, whose diagonal has the signs of NumPy's."""
    signs = np.sign(np.diagonal(R, axis1=-2, axis2=-1))
    return c.qr(e.tape, A, signs)


def _qr(e: Executed, a: Any, mode: str = "reduced") -> Any:
    A = e.value(a)
    if mode == "r":
        return qr(e, A, e.out)[1]
    if mode not in ("reduced", "complete") or (mode == "complete" and A.shape[-2] != A.shape[-1]):
        raise UnsupportedError(f"qr(mode={mode!r}); take 'reduced'")
    return qr(e, A, e.out[1])


def _pinv(e: Executed, a: Any, *_: Any, **options: Any) -> Value:
    """Of full rank, as the record's own inverse exists then; the cutoff decides nothing else."""
    return c.pinv(e.tape, e.value(a))


def lstsq(e: Executed, A: Value, B: Value) -> Value:
    """The solution of least squares, of full rank."""
    t = e.tape
    if len(B.shape) > 1:
        return t.matmul(c.pinv(t, A), B)
    return t.reshape(t.matmul(c.pinv(t, A), t.reshape(B, (B.size, 1))), (A.shape[-1],))


def _lstsq(e: Executed, a: Any, b: Any, *_: Any, **__: Any) -> tuple[Any, ...]:
    why = "the residuals and singular values of lstsq are not recorded; compute them by others"
    return lstsq(e, e.value(a), e.value(b)), why, None, why


def _matrix_power(e: Executed, a: Any, n: int) -> Value:
    t, A = e.tape, e.value(a)
    if n == 0:
        return t.const(e.out)
    A = A if n > 0 else c.inverse(t, A)
    found = A
    for digit in bin(abs(n))[3:]:
        found = t.matmul(found, found)
        found = t.matmul(found, A) if digit == "1" else found
    return found


def _multi_dot(e: Executed, arrays: Any) -> Value:
    t, values = e.tape, [e.value(x) for x in arrays]
    first, last = values[0], values[-1]
    values[0] = first if len(first.shape) > 1 else t.reshape(first, (1, first.size))
    values[-1] = last if len(last.shape) > 1 else t.reshape(last, (last.size, 1))
    found = values[0]
    for v in values[1:]:
        found = t.matmul(found, v)
    return t.reshape(found, e.out.shape)


def _norm(e: Executed, x: Any, ord: Any = None, axis: Any = None, keepdims: bool = False) -> Value:
    t, v = e.tape, e.value(x)
    if axis is None and (ord is None or len(v.shape) == 1):
        return t.reshape(c.norm(t, v, 2 if ord is None else float(ord)), e.out.shape)
    axes = tuple(range(len(v.shape))) if axis is None else e.axes(axis)
    assert axes is not None
    if len(axes) == 1 or (len(axes) == 2 and ord in (None, "fro")):
        return c.norm(t, v, 2 if ord in (None, "fro") else float(ord), axes, keepdims)
    return t.reshape(matrix_norm(e, t.transpose(v, _last(v, axes)), ord), e.out.shape)


def _last(v: Value, axes: tuple[int, ...]) -> list[int]:
    """All axes, these at the end."""
    gone = [k % len(v.shape) for k in axes]
    return [k for k in range(len(v.shape)) if k not in gone] + gone


def matrix_norm(e: Executed, v: Value, ord: Any) -> Value:
    """The norms of matrices that are no vector norms.

    Raises:
        UnsupportedError: there is none of that order.
    """
    t = e.tape
    if ord in ("nuc", 2, -2):
        S = singular_values(e, v)
        if ord == "nuc":
            return t.sum(S, (-1,))
        return t.take(S, S.places[..., 0 if ord == 2 else -1])
    if ord not in (1, -1, np.inf, -np.inf):
        raise UnsupportedError(f"the norm of order {ord!r} of a matrix")
    sums = t.sum(t.unary("abs", v), (-2 if abs(ord) == 1 else -1,))
    return c.reduce_max(t, sums, (-1,), ord < 0)


def _vector_norm(
    e: Executed, x: Any, /, *, axis: Any = None, keepdims: bool = False, ord: Any = 2
) -> Value:
    found = c.norm(e.tape, e.value(x), float(ord), e.axes(axis), keepdims)
    return e.tape.reshape(found, e.out.shape)


def _matrix_norm(e: Executed, x: Any, /, *, keepdims: bool = False, ord: Any = "fro") -> Value:
    return _norm(e, x, ord, (-2, -1), keepdims)


def _cond(e: Executed, x: Any, p: Any = None) -> Value:
    t, v = e.tape, e.value(x)
    if p in (None, 2, -2):
        largest, least = (matrix_norm(e, v, order) for order in ((2, -2) if p != -2 else (-2, 2)))
        return t.binary("div", largest, least)
    inverse = c.inverse(t, v)
    if p == "fro":
        both = [c.norm(t, A, 2, (-2, -1)) for A in (v, inverse)]
    else:
        both = [matrix_norm(e, A, p) for A in (v, inverse)]
    return t.binary("mul", *both)


def _matmul(e: Executed, a: Any, b: Any, /) -> Value:
    return e.tape.matmul(e.value(a), e.value(b))


def _vecdot(e: Executed, a: Any, b: Any, /, *, axis: int = -1) -> Value:
    unused(axis=None if axis == -1 else axis)
    return e.tape.sum(e.tape.binary("mul", e.value(a), e.value(b)), (-1,))


BY_NAME: dict[str, Rule] = {
    **{"det": _det, "slogdet": _slogdet, "inv": _inv, "solve": _solve, "cholesky": _cholesky},
    **{"eigh": _eigh, "eigvalsh": _eigvalsh, "eig": _eig, "eigvals": _eigvals, "svd": _svd},
    **{"svdvals": _svdvals, "qr": _qr, "pinv": _pinv, "lstsq": _lstsq, "norm": _norm},
    **{"matrix_power": _matrix_power, "multi_dot": _multi_dot, "vector_norm": _vector_norm},
    **{"matrix_norm": _matrix_norm, "cond": _cond, "matmul": _matmul, "vecdot": _vecdot},
}
MATRICES: dict[Any, Rule] = {
    getattr(np.linalg, name): rule for name, rule in BY_NAME.items() if hasattr(np.linalg, name)
}
