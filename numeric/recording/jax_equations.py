"""One equation of a jaxpr: executed alone, its name and its line."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax.extend.core import ClosedJaxpr, jaxpr_as_fun

from symgrad.numeric.recording.pairs import Pair
from symgrad.numeric.recording.tape import Value

CUSTOM = ("custom_jvp_call", "custom_vjp_call", "custom_vjp_call_jaxpr")


def bind(e: Any, args: Sequence[Any]) -> list[Any]:
    """What it gives of these arrays."""
    out = e.primitive.bind(*map(_array, args), **e.params)
    return list(out) if e.primitive.multiple_results else [out]


def alone(e: Any) -> Callable[..., list[Any]]:
    """It as a function that JAX differentiates as it does in f."""

    def run(*args: Any) -> list[Any]:
        variables = [v for v in e.invars if not hasattr(v, "val")]
        unique = list(dict.fromkeys(variables))
        given = {v: a for v, a in zip(e.invars, args, strict=True) if not hasattr(v, "val")}
        jaxpr = _EMPTY.jaxpr.replace(
            eqns=[e], invars=unique, outvars=list(e.outvars), constvars=[], effects=e.effects
        )
        return list(jaxpr_as_fun(ClosedJaxpr(jaxpr, []))(*(given[v] for v in unique)))

    return run


_EMPTY = jax.make_jaxpr(lambda x: x)(0.0)


def _array(a: Any) -> Any:
    return a if isinstance(a, jax.Array) else jnp.asarray(a)


def plain(y: Any) -> Any:
    """An array of NumPy; keys of random numbers stay JAX's."""
    return y if jax.dtypes.issubdtype(y.dtype, jax.dtypes.extended) else np.asarray(y)


def floats(e: Any, args: Sequence[Any]) -> list[Any]:
    """What JAX is given in place of the values."""
    return [_floats(a, v.aval.dtype) for a, v in zip(args, e.invars, strict=True)]


def _floats(a: Any, dtype: Any) -> Any:
    if isinstance(a, Pair):
        return np.asarray(a.numbers, dtype)
    return np.asarray(a.floats, dtype) if isinstance(a, Value) else np.asarray(a)


def kind(v: Any) -> str:
    """The letter of NumPy for the kind of a variable's dtype; "k" is a key of random numbers."""
    dtype = v.aval.dtype
    return "k" if jax.dtypes.issubdtype(dtype, jax.dtypes.extended) else np.dtype(dtype).kind


def told(e: Any) -> str:
    """What its primitive is called, or the function: with a derivative of its own, or compiled."""
    name = str(e.primitive.name)
    if "jaxpr" in e.params and "name" in e.params:
        return str(e.params["name"]).lstrip("_")
    if name in CUSTOM:
        return str(e.params.get("name") or _name_of(e.params) or name)
    return f"lax.{name}"


def _name_of(params: Any) -> str:
    """What the user called the function with a derivative of its own."""
    jaxpr = params.get("call_jaxpr") or params.get("fun_jaxpr")
    info = getattr(getattr(jaxpr, "jaxpr", jaxpr), "debug_info", None)
    return str(getattr(info, "func_name", "") or "")


def line(e: Any) -> str:
    """file:line of the user's innermost frame, where JAX tells it."""
    traceback = getattr(getattr(e, "source_info", None), "traceback", None)
    for frame in getattr(traceback, "frames", ()):
        if (
            "/jax/" not in frame.file_name
            and "/symgrad/" not in frame.file_name
            and ("/numeric/recording/" not in frame.file_name)
        ):
            return f"{frame.file_name.rsplit('/', 1)[-1]}:{frame.line_num}"
    return ""
