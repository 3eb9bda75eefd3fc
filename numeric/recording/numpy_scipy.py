"""The functions of SciPy that are no ufuncs, made of the operations of a record."""

from __future__ import annotations

from typing import Any

import numpy as np
import scipy.linalg
import scipy.special

from symgrad.numeric.recording import composites as c
from symgrad.numeric.recording import numpy_matrices as m
from symgrad.numeric.recording.numpy_rules import Executed, Rule, unused
from symgrad.numeric.recording.tape import UnsupportedError, Value

QUIET = ("overwrite_a", "overwrite_b", "check_finite", "lapack_driver", "driver", "disp")
"""Options that do not change what is computed."""


def left(options: dict[str, Any]) -> dict[str, Any]:
    """Those of the options that may change it."""
    return {name: x for name, x in options.items() if name not in QUIET}


def _det(e: Executed, a: Any, **options: Any) -> Value:
    return e.tape.emit("det", [e.value(a)])[0]


def _inv(e: Executed, a: Any, **options: Any) -> Value:
    unused(**left(options))
    return c.inverse(e.tape, e.value(a))


def _cholesky(e: Executed, a: Any, lower: bool = False, **options: Any) -> Value:
    return c.cholesky(e.tape, e.value(a), lower)


def _cho_factor(e: Executed, a: Any, lower: bool = False, **options: Any) -> tuple[Value, None]:
    """The factor; in the other triangle are entries of A, which cho_solve does not read."""
    A = e.value(a)
    L = c.cholesky(e.tape, A, lower)
    keep = np.tril(np.ones(A.shape, bool)) if lower else np.triu(np.ones(A.shape, bool))
    return c.where(e.tape, keep, L, A), None


def _cho_solve(e: Executed, factor: Any, b: Any, **options: Any) -> Value:
    t, (L, lower) = e.tape, (e.value(factor[0]), bool(factor[1]))
    L = c.triangle(t, L, lower)
    A = t.matmul(L, t.mT(L)) if lower else t.matmul(t.mT(L), L)
    return m.solved(e, A, e.value(b))


def _solve(e: Executed, a: Any, b: Any, lower: bool = False, **options: Any) -> Value:
    """By the triangle that is read, where it is told that A is symmetric."""
    kind, transposed = options.pop("assume_a", None), options.pop("transposed", False)
    unused(**left(options))
    A = e.value(a)
    if kind in ("sym", "her", "pos", "symmetric", "hermitian", "positive definite"):
        A = c.mirror(e.tape, A, lower)
    elif kind not in (None, "gen", "general"):
        raise UnsupportedError(f"solve(assume_a={kind!r}); leave it out")
    return m.solved(e, e.tape.mT(A) if transposed else A, e.value(b))


def _solve_triangular(
    e: Executed,
    a: Any,
    b: Any,
    trans: Any = 0,
    lower: bool = False,
    unit_diagonal: bool = False,
    **options: Any,
) -> Value:
    T = c.triangle(e.tape, e.value(a), lower, unit=unit_diagonal)
    return m.solved(e, e.tape.mT(T) if trans in (1, 2, "T", "C") else T, e.value(b))


def _eigh(
    e: Executed,
    a: Any,
    b: Any = None,
    *,
    lower: bool = True,
    eigvals_only: bool = False,
    **options: Any,
) -> Any:
    """Of a pair, by the factor L of B: the vectors are L⁻ᵀ of those of L⁻¹AL⁻ᵀ."""
    kind = options.pop("type", 1)
    unused(**left(options))
    t, A = e.tape, e.value(a)
    if b is None:
        return m.eigh(e, A, lower, None)[0] if eigvals_only else m.eigh(e, A, lower, e.out[1])
    if kind != 1:
        raise UnsupportedError(f"eigh(type={kind})")
    L = t.emit("cholesky", [c.mirror(t, e.value(b), lower)])[0]
    half = t.solve(L, c.mirror(t, A, lower))
    M = t.solve(L, t.mT(half))
    if eigvals_only:
        return m.eigh(e, M, True, None)[0]
    values, vectors = m.eigh(e, M, True, L.floats.T @ e.out[1])
    return values, t.solve(t.mT(L), vectors)


def _eigvalsh(e: Executed, a: Any, b: Any = None, *, lower: bool = True, **options: Any) -> Value:
    found: Value = _eigh(e, a, b, lower=lower, eigvals_only=True, **options)
    return found


def _svd(
    e: Executed, a: Any, full_matrices: bool = True, compute_uv: bool = True, **options: Any
) -> Any:
    if not compute_uv:
        return m.singular_values(e, e.value(a))
    return m.svd(e, e.value(a), e.out[0], e.out[2])


def _svdvals(e: Executed, a: Any, **options: Any) -> Value:
    return m.singular_values(e, e.value(a))


def _expm(e: Executed, A: Any) -> Value:
    return e.tape.emit("expm", [e.value(A)])[0]


def _of_eigenvalues(e: Executed, A: Any, **options: Any) -> Value:
    """The root or the logarithm of a symmetric matrix with positive eigenvalues."""
    t, v = e.tape, e.value(A)
    M = v.floats
    if not np.allclose(M, M.T, rtol=0, atol=1e-13 * np.max(np.abs(M), initial=0)):
        raise UnsupportedError("of a matrix that is not symmetric; write it by np.linalg.eigh")
    half = t.binary("mul", 0.5, t.binary("add", v, t.mT(v)))
    values, V = c.eigh(t, half)
    if not np.all(values.floats > 0):
        raise UnsupportedError("of a matrix that is not positive definite")
    mapped = t.unary("sqrt" if e.func.__name__ == "sqrtm" else "log", values)
    return t.matmul(t.binary("mul", V, t.reshape(mapped, (1, mapped.size))), t.mT(V))


def _pinv(e: Executed, a: Any, **options: Any) -> Value:
    return c.pinv(e.tape, e.value(a))


def _norm(e: Executed, a: Any, ord: Any = None, axis: Any = None, **options: Any) -> Value:
    found: Value = m.MATRICES[np.linalg.norm](e, a, ord, axis, options.get("keepdims", False))
    return found


def _qr(e: Executed, a: Any, *, mode: str = "full", **options: Any) -> Any:
    unused(**left(options))
    A = e.value(a)
    if mode == "full" and A.shape[-2] != A.shape[-1]:
        raise UnsupportedError("the full qr of a matrix that is not square; mode='economic'")
    if mode not in ("full", "economic"):
        raise UnsupportedError(f"qr(mode={mode!r}); take 'economic'")
    return m.qr(e, A, e.out[1])


def _lyapunov(e: Executed, a: Any, q: Any) -> Value:
    """AX + XAᵀ = Q, by the matrix A ⊗ I + I ⊗ A."""
    t, A = e.tape, e.value(a)
    return _sylvester_of(e, A, t.mT(A), e.value(q))


def _sylvester(e: Executed, a: Any, b: Any, q: Any) -> Value:
    """AX + XB = Q."""
    return _sylvester_of(e, e.value(a), e.value(b), e.value(q))


def _sylvester_of(e: Executed, A: Value, B: Value, Q: Value) -> Value:
    t, p, q = e.tape, A.shape[0], B.shape[0]
    left = t.binary("mul", t.reshape(A, (p, 1, p, 1)), np.eye(q).reshape(1, q, 1, q))
    right = t.binary("mul", np.eye(p).reshape(p, 1, p, 1), t.reshape(t.mT(B), (1, q, 1, q)))
    K = t.reshape(t.binary("add", left, right), (p * q, p * q))
    return t.reshape(t.solve(K, t.reshape(Q, (p * q, 1))), (p, q))


def _block_diag(e: Executed, *arrays: Any) -> Value:
    values = [e.value(x) for x in arrays]
    return c.moved(e.tape, values, lambda places: np.asarray(scipy.linalg.block_diag(*places), int))


def _logsumexp(
    e: Executed, a: Any, axis: Any = None, b: Any = None, keepdims: bool = False, **options: Any
) -> Value:
    unused(b=b, **options)
    return c.logsumexp(e.tape, e.value(a), e.axes(axis), keepdims)


def _softmax(e: Executed, x: Any, axis: Any = None) -> Value:
    t, v = e.tape, e.value(x)
    if axis is None:
        return t.reshape(c.softmax(t, t.reshape(v, (v.size,)), 0), v.shape)
    return c.softmax(t, v, axis)


def _log_softmax(e: Executed, x: Any, axis: Any = None) -> Value:
    v, axes = e.value(x), e.axes(axis)
    return e.tape.binary("sub", v, c.logsumexp(e.tape, v, axes, True))


LINALG: dict[str, Rule] = {
    **{"det": _det, "inv": _inv, "cholesky": _cholesky, "cho_factor": _cho_factor},
    **{"cho_solve": _cho_solve, "solve": _solve, "solve_triangular": _solve_triangular},
    **{"eigh": _eigh, "eigvalsh": _eigvalsh, "svd": _svd, "svdvals": _svdvals, "expm": _expm},
    **{"sqrtm": _of_eigenvalues, "logm": _of_eigenvalues, "pinv": _pinv, "norm": _norm, "qr": _qr},
    **{"solve_sylvester": _sylvester, "solve_continuous_lyapunov": _lyapunov},
    "block_diag": _block_diag,
}
OF_SCIPY: dict[Any, Rule] = {
    **{getattr(scipy.linalg, name): rule for name, rule in LINALG.items()},
    **{scipy.special.logsumexp: _logsumexp, scipy.special.softmax: _softmax},
    scipy.special.log_softmax: _log_softmax,
}
"""By the function itself."""
