"""JAX: the jaxpr of a callable, walked at X: control flow is unrolled as it is decided there."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax.extend.core import ClosedJaxpr, jaxpr_as_fun

from symgrad.numeric.recording import composites
from symgrad.numeric.recording.jax_operations import MOVES, OPERATIONS, SAME, Executed
from symgrad.numeric.recording.recording import Matrix, Pullback, Recording, checked
from symgrad.numeric.recording.tape import Array, Tape, UnsupportedError, Value

ENTERED = {
    "jit": "jaxpr",
    "pjit": "jaxpr",
    "closed_call": "call_jaxpr",
    "core_call": "call_jaxpr",
    "remat": "jaxpr",
    "remat2": "jaxpr",
    "checkpoint": "jaxpr",
}
CUSTOM = ("custom_jvp_call", "custom_vjp_call", "custom_vjp_call_jaxpr")
RANDOM = ("random_bits", "random_seed", "random_wrap", "threefry2x32", "random_unwrap")
MOST_PASSES = 2000
"""Loops with more are not unrolled."""
CLOSE = {8: 1e-6, 4: 1e-3}


def record(f: Callable[..., Any], X: Matrix, dtype: str, label: str = "f") -> Recording:
    """The record of f at X (n×n, float64, of numbers that the dtype holds).

    Raises:
        UnsupportedError: f cannot be recorded; it is named by ``label``.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            x = jnp.asarray(X, dtype)
            if x.dtype.name != dtype:
                raise UnsupportedError(
                    f"JAX computes in {x.dtype.name} here; enable jax_enable_x64, or give X so"
                )
            if x.dtype.kind == "c":
                raise UnsupportedError("recorded are real matrices; give function= instead")
            return checked(
                lambda: _once(f, x, dtype),
                lambda there: _called(f, jnp.asarray(there, dtype)),
                X,
                dtype,
                label,
            )
    except UnsupportedError as error:
        told = str(error)
        raise UnsupportedError(told if told.startswith(label) else f"{label}: {told}") from error


def _one_line(error: BaseException) -> str:
    return " ".join(str(error).split())[:300]


def _called(f: Callable[..., Any], x: jax.Array) -> float:
    """f(x), a real number.

    Raises:
        UnsupportedError: it is none, or raises an error.
    """
    try:
        y = f(x)
    except Exception as error:
        raise UnsupportedError(f"it raised {type(error).__name__}: {_one_line(error)}") from error
    if np.shape(y) not in ((), (1,)) or np.iscomplexobj(y):
        raise UnsupportedError(
            f"it returned {getattr(y, 'dtype', type(y).__name__)} of the shape {np.shape(y)}; "
            "return one real number"
        )
    return float(np.asarray(y).reshape(()))


def _once(f: Callable[..., Any], x: jax.Array, dtype: str) -> Recording:
    value = _called(f, x)
    try:
        closed = jax.make_jaxpr(f)(x)
    except Exception as error:
        if "racer" in str(error):
            raise UnsupportedError(
                "Python needs a number of X, by float(), NumPy or a branch; write it by jnp.where "
                f"or lax.cond: {_one_line(error)[:120]}"
            ) from error
        raise UnsupportedError(f"make_jaxpr raised {_one_line(error)}") from error
    tape = Tape("jax", jax.__version__, dtype, len(x))
    walk = _Walk(tape)
    (output,) = walk.run(closed.jaxpr, closed.consts, [tape.input(np.asarray(x, float))])
    program = tape.finish(tape.reshape(tape.value(output), ()), value)
    left = tape.kept
    about = [(walk.pulled.get(k), call.name) for k, call in enumerate(program.calls)]
    return Recording(program, tuple(_pullback(pulled, left, name) for pulled, name in about))


Pulled = tuple[Callable[..., Any], list[Any], list[Any], list[Any]]
"""What executes a call, its arguments, and the values of these and of its results."""


def _pullback(pulled: Pulled | None, left: dict[int, int], name: str) -> Pullback:
    def kept(v: Any) -> bool:
        return isinstance(v, Value) and v.depends and v.number in left

    def pullback(cotangents: Sequence[Array]) -> list[Array]:
        if pulled is None:
            raise UnsupportedError(f"{name} cannot be repeated alone")
        run, args, inputs, outputs = pulled
        moving = [k for k, v in enumerate(inputs) if kept(v)]

        def alone(*given: Any) -> list[Any]:
            whole = list(args)
            for k, x in zip(moving, given, strict=True):
                whole[k] = x
            return [y for y, v in zip(run(*whole), outputs, strict=True) if kept(v)]

        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            out, back = jax.vjp(alone, *(jnp.asarray(args[k]) for k in moving))
            seeds = [jnp.asarray(g, y.dtype) for g, y in zip(cotangents, out, strict=True)]
            return [np.asarray(g, float) for g in back(seeds)]

    return pullback


class _Walk:
    """Executes a jaxpr, equation by equation, and writes down what depends on X."""

    def __init__(self, tape: Tape) -> None:
        self.tape = tape
        self.pulled: dict[int, Pulled] = {}

    def run(self, jaxpr: Any, consts: Sequence[Any], args: Sequence[Any]) -> list[Any]:
        """What it gives: values, and arrays of what does not depend on X."""
        known: dict[Any, Any] = {}
        for variables, given in ((jaxpr.constvars, consts), (jaxpr.invars, args)):
            known.update(zip(variables, given, strict=True))

        def read(v: Any) -> Any:
            return np.asarray(v.val) if hasattr(v, "val") else known[v]

        for equation in jaxpr.eqns:
            found = self._equation(equation, [read(v) for v in equation.invars])
            known.update(zip(equation.outvars, found, strict=True))
        return [read(v) for v in jaxpr.outvars]

    def closed(self, jaxpr: Any, args: Sequence[Any]) -> list[Any]:
        """The same of a jaxpr with its constants, or without any."""
        is_closed = hasattr(jaxpr, "jaxpr")
        return self.run(*((jaxpr.jaxpr, jaxpr.consts) if is_closed else (jaxpr, ())), args)

    def _equation(self, e: Any, args: list[Any]) -> list[Any]:
        name, params = e.primitive.name, e.params
        if name in ENTERED:
            return self.closed(params[ENTERED[name]], args)
        if name == "custom_linear_solve":
            return self._linear_solve(params, args)
        if name in ("cond", "while", "scan"):
            return _CONTROL[name](self, params, args)
        moving = any(isinstance(a, Value) for a in args)
        if name == "platform_index":
            return [np.asarray(1)]
        if not moving:
            if name in RANDOM:
                self.tape.folded.append(f"{name} ({_line(e)})")
            return [_plain(y) for y in _bind(e, args)]
        if name in SAME:
            return args
        return self._recorded(e, name, args)

    def _recorded(self, e: Any, name: str, args: list[Any]) -> list[Any]:
        custom = name in CUSTOM
        nested = self.tape.call >= 0
        call = -1 if nested else self.tape.begin(_told(e, name), _line(e), custom)
        try:
            found = self._found(e, name, args)
        except UnsupportedError as error:
            where = "" if "(lax." in str(error) else f" ({_told(e, name)}, {_line(e)})"
            raise UnsupportedError(f"{error}{where}") from error
        if call >= 0:
            held = [a for a in args if isinstance(a, Value)]
            self.tape.end(call, held, [v for v in found if isinstance(v, Value)])
            floats = [_floats(a, v.aval) for a, v in zip(args, e.invars, strict=True)]
            self.pulled[call] = (_alone(e), floats, args, found)
        return found

    def _found(self, e: Any, name: str, args: list[Any]) -> list[Any]:
        if name in CUSTOM:
            jaxpr = e.params.get("call_jaxpr") or e.params["fun_jaxpr"]
            return self.closed(jaxpr, args)
        if name == "stop_gradient":
            return [self.tape.emit("hold", [args[0]])[0]]
        if name in MOVES:
            return self._moved(e, args)
        rule = OPERATIONS.get(name)
        if rule is None:
            raise UnsupportedError("a primitive that is not known; write it by others")

        def told() -> list[Array]:
            floats = [_floats(a, v.aval) for a, v in zip(args, e.invars, strict=True)]
            return [np.asarray(y) for y in _bind(e, floats)]

        found = rule(Executed(self.tape, name, args, dict(e.params), told))
        several = list(found) if isinstance(found, (list, tuple)) else [found]
        return [self._near(v, out) for v, out in zip(several, e.outvars, strict=True)]

    def _near(self, v: Any, out: Any) -> Any:
        if isinstance(v, Value) and v.shape != tuple(out.aval.shape):
            return self.tape.reshape(v, tuple(out.aval.shape))
        return v

    def _moved(self, e: Any, args: list[Any]) -> list[Any]:
        """JAX's own action on positions."""
        floating = [k for k, v in enumerate(e.invars) if np.dtype(v.aval.dtype).kind == "f"]
        values = [self.tape.value(args[k]) for k in floating]
        params = dict(e.params)
        if params.get("fill_value", 0) is None:
            params["fill_value"] = 0
        found: list[Value] = []
        for k in range(len(e.outvars)):

            def move(places: list[Array], k: int = k) -> Array:
                given = list(args)
                for place, p in zip(floating, places, strict=True):
                    given[place] = p
                out = e.primitive.bind(*map(jnp.asarray, given), **params)
                return np.asarray(out[k] if e.primitive.multiple_results else out)

            found.append(composites.moved(self.tape, values, move))
        return found

    def _linear_solve(self, params: Any, args: list[Any]) -> list[Any]:
        """By the solve that the user, or jnp.linalg.solve, gave."""
        lengths = params["const_lengths"]
        before = lengths.matvec + lengths.vecmat
        consts = args[before : before + lengths.solve]
        rest = args[before + lengths.solve + lengths.transpose_solve :]
        return self.closed(params["jaxprs"].solve, [*consts, *rest])


def _cond(walk: _Walk, params: Any, args: list[Any]) -> list[Any]:
    which, *operands = args
    if isinstance(which, Value):
        raise UnsupportedError("a branch by a number of X")
    branches = params["branches"]
    chosen = min(max(int(which), 0), len(branches) - 1)
    return walk.closed(branches[chosen], operands)


def _while(walk: _Walk, params: Any, args: list[Any]) -> list[Any]:
    first, second = params["cond_nconsts"], params["body_nconsts"]
    asked, body = args[:first], args[first : first + second]
    state = args[first + second :]
    for _ in range(MOST_PASSES):
        (go,) = walk.closed(params["cond_jaxpr"], [*asked, *state])
        if not bool(go.floats if isinstance(go, Value) else go):
            return state
        state = walk.closed(params["body_jaxpr"], [*body, *state])
    raise UnsupportedError(f"a loop of more than {MOST_PASSES} passes")


def _scan(walk: _Walk, params: Any, args: list[Any]) -> list[Any]:
    first, second, length = params["num_consts"], params["num_carry"], params["length"]
    consts, carry, rows = args[:first], args[first : first + second], args[first + second :]
    if length > MOST_PASSES:
        raise UnsupportedError(f"a loop of more than {MOST_PASSES} passes")
    t, given = walk.tape, []
    for k in reversed(range(length)) if params["reverse"] else range(length):
        row = [t.take(x, x.places[k]) if isinstance(x, Value) else x[k] for x in rows]
        out = walk.closed(params["jaxpr"], [*consts, *carry, *row])
        carry = out[:second]
        given.append(out[second:])
    given = given[::-1] if params["reverse"] else given
    return [*carry, *(_stacked(t, column) for column in zip(*given, strict=True))]


def _stacked(t: Tape, column: Sequence[Any]) -> Any:
    if not any(isinstance(x, Value) for x in column):
        return np.stack(column)
    values = [t.value(x) for x in column]
    return t.reshape(t.cat(values), (len(column), *values[0].shape))


_CONTROL = {"cond": _cond, "while": _while, "scan": _scan}


def _bind(e: Any, args: Sequence[Any]) -> list[Any]:
    """The equation alone, executed."""
    out = e.primitive.bind(*map(_array, args), **e.params)
    return list(out) if e.primitive.multiple_results else [out]


def _alone(e: Any) -> Callable[..., Any]:
    """The equation alone, as a function that JAX differentiates as it does in f."""

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


def _plain(y: Any) -> Any:
    """An array of NumPy; keys of random numbers stay JAX's."""
    return y if jax.dtypes.issubdtype(y.dtype, jax.dtypes.extended) else np.asarray(y)


def _floats(a: Any, aval: Any) -> Any:
    """What JAX is given in place of a value."""
    return np.asarray(a.floats, aval.dtype) if isinstance(a, Value) else np.asarray(a)


def _told(e: Any, name: str) -> str:
    if name in CUSTOM:
        return str(e.params.get("name") or _name_of(e.params) or name)
    return f"lax.{name}"


def _name_of(params: Any) -> str:
    """What the user called the function with a derivative of its own."""
    jaxpr = params.get("call_jaxpr") or params.get("fun_jaxpr")
    info = getattr(getattr(jaxpr, "jaxpr", jaxpr), "debug_info", None)
    return str(getattr(info, "func_name", "") or "")


def _line(e: Any) -> str:
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
