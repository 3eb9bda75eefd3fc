"""Every judged gradient as a row of a Parquet file, for runs that are too large for JSON.

It needs pyarrow (``symgrad[parquet]``), which is imported when a file is written.
"""

from __future__ import annotations

import io
import json
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import TYPE_CHECKING, Any

from symgrad.court.errors import InputError
from symgrad.court.hearing import Hearing, Judged
from symgrad.court.verdicts import Component, Number, Rows
from symgrad.report.document import TOOLKIT, environment

if TYPE_CHECKING:
    import pyarrow as pa

GROUP = 4096
"""Rows that are written at once: those in memory as columns."""


def check() -> None:
    """Check that such a file can be written.

    Raises:
        InputError: pyarrow is not installed.
    """
    try:
        import pyarrow.parquet  # noqa: F401
    except ModuleNotFoundError as error:
        raise InputError("--parquet needs pyarrow: pip install 'symgrad[parquet]'") from error


def schema() -> pa.Schema:
    """The columns; docs/schema.md says what each of them is."""
    import pyarrow as pa

    text, number = pa.string(), pa.float64()
    matrix = pa.list_(pa.list_(number))
    names = dict.fromkeys(("part", "label", "function", "structure"), text)
    names |= {"size": pa.int32(), "point": pa.map_(text, text)}
    names |= dict.fromkeys(("framework", "version", "route", "mode", "dtype"), text)
    names |= {"verdict": text, "convention": text, "reads": text, "conjugation": text}
    names |= {"evidence": text, "value": text, "digits": pa.int32(), "kinds": pa.list_(text)}
    names |= {"reason": text, "worst": text, "error": number, "tolerance": number}
    names |= {"gradient": matrix, "imaginary": matrix, "parameters": pa.list_(_component())}
    return pa.schema(list(names.items()))


def _component() -> pa.DataType:
    import pyarrow as pa

    numbers = ("contracted", "radius", "error", "tolerance", "detectable")
    text = [("name", pa.string()), ("exact", pa.string())]
    return pa.struct([*text, *((name, pa.float64()) for name in numbers)])


def to_parquet(hearing: Hearing) -> bytes:
    """The file; what it was made with is in its metadata, under ``symgrad``."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    made = {"toolkit": TOOLKIT, "environment": environment(hearing)}
    columns = schema().with_metadata({"symgrad": json.dumps(made)})
    file = io.BytesIO()
    with pq.ParquetWriter(file, columns, compression="zstd") as writer:
        for group in _groups(map(_row, hearing.judged)):
            writer.write_table(pa.Table.from_pylist(group, columns))
    return file.getvalue()


def _groups(rows: Iterable[dict[str, Any]]) -> Iterator[list[dict[str, Any]]]:
    rows = iter(rows)
    while group := list(islice(rows, GROUP)):
        yield group


def _row(judged: Judged) -> dict[str, Any]:
    scenario, _, verdict = judged
    worst = max(verdict.parameters, key=_over, default=None)
    return {
        "part": scenario.part,
        "label": scenario.label,
        "function": verdict.function,
        "structure": verdict.parameterization,
        "size": verdict.size,
        "point": list(verdict.point.items()),
        "framework": verdict.framework,
        "version": verdict.version,
        "route": verdict.route,
        "mode": verdict.mode,
        "dtype": verdict.dtype,
        "verdict": verdict.verdict,
        "convention": verdict.convention,
        "reads": verdict.reads,
        "conjugation": verdict.conjugation,
        "evidence": verdict.evidence,
        "value": verdict.value,
        "digits": verdict.digits,
        "kinds": [reason.kind for reason in verdict.reasons],
        "reason": verdict.reason,
        "worst": worst and worst.name,
        "error": worst and float(worst.error),
        "tolerance": worst and worst.tolerance,
        "gradient": _part(verdict.gradient, 0),
        "imaginary": _part(verdict.gradient, 1) if _is_complex(verdict.gradient) else None,
        "parameters": [_plain(component) for component in verdict.parameters],
    }


def _over(component: Component) -> float:
    """How far over its tolerance it is; what is no number is farthest."""
    error = float(component.error)
    if error != error or component.tolerance == 0:
        return float("inf") if error else 0.0
    return error / component.tolerance


def _plain(component: Component) -> dict[str, Any]:
    return {
        "name": component.name,
        "contracted": float(component.contracted),
        "exact": str(component.exact),
        "radius": component.radius,
        "error": float(component.error),
        "tolerance": component.tolerance,
        "detectable": float(component.detectable),
    }


def _is_complex(rows: Rows | None) -> bool:
    return any(isinstance(entry, (tuple, list)) for row in rows or () for entry in row)


def _part(rows: Rows | None, k: int) -> list[list[float]] | None:
    """The real (k = 0) or the imaginary part (k = 1) of each entry."""
    return rows if rows is None else [[_entry(entry, k) for entry in row] for row in rows]


def _entry(entry: Number | tuple[Number, Number], k: int) -> float:
    return float(entry[k] if isinstance(entry, (tuple, list)) else entry)
