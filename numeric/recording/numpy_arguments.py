"""The arrays of the record among the arguments and the results of a call."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from symgrad.numeric.recording.numpy_arrays import Traced, is_traced
from symgrad.numeric.recording.numpy_lines import users_line
from symgrad.numeric.recording.pairs import Held, parts
from symgrad.numeric.recording.tape import Array, Tape, Value


def told(func: Any) -> str:
    """What a user calls a function of NumPy or SciPy."""
    module = str(getattr(func, "__module__", None) or "")
    if isinstance(func, np.ufunc):
        module = "numpy" if getattr(np, func.__name__, None) is func else "scipy.special"
    public = [part for part in module.split(".") if not part.startswith("_")]
    owner = ".".join(["np" if part == "numpy" else part for part in public])
    return f"{owner}.{func.__name__}"


def traced(x: Any) -> list[Traced]:
    """The arrays of the record in some arguments."""
    if is_traced(x):
        return [x]
    if isinstance(x, dict):
        x = list(x.values())
    return [y for part in x for y in traced(part)] if isinstance(x, (tuple, list)) else []


def depends(x: Any) -> bool:
    """Whether X has a part in any of them."""
    return any(a.depends for a in traced(x))


def hidden(x: Any) -> str:
    """Why one of them is not recorded; empty if they all are."""
    return next((a.storage.hidden for a in traced(x) if a.storage.hidden), "")


def plain(x: Any) -> Any:
    """NumPy's own numbers in place of the arrays."""
    if is_traced(x):
        return x.numbers
    if isinstance(x, (tuple, list)) and traced(x):
        return like(x, list(map(plain, x)))
    return x


def ran(func: Any, args: Any, kwargs: dict[str, Any]) -> Any:
    """What a function gives of NumPy's own numbers."""
    return func(*map(plain, args), **{name: plain(x) for name, x in kwargs.items()})


def like(x: Any, made: list[Any]) -> Any:
    """The same kind of rows, or of results with names."""
    return type(x)(*made) if hasattr(x, "_fields") else type(x)(made)


def within(x: Traced, places: Any) -> Array:
    """Positions in the memory as those in what the array reads, row by row."""
    where = np.zeros(x.storage.places.size, int)
    where[x.places.ravel()] = np.arange(x.places.size)
    return np.asarray(where[np.asarray(places)])


def trimmed(t: Tape, v: Value, ndim: int) -> Value:
    """Without leading axes of length 1 that a write leaves out."""
    extra = max(len(v.shape) - ndim, 0)
    return t.reshape(v, v.shape[extra:]) if extra and v.shape[:extra] == (1,) * extra else v


class Called:
    """A call of the record while it runs; what it gave is added to the list."""

    def __init__(self, recorder: Any, name: str, given: Sequence[Any]) -> None:
        self.recorder, self.name, self.given = recorder, name, given
        self.number = -1

    def __enter__(self) -> list[Held]:
        self.found: list[Held] = []
        tape = self.recorder.tape
        if tape.call < 0:
            inputs = [x for x in traced(self.given) if not x.storage.hidden]
            self.read = [v for x in inputs for v in parts(self.recorder.held(x))]
            self.number = tape.begin(self.name, users_line())
        return self.found

    def __exit__(self, *_: object) -> None:
        if self.number >= 0:
            found = [v for held in self.found for v in parts(held)]
            self.recorder.tape.end(self.number, self.read, found)
