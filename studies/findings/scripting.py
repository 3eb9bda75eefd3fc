"""The script of a finding, generated: its route as public calls, its matrix, and one direction.

It needs the framework and NumPy alone, and prints what came back beside what is true.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, NamedTuple

from symgrad.studies.findings.idioms import ARRAYS, IMPORTS, REAL, RUN, SHOWN, SLOPES
from symgrad.studies.findings.record import Finding

TEMPLATE = '''\
"""{title}"""

{source}

X = np.array({X})
E = np.array({E})


def loss(x):
    y = f({arguments})
    return {value}


{run}
{value_line}print("derivative along E:", float(slope), "exact:", {exact_slope!r})
'''
Rows = Sequence[Sequence[Any]]


class Shown(NamedTuple):
    """What a script shows: X and E (n×n), and what is true.

    ``direction`` is that of a Hessian, whose value is none of f and not shown.
    """

    X: Rows
    E: Rows
    constants: dict[str, Any]
    value: float
    slope: float
    direction: Rows = ()


def script(finding: Finding, source: str, shown: Shown) -> str:
    """The script, by the lines that define f; empty where there are none, or no such mode."""
    framework, dtype = finding.framework, finding.dtype
    way, _, route = finding.route.rpartition(": ")
    start, modes = RUN.get(framework, ("", {}))
    if not source or finding.mode not in modes:
        return ""
    lines = source.splitlines()
    imported = [line for line in lines if line.startswith(("import ", "from "))]
    imports = dict.fromkeys(["import numpy as np", *IMPORTS[framework], *imported])
    body = [line for line in lines if line not in imported]
    y = REAL.get(framework, "{}") if finding.is_complex else "{}"
    given = [f"{k}={_constant(v, framework, dtype)}" for k, v in shown.constants.items()]
    mode = f", {way[len('pytensor.function(') : -1]}" if framework == "pytensor" and way else ""
    made = start.format(dtype=dtype, symbol="SX" if "(SX)" in route else "MX", mode=mode)
    asked = _asked(framework, dtype, modes[finding.mode], shown)
    return TEMPLATE.format(
        title=f"{finding.route}, {finding.mode} mode, {dtype}: not what is true.",
        source="\n".join([*imports, *body]).rstrip(),
        X=_rows(shown.X),
        E=_rows(shown.E),
        arguments=", ".join(["x", *given]),
        value=y.format("y"),
        run="\n".join([*_executed(framework, way), made, *asked]),
        value_line="" if shown.direction else _value_line(framework, shown.value),
        exact_slope=shown.slope,
    )


def _asked(framework: str, dtype: str, how: str, shown: Shown) -> list[str]:
    """The lines that find the slope along E."""
    used = set(re.findall(r"\b[de]\b", how))
    arrays = {"e": "E", "d": f"np.array({_rows(shown.direction)})"}
    lines = [f"{k} = {ARRAYS[framework].format(arrays[k], dtype=dtype)}" for k in sorted(used)]
    slope = [] if "slope =" in how else [f"slope = {SLOPES.get(framework, SLOPES[''])}"]
    return [*lines, how, *slope]


def _value_line(framework: str, exact: float) -> str:
    return f'print("value:", float({SHOWN.get(framework, "loss(x)")}), "exact:", {exact!r})\n'


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
