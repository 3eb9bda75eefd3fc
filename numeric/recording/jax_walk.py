"""A jaxpr, walked at X equation by equation; what depends on X is written down."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from symgrad.numeric.recording import composites
from symgrad.numeric.recording.jax_complex import apply_complex
from symgrad.numeric.recording.jax_control import CONTROL
from symgrad.numeric.recording.jax_equations import (
    CUSTOM,
    alone,
    bind,
    floats,
    kind,
    line,
    plain,
    told,
)
from symgrad.numeric.recording.jax_operations import MOVES, OPERATIONS, SAME, Executed
from symgrad.numeric.recording.jax_scatters import check_sets
from symgrad.numeric.recording.pairs import Pair, part, parts
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
RANDOM = ("random_bits", "random_seed", "random_wrap", "threefry2x32", "random_unwrap")
Pulled = tuple[Callable[..., list[Any]], list[Any], list[Any], list[Any]]
"""What executes a call, its arguments, and what is written of these and of its results."""


class Walk:
    """Executes a jaxpr: values, pairs of a complex array's parts, and arrays without X in them."""

    def __init__(self, tape: Tape) -> None:
        self.tape = tape
        self.pulled: dict[int, Pulled] = {}
        self.solves = False

    def run(self, jaxpr: Any, consts: Sequence[Any], args: Sequence[Any]) -> list[Any]:
        """What it gives."""
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
        if hasattr(jaxpr, "jaxpr"):
            return self.run(jaxpr.jaxpr, jaxpr.consts, args)
        return self.run(jaxpr, (), args)

    def _equation(self, e: Any, args: list[Any]) -> list[Any]:
        name, params = e.primitive.name, e.params
        moves = any(parts(a) for a in args)
        if name in ENTERED:
            is_solver = moves and _is_solver(params[ENTERED[name]])
            return self._recorded(e, args) if is_solver else self._entered(e, args)
        if name == "custom_linear_solve":
            return self._linear_solve(params, args)
        if name in CONTROL:
            return CONTROL[name](self.tape, self.closed, params, args)
        if name == "platform_index":
            return [np.asarray(_platform(params))]
        if not moves:
            if name in RANDOM:
                self.tape.folded.append(f"{name} ({line(e)})")
            return [plain(y) for y in bind(e, args)]
        if name in SAME or (name == "stop_gradient" and self.solves):
            return args
        return self._recorded(e, args)

    def _recorded(self, e: Any, args: list[Any]) -> list[Any]:
        custom = e.primitive.name in CUSTOM
        nested = self.tape.call >= 0
        call = -1 if nested else self.tape.begin(told(e), line(e), custom)
        try:
            found = self._found(e, args)
        except UnsupportedError as error:
            where = "" if "(lax." in str(error) else f" ({told(e)}, {line(e)})"
            raise UnsupportedError(f"{error}{where}") from error
        if call >= 0:
            read, gave = ([v for x in xs for v in parts(x)] for xs in (args, found))
            self.tape.end(call, read, gave)
            self.pulled[call] = (alone(e), floats(e, args), args, found)
        return found

    def _found(self, e: Any, args: list[Any]) -> list[Any]:
        name = e.primitive.name
        if name in ENTERED:
            return self._solved(e, args)
        if name in CUSTOM:
            jaxpr = e.params.get("call_jaxpr") or e.params["fun_jaxpr"]
            return self.closed(jaxpr, args)
        is_complex = any(kind(v) == "c" for v in [*e.invars, *e.outvars])
        if name in MOVES:
            if not is_complex:
                return self._moved(e, args)
            both = (self._moved(e, [part(x, k) for x in args]) for k in (0, 1))
            return [Pair(*two) for two in zip(*both, strict=True)]

        def again() -> list[Array]:
            return [np.asarray(y) for y in bind(e, floats(e, args))]

        executed = Executed(self.tape, name, args, dict(e.params), again, e)
        if is_complex:
            found = apply_complex(executed)
        elif name in OPERATIONS:
            found = OPERATIONS[name](executed)
        else:
            raise UnsupportedError("a primitive that is not known; write it by others")
        several = list(found) if isinstance(found, list) else [found]
        return [self._near(v, out) for v, out in zip(several, e.outvars, strict=True)]

    def _near(self, v: Any, out: Any) -> Any:
        shape = tuple(out.aval.shape)
        if isinstance(v, Pair):
            return Pair(*(self._near(x, out) for x in v))
        if isinstance(v, Value) and v.shape != shape:
            return self.tape.reshape(v, shape)
        return v if isinstance(v, Value) else np.asarray(v, out.aval.dtype)

    def _moved(self, e: Any, args: list[Any]) -> list[Any]:
        """JAX's own action on positions."""
        moving = [k for k, v in enumerate(e.invars) if kind(v) in "fc"]
        values = [self.tape.value(args[k]) for k in moving]
        params = dict(e.params)
        if e.primitive.name == "scatter":
            check_sets(params)
            params |= {"update_jaxpr": None, "update_consts": ()}
        if params.get("fill_value", 0) is None:
            params["fill_value"] = 0
        found: list[Value] = []
        for k in range(len(e.outvars)):

            def move(places: list[Array], k: int = k) -> Array:
                given = list(args)
                for place, p in zip(moving, places, strict=True):
                    given[place] = p
                out = e.primitive.bind(*map(jnp.asarray, given), **params)
                return np.asarray(out[k] if e.primitive.multiple_results else out)

            found.append(composites.moved(self.tape, values, move))
        return found

    def _entered(self, e: Any, args: list[Any]) -> list[Any]:
        return self.closed(e.params[ENTERED[e.primitive.name]], args)

    def _solved(self, e: Any, args: list[Any]) -> list[Any]:
        """A solver as one step: the factors that it stops have their derivatives by its matvec."""
        before, self.solves = self.solves, True
        try:
            return self._entered(e, args)
        finally:
            self.solves = before

    def _linear_solve(self, params: Any, args: list[Any]) -> list[Any]:
        """By the solve that the user, or jnp.linalg.solve, gave."""
        lengths = params["const_lengths"]
        before = lengths.matvec + lengths.vecmat
        consts = args[before : before + lengths.solve]
        rest = args[before + lengths.solve + lengths.transpose_solve :]
        return self.closed(params["jaxprs"].solve, [*consts, *rest])


def _is_solver(jaxpr: Any) -> bool:
    """Whether a function, as jnp.linalg.solve is one, calls lax.custom_linear_solve itself."""
    equations = getattr(jaxpr, "jaxpr", jaxpr).eqns
    return any(e.primitive.name == "custom_linear_solve" for e in equations)


def _platform(params: Any) -> int:
    """Which of the branches for platforms is this one's; without a name it is any's."""
    here = jax.default_backend()
    return next(k for k, names in enumerate(params["platforms"]) if names is None or here in names)
