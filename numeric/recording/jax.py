"""JAX: the jaxpr of a callable, walked at X: control flow is unrolled as it is decided there."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from symgrad.numeric.recording.jax_walk import Pulled, Walk
from symgrad.numeric.recording.pairs import Pair, parts
from symgrad.numeric.recording.recording import (
    Matrix,
    Pullback,
    Recording,
    checked,
    named,
    one_line,
)
from symgrad.numeric.recording.tape import RETURN_ONE, Array, Tape, UnsupportedError, Value


def record(f: Callable[..., Any], X: Matrix, dtype: str, label: str = "f") -> Recording:
    """The record of f at X (n×n, float64 or complex128, of numbers that the dtype holds).

    Raises:
        UnsupportedError: f cannot be recorded; it is named by ``label``.
    """
    with named(label), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        x = jnp.asarray(X, dtype)
        if x.dtype.name != dtype:
            raise UnsupportedError(
                f"JAX computes in {x.dtype.name} here; enable jax_enable_x64, or give X so"
            )
        return checked(
            lambda: _once(f, x, dtype),
            lambda there: _called(f, jnp.asarray(there, dtype)),
            X,
            dtype,
            label,
        )


def _called(f: Callable[..., Any], x: jax.Array) -> float:
    """f(x), a real number.

    Raises:
        UnsupportedError: it is none, or raises an error.
    """
    try:
        y = f(x)
    except Exception as error:
        raise UnsupportedError(f"it raised {type(error).__name__}: {one_line(error)}") from error
    if np.shape(y) not in ((), (1,)) or np.asarray(y).dtype.kind in "cOSU":
        raise UnsupportedError(
            f"it returned {getattr(y, 'dtype', type(y).__name__)} of the shape {np.shape(y)}; "
            f"{RETURN_ONE}"
        )
    return float(np.asarray(y).reshape(()))


def _once(f: Callable[..., Any], x: jax.Array, dtype: str) -> Recording:
    value = _called(f, x)
    try:
        closed = jax.make_jaxpr(lambda x: f(x))(x)  # of f itself JAX would give an earlier trace
    except Exception as error:
        if "racer" in str(error):
            raise UnsupportedError(
                "Python needs a number of X, by float(), NumPy or a branch; write it by jnp.where "
                f"or lax.cond: {one_line(error)[:120]}"
            ) from error
        raise UnsupportedError(f"make_jaxpr raised {one_line(error)}") from error
    tape = Tape("jax", jax.__version__, dtype, len(x))
    M = np.asarray(x)
    value_of_x: Value | Pair = (
        Pair(tape.input(M.real), tape.input(M.imag)) if np.iscomplexobj(M) else tape.input(M)
    )
    walk = Walk(tape)
    (output,) = walk.run(closed.jaxpr, closed.consts, [value_of_x])
    program = tape.finish(tape.reshape(tape.value(output), ()), value)
    about = [(walk.pulled.get(k), call.name) for k, call in enumerate(program.calls)]
    return Recording(program, tuple(_pullback(pulled, tape.kept, name) for pulled, name in about))


def _pullback(pulled: Pulled | None, left: dict[int, int], name: str) -> Pullback:
    """The derivative of a call alone, between those of its values that are left."""

    def kept(held: Any) -> list[Value]:
        return [v for v in parts(held) if v.depends and v.number in left]

    def pullback(cotangents: Sequence[Array]) -> list[Array]:
        if pulled is None:
            raise UnsupportedError(f"{name} cannot be repeated alone")
        run, args, inputs, outputs = pulled
        moving = [k for k, held in enumerate(inputs) if kept(held)]
        gave = [held for held in outputs if kept(held)]
        numbers = [v.number for held in gave for v in kept(held)]
        # what is given back twice is one value, and has its cotangent once
        given = dict(reversed(list(zip(numbers, cotangents, strict=True))))

        def alone(*moved: Any) -> list[Any]:
            whole = list(args)
            for k, x in zip(moving, moved, strict=True):
                whole[k] = x
            return [y for y, held in zip(run(*whole), outputs, strict=True) if kept(held)]

        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            out, back = jax.vjp(alone, *(jnp.asarray(args[k]) for k in moving))
            seeds = [_seed(held, given, y) for held, y in zip(gave, out, strict=True)]
            found = back(seeds)
        return [
            part
            for k, g in zip(moving, found, strict=True)
            for v, part in zip(parts(inputs[k]), _parts(g), strict=True)
            if v in kept(inputs[k])
        ]

    return pullback


def _seed(held: Value | Pair, given: dict[int, Array], like: jax.Array) -> jax.Array:
    """A cotangent: JAX's of a complex array is ∂/∂Re − i ∂/∂Im."""
    whole = [given.pop(v.number, np.zeros(v.shape)) for v in parts(held)]
    return jnp.asarray(whole[0] if len(whole) == 1 else whole[0] - 1j * whole[1], like.dtype)


def _parts(g: jax.Array) -> list[Array]:
    """∂/∂Re and ∂/∂Im of a cotangent; of a real one itself."""
    x = np.asarray(g)
    if not np.iscomplexobj(x):
        return [x.astype(float)]
    return [x.real.astype(float), -x.imag.astype(float)]
