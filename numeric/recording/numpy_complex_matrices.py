"""The functions of np.linalg and scipy.linalg on complex matrices, by their parts."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import scipy.linalg

from symgrad.court.program import Operation
from symgrad.numeric.recording import numpy_scipy
from symgrad.numeric.recording import pair_entries as entries
from symgrad.numeric.recording import pair_matrices as matrices
from symgrad.numeric.recording import pairs as p
from symgrad.numeric.recording.numpy_matrices import MATRICES
from symgrad.numeric.recording.numpy_rules import Executed, Rule, unused
from symgrad.numeric.recording.pairs import Pair
from symgrad.numeric.recording.tape import Tape, UnsupportedError, Value

SIGN = "the sign of the determinant of a complex matrix that is not Hermitian; np.linalg.det"
HERMITIAN = ("her", "pos", "hermitian", "positive definite")


def _is_hermitian(A: Pair) -> bool:
    try:
        matrices.hermitian_sign(A)
    except UnsupportedError:
        return False
    return True


def _det(e: Executed, a: Any, **_: Any) -> Pair:
    """By its size where the matrix is Hermitian, by its LU factors elsewhere."""
    t, A = e.tape, e.pair(a)
    if _is_hermitian(A):
        size = t.unary("exp", matrices.log_size(t, A))
        return Pair.of(t, t.binary("mul", matrices.hermitian_sign(A), size))
    P = scipy.linalg.lu(A.numbers)[0].real
    M = matrices.lu(t, A, np.argmax(P, axis=-2))
    diagonal = Pair(*(t.take(x, np.diagonal(x.places, axis1=-2, axis2=-1)) for x in M))
    return entries.scaled(t, entries.prod(t, diagonal, (-1,)), np.linalg.det(P).round())


def _slogdet(e: Executed, a: Any) -> tuple[Any, Value]:
    t, A = e.tape, e.pair(a)
    sign = Pair.of(t, matrices.hermitian_sign(A) + 0j) if _is_hermitian(A) else SIGN
    return sign, matrices.log_size(t, A)


def _inv(e: Executed, a: Any, **options: Any) -> Pair:
    return matrices.inverse(e.tape, e.pair(a))


def _solved(t: Tape, A: Pair, B: Pair) -> Pair:
    """A⁻¹B, where B may be a vector."""
    if len(B.shape) > 1:
        return p.solved(t, A, B)
    found = p.solved(t, A, Pair(*(t.reshape(x, (x.size, 1)) for x in B)))
    return Pair(*(t.reshape(x, B.shape) for x in found))


def _solve(e: Executed, a: Any, b: Any) -> Pair:
    return _solved(e.tape, e.pair(a), e.pair(b))


def _cholesky(e: Executed, a: Any, /, *, upper: bool = False, lower: Any = None, **_: Any) -> Pair:
    """The factor; SciPy's is the upper one unless it is told otherwise."""
    t, is_lower = e.tape, not upper if lower is None else bool(lower)
    L = matrices.cholesky(t, p.mirrored(t, e.pair(a), is_lower))
    return L if is_lower else p.adjoint(t, L)


def _cholesky_of_scipy(e: Executed, a: Any, lower: bool = False, **options: Any) -> Pair:
    return _cholesky(e, a, lower=lower)


def _eigh(e: Executed, a: Any, UPLO: str = "L") -> tuple[Value, Pair]:
    t = e.tape
    return p.eigh(t, p.mirrored(t, e.pair(a), UPLO.upper() == "L"), np.asarray(e.out[1]))


def _eigvalsh(e: Executed, a: Any, UPLO: str = "L") -> Value:
    t, A = e.tape, e.pair(a)
    A = p.mirrored(t, A, UPLO.upper() == "L")
    return p.eigh(t, A, np.linalg.eigh(A.numbers)[1])[0]


def _eigh_of_scipy(
    e: Executed, a: Any, b: Any = None, *, lower: bool = True, eigvals_only: bool = False, **o: Any
) -> Any:
    if b is not None:
        raise UnsupportedError("eigh of a pair with complex numbers; by np.linalg.cholesky")
    unused(**numpy_scipy.left(o))
    return (_eigvalsh if eigvals_only else _eigh)(e, a, "L" if lower else "U")


def _eigvalsh_of_scipy(e: Executed, a: Any, b: Any = None, *, lower: bool = True, **o: Any) -> Any:
    return _eigh_of_scipy(e, a, b, lower=lower, eigvals_only=True, **o)


def _svd(e: Executed, a: Any, full_matrices: bool = True, compute_uv: bool = True, **_: Any) -> Any:
    t, A = e.tape, e.pair(a)
    if not compute_uv:
        return _singular_values(t, A)
    left, right = np.asarray(e.out[0]), np.asarray(e.out[2])
    if left.shape[-1] != right.shape[-2]:
        raise UnsupportedError("svd of a matrix that is not square; full_matrices=False")
    U, S, V = matrices.svd(t, A, left, right.swapaxes(-1, -2).conj())
    return U, S, p.adjoint(t, V)


def _singular_values(t: Tape, A: Pair) -> Value:
    return matrices.svd(t, A, None, None)[1]


def _svdvals(e: Executed, x: Any, **_: Any) -> Value:
    return _singular_values(e.tape, e.pair(x))


def _qr(e: Executed, a: Any, mode: str = "reduced", **_: Any) -> Any:
    """Whose R has a real diagonal, as LAPACK's."""
    A = e.pair(a)
    if mode not in ("reduced", "economic") and A.shape[-2] != A.shape[-1]:
        raise UnsupportedError(f"qr(mode={mode!r}) of complex matrices that are not square")
    if mode not in ("reduced", "economic", "complete", "full"):
        raise UnsupportedError(f"qr(mode={mode!r}) of complex matrices; take both factors")
    diagonal = np.diagonal(e.out[1], axis1=-2, axis2=-1)
    return matrices.qr(e.tape, A, np.sign(diagonal.real))


def _pinv(e: Executed, a: Any, **_: Any) -> Pair:
    """Of full rank."""
    return _pseudoinverse(e.tape, e.pair(a))


def _pseudoinverse(t: Tape, A: Pair) -> Pair:
    if A.shape[-2] == A.shape[-1]:
        return matrices.inverse(t, A)
    H = p.adjoint(t, A)
    if A.shape[-2] < A.shape[-1]:
        return p.adjoint(t, _pseudoinverse(t, H))
    return p.solved(t, p.product(t, H, A, t.matmul), H)


def _matrix_power(e: Executed, a: Any, n: int) -> Pair:
    t, A = e.tape, e.pair(a)
    if n == 0:
        return Pair.of(t, np.asarray(e.out))
    A = A if n > 0 else matrices.inverse(t, A)
    found = A
    for digit in bin(abs(n))[3:]:
        found = p.product(t, found, found, t.matmul)
        found = p.product(t, found, A, t.matmul) if digit == "1" else found
    return found


def _norm(e: Executed, x: Any, ord: Any = None, axis: Any = None, keepdims: bool = False) -> Value:
    """By |x|², by singular values, or else by |x|."""
    t, a = e.tape, e.pair(x)
    axes = tuple(range(len(a.shape))) if axis is None else e.axes(axis)
    assert axes is not None
    is_vector = len(axes) == 1
    if ord in (None, "fro") or (is_vector and ord == 2):
        return t.unary("sqrt", t.sum(p.squared_size(t, a), axes, keepdims))
    if is_vector or ord not in ("nuc", 2, -2):
        found: Value = MATRICES[np.linalg.norm](e, entries.size(t, a), ord, axis, keepdims)
        return found
    if axes not in ((0, 1), (-2, -1)) or len(a.shape) != 2:
        raise UnsupportedError("a norm of several complex matrices; take their singular values")
    S = _singular_values(t, a)
    return t.sum(S, (-1,)) if ord == "nuc" else t.take(S, S.places[..., 0 if ord == 2 else -1])


def _norm_of_scipy(e: Executed, a: Any, ord: Any = None, axis: Any = None, **o: Any) -> Value:
    return _norm(e, a, ord, axis, o.get("keepdims", False))


def _cond(e: Executed, x: Any, p: Any = None) -> Value:
    if p not in (None, 2, -2):
        raise UnsupportedError(f"the condition of order {p!r} of a complex matrix")
    t, S = e.tape, _singular_values(e.tape, e.pair(x))
    largest, least = (t.take(S, S.places[..., k]) for k in (0, -1))
    return t.binary("div", *((least, largest) if p == -2 else (largest, least)))


# those of SciPy alone


def _expm(e: Executed, A: Any) -> Pair:
    t = e.tape
    return p.of_embedded(t, t.emit("expm", [p.embedded(t, e.pair(A))])[0])


def _solve_of_scipy(e: Executed, a: Any, b: Any, lower: bool = False, **options: Any) -> Pair:
    kind, transposed = options.pop("assume_a", None), options.pop("transposed", False)
    unused(**numpy_scipy.left(options))
    t, A = e.tape, e.pair(a)
    if kind in HERMITIAN:
        A = p.mirrored(t, A, lower)
    elif kind not in (None, "gen", "general"):
        raise UnsupportedError(f"solve(assume_a={kind!r}) of a complex matrix; leave it out")
    return _solved(t, p.transposed(t, A) if transposed else A, e.pair(b))


def _solve_triangular(
    e: Executed,
    a: Any,
    b: Any,
    trans: Any = 0,
    lower: bool = False,
    unit_diagonal: bool = False,
    **options: Any,
) -> Pair:
    t = e.tape
    T = matrices.triangle(t, e.pair(a), lower, unit_diagonal)
    T = p.adjoint(t, T) if trans in (2, "C") else p.transposed(t, T) if trans in (1, "T") else T
    return _solved(t, T, e.pair(b))


def _cho_factor(e: Executed, a: Any, lower: bool = False, **_: Any) -> tuple[Any, None]:
    """The factor; in the other triangle are entries of A, which cho_solve does not read."""
    t, A = e.tape, e.pair(a)
    L = _cholesky(e, a, lower=lower)
    rest = p.product(t, A, Pair.of(t, np.triu(np.ones(A.shape), 1)))
    if not lower:
        rest = p.product(t, A, Pair.of(t, np.tril(np.ones(A.shape), -1)))
    return entries.plus(t, L, rest), None


def _cho_solve(e: Executed, factor: Any, b: Any, **_: Any) -> Pair:
    t, lower = e.tape, bool(factor[1])
    L = matrices.triangle(t, e.pair(factor[0]), lower)
    L = L if lower else p.adjoint(t, L)
    return _solved(t, p.product(t, L, p.adjoint(t, L), t.matmul), e.pair(b))


def _spectral(operation: Operation) -> Rule:
    """A function of Hermitian positive definite matrices."""

    def rule(e: Executed, A: Any, **_: Any) -> Pair:
        M = e.pair(A).numbers
        is_other = np.abs(M - M.swapaxes(-1, -2).conj()).max() > 1e-12 * np.abs(M).max()
        if is_other or np.linalg.eigvalsh(M).min() <= 0:
            raise UnsupportedError("a matrix that is not Hermitian and positive definite; use eigh")
        return matrices.spectral(e.tape, e.pair(A), operation)

    return rule


BY_NUMPY: dict[str, Callable[..., Any]] = {
    **{"det": _det, "slogdet": _slogdet, "inv": _inv, "solve": _solve, "cholesky": _cholesky},
    **{"eigh": _eigh, "eigvalsh": _eigvalsh, "svd": _svd, "svdvals": _svdvals, "qr": _qr},
    **{"pinv": _pinv, "matrix_power": _matrix_power, "norm": _norm, "cond": _cond},
}
BY_SCIPY: dict[str, Callable[..., Any]] = {
    **{"det": _det, "inv": _inv, "cholesky": _cholesky_of_scipy, "solve": _solve_of_scipy},
    **{"solve_triangular": _solve_triangular, "eigh": _eigh_of_scipy, "svd": _svd},
    **{"eigvalsh": _eigvalsh_of_scipy, "svdvals": _svdvals, "pinv": _pinv, "norm": _norm_of_scipy},
    **{"expm": _expm, "sqrtm": _spectral("sqrt"), "logm": _spectral("log"), "qr": _qr},
    **{"cho_factor": _cho_factor, "cho_solve": _cho_solve},
}
COMPLEX_MATRICES: dict[Any, Rule] = {
    **{getattr(scipy.linalg, name): rule for name, rule in BY_SCIPY.items()},
    **{getattr(np.linalg, name): rule for name, rule in BY_NUMPY.items()},
}
