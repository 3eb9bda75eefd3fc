"""What only moves data in PaddlePaddle, by its own action on positions."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from symgrad.numeric.recording import composites as c
from symgrad.numeric.recording.paddle_calls import MOVES, PLACES
from symgrad.numeric.recording.paddle_operations import Executed, Found, Operand
from symgrad.numeric.recording.tape import Array, Tape, UnsupportedError, Value


def moved(e: Executed) -> list[Value]:
    """What an operation gives that only moves data, by its own action on positions."""
    given = e.args[0] if isinstance(e.args[0], list) else None
    places = range(len(given)) if given else PLACES.get(e.name, (0,))
    operands = given or e.args
    values = [e.tape.value(operands[k]) for k in places]
    if e.name == "where":
        operands[0] = _mask(e.tape, operands[0])
    if e.name == "diag" and e.attributes["padding_value"]:
        raise UnsupportedError("diag(padding_value=…); add the rest")

    def move(counted: list[Array], k: int) -> Array:
        now, dtypes = list(operands), list(e.dtypes[0] if given else e.dtypes)
        for place, p in zip(places, counted, strict=True):
            now[place], dtypes[place] = p, "float64"
        again = e._replace(args=[now, *e.args[1:]] if given else now,
                           dtypes=[dtypes, *e.dtypes[1:]] if given else dtypes)  # fmt: skip
        return again.told()[k].astype(int)

    count = len(e.told())
    return [c.moved(e.tape, values, lambda p, k=k: move(p, k)) for k in range(count)]


def _mask(t: Tape, x: Operand) -> Array:
    return t.signs(x, "a choice") != 0 if isinstance(x, Value) else np.asarray(x, bool)


def _set(e: Executed) -> Found:
    """x with numbers at some entries."""
    shape = tuple(e.attributes["shape"])
    numbers = np.reshape(np.array(e.attributes["values"], float), shape)
    about = [e.args[0], numbers, *e.args[1:]]
    dtypes = [e.dtypes[0], e.dtypes[0], *e.dtypes[1:]]
    return moved(e._replace(name="set_value_with_tensor", args=about, dtypes=dtypes))


MOVING: dict[str, Callable[[Executed], Found]] = {
    **dict.fromkeys(MOVES, moved),
    **dict.fromkeys(("set_value_", "set_value"), _set),
}
