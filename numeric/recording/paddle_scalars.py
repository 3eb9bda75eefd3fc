"""The numbers of Python in a program of PaddlePaddle, which is written down with 24 bits of each.

``X * 0.1`` multiplies by 0.1 in dynamic mode, and is translated to a product with the float32 next
to 0.1.  What was meant is among the numbers that PaddlePaddle's own functions were called with when
f was translated: Python's profiler sees these.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from types import FrameType
from typing import Any

import numpy as np
import paddle

from symgrad.numeric.recording.tape import Array, UnsupportedError

PACKAGE = str(Path(paddle.__file__).parent)
MOST = 4096
"""Longer arguments are none of a few numbers."""
WIDE = (np.dtype(np.float64), np.dtype(np.int64))
"""The arrays that are looked at: in narrower ones numbers are rounded already."""
SCALARS = {"scale": (1,), "clip": (1, 2), "full_like": (1,), "pad": (1,)}
"""The operands that are such a number."""
ATTRIBUTES = {"scale": "bias"}
"""The attributes that are.  The exponent of ``pow`` is a float32 in dynamic mode too."""


class Scalars:
    """The numbers seen, and what each float32 among a program's stands for."""

    def __init__(self) -> None:
        self.seen: set[float] = set()

    def __call__(self, frame: FrameType, event: str, about: Any) -> None:
        """As Python's profiler calls it."""
        if event == "call" and frame.f_code.co_filename.startswith(PACKAGE):
            for x in frame.f_locals.values():
                self._add(x)

    def _add(self, x: Any) -> None:
        if isinstance(x, (int, float, np.number)) and not np.iscomplexobj(x):
            self.seen.update([float(x)] if abs(x) < 2**1000 else [])
        elif isinstance(x, (list, tuple)) and len(x) <= MOST:
            for each in x:
                self._add(each)
        elif (
            isinstance(x, np.ndarray) and x.size <= MOST and x.dtype in WIDE
        ):  # not what is rounded
            self.seen.update(x.ravel().astype(float).tolist())

    def meant(self, number: float) -> float:
        """The number that was written down as this one, which is a float32.

        Raises:
            UnsupportedError: it is not seen, or one of several.
        """
        if not np.isfinite(number):
            return number
        with np.errstate(over="ignore"):
            found = {x for x in self.seen if float(np.float32(x)) == number}
        if len(found) == 1:
            return found.pop()
        if not found and abs(number) < 2**20 and number * 2**10 == int(number * 2**10):
            return number
        raise UnsupportedError(
            f"a number that is translated to {number!r}, and may be another one; give it as a "
            "float64 tensor, made outside of the function"
        )

    def attributes(self, op: Any, name: str) -> Mapping[str, Any]:
        """The attributes of an operation, with the numbers that were meant."""
        attributes = dict(op.attrs())
        key = ATTRIBUTES.get(name)
        if key:
            attributes[key] = self.meant(attributes[key])
        return attributes

    def constant(self, op: Any, name: str) -> Array | None:
        """What an operation makes of such numbers; None if there are none in it."""
        if name == "full" and _is_single(op) and _is_scalar(op):
            return np.full(op.attrs()["shape"], self.meant(op.attrs()["value"]))
        if name == "assign_value_" and _is_single(op) and _is_of_float64(op):
            values = [self.meant(x) for x in op.attrs()["values"]]
            return np.reshape(np.array(values, float), op.attrs()["shape"])
        return None


def is_number(v: Any) -> bool:
    """Whether an operand is a number of Python that was made a tensor, as the 0.3 of ``X**0.3``."""
    op = v.get_defining_op()
    return op is not None and _name(op) == "full" and not list(v.shape)


def _is_single(op: Any) -> bool:
    return str(op.results()[0].dtype).endswith("float32")


def _is_scalar(op: Any) -> bool:
    """Whether it is made to be such an operand alone."""
    (v,) = op.results()
    users = v.all_used_ops()
    return bool(users) and all(
        any(each.operands_source()[k].is_same(v) for k in SCALARS.get(_name(each), ()))
        for each in users
    )


def _is_of_float64(op: Any) -> bool:
    """Whether it is ``to_tensor(number, dtype="float64")``: a cast in there comes next."""
    users = op.results()[0].all_used_ops()
    return len(users) == 1 and _name(users[0]) == "cast" and any(
        "in _to_tensor_static" in text for text in users[0].attrs().get("op_callstack", ())
    )  # fmt: skip


def _name(op: Any) -> str:
    return str(op.name().removeprefix("pd_op."))
