"""What each operation gives, and its vector–Jacobian product: written once for all numbers.

The rules of matrices are those of Giles (2008), of the Cholesky factor that of Murray (2016), of
the exponential that of Higham (2008).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction
from typing import Any

import numpy as np

from symgrad.court.evaluation import constants, places, scatter
from symgrad.court.program import Step
from symgrad.symbolic.traced.decisions import RefusedError
from symgrad.symbolic.traced.movement import not_zero
from symgrad.symbolic.traced.numbers import Array, Numbers

Cotangents = list[Array | None]
"""One per input of a step; None where nothing comes back to it."""


def apply(N: Numbers, step: Step, x: Sequence[Array]) -> list[Array]:
    """The outputs of a step whose inputs are x."""
    op = step.operation
    if op in _FORWARD:
        return _FORWARD[op](N, step, x)
    if op == "power":
        return [N.power(x[0], step.exponent)]
    return [N.entrywise(op, *x)]


def _flat(N: Numbers, x: Array) -> Array:
    """All entries of a value in one row, of each run."""
    return x.reshape((*N.runs, -1))


def _shaped(N: Numbers, x: Array, shape: tuple[int, ...]) -> Array:
    return x.reshape((*N.runs, *shape))


def _const(N: Numbers, step: Step, x: Sequence[Array]) -> list[Array]:
    floats = N.constant(constants(step))
    return [np.broadcast_to(floats, (*N.runs, *floats.shape)) if N.runs else floats]


def _take(N: Numbers, step: Step, x: Sequence[Array]) -> list[Array]:
    padded = np.concatenate([_flat(N, x[0]), N.constant(np.zeros((*N.runs, 1)))], -1)
    return [_shaped(N, padded[..., places(step.index)], step.shapes[0])]


def _put_add(N: Numbers, step: Step, x: Sequence[Array]) -> list[Array]:
    flat = _flat(N, x[0]).copy()
    where: Any = (..., places(step.index))
    np.add.at(flat, where, _flat(N, x[1]))
    return [flat.reshape(x[0].shape)]


def _axes(N: Numbers, step: Step, x: Array) -> tuple[int, ...]:
    """The axes of a sum from the last one on, as those of several runs are before them."""
    return tuple(axis + len(N.runs) - x.ndim for axis in step.axes)


def _sum(N: Numbers, step: Step, x: Sequence[Array]) -> list[Array]:
    total = np.asarray(x[0].sum(axis=_axes(N, step, x[0])), x[0].dtype)
    return [_shaped(N, total, step.shapes[0])]


_FORWARD: dict[str, Callable[[Numbers, Step, Sequence[Array]], list[Array]]] = {
    "const": _const,
    "take": _take,
    "cat": lambda N, __, x: [np.concatenate([_flat(N, v) for v in x], -1)],
    "put_add": _put_add,
    "hold": lambda _, __, x: [x[0]],
    "sum": _sum,
    "matmul": lambda N, _, x: [N.matmul(*x)],
    "solve": lambda N, _, x: [N.solve(*x)],
    "cholesky": lambda N, _, x: [N.cholesky(x[0])],
    "eigh": lambda N, s, x: N.eigh(s, *x),
    "eigvals": lambda N, _, x: [N.eigvals(x[0])],
    "slogdet": lambda N, s, x: [N.log_abs_det(x[0], s.signs)],
    "det": lambda N, _, x: [N.det(x[0])],
    "lu": lambda N, _, x: [N.lu(x[0])],
    "expm": lambda N, _, x: [N.expm(x[0])],
}


def pull(
    N: Numbers, step: Step, x: Sequence[Array], y: Sequence[Array], g: Cotangents, moves: Array
) -> Cotangents:
    """The cotangents of the inputs x of a step from those of its outputs y.

    ``moves`` says which entries of the first output depend on X: what does not needs no decision.
    """
    if step.operation == "eigh":
        return _pull_eigh(N, step, y, g) if len(x) == 1 else _pull_hermitian(N, step, y, g)
    if step.operation in _SCALAR:
        return [N.times(_given(g), slope(N, step.operation, x[0], y[0]))]
    if step.operation == "power":
        return [N.times(_given(g), slope_of_power(N, x[0], y[0], step.exponent))]
    if step.operation in ("abs", "max", "min"):
        return _CHOOSING[step.operation](N, step, x, _given(g), moves)
    return _PULL[step.operation](N, step, x, y, _given(g))


def _given(g: Cotangents) -> Array:
    assert g[0] is not None  # a step of one output is only reached with its cotangent
    return g[0]


def _mT(A: Array) -> Array:
    return A.swapaxes(-1, -2)


def _number(N: Numbers, x: float) -> Array:
    return N.constant(np.array(x))[()]


# scalars: the derivative at x, where the value is y

_SCALAR: dict[str, Callable[[Numbers, Array, Array], Array]] = {
    "neg": lambda N, x, _: N.constant(np.full(x.shape, -1.0)),
    "exp": lambda _, __, y: y,
    "expm1": lambda N, _, y: y + _number(N, 1),
    "log": lambda N, x, _: N.entrywise("reciprocal", x),
    "log1p": lambda N, x, _: N.entrywise("reciprocal", x + _number(N, 1)),
    "sqrt": lambda N, _, y: N.entrywise("reciprocal", y + y),
    "reciprocal": lambda _, __, y: -(y * y),
    "sin": lambda N, x, _: N.entrywise("cos", x),
    "cos": lambda N, x, _: -N.entrywise("sin", x),
    "tan": lambda N, _, y: y * y + _number(N, 1),
    "asin": lambda N, x, _: _root(N, _number(N, 1) - x * x),
    "acos": lambda N, x, _: -_root(N, _number(N, 1) - x * x),
    "atan": lambda N, x, _: N.entrywise("reciprocal", x * x + _number(N, 1)),
    "sinh": lambda N, x, _: N.entrywise("cosh", x),
    "cosh": lambda N, x, _: N.entrywise("sinh", x),
    "tanh": lambda N, _, y: _number(N, 1) - y * y,
    "asinh": lambda N, x, _: _root(N, x * x + _number(N, 1)),
    "acosh": lambda N, x, _: _root(N, x * x - _number(N, 1)),
    "atanh": lambda N, x, _: N.entrywise("reciprocal", _number(N, 1) - x * x),
    "logistic": lambda N, _, y: y * (_number(N, 1) - y),
    "erf": lambda N, x, _: N.entrywise("exp", -(x * x)) * _two_over_root_pi(N),
    "lgamma": lambda N, x, _: N.entrywise("digamma", x),
    "digamma": lambda N, x, _: N.trigamma(x),
}


def slope(N: Numbers, operation: str, x: Array, y: Array) -> Array:
    """The derivative of a scalar operation at x, where the value is y; entrywise."""
    return _SCALAR[operation](N, x, y)


def _root(N: Numbers, x: Array) -> Array:
    return N.entrywise("reciprocal", N.entrywise("sqrt", x))


def slope_of_power(N: Numbers, x: Array, y: Array, e: float) -> Array:
    """e·xᵉ⁻¹; by y/x where e − 1 is no float, as 0.3 − 1 is none."""
    is_exact = Fraction(e - 1) == Fraction(e) - 1
    rest = N.power(x, e - 1) if is_exact else N.entrywise("div", y, x)
    return rest * _number(N, e)


def _two_over_root_pi(N: Numbers) -> Array:
    quarter = N.entrywise("atan", N.constant(np.array(1.0)))  # π/4
    return N.entrywise("reciprocal", N.entrywise("sqrt", quarter))[()]


# what chooses an entry


def _abs(N: Numbers, s: Step, x: Sequence[Array], g: Array, moves: Array) -> Cotangents:
    return [N.times(g, N.constant(_decided(N, s, x[0], _asked(g, moves)).astype(float)))]


def _choose(N: Numbers, s: Step, x: Sequence[Array], g: Array, moves: Array) -> Cotangents:
    """All goes to the larger (of ``min``, the smaller) one; of one object twice, to the first."""
    same = np.asarray(np.frompyfunc(lambda a, b: a is b, 2, 1)(*x), bool)
    off = N.entrywise("sub", *x)
    signs = _decided(N, s, off, _asked(g, moves) & ~same)
    first = (same | (signs == (1 if s.operation == "max" else -1))).astype(float)
    return [N.times(g, N.constant(first)), N.times(g, N.constant(1.0 - first))]


def _asked(g: Array, moves: Array) -> Array:
    return moves & not_zero(g)  # a ball that may be 0 is asked too: it is neither == 0 nor != 0


def _decided(N: Numbers, s: Step, x: Array, asked: Array) -> Array:
    signs = N.signs(s, x, asked)
    if np.any(asked & (signs == 0)):
        raise RefusedError("kink", f"{s.note or s.operation} decides here on what is 0")
    return signs


_CHOOSING: dict[str, Callable[[Numbers, Step, Sequence[Array], Array, Array], Cotangents]] = {
    "abs": _abs,
    "max": _choose,
    "min": _choose,
}


# data movement and arithmetic


def _zeros(N: Numbers, shape: tuple[int, ...]) -> Array:
    return N.constant(np.zeros(shape))


def _pull_take(N: Numbers, s: Step, x: Sequence[Array], _: Sequence[Array], g: Array) -> Cotangents:
    flat = np.array(_zeros(N, _flat(N, x[0]).shape))
    scatter(s.index).into(flat, _flat(N, g))
    return [flat.reshape(x[0].shape)]


def _pull_cat(N: Numbers, s: Step, x: Sequence[Array], _: Sequence[Array], g: Array) -> Cotangents:
    ends = np.cumsum([_flat(N, v).shape[-1] for v in x])[:-1]
    return [part.reshape(v.shape) for part, v in zip(np.split(g, ends, -1), x, strict=True)]


def _pull_sum(N: Numbers, s: Step, x: Sequence[Array], _: Sequence[Array], g: Array) -> Cotangents:
    return [np.broadcast_to(np.expand_dims(g, _axes(N, s, x[0])), x[0].shape)]


def _pull_div(N: Numbers, s: Step, x: Sequence[Array], y: Sequence[Array], g: Array) -> Cotangents:
    share = N.times(g, N.entrywise("reciprocal", x[1]))
    return [share, -N.times(share, y[0])]


# matrices


def _pull_solve(
    N: Numbers, s: Step, x: Sequence[Array], y: Sequence[Array], g: Array
) -> Cotangents:
    B = N.solve(_mT(x[0]), g)
    return [-N.matmul(B, _mT(y[0])), B]


def _pull_cholesky(
    N: Numbers, s: Step, x: Sequence[Array], y: Sequence[Array], g: Array
) -> Cotangents:
    n, Lt = g.shape[-1], _mT(y[0])
    P = _below(N, N.matmul(Lt, _below(N, g)))
    P[..., range(n), range(n)] = P[..., range(n), range(n)] * _number(N, 0.5)
    S = _mT(N.solve(Lt, _mT(N.solve(Lt, P))))
    return [(S + _mT(S)) * _number(N, 0.5)]


def _below(N: Numbers, g: Array) -> Array:
    """The lower triangle: the other one of a factor is always 0."""
    return np.where(np.tri(g.shape[-1], dtype=bool), g, _zeros(N, g.shape))


def _pull_lu(N: Numbers, s: Step, x: Sequence[Array], y: Sequence[Array], g: Array) -> Cotangents:
    n = g.shape[-1]
    strict, upper = np.tril(np.ones((n, n)), -1), np.triu(np.ones((n, n)))
    L = y[0] * N.constant(strict) + N.constant(np.eye(n))
    Ut = _mT(y[0] * N.constant(upper))
    inner = N.matmul(_mT(L), g * N.constant(strict)) * N.constant(strict)
    inner = inner + N.matmul(g * N.constant(upper), Ut) * N.constant(upper)
    # L⁻ᵀ (…) U⁻ᵀ, the second by its transpose
    left = N.solve(_mT(L), inner)
    return [_mT(N.solve(_mT(Ut), _mT(left)))]


def _pull_expm(N: Numbers, s: Step, x: Sequence[Array], y: Sequence[Array], g: Array) -> Cotangents:
    n, At = g.shape[-1], _mT(x[0])
    block = np.concatenate(
        [
            np.concatenate([At, g], -1),
            np.concatenate([_zeros(N, g.shape), At], -1),
        ],
        -2,
    )
    return [N.expm(block)[..., :n, n:]]


def _pull_eigh(N: Numbers, s: Step, y: Sequence[Array], g: Cotangents) -> Cotangents:
    """V (diag w̄ + F∘(K − Kᵀ)/2) Vᵀ with K = VᵀV̄ and F_ij = 1/(λ_j − λ_i)."""
    w, V = y
    K = _zeros(N, V.shape) if g[1] is None else N.matmul(_mT(V), g[1])
    inner = _on_diagonal(N, V.shape, g[0]) + N.over_gaps(s, w, (K - _mT(K)) * _number(N, 0.5))
    return [N.matmul(N.matmul(V, inner), _mT(V))]


def _pull_hermitian(N: Numbers, s: Step, y: Sequence[Array], g: Cotangents) -> Cotangents:
    """The same of A + iB, with K = VᴴV̄ and (K − Kᴴ)/2, by the parts of all."""
    w, V, W = y
    G, H = (_zeros(N, V.shape) if x is None else x for x in g[1:])
    Vt, Wt, half = _mT(V), _mT(W), _number(N, 0.5)
    K = N.matmul(Vt, G) + N.matmul(Wt, H)
    L = N.matmul(Vt, H) - N.matmul(Wt, G)
    M = _on_diagonal(N, V.shape, g[0]) + N.over_gaps(s, w, (K - _mT(K)) * half)
    P = N.over_gaps(s, w, (L + _mT(L)) * half, 1)
    left, right = N.matmul(V, M) - N.matmul(W, P), N.matmul(V, P) + N.matmul(W, M)
    return [
        N.matmul(left, Vt) + N.matmul(right, Wt),
        N.matmul(right, Vt) - N.matmul(left, Wt),
    ]


def _on_diagonal(N: Numbers, shape: tuple[int, ...], w: Array | None) -> Array:
    M = _zeros(N, shape).copy()
    if w is not None:
        M[..., range(shape[-1]), range(shape[-1])] = w
    return M


_Pull = Callable[[Numbers, Step, Sequence[Array], Sequence[Array], Array], Cotangents]
_PULL: dict[str, _Pull] = {
    "take": _pull_take,
    "cat": _pull_cat,
    "put_add": lambda N, s, x, _, g: [
        g,
        _flat(N, g)[..., places(s.index)].reshape(x[1].shape),
    ],
    "hold": lambda _, __, ___, ____, g: [g],
    "add": lambda _, __, ___, ____, g: [g, g],
    "sub": lambda _, __, ___, ____, g: [g, -g],
    "mul": lambda N, _, x, __, g: [N.times(g, x[1]), N.times(g, x[0])],
    "div": _pull_div,
    "sum": _pull_sum,
    "matmul": lambda N, _, x, __, g: [N.matmul(g, _mT(x[1])), N.matmul(_mT(x[0]), g)],
    "solve": _pull_solve,
    "cholesky": _pull_cholesky,
    "lu": _pull_lu,
    "expm": _pull_expm,
    "eigvals": lambda N, _, x, __, g: [N.pulled_eigvals(x[0], g)],
    "det": lambda N, _, x, __, g: [g[..., None, None] * N.cofactors(x[0])],
    "slogdet": lambda N, _, x, __, g: [g[..., None, None] * _mT(_inverse(N, x[0]))],
}


def _inverse(N: Numbers, A: Array) -> Array:
    n = A.shape[-1]
    return N.solve(A, np.broadcast_to(N.constant(np.eye(n)), A.shape))
