"""The operations of PyTorch on matrices, made of those of a record."""

from __future__ import annotations

import math

import numpy as np

from symgrad.numeric.recording import composites as c
from symgrad.numeric.recording.tape import Array, Tape, UnsupportedError, Value
from symgrad.numeric.recording.torch_rules import HIDDEN, Answer, Executed, rule

CLOSE = {"float64": 1e-6, "float32": 1e-3}
"""What eigenvectors and singular vectors may be off relatively."""

# products


@rule("mm", "bmm", "matmul")
def _matmul(e: Executed) -> Answer:
    a, b = (e.value(name) for name in list(e.given)[:2])
    return e.tape.matmul(a, b)


@rule("mv", "addmv")
def _matvec(e: Executed) -> Answer:
    t = e.tape
    matrix, row = ("self", "vec") if e.name == "mv" else ("mat", "vec")
    v = e.value(row)
    product = t.matmul(e.value(matrix), t.reshape(v, (v.size, 1)))
    found = t.reshape(product, (product.size,))
    return found if e.name == "mv" else _added(e, found)


@rule("dot", "vdot", "inner")
def _dot(e: Executed) -> Answer:
    a, b = (e.value(name) for name in list(e.given)[:2])
    return e.tape.sum(e.tape.binary("mul", a, b))


@rule("addmm", "baddbmm", "addbmm", "addr")
def _addmm(e: Executed) -> Answer:
    t = e.tape
    a, b = (e.value(name) for name in list(e.given)[1:3])
    if e.name == "addr":
        a, b = t.reshape(a, (a.size, 1)), t.reshape(b, (1, b.size))
    product = t.matmul(a, b)
    return _added(e, t.sum(product, (0,)) if e.name == "addbmm" else product)


def _added(e: Executed, product: Value) -> Value:
    """β times the first argument, and α times the product."""
    first = e.value("self")
    alpha, beta = e.rounded(e.get("alpha", 1)), e.rounded(e.get("beta", 1))
    product = product if alpha == 1 else e.tape.binary("mul", product, alpha)
    if beta == 0:
        return product
    first = first if beta == 1 else e.tape.binary("mul", first, beta)
    return e.tape.binary("add", first, product)


@rule("linear")
def _linear(e: Executed) -> Answer:
    t, v = e.tape, e.value("input")
    rows = t.reshape(v, (-1, v.shape[-1]))
    found = t.reshape(t.matmul(rows, t.mT(e.value("weight"))), tuple(e.out.shape))
    return found if e.get("bias") is None else t.binary("add", found, e.value("bias"))


@rule("linalg_cross")
def _cross(e: Executed) -> Answer:
    t, (a, b) = e.tape, t_broadcast(e)
    axis = e.get("dim", -1)

    def turned(v: Value, by: int) -> Value:
        return t.take(v, np.roll(v.places, -by, axis))

    first = t.binary("mul", turned(a, 1), turned(b, 2))
    return t.binary("sub", first, t.binary("mul", turned(a, 2), turned(b, 1)))


def t_broadcast(e: Executed) -> tuple[Value, Value]:
    """Both arguments in one shape."""
    a, b = e.value("self"), e.value("other")
    shape = np.broadcast_shapes(a.shape, b.shape)
    return e.tape.broadcast(a, shape), e.tape.broadcast(b, shape)


@rule("_scaled_dot_product_flash_attention_for_cpu")
def _attention(e: Executed) -> Answer:
    t, query, key = e.tape, e.value("query"), e.value("key")
    if e.get("dropout_p", 0.0):
        raise UnsupportedError("dropout; give dropout_p=0")
    scale = e.get("scale", 1 / math.sqrt(query.shape[-1]))
    scores = t.binary("mul", t.matmul(query, t.mT(key)), e.rounded(scale))
    if e.get("attn_mask") is not None:
        scores = t.binary("add", scores, e.value("attn_mask"))
    weights = c.softmax(t, scores, -1)
    if e.get("is_causal", False):
        weights = c.triangle(t, weights, True)
        weights = t.binary("div", weights, t.sum(weights, (-1,), True))
    return t.matmul(weights, e.value("value")), HIDDEN


# systems of equations


@rule("_linalg_solve_ex")
def _solve(e: Executed) -> Answer:
    t, A, B = e.tape, e.value("A"), e.value("B")
    is_row = len(B.shape) == 1 or (len(B.shape) == len(A.shape) - 1 and B.shape == A.shape[:-1])
    B = t.reshape(B, (*B.shape, 1)) if is_row else B
    X = _solved(t, A, B, e.get("left", True))
    return t.reshape(X, X.shape[:-1]) if is_row else X, HIDDEN, None, None


def _solved(t: Tape, A: Value, B: Value, left: bool = True) -> Value:
    """A⁻¹B, or BA⁻¹."""
    return t.solve(A, B) if left else t.mT(t.solve(t.mT(A), t.mT(B)))


@rule("linalg_inv_ex", "inverse")
def _inverse(e: Executed) -> Answer:
    found = c.inverse(e.tape, e.value("A" if e.name == "linalg_inv_ex" else "self"))
    return (found, None) if e.name == "linalg_inv_ex" else found


@rule("linalg_solve_triangular")
def _solve_triangular(e: Executed) -> Answer:
    T = c.triangle(e.tape, e.value("self"), not e.get("upper"), unit=e.get("unitriangular", False))
    return _solved(e.tape, T, e.value("B"), e.get("left", True))


@rule("triangular_solve")
def _triangular_solve(e: Executed) -> Answer:
    t, lower = e.tape, not e.get("upper", True)
    T = c.triangle(t, e.value("A"), lower, unit=e.get("unitriangular", False))
    return t.solve(t.mT(T) if e.get("transpose", False) else T, e.value("self")), HIDDEN


@rule("cholesky_solve", "cholesky_inverse")
def _cholesky_solve(e: Executed) -> Answer:
    t, upper = e.tape, e.get("upper", False)
    L = c.triangle(t, e.value("input2" if e.name == "cholesky_solve" else "self"), not upper)
    A = t.matmul(t.mT(L), L) if upper else t.matmul(L, t.mT(L))
    return t.solve(A, e.value("self")) if e.name == "cholesky_solve" else c.inverse(t, A)


@rule("linalg_lstsq")
def _lstsq(e: Executed) -> Answer:
    t, A, B = e.tape, e.value("self"), e.value("b")
    is_row = len(B.shape) == len(A.shape) - 1
    B = t.reshape(B, (*B.shape, 1)) if is_row else B
    found = t.matmul(c.pinv(t, A), B)
    return t.reshape(found, found.shape[:-1]) if is_row else found, HIDDEN, None, HIDDEN


@rule("linalg_pinv", "pinverse")
def _pinv(e: Executed) -> Answer:
    return c.pinv(e.tape, e.value("self"))


# determinants and factors


@rule("_linalg_slogdet")
def _slogdet(e: Executed) -> Answer:
    signs, found = c.slogdet(e.tape, e.value("A"))
    return e.tape.const(signs), found, HIDDEN, None


@rule("_linalg_det")
def _det(e: Executed) -> Answer:
    return e.tape.emit("det", [e.value("A")])[0], HIDDEN, None


@rule("linalg_matrix_exp", "matrix_exp")
def _expm(e: Executed) -> Answer:
    return e.tape.emit("expm", [e.value("self")])[0]


@rule("linalg_cholesky_ex", "cholesky")
def _cholesky(e: Executed) -> Answer:
    found = c.cholesky(e.tape, e.value("self"), not e.get("upper", False))
    return (found, None) if e.name == "linalg_cholesky_ex" else found


@rule("linalg_lu_factor_ex", "_lu_with_info")
def _lu_factor(e: Executed) -> Answer:
    if not e.get("pivot", True):
        raise UnsupportedError("an LU factorization without exchanges of rows")
    A = e.value(next(iter(e.given)))
    return c.lu(e.tape, A, _order(e.out[1].cpu().numpy())), None, None


@rule("linalg_lu")
def _lu(e: Executed) -> Answer:
    P = e.numbers(0)
    L, U = _triangles(e.tape, c.lu(e.tape, e.value("A"), np.argmax(P, axis=-2)))
    return e.tape.const(P), L, U


@rule("lu_unpack")
def _lu_unpack(e: Executed) -> Answer:
    if e.given["LU_data"].shape[-1] != e.given["LU_data"].shape[-2]:
        raise UnsupportedError("the LU factors of a matrix that is not square")
    L, U = _triangles(e.tape, e.value("LU_data"))
    return e.tape.const(e.numbers(0)), L, U


@rule("linalg_lu_solve", "lu_solve")
def _lu_solve(e: Executed) -> Answer:
    if e.name == "lu_solve":
        factors, pivots, B = e.value("LU_data"), e.given["LU_pivots"], e.value("self")
    else:
        factors, pivots, B = e.value("LU"), e.given["pivots"], e.value("B")
    t = e.tape
    product = t.matmul(*_triangles(t, factors))
    back = np.argsort(_order(pivots.cpu().numpy()), axis=-1)
    A = t.take(product, np.take_along_axis(product.places, back[..., None], -2))
    return _solved(t, t.mT(A) if e.get("adjoint", False) else A, B, e.get("left", True))


def _triangles(t: Tape, factors: Value) -> tuple[Value, Value]:
    """L and U of L − I + U."""
    return c.triangle(t, factors, True, unit=True), c.triangle(t, factors, False)


def _order(pivots: Array) -> Array:
    """The order of the rows after these exchanges, one after the other, counted from 1."""
    flat = pivots.reshape(-1, pivots.shape[-1])
    order = np.tile(np.arange(pivots.shape[-1]), (len(flat), 1))
    for row, exchanges in zip(order, flat, strict=True):
        for k, other in enumerate(exchanges - 1):
            row[[k, other]] = row[[other, k]]
    return order.reshape(pivots.shape)


@rule("linalg_qr")
def _qr(e: Executed) -> Answer:
    A, mode = e.value("A"), e.get("mode", "reduced")
    if mode == "complete" and A.shape[-1] != A.shape[-2]:
        raise UnsupportedError("qr(mode='complete') of a matrix that is not square; mode='reduced'")
    signs = np.sign(np.diagonal(e.numbers(1), axis1=-2, axis2=-1))
    Q, R = c.qr(e.tape, A, signs)
    return (None if mode == "r" else Q), R


# eigenvalues and singular values


@rule("_linalg_eigh", "linalg_eigh")
def _eigh(e: Executed) -> Answer:
    A, lower = e.value("A" if e.name == "_linalg_eigh" else "self"), e.get("UPLO", "L") == "L"
    if not e.get("compute_v", True):
        return c.eigh(e.tape, A, lower)[0], None
    V = e.numbers(1)
    values, vectors = c.eigh(e.tape, A, lower, V)
    M = c.mirror(e.tape, A, lower).floats
    _check(e, M @ V, V * values.floats[..., None, :], np.linalg.norm(M))
    vectors.floats = V  # of an eigenvalue that is nearly repeated they are any
    return values, vectors


@rule("_linalg_svd", "linalg_svd")
def _svd(e: Executed) -> Answer:
    t, A = e.tape, e.value("A")
    if not e.get("compute_uv", True):
        return None, c.svd(t, A)[1], None
    is_square = A.shape[-1] == A.shape[-2]
    if e.get("full_matrices", False) and not is_square:
        raise UnsupportedError("svd(full_matrices=True) of a matrix that is not square; give False")
    given, rows = e.numbers(0), e.numbers(2)
    if A.shape[-2] < A.shape[-1]:
        V, S, Ut = c.svd(t, t.mT(A), given)
        U, Vt = t.mT(Ut), t.mT(V)
    else:
        U, S, Vt = c.svd(t, A, rows.swapaxes(-1, -2))
    why = "; of a singular value that is 0, or lost in rounding, they are any"
    _check(e, given * S.floats[..., None, :] @ rows, A.floats, np.linalg.norm(A.floats), why)
    U.floats, Vt.floats = given, rows
    return U, S, Vt


def _check(e: Executed, found: Array, wanted: Array, size: np.floating, why: str = "") -> None:
    """Whether the vectors that PyTorch gave are those of the values."""
    close = CLOSE.get(str(e.dtype).removeprefix("torch."), 0.1)
    if not np.max(np.abs(found - wanted), initial=0) <= close * size:
        known = "its vectors are not those of its matrix, as far as was recorded"
        raise UnsupportedError(known + why)
