"""JAX's scattering: ``x.at[…].add``, ``.set``, ``.multiply``, ``.min`` and ``.max``."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from symgrad.court.program import Operation
from symgrad.numeric.recording.pairs import Pair, product
from symgrad.numeric.recording.tape import Array, Tape, UnsupportedError, Value


def check_sets(params: Any) -> None:
    """Whether a scatter only replaces entries, as ``x.at[…].apply`` does not.

    Raises:
        UnsupportedError: it does something else.
    """
    jaxpr = params.get("update_jaxpr")
    if jaxpr is not None and (jaxpr.eqns or jaxpr.outvars[0] is not jaxpr.invars[1]):
        raise UnsupportedError("x.at[…].apply(…); write it by x.at[…].set(…)")


def targets(e: Any, indices: Array) -> Array:
    """The flat position in the operand that each entry of the updates goes to; −1 for none.

    As JAX itself has it: a scatter of a sum is linear in the updates, and what it transposes to
    reads where it wrote.
    """
    operand, _, updates = (v.aval.shape for v in e.invars)
    size = int(np.prod(operand))

    def added(u: jax.Array) -> jax.Array:
        out = adds.bind(zeros, where, u, **params)
        return jnp.asarray(out)

    adds, params = jax.lax.scatter_add_p, dict(e.params) | {"update_jaxpr": None}
    params["update_consts"] = ()
    wide = jnp.zeros(()).dtype
    if size >= 1 / jnp.finfo(wide).eps:
        raise UnsupportedError(f"an array of {size} entries is scattered into")
    zeros, where = jnp.zeros(operand, wide), jnp.asarray(indices)
    _, back = jax.vjp(added, jnp.zeros(updates, wide))
    (found,) = back(jnp.arange(1, size + 1, dtype=wide).reshape(operand))
    return np.asarray(found).round().astype(int) - 1


def scattered(t: Tape, name: str, v: Value, where: Array, u: Value) -> Value:
    """v, with the entries of u brought into it at these flat positions, by an operation.

    Where an entry is met several times, it is so one after the other.
    """
    flat = where.ravel()
    left = np.flatnonzero(flat >= 0)
    if name in ("add", "sub"):
        moved = t.take(u, left)
        return t.put_add(v, flat[left], moved if name == "add" else t.unary("neg", moved))
    while left.size:
        now, left = _once(flat, left)
        met = t.binary(OPERATIONS[name], t.take(v, flat[now]), t.take(u, now))
        v = t.put(v, flat[now], met)
    return v


def scattered_complex(t: Tape, name: str, v: Pair, where: Array, u: Pair) -> Pair:
    """The same of complex arrays.

    Raises:
        UnsupportedError: the operation is one of real numbers.
    """
    if name in ("add", "sub"):
        return Pair(*(scattered(t, name, x, where, y) for x, y in zip(v, u, strict=True)))
    if name != "mul":
        raise UnsupportedError(f"x.at[…].{name} of complex numbers")
    flat = where.ravel()
    left = np.flatnonzero(flat >= 0)
    while left.size:
        now, left = _once(flat, left)
        old, new = (Pair(*(t.take(x, k) for x in xs)) for xs, k in ((v, flat[now]), (u, now)))
        met = product(t, old, new)
        v = Pair(*(t.put(x, flat[now], y) for x, y in zip(v, met, strict=True)))
    return v


def _once(flat: Array, left: Array) -> tuple[Array, Array]:
    """Of the updates that are left, those that meet each entry first; and the others."""
    first = np.unique(flat[left], return_index=True)[1]
    return left[first], np.delete(left, first)


OPERATIONS: dict[str, Operation] = {"mul": "mul", "min": "min", "max": "max"}
