"""The script of a finding, generated: its route as public calls, its matrix, and one direction.

It needs the framework and NumPy alone, and prints what came back beside what is true.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, NamedTuple, Protocol

from symgrad.court.names import name_of
from symgrad.court.questions import Mode
from symgrad.studies.findings.idioms import ARRAYS, IMPORTS, REAL, RUN, SHOWN, SLOPES

TEMPLATE = '''\
"""{title}"""

{source}

{matrices}


def loss(x):
    y = f({arguments})
    return {value}


{run}
{told}
'''
Rows = Sequence[Sequence[Any]]


class Shown(NamedTuple):
    """What a script shows: X and E (n×n), and what is true; without these, what comes back alone.

    ``direction`` is that of a Hessian, whose value is none of f and not shown.
    """

    X: Rows
    E: Rows
    constants: dict[str, Any]
    value: float | None = None
    slope: float | None = None
    direction: Rows = ()


class Asked(Protocol):
    """What a script is about: a finding, or anything else that names a route and how it is asked.

    The framework may be of a version, as ``jax@0.10.2``.
    """

    @property
    def framework(self) -> str:
        """Its name."""

    @property
    def route(self) -> str:
        """The public call."""

    @property
    def dtype(self) -> str:
        """That of the matrix."""

    @property
    def mode(self) -> Mode:
        """How it is differentiated."""


def script(about: Asked, source: str, shown: Shown, title: str = "") -> str:
    """The script, by the lines that define f; empty where there are none, or no such mode."""
    framework, dtype, mode = name_of(about.framework), about.dtype, about.mode
    way, _, call = about.route.rpartition(": ")
    start, modes = RUN.get(framework, ("", {}))
    if not source or mode not in modes:
        return ""
    lines = source.splitlines()
    imported = [line for line in lines if line.startswith(("import ", "from "))]
    imports = dict.fromkeys(["import numpy as np", *IMPORTS[framework], *imported])
    body = [line for line in lines if line not in imported]
    y = REAL.get(framework, "{}") if dtype.startswith("complex") else "{}"
    given = [f"{k}={_constant(v, framework, dtype)}" for k, v in shown.constants.items()]
    executed = f", {way[len('pytensor.function(') : -1]}" if framework == "pytensor" and way else ""
    made = start.format(dtype=dtype, symbol="SX" if "(SX)" in call else "MX", mode=executed)
    how = modes[mode]
    is_along = shown.slope is not None or "slope =" in how
    matrices = [f"X = np.array({_rows(shown.X)})", f"E = np.array({_rows(shown.E)})"]
    return TEMPLATE.format(
        title=title or f"{about.route}, {mode} mode, {dtype}: not what is true.",
        source="\n".join([*imports, *body]).rstrip(),
        matrices="\n".join(matrices if is_along else matrices[:1]),
        arguments=", ".join(["x", *given]),
        value=y.format("y"),
        run="\n".join([*_executed(framework, way), made, *_asked(framework, dtype, how, shown)]),
        told="\n".join(_told(framework, shown, is_along)),
    )


def _told(framework: str, shown: Shown, is_along: bool) -> list[str]:
    """The lines that print what comes back, beside what is true if it is known."""
    if not is_along:
        return ["print(G)"]
    if shown.slope is None:
        return ['print("derivative along E:", float(slope))']
    value = SHOWN.get(framework, "loss(x)")
    of_value = f'print("value:", float({value}), "exact:", {shown.value!r})'
    of_slope = f'print("derivative along E:", float(slope), "exact:", {shown.slope!r})'
    return [of_slope] if shown.direction else [of_value, of_slope]


def _asked(framework: str, dtype: str, how: str, shown: Shown) -> list[str]:
    """The lines that find the slope along E."""
    used = set(re.findall(r"\b[de]\b", how))
    arrays = {"e": "E", "d": f"np.array({_rows(shown.direction)})"}
    lines = [f"{k} = {ARRAYS[framework].format(arrays[k], dtype=dtype)}" for k in sorted(used)]
    if "slope =" in how or shown.slope is None:
        return [*lines, how]
    return [*lines, how, f"slope = {SLOPES.get(framework, SLOPES[''])}"]


def _executed(framework: str, way: str) -> list[str]:
    """The lines that make of ``loss`` what is executed in another way."""
    if not way or framework == "pytensor":
        return []
    name, _, options = way.partition("(")
    if "map" in name:
        mapped = f"{name}(one, x[None])" if name.startswith("tf.") else f"{name}(one)(x[None])"
        return ["one = loss", f"loss = lambda x: {mapped}[0]"]
    return [f"loss = {name}(loss, {options}" if options else f"loss = {name}(loss)"]


def _constant(value: Any, framework: str, dtype: str) -> str:
    return repr(value) if isinstance(value, int) else ARRAYS[framework].format(value, dtype=dtype)


def _rows(rows: Rows) -> str:
    return repr([list(row) for row in rows])
