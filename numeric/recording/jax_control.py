"""JAX's branches and loops: the bodies that were executed, one after the other."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from symgrad.numeric.recording.pairs import Pair
from symgrad.numeric.recording.tape import Tape, UnsupportedError, Value

Body = Callable[[Any, Sequence[Any]], list[Any]]
"""What a jaxpr gives of some arguments, written down."""
MOST_PASSES = 2000
"""Loops with more are not unrolled."""
ENDLESS = f"a loop of more than {MOST_PASSES} passes; check it with fewer"


def cond(t: Tape, body: Body, params: Any, args: list[Any]) -> list[Any]:
    """The branch that is taken; ``lax.switch`` is the same."""
    which, *operands = args
    branches = params["branches"]
    chosen = min(max(int(_decided(which, "a branch")), 0), len(branches) - 1)
    return body(branches[chosen], operands)


def while_loop(t: Tape, body: Body, params: Any, args: list[Any]) -> list[Any]:
    """As many passes as there were at X."""
    first, second = params["cond_nconsts"], params["body_nconsts"]
    asked, held = args[:first], args[first : first + second]
    state = args[first + second :]
    for _ in range(MOST_PASSES):
        (go,) = body(params["cond_jaxpr"], [*asked, *state])
        if not bool(_decided(go, "the end of a loop")):
            return state
        state = body(params["body_jaxpr"], [*held, *state])
    raise UnsupportedError(ENDLESS)


def _decided(x: Any, what: str) -> Any:
    """The number by which a way is taken.

    Raises:
        UnsupportedError: it is one of X that no comparison decided.
    """
    if isinstance(x, (Value, Pair)):
        raise UnsupportedError(f"{what} by a number of X; compare it")
    return x


def scan(t: Tape, body: Body, params: Any, args: list[Any]) -> list[Any]:
    """All passes, along the first axis of what is scanned."""
    first, second, length = params["num_consts"], params["num_carry"], params["length"]
    consts, carry, rows = args[:first], args[first : first + second], args[first + second :]
    if length > MOST_PASSES:
        raise UnsupportedError(ENDLESS)
    given = []
    for k in reversed(range(length)) if params["reverse"] else range(length):
        out = body(params["jaxpr"], [*consts, *carry, *(_row(t, x, k) for x in rows)])
        carry = out[:second]
        given.append(out[second:])
    if not given:
        return [*carry, *(_none(v.aval) for v in params["jaxpr"].jaxpr.outvars[second:])]
    given = given[::-1] if params["reverse"] else given
    return [*carry, *(_stacked(t, column) for column in zip(*given, strict=True))]


def _none(aval: Any) -> Any:
    return np.zeros((0, *aval.shape), aval.dtype)


def _row(t: Tape, x: Any, k: int) -> Any:
    if isinstance(x, Pair):
        return Pair(*(_row(t, v, k) for v in x))
    return t.take(x, x.places[k]) if isinstance(x, Value) else x[k]


def _stacked(t: Tape, column: Sequence[Any]) -> Any:
    if any(isinstance(x, Pair) for x in column):
        pairs = [Pair.of(t, x) for x in column]
        return Pair(*(_stacked(t, values) for values in zip(*pairs, strict=True)))
    if not any(isinstance(x, Value) for x in column):
        return np.stack(column)
    values = [t.value(x) for x in column]
    return t.reshape(t.cat(values), (len(column), *values[0].shape))


CONTROL: dict[str, Callable[[Tape, Body, Any, list[Any]], list[Any]]] = {
    "cond": cond,
    "while": while_loop,
    "scan": scan,
}
