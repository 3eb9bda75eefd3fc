"""What is made of several operations of a program: the same for every framework's recorder."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import numpy as np

from symgrad.numeric.recording.tape import Array, Operand, Tape, UnsupportedError, Value

Axes = Sequence[int] | None
COMPARISONS: dict[str, Callable[[Array], Array]] = {
    "lt": lambda signs: signs < 0,
    "le": lambda signs: signs <= 0,
    "gt": lambda signs: signs > 0,
    "ge": lambda signs: signs >= 0,
    "eq": lambda signs: signs == 0,
    "ne": lambda signs: signs != 0,
}
"""What holds of a and b by the signs of a − b."""
REFLECTED = 16
"""A QR factorization of more columns is not by reflections, which are ten steps for each."""
WELL_CONDITIONED = 10
"""Below that condition number nothing is lost by its square."""
DEFINITE = 1e-13
"""X is positive definite for sure if its eigenvalues are larger than that part of its norm."""


# decisions


def where(t: Tape, mask: Array, a: Operand, b: Operand) -> Value:
    """The entries of a where the mask is true, else those of b."""
    a, b = t.value(a), t.value(b)
    shape = np.broadcast_shapes(mask.shape, a.shape, b.shape)
    mask, a, b = np.broadcast_to(mask, shape), t.broadcast(a, shape), t.broadcast(b, shape)
    if mask.all() or not mask.any():
        return a if mask.all() else b
    return t.take(t.cat([a, b]), np.where(mask, a.places, a.places + a.size))


def floor(t: Tape, v: Value, by: Callable[[Array], Array], note: str) -> Array:
    """The integers by np.floor, np.ceil, np.round or np.trunc: constant between two of them."""
    whole = by(v.floats)
    low, high = {
        "floor": (whole, whole + 1),
        "ceil": (whole - 1, whole),
        "round": (whole - 0.5, whole + 0.5),
        "trunc": (
            np.where(v.floats < 0, whole - 1, whole),
            np.where(v.floats < 0, whole, whole + 1),
        ),
    }[note]
    if note == "trunc":  # nothing happens at 0
        low, high = np.where(whole == 0, -1, low), np.where(whole == 0, 1, high)
    if v.depends:
        t.compare(v, low, note)
        t.compare(high, v, note)
    return whole


def reduce_max(t: Tape, v: Value, axes: Axes, least: bool = False) -> Value:
    """The largest (or least) entries over some axes, or all, by halves."""
    operation = "min" if least else "max"
    rest, v = _last(t, v, axes)
    while v.shape[-1] > 1:
        half = v.shape[-1] // 2
        first, second = t.take(v, v.places[..., :half]), t.take(v, v.places[..., half : 2 * half])
        larger = t.emit(operation, [first, second])[0]
        if v.shape[-1] % 2:
            odd = t.take(v, v.places[..., -1:])
            both = np.concatenate([larger.places, larger.size + odd.places], -1)
            larger = t.take(t.cat([larger, odd]), both)
        v = larger
    return t.reshape(v, rest)


def argmax(t: Tape, v: Value, axis: int | None, least: bool = False) -> Array:
    """Where the largest (or least) entries are, which is a decision."""
    flat = v if axis is not None else t.reshape(v, (-1,))
    axis = -1 if axis is None else axis
    found = (np.argmin if least else np.argmax)(flat.floats, axis=axis)
    best = t.take(flat, np.take_along_axis(flat.places, np.expand_dims(found, axis), axis))
    chosen = np.expand_dims(found, axis)
    shape = [1] * len(flat.shape)
    shape[axis] = flat.shape[axis]
    others = np.arange(flat.shape[axis]).reshape(shape) != chosen
    if v.depends and others.any():
        spread = t.broadcast(best, flat.shape)
        a = t.take(spread, spread.places[others])
        b = t.take(flat, flat.places[others])
        t.compare(a, b, "argmin" if least else "argmax")
    return np.asarray(found)


def sort(t: Tape, v: Value, axis: int = -1, descending: bool = False) -> tuple[Value, Array]:
    """The entries in order along an axis, and where they were, which is a decision."""
    x = np.moveaxis(v.floats, axis, -1)
    order = np.argsort(-x if descending else x, axis=-1, kind="stable")
    places = np.take_along_axis(np.moveaxis(v.places, axis, -1), order, -1)
    if v.depends and places.shape[-1] > 1:
        a, b = t.take(v, places[..., 1:]), t.take(v, places[..., :-1])
        t.compare(a, b, "the order of a sort")
    return t.take(v, np.moveaxis(places, -1, axis)), np.moveaxis(order, -1, axis)


# sums and products


def mean(t: Tape, v: Value, axes: Axes = None, keep: bool = False) -> Value:
    """The mean over some axes, or all."""
    total = t.sum(v, axes, keep)
    return t.binary("div", total, float(v.size // max(total.size, 1)))


def variance(t: Tape, v: Value, axes: Axes, correction: float, keep: bool = False) -> Value:
    """The sum of squared deviations from the mean, over their number less the correction."""
    off = t.binary("sub", v, mean(t, v, axes, True))
    total = t.sum(t.emit("mul", [off, off])[0], axes, keep)
    return t.binary("div", total, v.size // max(total.size, 1) - float(correction))


def norm(t: Tape, v: Value, order: float = 2, axes: Axes = None, keep: bool = False) -> Value:
    """The vector norm of that order over some axes, or all."""
    if order == 2:
        return t.unary("sqrt", t.sum(t.emit("mul", [v, v])[0], axes, keep))
    if math.isinf(order):
        largest = reduce_max(t, t.unary("abs", v), axes, order < 0)
        return t.reshape(largest, _kept(v, axes)) if keep else largest
    if order == 0:
        raise UnsupportedError("the number of entries that are not zero has no derivative")
    size = t.unary("abs", v)
    if order == 1:
        return t.sum(size, axes, keep)
    return t.power(t.sum(t.power(size, order), axes, keep), 1 / order)


def logsumexp(t: Tape, v: Value, axes: Axes, keep: bool = False) -> Value:
    """log Σ exp, shifted by a constant, as exp overflows."""
    shift = np.max(v.floats, axis=None if axes is None else tuple(axes), keepdims=True)
    shift = np.where(np.isfinite(shift), shift, 0.0)
    total = t.sum(t.unary("exp", t.binary("sub", v, shift)), axes, keep)
    return t.binary("add", t.unary("log", total), shift.reshape(total.shape))


def softmax(t: Tape, v: Value, axis: int) -> Value:
    """exp over its sum along an axis."""
    shift = np.max(v.floats, axis=axis, keepdims=True)
    e = t.unary("exp", t.binary("sub", v, np.where(np.isfinite(shift), shift, 0.0)))
    return t.binary("div", e, t.sum(e, (axis,), True))


def prod(t: Tape, v: Value, axes: Axes = None) -> Value:
    """The product over some axes, or all, one factor after the other."""
    rest, v = _last(t, v, axes)
    if not v.shape[-1]:
        return t.const(np.ones(rest))
    total = t.take(v, v.places[..., 0])
    for k in range(1, v.shape[-1]):
        total = t.emit("mul", [total, t.take(v, v.places[..., k])])[0]
    return t.reshape(total, rest)


def cumsum(t: Tape, v: Value, axis: int) -> Value:
    """The partial sums along an axis."""
    moved = np.moveaxis(v.places, axis, -1)
    k = moved.shape[-1]
    rows = t.take(v, moved.reshape(-1, k))
    sums = t.matmul(rows, t.const(np.triu(np.ones((k, k)))))
    return t.take(sums, np.moveaxis(sums.places.reshape(moved.shape), -1, axis))


def einsum(t: Tape, equation: str, values: Sequence[Value]) -> Value:
    """The sum of products that the equation means, two factors at a time.

    Raises:
        UnsupportedError: it has an ellipsis.
    """
    given, _, out = equation.replace(" ", "").partition("->")
    if "." in given:
        raise UnsupportedError("einsum with an ellipsis; write the axes out")
    labels = given.split(",")
    terms = [_diagonal(t, label, v) for label, v in zip(labels, values, strict=True)]
    while len(terms) > 1:
        (a, x), (b, y), rest = terms[0], terms[1], terms[2:]
        wanted = set(out).union(*(label for label, _ in rest))
        terms = [_pair(t, a, x, b, y, wanted), *rest]
    label, v = terms[0]
    gone = [k for k, name in enumerate(label) if name not in out]
    label = "".join(name for name in label if name in out)
    v = t.sum(v, gone) if gone else v
    return t.transpose(v, [label.index(name) for name in out])


def _diagonal(t: Tape, label: str, v: Value) -> tuple[str, Value]:
    once = "".join(dict.fromkeys(label))
    return once, t.take(v, np.einsum(f"{label}->{once}", v.places))


def _pair(t: Tape, a: str, x: Value, b: str, y: Value, wanted: set[str]) -> tuple[str, Value]:
    """The product of two factors, summed over what only they have, as one product of matrices."""
    size = {**dict(zip(a, x.shape, strict=True)), **dict(zip(b, y.shape, strict=True))}
    both = [c for c in a if c in b and c in wanted]
    summed = [c for c in a if c in b and c not in wanted]
    left, right = [c for c in a if c not in b], [c for c in b if c not in a]
    total = {
        key: math.prod(size[c] for c in names)
        for key, names in {"l": left, "s": summed, "r": right}.items()
    }
    batch = tuple(size[c] for c in both)
    first = t.transpose(x, [a.index(c) for c in both + left + summed])
    second = t.transpose(y, [b.index(c) for c in both + summed + right])
    product = t.matmul(
        t.reshape(first, (*batch, total["l"], total["s"])),
        t.reshape(second, (*batch, total["s"], total["r"])),
    )
    label = both + left + right
    return "".join(label), t.reshape(product, tuple(size[c] for c in label))


# matrices


def triangle(t: Tape, v: Value, lower: bool, k: int = 0, unit: bool = False) -> Value:
    """One triangle from the k-th diagonal on, the rest 0; ``unit``: with ones on the diagonal."""
    rows, columns = np.indices(v.shape[-2:])
    k = (-1 if lower else 1) if unit else k
    keep = columns - rows <= k if lower else columns - rows >= k
    part = t.take(v, np.where(keep, v.places, -1))
    return t.binary("add", part, np.eye(v.shape[-1])) if unit else part


def mirror(t: Tape, v: Value, lower: bool) -> Value:
    """The symmetric matrices of which one triangle was read."""
    keep = np.tril(np.ones(v.shape[-2:], bool)) if lower else np.triu(np.ones(v.shape[-2:], bool))
    return t.take(v, np.where(keep, v.places, v.places.swapaxes(-1, -2)))


def inverse(t: Tape, A: Value) -> Value:
    """A⁻¹."""
    return t.solve(A, t.const(np.eye(A.shape[-1])))


def cholesky(t: Tape, A: Value, lower: bool = True) -> Value:
    """The factor of which A is the square, by the triangle that is read."""
    L = t.emit("cholesky", [mirror(t, A, lower)])[0]
    return L if lower else t.mT(L)


def eigh(t: Tape, A: Value, lower: bool = True, V: Array | None = None) -> tuple[Value, Value]:
    """Eigenvalues and eigenvectors, by the triangle that is read; with the signs of V, if given."""
    M = mirror(t, A, lower)
    V = np.linalg.eigh(M.floats)[1] if V is None else np.asarray(V, float)
    pivots = np.argmax(np.abs(V), axis=-2)
    signs = np.sign(np.take_along_axis(V, pivots[..., None, :], -2)).astype(int)
    about = {"pivots": tuple(pivots.ravel().tolist()), "signs": tuple(signs.ravel().tolist())}
    values, vectors = t.emit("eigh", [M], **about)
    return values, vectors


def slogdet(t: Tape, A: Value) -> tuple[Array, Value]:
    """The sign of det A, which is a decision, and log |det A|."""
    signs = np.sign(np.linalg.slogdet(A.floats)[0])
    return signs, t.emit("slogdet", [A], signs=tuple(signs.astype(int).ravel().tolist()))[0]


def lu(t: Tape, A: Value, permutation: Array) -> Value:
    """L − I + U of the rows of A in that order, which is no decision: it changes no f of A."""
    return t.emit("lu", [t.take(A, np.take_along_axis(A.places, permutation[..., None], -2))])[0]


def qr(t: Tape, A: Value, signs: Array | None = None) -> tuple[Value, Value]:
    """Q (m×n) and R, whose diagonal has these signs (or is positive), of m×n ones of full rank.

    By reflections (Householder's), as the frameworks'; of well conditioned matrices, and of many
    columns, by RᵀR = AᵀA, in a few steps whose rounding is squared.

    Raises:
        UnsupportedError: it has more columns than rows.
    """
    m, n = A.shape[-2:]
    if m < n:
        raise UnsupportedError("qr of a matrix with more columns than rows; transpose it")
    if n > REFLECTED or np.max(np.linalg.cond(A.floats), initial=0) < WELL_CONDITIONED:
        R = t.mT(cholesky(t, t.matmul(t.mT(A), A)))
        return _turned(t, t.mT(t.solve(t.mT(R), t.mT(A))), R, signs)
    R, reflections = A, []
    for k in range(min(n, m - 1)):
        v = _reflecting(t, R, k)
        R = _reflected(t, R, v, k)
        reflections.append(v)
    Q = t.const(np.broadcast_to(np.eye(m, n), A.shape))
    for k, v in reversed(list(enumerate(reflections))):
        Q = _reflected(t, Q, v, k)
    return _turned(t, Q, triangle(t, t.take(R, R.places[..., :n, :]), False), signs)


def _turned(t: Tape, Q: Value, R: Value, signs: Array | None) -> tuple[Value, Value]:
    """The same product with a diagonal of R of these signs."""
    by = np.sign(np.diagonal(R.floats, axis1=-2, axis2=-1)) * (1.0 if signs is None else signs)
    if np.all(by == 1):
        return Q, R
    return t.binary("mul", Q, by[..., None, :]), t.binary("mul", by[..., :, None], R)


def _reflecting(t: Tape, A: Value, k: int) -> Value:
    """The unit vector v (…, m − k, 1) whose reflection makes column k zero below row k."""
    x = t.take(A, A.places[..., k:, k : k + 1])
    first = np.zeros(x.shape)
    first[..., 0, :] = np.where(x.floats[..., 0, :] < 0, -1, 1)
    v = t.binary("add", x, t.binary("mul", _length(t, x), first))
    return t.binary("div", v, _length(t, v))


def _length(t: Tape, x: Value) -> Value:
    return t.unary("sqrt", t.sum(t.binary("mul", x, x), (-2,), True))


def _reflected(t: Tape, A: Value, v: Value, k: int) -> Value:
    """(I − 2vvᵀ) times the rows of A from the k-th on."""
    rest = t.take(A, A.places[..., k:, :])
    inner = t.matmul(t.mT(v), rest)
    done = t.binary("sub", rest, t.matmul(v, t.binary("mul", 2.0, inner)))
    return t.put(A, A.places[..., k:, :], done) if k else done


def svd(t: Tape, A: Value, V: Array | None = None) -> tuple[Value, Value, Value]:
    """U, σ (descending) and Vᵀ, without zeros, by the eigenvalues of AᵀA; V has these signs.

    Those of a positive definite X are its own, whose rounding is not squared.
    """
    if A.shape[-2] < A.shape[-1]:
        U, S, Vt = svd(t, t.mT(A))
        return t.mT(Vt), S, t.mT(U)
    if t.is_input(A) and np.linalg.eigvalsh(A.floats)[0] > DEFINITE * np.linalg.norm(A.floats):
        values, V = (
            t.take(v, v.places[..., ::-1])
            for v in eigh(t, A, True, None if V is None else V[..., ::-1])
        )
        return V, values, t.mT(V)
    squares, vectors = eigh(t, t.matmul(t.mT(A), A), True, None if V is None else V[..., ::-1])
    S = t.unary("sqrt", t.take(squares, squares.places[..., ::-1]))
    vectors = t.take(vectors, vectors.places[..., ::-1])
    scaled = t.matmul(A, vectors)
    return t.binary("div", scaled, t.reshape(S, (*S.shape[:-1], 1, S.shape[-1]))), S, t.mT(vectors)


def pinv(t: Tape, A: Value) -> Value:
    """The pseudoinverse of a matrix of full column or row rank; of a square one, its inverse."""
    if A.shape[-2] == A.shape[-1]:
        return inverse(t, A)
    if A.shape[-2] < A.shape[-1]:
        return t.mT(pinv(t, t.mT(A)))
    return t.solve(t.matmul(t.mT(A), A), t.mT(A))


def moved(t: Tape, values: Sequence[Value], move: Callable[[list[Array]], Array]) -> Value:
    """What only moves data, by the framework's own action on positions.

    They are counted from 1 over all values; 0 is a place that none of them fills.
    """
    places, begin = [], 1
    for v in values:
        places.append(v.places + begin)
        begin += v.size
    return t.take(t.cat(values) if len(values) > 1 else values[0], np.asarray(move(places)) - 1)


def _kept(v: Value, axes: Axes) -> tuple[int, ...]:
    gone = range(len(v.shape)) if axes is None else [axis % len(v.shape) for axis in axes]
    return tuple(1 if k in gone else size for k, size in enumerate(v.shape))


def _last(t: Tape, v: Value, axes: Axes) -> tuple[tuple[int, ...], Value]:
    """What is left of the shape without these axes, and v with them, as one, at the end."""
    gone = [k % len(v.shape) for k in (range(len(v.shape)) if axes is None else axes)]
    kept = [k for k in range(len(v.shape)) if k not in gone]
    rest = tuple(v.shape[k] for k in kept)
    return rest, t.reshape(
        t.transpose(v, kept + gone), (*rest, math.prod(v.shape[k] for k in gone))
    )
