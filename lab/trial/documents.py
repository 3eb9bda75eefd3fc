"""Documents of every kind that is read back, and what may become of them on the way."""

from __future__ import annotations

import io
import json
import random
import tempfile
from contextlib import redirect_stdout
from functools import cache
from pathlib import Path
from typing import Any

from symgrad import cli
from symgrad.numeric.journal import MARK
from symgrad.studies.findings.record import KNOWN

DOCS = Path(__file__).parents[2] / "docs"

REAL = {"shape": [1, 1], "real": "AAAAAAAA8D8=", "imaginary": None}
ANSWER = {"problem": 0, "route": "r", "value": 1.0, "gradient": REAL, "dtype": "float64"}
JOURNAL: list[dict[str, Any]] = [
    {"framework": "numpy", "answer": {"hello": {"version": "1", "routes": {}}}},
    {"framework": "numpy", "answer": {**ANSWER, "reads": None}},
    {"framework": "numpy", "answer": {"done": 0}},
]
"""The lines of a journal under its first."""
ONE, NONE = [["0x1.0p+0"]], [["0x0.0p+0"]]
CERTIFICATE: dict[str, Any] = {
    "format": 2, "command": ["appendix", "trace", "numpy", "--size=1", "--seed=0"], "seed": 0,
    "environment": {"numpy": "1"}, "files": {}, "digest": "",
    "cases": [
        {
            "function": "trace", "constants": {}, "value": ["1", "0"], "refusal": "", "X": ONE,
            "dtype": "float64", "hermitian": False, "parameterization": "symmetric",
            "point": {"a": "1"}, "evidence": "proved", "high": ONE, "low": NONE, "radius": NONE,
            "directions": [["a", [[0, 0, "1"]], ["1", "0"]]],
        }
    ],
    "reports": [
        {
            "case": 0, "framework": "numpy", "version": "1", "route": "r", "dtype": "float64",
            "returned": "float64", "reads": None, "verdict": "agrees", "convention": "ambiguous",
            "conjugation": None, "reason": "", "answers": [{
                "gradient": ONE, "tolerances": [["0x1.0p-50"]], "value": "0x1.0p+0",
                "value_tolerance": "0x1.0p-49", "contracted": ["1"],
            }],
        }
    ],
}  # fmt: skip
"""A certificate of one report, but for its digest."""


@cache
def samples() -> dict[str, bytes]:
    """A document of every kind, cut short where it is long."""
    found = {}
    for name, key in {"atlas": "rows", "findings": "findings"}.items():
        whole = json.loads((DOCS / f"{name}.json").read_bytes())
        found[name] = json.dumps({**whole, key: whole[key][:2]}).encode()
    listed = json.loads(KNOWN.read_bytes())
    found["known"] = json.dumps(listed[:2]).encode()
    with tempfile.TemporaryDirectory() as folder, redirect_stdout(io.StringIO()):
        path = Path(folder, "run.json")
        cli.main(["det", "-f", "numpy", "--points", "1", "--json", str(path)])
        found["run"] = path.read_bytes()
    found["journal"] = MARK + b'0"}\n' + b"".join(json.dumps(x).encode() + b"\n" for x in JOURNAL)
    found["certificate"] = json.dumps(CERTIFICATE).encode()
    return found


ODD: tuple[Any, ...] = (
    None, True, -1, 0, 1, 10**30, -0.0, 1e308, "", "NaN", "Infinity", "nan", "1/0", "0x1p+99999",
    "__import__('os').system('touch FOLDER/executed')", "!!python/object/apply:os.system [true]",
    "\ud800", "\x00", [], {}, [[]], [[[1]]], {"": None}, ["a"] * 3, "é" * 1000,
)  # fmt: skip
"""What takes the place of a part of a document."""


def mutated(rng: random.Random, text: bytes, folder: Path) -> bytes:
    """A document with one or two things done to it."""
    for _ in range(rng.randint(1, 2)):
        text = rng.choice((_cut, _flipped, _replaced, _replaced, _replaced, _doubled, _deep))(
            rng, text
        )
    return text.replace(b"FOLDER", str(folder).encode())


def _cut(rng: random.Random, text: bytes) -> bytes:
    return text[: rng.randrange(len(text) + 1)]


def _flipped(rng: random.Random, text: bytes) -> bytes:
    if not text:
        return b"\xff"
    k = rng.randrange(len(text))
    return text[:k] + bytes([rng.randrange(256)]) + text[k + 1 :]


def _doubled(rng: random.Random, text: bytes) -> bytes:
    """The keys of the outermost object twice."""
    start, end = text.find(b"{"), text.rfind(b"}")
    return text if start < 0 or end < start else text[:end] + b"," + text[start + 1 :]


def _deep(rng: random.Random, text: bytes) -> bytes:
    depth = rng.choice((10, 2000, 200_000))
    nested = b"[" * depth + b"]" * depth
    colons = [k for k in range(len(text)) if text[k : k + 1] == b":"]
    k = rng.choice(colons) + 1 if colons else 0
    return text[:k] + nested + b"," + text[k:] if rng.random() < 0.5 else nested


def _replaced(rng: random.Random, text: bytes) -> bytes:
    """One value, somewhere inside, replaced or left out; of several lines in one of them."""
    lines = text.splitlines(keepends=True) if text.startswith(MARK) else [text]
    k = rng.randrange(len(lines)) if lines else 0
    try:
        value = json.loads(lines[k])
    except (ValueError, IndexError, RecursionError):
        return text
    holder: Any = [value]
    place: Any = 0
    while isinstance(holder[place], (dict, list)) and holder[place] and rng.random() < 0.85:
        holder = holder[place]
        place = rng.choice(list(holder) if isinstance(holder, dict) else range(len(holder)))
    holder[place] = rng.choice(ODD)
    lines[k] = json.dumps(value).encode() + (b"\n" if len(lines) > 1 else b"")
    return b"".join(lines)
