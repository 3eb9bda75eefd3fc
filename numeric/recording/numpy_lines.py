"""Where the user's program calls NumPy, and which library reads an array of the record there."""

from __future__ import annotations

import linecache
import sys
import traceback
from typing import Any

from symgrad.numeric.recording.lines import line_of_caller
from symgrad.numeric.recording.tape import UnsupportedError

MINE = ("numpy", "scipy", "autograd")
LEFT = (
    "a number that depends on X left NumPy's functions on arrays, where it is not recorded; write "
    "it by those of np and np.linalg, called by these names (np.array, np.zeros), without .item()"
)


def users_line() -> str:
    """Where the user's program is."""
    return line_of_caller(MINE)


def reader(name: str = "") -> str:
    """Which library's function, called by the user, reads the numbers; else the name."""
    found = ""
    for frame, _ in traceback.walk_stack(sys._getframe(1)):
        module = str(frame.f_globals.get("__name__", ""))
        if module.startswith("symgrad."):
            continue
        if module.split(".")[0] not in MINE:
            break
        public = [part for part in module.split(".") if not part.startswith("_")]
        if len(public) > 1 or not module.startswith("scipy."):  # else a decorator of SciPy's
            found = ".".join([*public, frame.f_code.co_name])
    return found or name or "np.array, np.asarray or another that is compiled"


class Returning:
    """The number of Python's that f, whose ``code`` is known, may make in order to return it."""

    def __init__(self) -> None:
        self.code: Any = None
        self.made: tuple[float, Any, str] | None = None

    def makes(self, x: Any, frame: Any) -> float | None:
        """The number, if f itself makes it of x by ``return float(…)``, and no other before."""
        line = linecache.getline(frame.f_code.co_filename, frame.f_lineno).strip()
        is_end = frame.f_code is self.code and line.startswith("return float(")
        if not is_end or self.made is not None or x.size != 1:
            return None
        self.made = float(x.numbers.reshape(())), x, users_line()
        return self.made[0]

    def returned(self, y: Any) -> Any:
        """What f returned, with the array in place of the number that it made of it.

        Raises:
            UnsupportedError: it computed with the number.
        """
        if self.made is None:
            return y
        number, x, line = self.made
        is_pair = isinstance(y, tuple) and len(y) == 2
        if (y[0] if is_pair else y) is not number:
            raise UnsupportedError(f"float() ({line}): {LEFT}")
        return x
