"""What was judged, written as a few lines of Python that judge it again."""

from __future__ import annotations

import platform
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from jaxtyping import Inexact

from symgrad.court import VERSION, formats
from symgrad.numeric import here as numeric
from symgrad.report.here import Report

MOST_ROWS = 16
"""A larger X would fill pages; then it is said how to keep it."""


class Case(NamedTuple):
    """A call of :func:`symgrad.check`: f, X (n×n) with its dtype, and the options."""

    f: Callable[..., Any]
    X: Inexact[np.ndarray, "... n n"]
    dtype: str
    options: dict[str, Any]

    @classmethod
    def of(cls, f: Callable[..., Any], X: Any, options: dict[str, Any]) -> Case:
        """Raises InputError if X cannot be used."""
        M, dtype = numeric.read(X, batched=True)
        return cls(f, M.copy(), dtype, options)


def code(case: Case, report: Report) -> str:
    """The lines.  X in them is that of the case, to the last bit.

    A callable that can be imported is; of any other it is said where it is.
    """
    given = dict(case.options)
    if report.record.framework != "numpy":
        given["framework"] = report.record.framework
    callables = {"f": case.f, **{k: value for k, value in given.items() if callable(value)}}
    who = f"{report.record.framework} {report.record.version}"
    options = [f"{k}={k if k in callables else repr(value)}" for k, value in given.items()]
    return "\n".join(
        [
            f"# {who}, symgrad {VERSION}, Python {platform.python_version()}",
            "import numpy as np",
            "from symgrad import check",
            *(_imported(name, value) for name, value in callables.items()),
            _assigned(case.X, case.dtype),
            f"print(check({', '.join(['f', 'X', *options])}))",
        ]
    )


def told(case: Case, report: Report) -> str:
    """The report, and below it these lines."""
    lines = "\n".join(f"    {line}" for line in code(case, report).splitlines())
    return f"{report}\n  to see it again:\n{lines}"


def _imported(name: str, f: Callable[..., Any]) -> str:
    own = getattr(f, "__qualname__", type(f).__qualname__)
    place = getattr(f, "__code__", None)
    where = f"{Path(place.co_filename).name}:{place.co_firstlineno}" if place else ""
    if not own.isidentifier() or not where:
        return f"# {name} is {own}{', ' if where else ''}{where}"
    renamed = "" if own == name else f" as {name}"
    return f"from {f.__module__} import {own}{renamed}  # {where}"


def _assigned(X: Inexact[np.ndarray, "... n n"], dtype: str) -> str:
    """Real numbers by their shortest digits that determine them; complex ones as pairs of those."""
    n = len(X)
    if X.ndim > 2 or n > MOST_ROWS:
        shape = "×".join(map(str, X.shape))
        return f'# X is {shape}: np.save("X.npy", X) in the test keeps it\nX = np.load("X.npy")'
    narrow = formats.real(dtype)
    note = "" if hasattr(np, narrow) else f"  # was in {dtype}, which NumPy does not have"
    kept = narrow if hasattr(np, narrow) else "float64"
    rows = ",\n    ".join(map(repr, np.ascontiguousarray(X).view(np.float64).tolist()))
    view = f".view(np.{dtype})" if np.iscomplexobj(X) else ""
    return f"X = np.array([\n    {rows},\n], dtype=np.{kept}){view}{note}"
