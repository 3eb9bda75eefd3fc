"""The operations of PyTorch on complex arrays, by their parts.

A complex matrix A stands for the real one of the blocks [[Re A, −Im A], [Im A, Re A]], which
multiplies and divides alike.  What keeps both parts apart is done to one after the other.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import torch

from symgrad.numeric.recording import composites as c
from symgrad.numeric.recording.tape import Array, Tape, UnsupportedError, Value
from symgrad.numeric.recording.torch_moves import MOVES
from symgrad.numeric.recording.torch_rules import HIDDEN, RULES, Answer, Executed, Rule
from symgrad.numeric.recording.torch_storages import Held, Pair, leaves

APART = {
    *MOVES,
    "where",
    "neg",
    "sum",
    "mean",
    "trace",
    "cumsum",
    "copy",
    "fill",
    "zero",
    "positive",
}
"""What acts on both parts alike."""
COMPLEX: dict[str, Rule] = {}


def of_complex(e: Executed) -> Rule | None:
    """The rule of an operation that reads or gives complex numbers; None for any other.

    Raises:
        UnsupportedError: there is none.
    """
    if not any(_is_complex(x) for x in leaves((e.given, e.out))):
        return None
    if e.name in APART:
        return _apart
    if e.name not in COMPLEX:
        raise UnsupportedError(
            "not known of complex numbers; write it by the parts, X.real, X.imag"
        )
    return COMPLEX[e.name]


def _is_complex(x: Any) -> bool:
    return isinstance(x, complex) or (isinstance(x, torch.Tensor) and x.is_complex())


def rule(*names: str) -> Callable[[Rule], Rule]:
    """The rule of the operations of these names, of complex numbers."""

    def add(function: Rule) -> Rule:
        COMPLEX.update(dict.fromkeys(names, function))
        return function

    return add


def _apart(e: Executed) -> Answer:
    return Pair(*(_part(e, k) for k in (0, 1)))


def _part(e: Executed, k: int) -> Value:
    """What the rule of real numbers gives of one of the parts."""

    def read(t: torch.Tensor) -> Held:
        return _pair(e.tape, e.read(t))[k]

    given = {
        key: (x.real, x.imag)[k] if isinstance(x, complex) else x for key, x in e.given.items()
    }
    out = torch.view_as_real(e.out.detach().resolve_conj())[..., k]
    found = RULES[e.name](Executed(e.tape, e.name, given, read, out, e.run))
    assert isinstance(found, Value)
    return found


def _pair(t: Tape, held: Held) -> Pair:
    """A real array as a complex one."""
    return held if isinstance(held, Pair) else Pair(held, t.const(np.zeros(held.shape)))


def _two(e: Executed, first: str | None = None, second: str | None = None) -> tuple[Pair, Pair]:
    """Two arguments, the first ones unless they are named."""
    names = list(e.given)
    return _pair(e.tape, e.held(first or names[0])), _pair(e.tape, e.held(second or names[1]))


def _one(e: Executed) -> Pair:
    return _pair(e.tape, e.held(next(iter(e.given))))


# entry by entry


def _mul(t: Tape, a: Pair, b: Pair, by: Callable[[Value, Value], Value]) -> Pair:
    """The product, by a product of real arrays."""
    re = t.binary("sub", by(a.re, b.re), by(a.im, b.im))
    return Pair(re, t.binary("add", by(a.re, b.im), by(a.im, b.re)))


def _conj(t: Tape, a: Pair) -> Pair:
    return Pair(a.re, t.unary("neg", a.im))


def _squared(t: Tape, a: Pair) -> Value:
    """|a|²."""
    return t.binary("add", t.binary("mul", a.re, a.re), t.binary("mul", a.im, a.im))


@rule("add", "sub", "rsub")
def _add(e: Executed) -> Answer:
    if e.get("alpha", 1) != 1:
        raise UnsupportedError("alpha= of complex numbers; multiply before")
    a, b = _two(e, "self", "other")
    a, b = (b, a) if e.name == "rsub" else (a, b)
    operation: Any = "add" if e.name == "add" else "sub"
    return Pair(*(e.tape.binary(operation, x, y) for x, y in zip(a, b, strict=True)))


@rule("mul")
def _product(e: Executed) -> Answer:
    a, b = _two(e)
    return _mul(e.tape, a, b, lambda x, y: e.tape.binary("mul", x, y))


def _over(t: Tape, a: Pair, b: Pair) -> Pair:
    size = _squared(t, b)
    above = _mul(t, a, _conj(t, b), lambda x, y: t.binary("mul", x, y))
    return Pair(*(t.binary("div", x, size) for x in above))


@rule("div", "reciprocal")
def _div(e: Executed) -> Answer:
    if e.name == "reciprocal":
        return _over(e.tape, _pair(e.tape, e.tape.const(1.0)), _one(e))
    return _over(e.tape, *_two(e))


@rule("square", "pow")
def _pow(e: Executed) -> Answer:
    if e.name == "pow" and e.given.get("exponent") != 2:
        raise UnsupportedError("a power of complex numbers; multiply, or take those of eigenvalues")
    a = _one(e)
    return _mul(e.tape, a, a, lambda x, y: e.tape.binary("mul", x, y))


@rule("abs")
def _abs(e: Executed) -> Answer:
    return e.tape.unary("sqrt", _squared(e.tape, _one(e)))


@rule("conj_physical", "_conj_physical", "resolve_conj")
def _conjugate(e: Executed) -> Answer:
    return _conj(e.tape, _one(e))


@rule("exp")
def _exp(e: Executed) -> Answer:
    t, a = e.tape, _one(e)
    size = t.unary("exp", a.re)
    return Pair(*(t.binary("mul", size, t.unary(by, a.im)) for by in ("cos", "sin")))


@rule("complex")
def _complex(e: Executed) -> Answer:
    return Pair(e.value("real"), e.value("imag"))


@rule("_to_copy")
def _cast(e: Executed) -> Answer:
    a = _one(e)
    if e.out.dtype.itemsize < e.given["self"].dtype.itemsize and e.out.is_complex():
        e.tape.casts.append(str(e.out.dtype).removeprefix("torch."))
    return a if e.out.is_complex() else a.re


@rule("linalg_vector_norm")
def _norm(e: Executed) -> Answer:
    if e.get("ord", 2) != 2:
        raise UnsupportedError("a norm of complex numbers that is not Euclidean")
    found = e.tape.sum(_squared(e.tape, _one(e)), e.axes(), bool(e.get("keepdim", False)))
    return e.tape.unary("sqrt", found)


@rule("isfinite", "isnan", "isinf")
def _finite(e: Executed) -> Answer:
    return None


# matrices


@rule("mm", "bmm")
def _matmul(e: Executed) -> Answer:
    a, b = _two(e)
    return _mul(e.tape, a, b, e.tape.matmul)


@rule("mv", "dot", "vdot")
def _rows(e: Executed) -> Answer:
    t, (a, b) = e.tape, _two(e)
    a = _conj(t, a) if e.name == "vdot" else a
    by = lambda x, y: t.sum(t.binary("mul", x, y), (-1,))  # noqa: E731
    return _mul(t, a, b, by)


def _embedded(t: Tape, A: Pair) -> Value:
    """[[Re A, −Im A], [Im A, Re A]]."""
    minus = t.unary("neg", A.im)
    k, m = A.shape[-2:]
    both = t.cat([A.re, A.im, minus])
    re, im, less = both.places.reshape(3, *A.shape)
    places = np.concatenate(
        [np.concatenate([re, less], -1), np.concatenate([im, re], -1)], -2
    ).reshape(*A.shape[:-2], 2 * k, 2 * m)
    return t.take(both, places)


def _of_embedded(t: Tape, M: Value) -> Pair:
    """A of its blocks."""
    k, m = M.shape[-2] // 2, M.shape[-1] // 2
    places = M.places
    return Pair(t.take(M, places[..., :k, :m]), t.take(M, places[..., k:, :m]))


def _adjoint(t: Tape, A: Pair) -> Pair:
    return Pair(t.mT(A.re), t.unary("neg", t.mT(A.im)))


def _solved(t: Tape, A: Pair, B: Pair, left: bool) -> Pair:
    """A⁻¹B, or BA⁻¹."""
    if not left:
        return _adjoint(t, _solved(t, _adjoint(t, A), _adjoint(t, B), True))
    return _of_embedded(t, t.solve(_embedded(t, A), _embedded(t, B)))


@rule("_linalg_solve_ex")
def _solve(e: Executed) -> Answer:
    t, (A, B) = e.tape, _two(e, "A", "B")
    is_row = len(B.shape) == len(A.shape) - 1
    B = Pair(*(t.reshape(v, (*v.shape, 1)) for v in B)) if is_row else B
    return _solved(t, A, B, e.get("left", True)), HIDDEN, None, None


@rule("linalg_inv_ex")
def _inverse(e: Executed) -> Answer:
    return _of_embedded(e.tape, c.inverse(e.tape, _embedded(e.tape, _one(e)))), None


def _triangle(t: Tape, A: Pair, lower: bool, unit: bool = False) -> Pair:
    im = c.triangle(t, A.im, lower, (-1 if lower else 1) if unit else 0)
    return Pair(c.triangle(t, A.re, lower, unit=unit), im)


@rule("linalg_solve_triangular")
def _solve_triangular(e: Executed) -> Answer:
    A, B = _two(e, "self", "B")
    T = _triangle(e.tape, A, not e.get("upper"), e.get("unitriangular", False))
    return _solved(e.tape, T, B, e.get("left", True))


@rule("cholesky_solve")
def _cholesky_solve(e: Executed) -> Answer:
    t, upper = e.tape, e.get("upper", False)
    B, L = _two(e, "self", "input2")
    L = _triangle(t, L, not upper)
    first, second = (_adjoint(t, L), L) if upper else (L, _adjoint(t, L))
    return _solved(t, second, _solved(t, first, B, True), True)


def _mirrored(t: Tape, A: Pair, lower: bool) -> Pair:
    """The Hermitian matrices of which one triangle was read, and the real part of the diagonal."""
    half = c.triangle(t, A.im, lower, -1 if lower else 1)
    return Pair(c.mirror(t, A.re, lower), t.binary("sub", half, t.mT(half)))


@rule("linalg_cholesky_ex", "cholesky")
def _cholesky(e: Executed) -> Answer:
    """By that of the 2×2 blocks [[Re, −Im], [Im, Re]], whose factor is of such blocks itself."""
    t, upper = e.tape, bool(e.get("upper", False))
    M = _embedded(t, _mirrored(t, _one(e), not upper))
    n = M.shape[-1] // 2
    order = np.arange(2 * n).reshape(2, n).T.ravel()
    L = t.emit("cholesky", [t.take(M, M.places[..., order[:, None], order])])[0]
    found = Pair(*(t.take(L, L.places[..., k::2, 0::2]) for k in (0, 1)))
    found = _adjoint(t, found) if upper else found
    return (found, None) if e.name == "linalg_cholesky_ex" else found


def _log_det(e: Executed) -> tuple[Array, Value]:
    """The sign of the determinant of Hermitian matrices, and log |det|."""
    A, t = _one(e), e.tape
    M = A.re.floats + 1j * A.im.floats
    if not np.allclose(M, M.swapaxes(-1, -2).conj(), rtol=1e-6):
        raise UnsupportedError("the determinant of a complex matrix that is not Hermitian")
    found = t.emit("slogdet", [_embedded(t, A)], signs=(1,) * int(np.prod(M.shape[:-2])))[0]
    return np.sign(np.linalg.slogdet(M)[0].real), t.binary("mul", found, 0.5)


@rule("_linalg_slogdet")
def _slogdet(e: Executed) -> Answer:
    signs, found = _log_det(e)
    return e.tape.const(signs), found, HIDDEN, None


@rule("_linalg_det")
def _det(e: Executed) -> Answer:
    signs, found = _log_det(e)
    return e.tape.binary("mul", e.tape.unary("exp", found), signs), HIDDEN, None


@rule("linalg_matrix_exp")
def _expm(e: Executed) -> Answer:
    return _of_embedded(e.tape, e.tape.emit("expm", [_embedded(e.tape, _one(e))])[0])


@rule("_linalg_eigh", "linalg_eigh")
def _eigh(e: Executed) -> Answer:
    t = e.tape
    H = _mirrored(t, _one(e), e.get("UPLO", "L") == "L")
    M = H.re.floats + 1j * H.im.floats
    has_vectors = bool(e.get("compute_v", True))
    V = e.numbers(1) if has_vectors else np.linalg.eigh(M)[1]
    pivots = np.argmax(np.abs(V), axis=-2)
    about = {"pivots": tuple(pivots.ravel().tolist()), "signs": (1,) * pivots.size}
    values, re, im = t.emit("eigh", [H.re, H.im], **about)
    if not has_vectors:
        return values, None
    off = np.max(np.abs(M @ V - V * values.floats[..., None, :]), initial=0)
    if not off <= 1e-3 * np.linalg.norm(M):
        raise UnsupportedError("its vectors are not those of its matrix, as far as was recorded")
    return values, _turned(t, Pair(re, im), V)


def _turned(t: Tape, vectors: Pair, V: Array) -> Pair:
    """Eigenvectors with the phases of PyTorch's, which are any."""
    pivots = np.argmax(np.abs(V), axis=-2)
    largest = np.take_along_axis(V, pivots[..., None, :], -2)
    phases = Pair(t.const(largest.real), t.const(largest.imag))
    size = t.unary("sqrt", _squared(t, phases))  # in the record, so that no digit is lost
    phases = Pair(*(t.binary("div", x, size) for x in phases))
    found = _mul(t, vectors, phases, lambda x, y: t.binary("mul", x, y))
    found.re.floats, found.im.floats = V.real, V.imag
    return found


@rule("_linalg_svd")
def _svd(e: Executed) -> Answer:
    """By the eigenvalues of AᴴA; those of a wide matrix are not known."""
    t, A = e.tape, _one(e)
    if A.shape[-2] < A.shape[-1]:
        raise UnsupportedError("the singular values of a wide complex matrix; give its adjoint")
    has_vectors = bool(e.get("compute_uv", True))
    if has_vectors and e.get("full_matrices", False) and A.shape[-2] != A.shape[-1]:
        raise UnsupportedError("svd(full_matrices=True) of a matrix that is not square; give False")
    M = _mirrored(t, _mul(t, _adjoint(t, A), A, t.matmul), True)
    V = np.linalg.eigh(M.re.floats + 1j * M.im.floats)[1]
    if has_vectors:
        V = e.numbers(2).swapaxes(-1, -2).conj()[..., ::-1]
    pivots = np.argmax(np.abs(V), axis=-2)
    about = {"pivots": tuple(pivots.ravel().tolist()), "signs": (1,) * pivots.size}
    squares, *vectors = (
        t.take(v, v.places[..., ::-1]) for v in t.emit("eigh", [M.re, M.im], **about)
    )
    S = t.unary("sqrt", squares)
    if not has_vectors:
        return None, S, None
    right = _turned(t, Pair(*vectors), V[..., ::-1])
    columns = t.reshape(S, (*S.shape[:-1], 1, S.shape[-1]))
    U = Pair(*(t.binary("div", v, columns) for v in _mul(t, A, right, t.matmul)))
    return U, S, _adjoint(t, right)
