"""What CasADi's operations are made of, by the name of each: of entries, and of matrices.

A value is a row of the entries that are not structurally zero, column by column, as CasADi's are.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import casadi as ca
import numpy as np

from symgrad.numeric.recording import composites as c
from symgrad.numeric.recording.pair_entries import angle
from symgrad.numeric.recording.tape import Array, Tape, UnsupportedError, Value

NAMES = {getattr(ca, name): name[3:].lower() for name in dir(ca) if name.startswith("OP_")}
"""What the operations are called, by CasADi's numbers."""
Operand = Value | Array


class Executed(NamedTuple):
    """An operation as it was executed: of values, and of rows that do not depend on X.

    ``patterns`` are where the entries of the arguments are, ``into`` where those of the result;
    of single numbers there are none.  ``info`` is what else CasADi tells of it.
    """

    tape: Tape
    name: str
    args: list[Any]
    patterns: Sequence[ca.Sparsity] = ()
    into: ca.Sparsity | None = None
    info: dict[str, Any] = {}


UNARY: dict[str, Any] = {
    **{name: name for name in ("neg", "exp", "expm1", "log", "log1p", "sqrt", "sin", "cos", "tan")},
    **{name: name for name in ("asin", "acos", "atan", "sinh", "cosh", "tanh", "asinh", "acosh")},
    **{"atanh": "atanh", "erf": "erf", "inv": "reciprocal", "fabs": "abs"},
}
BINARY: dict[str, Any] = {
    **{name: name for name in ("add", "sub", "mul", "div")},
    **{"fmin": "min", "fmax": "max"},
}
COMPARISONS = ("lt", "le", "eq", "ne")
ROUNDINGS: dict[str, Callable[[Array], Array]] = {"floor": np.floor, "ceil": np.ceil}
SAME = ("assign", "assertion", "monitor", "printme", "lift")
"""What gives its first argument back."""
MOVES = (
    "getnonzeros", "setnonzeros", "reshape", "transpose", "horzcat", "vertcat", "diagcat",
    "horzsplit", "vertsplit", "diagsplit", "project", "sparsity_cast", "horzrepmat", "subref",
    "subassign",
)  # fmt: skip
"""What only moves data: done by CasADi to positions."""


def _power(e: Executed) -> Value:
    t, (base, exponent) = e.tape, e.args
    if isinstance(base, Value) and not isinstance(exponent, Value):
        said = np.unique(exponent)
        if said.size == 1:
            return t.power(base, float(said[0]))
    return t.unary("exp", t.binary("mul", exponent, t.unary("log", t.value(base))))


def _if_else_zero(e: Executed) -> Value:
    mask, v = e.args
    if isinstance(mask, Value):
        mask = e.tape.signs(mask, "a choice") != 0
    return c.where(e.tape, np.asarray(mask).astype(bool), v, 0.0)


def _compared(e: Executed) -> Array:
    return c.COMPARISONS[e.name](e.tape.compare(*e.args, e.name)).astype(float)


def _rounded(e: Executed) -> Array:
    return c.floor(e.tape, e.args[0], ROUNDINGS[e.name], e.name)


def _hypot(e: Executed) -> Value:
    t, (a, b) = e.tape, e.args
    return t.unary("sqrt", t.binary("add", t.binary("mul", a, a), t.binary("mul", b, b)))


# vectors


def _squares(e: Executed) -> Value:
    v = e.args[0]
    return e.tape.sum(e.tape.binary("mul", v, v))


def _extreme(e: Executed) -> Value:
    """With a 0 among the entries where one is structurally so."""
    t, v = e.tape, e.args[0]
    if not e.patterns[0].is_dense():
        v = t.cat([v, np.zeros(1)])
    return c.reduce_max(t, v, None, e.name == "mmin")


# matrices


def dense(t: Tape, v: Operand, pattern: ca.Sparsity) -> Value:
    """The matrix of these entries."""
    where = np.full(pattern.shape, -1)
    where[pattern.row(), pattern.get_col()] = np.arange(pattern.nnz())
    return t.take(t.value(v), where)


def entries(t: Tape, M: Value, pattern: ca.Sparsity) -> Value:
    """The entries of a matrix that are not structurally zero."""
    return t.take(M, M.places[pattern.row(), pattern.get_col()])


def _matrices(e: Executed) -> list[Value]:
    return [dense(e.tape, v, p) for v, p in zip(e.args, e.patterns, strict=True)]


def _multiplied(e: Executed) -> Value:
    """z + x y, where z has its entries."""
    t, (_, x, y) = e.tape, _matrices(e)
    return t.binary("add", e.args[0], entries(t, t.matmul(x, y), _into(e)))


def _solved(e: Executed) -> Value:
    t, (B, A) = e.tape, _matrices(e)
    return entries(t, t.solve(t.mT(A) if e.info["tr"] else A, B), _into(e))


def _bilinear(e: Executed) -> Value:
    t, (A, x, y) = e.tape, _matrices(e)
    return t.matmul(t.mT(x), t.matmul(A, y))


def _rank1(e: Executed) -> Value:
    """A + α x yᵀ, where A has its entries."""
    t, (_, alpha, x, y) = e.tape, _matrices(e)
    added = t.binary("mul", alpha, t.matmul(x, t.mT(y)))
    return t.binary("add", e.args[0], entries(t, added, _into(e)))


def _kronecker(e: Executed) -> Value:
    t, (a, b) = e.tape, _matrices(e)
    shape = tuple(p * q for p, q in zip(a.shape, b.shape, strict=True))
    return entries(t, t.reshape(c.einsum(t, "ij,kl->ikjl", [a, b]), shape), _into(e))


def _into(e: Executed) -> ca.Sparsity:
    assert e.into is not None
    return e.into


OPERATIONS: dict[str, Callable[[Executed], Operand]] = {
    **dict.fromkeys(UNARY, lambda e: e.tape.unary(UNARY[e.name], e.args[0])),
    **dict.fromkeys(BINARY, lambda e: e.tape.binary(BINARY[e.name], *e.args)),
    **dict.fromkeys(COMPARISONS, _compared),
    **dict.fromkeys(ROUNDINGS, _rounded),
    "sq": lambda e: e.tape.binary("mul", e.args[0], e.args[0]),
    "twice": lambda e: e.tape.binary("mul", e.args[0], 2.0),
    "pow": _power,
    "constpow": _power,
    "sign": lambda e: e.tape.signs(e.args[0], "sign").astype(float),
    "if_else_zero": _if_else_zero,
    "atan2": lambda e: angle(e.tape, *map(e.tape.value, e.args), note="the half plane of atan2"),
    "hypot": _hypot,
    "dot": lambda e: e.tape.sum(e.tape.binary("mul", *e.args)),
    "norm1": lambda e: e.tape.sum(e.tape.unary("abs", e.args[0])),
    "norm2": lambda e: e.tape.unary("sqrt", _squares(e)),
    "normf": lambda e: e.tape.unary("sqrt", _squares(e)),
    "norminf": lambda e: c.reduce_max(e.tape, e.tape.unary("abs", e.args[0]), None),
    "mmax": _extreme,
    "mmin": _extreme,
    "logsumexp": lambda e: c.logsumexp(e.tape, e.args[0], None),
    "mtimes": _multiplied,
    "solve": _solved,
    "determinant": lambda e: e.tape.emit("det", _matrices(e))[0],
    "inverse": lambda e: entries(e.tape, c.inverse(e.tape, _matrices(e)[0]), _into(e)),
    "bilin": _bilinear,
    "rank1": _rank1,
    "kron": _kronecker,
}


def apply(e: Executed) -> Operand:
    """What an operation gives.

    Raises:
        UnsupportedError: it is not known.
    """
    if e.name not in OPERATIONS:
        raise UnsupportedError(f"{e.name}, an operation that is not known; write it by others")
    return OPERATIONS[e.name](e)
