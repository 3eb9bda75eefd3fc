"""What JAX's primitives are made of: one function per primitive, by its name."""

from __future__ import annotations

import string
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np

from symgrad.numeric.recording import composites as c
from symgrad.numeric.recording import jax_scatters as scatters
from symgrad.numeric.recording.pair_entries import angle
from symgrad.numeric.recording.pairs import Pair
from symgrad.numeric.recording.tape import Array, Tape, UnsupportedError, Value

Operand = Value | Pair | Array
Found = Operand | Sequence[Operand | None]


class Executed(NamedTuple):
    """A primitive as it was executed: of values, and of arrays that do not depend on X.

    ``told`` executes it once more; ``equation`` is JAX's own.
    """

    tape: Tape
    name: str
    args: list[Any]
    params: dict[str, Any]
    told: Callable[[], list[Array]]
    equation: Any


UNARY: dict[str, Any] = {
    **{name: name for name in ("neg", "exp", "expm1", "log", "log1p", "sqrt", "sin", "cos", "tan")},
    **{name: name for name in ("asin", "acos", "atan", "sinh", "cosh", "tanh", "asinh", "acosh")},
    **{name: name for name in ("atanh", "logistic", "erf", "lgamma", "digamma", "abs")},
}
BINARY: dict[str, Any] = {
    **{name: name for name in ("add", "sub", "mul", "div", "max", "min")},
    "add_any": "add",
}
ROUNDINGS: dict[str, Callable[[Array], Array]] = {
    "floor": np.floor,
    "ceil": np.ceil,
    "round": np.round,
}
COMPARISONS = c.COMPARISONS | {f"{name}_to": c.COMPARISONS[name] for name in ("lt", "le")}
MOVES = {
    "broadcast_in_dim", "reshape", "transpose", "squeeze", "slice", "rev", "gather", "copy",
    "dynamic_slice", "expand_dims", "copy_p", "concatenate", "pad", "dynamic_update_slice",
    "split", "scatter",
}  # fmt: skip
"""What only moves data: done by JAX to positions."""
SCATTERS = [f"scatter{mark}{name}" for mark in "-_" for name in ("add", "sub", "mul", "min", "max")]
SAME = {"optimization_barrier", "copy", "copy_p", "reduce_precision", "pvary", "mark_needs_grad"}


def _power(e: Executed) -> Found:
    t, (base, exponent) = e.tape, e.args
    if isinstance(base, Value) and not isinstance(exponent, Value) and np.ndim(exponent) == 0:
        return t.power(base, float(exponent))
    return t.unary("exp", t.binary("mul", exponent, t.unary("log", t.value(base))))


def _angle(e: Executed) -> Found:
    y, x = map(e.tape.value, e.args)
    return angle(e.tape, y, x, "the half plane of atan2")


def _compared(e: Executed) -> Found:
    return COMPARISONS[e.name](e.tape.compare(e.args[0], e.args[1], e.name))


def _selected(e: Executed) -> Found:
    which, *cases = e.args
    if isinstance(which, Value):
        raise UnsupportedError("a choice by a number of X")
    if len(cases) != 2:
        raise UnsupportedError("a choice among more than two arrays")
    mask = np.asarray(which).astype(bool)
    if not any(isinstance(case, Value) for case in cases):
        return np.asarray(np.where(mask, cases[1], cases[0]))
    return c.where(e.tape, mask, cases[1], cases[0])


def _clamp(e: Executed) -> Found:
    least, v, most = e.args
    return e.tape.binary("min", e.tape.binary("max", v, least), most)


def _rounded(e: Executed) -> Found:
    return c.floor(e.tape, e.args[0], ROUNDINGS[e.name], e.name)


def _reduced(e: Executed) -> Found:
    axes, v = tuple(e.params["axes"]), e.args[0]
    if e.name == "reduce_sum":
        return e.tape.sum(v, axes)
    if e.name == "reduce_prod":
        return c.prod(e.tape, v, axes)
    return c.reduce_max(e.tape, v, axes, e.name == "reduce_min")


def _arg_extreme(e: Executed) -> Found:
    (axis,) = e.params["axes"]
    return c.argmax(e.tape, e.args[0], axis, e.name == "argmin")


def _cumsum(e: Executed) -> Found:
    t, v, axis = e.tape, e.args[0], e.params["axis"]
    if not e.params["reverse"]:
        return c.cumsum(t, v, axis)
    back = t.take(v, np.flip(v.places, axis))
    sums = c.cumsum(t, back, axis)
    return t.take(sums, np.flip(sums.places, axis))


def _sorted(e: Executed) -> Found:
    axis = e.params["dimension"]
    key, *others = e.args
    if e.params["num_keys"] != 1 or not isinstance(key, Value):
        raise UnsupportedError("a sort by several keys")
    found, order = c.sort(e.tape, key, axis)
    rest: list[Operand] = []
    for other in others:
        if isinstance(other, Value):
            places = np.take_along_axis(other.places, order, axis)
            rest.append(e.tape.take(other, places))
        else:
            rest.append(np.take_along_axis(np.asarray(other), order, axis))
    return [found, *rest]


def _top_k(e: Executed) -> Found:
    found, order = c.sort(e.tape, e.args[0], -1, True)
    k = e.params["k"]
    return [e.tape.take(found, found.places[..., :k]), order[..., :k]]


def _cast(e: Executed) -> Found:
    dtype, v = np.dtype(e.params["new_dtype"]), e.args[0]
    if dtype.kind == "b":
        return np.asarray(e.tape.signs(v, "a cast to bool") != 0)
    if dtype.kind in "iu":
        return np.asarray(c.floor(e.tape, v, np.trunc, "trunc"), dtype)
    if dtype.itemsize < np.dtype(e.equation.invars[0].aval.dtype).itemsize:
        e.tape.casts.append(dtype.name)
    return v


def summed(e: Executed) -> str:
    """What a dot_general sums, as an equation of einsum."""
    (left, right), (batch_a, batch_b) = e.params["dimension_numbers"]
    letters = iter(string.ascii_lowercase)
    one, other = ([""] * len(v.aval.shape) for v in e.equation.invars)
    for i, j in [*zip(batch_a, batch_b, strict=True), *zip(left, right, strict=True)]:
        one[i] = other[j] = next(letters)
    one = [name or next(letters) for name in one]
    other = [name or next(letters) for name in other]
    batch, gone = [one[i] for i in batch_a], [one[i] for i in left]
    free = [x for x in [*one, *other] if x not in batch + gone]
    return f"{''.join(one)},{''.join(other)}->{''.join(batch + free)}"


def _dot_general(e: Executed) -> Found:
    return c.einsum(e.tape, summed(e), [e.tape.value(x) for x in e.args])


def _scattered(e: Executed) -> Found:
    v, indices, u = e.args
    where = scatters.targets(e.equation, indices)
    name = e.name.replace("_", "-").removeprefix("scatter-")
    return scatters.scattered(e.tape, name, e.tape.value(v), where, e.tape.value(u))


# linear algebra


def eigenvectors(e: Executed) -> Array:
    """Those that JAX gave.

    Raises:
        UnsupportedError: they are some of them only.
    """
    V = e.told()[0]
    if V.shape[-1] != V.shape[-2]:
        raise UnsupportedError("eigh(subset_by_index=…); take all of them")
    return V


def _eigh(e: Executed) -> Found:
    V = eigenvectors(e)
    values, vectors = c.eigh(e.tape, e.args[0], bool(e.params["lower"]), V)
    return [vectors, values]


def _triangular_solve(e: Executed) -> Found:
    t, p = e.tape, e.params
    T = c.triangle(t, t.value(e.args[0]), p["lower"], unit=p["unit_diagonal"])
    T, B = (t.mT(T) if p["transpose_a"] else T), t.value(e.args[1])
    return t.solve(T, B) if p["left_side"] else t.mT(t.solve(t.mT(T), t.mT(B)))


def _lu(e: Executed) -> Found:
    _, pivots, permutation = e.told()
    return [c.lu(e.tape, e.args[0], permutation), pivots, permutation]


def check_svd(e: Executed) -> bool:
    """Whether vectors are asked for.

    Raises:
        UnsupportedError: such ones are that the matrix does not determine.
    """
    wanted, shape = bool(e.params.get("compute_uv", True)), e.equation.invars[0].aval.shape
    if wanted and e.params.get("full_matrices") and shape[-1] != shape[-2]:
        raise UnsupportedError("svd(full_matrices=True) of a matrix that is not square")
    return wanted


def _svd(e: Executed) -> Found:
    v = e.args[0]
    if not check_svd(e):
        return [c.svd(e.tape, v)[1]]
    V = None if v.shape[-2] < v.shape[-1] else np.swapaxes(e.told()[2], -1, -2)
    U, S, Vt = c.svd(e.tape, v, V)
    return [S, U, Vt]


def triangular(e: Executed) -> Array:
    """R of the factors that JAX gave.

    Raises:
        UnsupportedError: its columns are exchanged, or Q has columns that A does not determine.
    """
    rows, columns = e.equation.invars[0].aval.shape[-2:]
    if e.params.get("pivoting"):
        raise UnsupportedError("qr(pivoting=True)")
    if e.params.get("full_matrices") and rows != columns:
        raise UnsupportedError("the full qr of a matrix that is not square; mode='reduced'")
    return e.told()[1]


def _qr(e: Executed) -> Found:
    R = triangular(e)
    Q, found = c.qr(e.tape, e.args[0], np.sign(np.diagonal(R, axis1=-2, axis2=-1)))
    return [Q, found]


OPERATIONS: dict[str, Callable[[Executed], Found]] = {
    **{name: (lambda e: e.tape.unary(UNARY[e.name], e.args[0])) for name in UNARY},
    **{name: (lambda e: e.tape.binary(BINARY[e.name], *e.args)) for name in BINARY},
    "rsqrt": lambda e: e.tape.unary("reciprocal", e.tape.unary("sqrt", e.args[0])),
    "square": lambda e: e.tape.binary("mul", e.args[0], e.args[0]),
    "erfc": lambda e: e.tape.binary("sub", 1.0, e.tape.unary("erf", e.args[0])),
    "cbrt": lambda e: e.tape.power(e.args[0], 1 / 3),
    "exp2": lambda e: e.tape.unary("exp", e.tape.binary("mul", e.args[0], np.log(2))),
    "integer_pow": lambda e: e.tape.power(e.args[0], e.params["y"]),
    "pow": _power,
    "atan2": _angle,
    "sign": lambda e: e.tape.signs(e.args[0], "sign").astype(float),
    "is_finite": lambda e: np.isfinite(e.args[0].floats),
    **dict.fromkeys(COMPARISONS, _compared),
    "select_n": _selected,
    "stop_gradient": lambda e: e.tape.unary("hold", e.args[0]),
    "clamp": _clamp,
    **dict.fromkeys(("floor", "ceil", "round"), _rounded),
    **dict.fromkeys(("reduce_sum", "reduce_prod", "reduce_max", "reduce_min"), _reduced),
    **dict.fromkeys(("argmax", "argmin"), _arg_extreme),
    "cumsum": _cumsum,
    "sort": _sorted,
    "top_k": _top_k,
    "convert_element_type": _cast,
    "dot_general": _dot_general,
    **dict.fromkeys(SCATTERS, _scattered),
    "cholesky": lambda e: e.tape.emit("cholesky", [c.mirror(e.tape, e.args[0], True)])[0],
    "eigh": _eigh,
    "triangular_solve": _triangular_solve,
    "lu": _lu,
    "svd": _svd,
    "qr": _qr,
}
