"""Callables of a user's file on the command line: ``my_loss.py:loss``, by what they execute."""

from __future__ import annotations

import re
import runpy
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from msgspec import structs

from symgrad.court import formats
from symgrad.court.errors import InputError
from symgrad.court.hearing import Hearing, Judged
from symgrad.court.names import is_callable
from symgrad.court.reasons import Reason
from symgrad.court.records import Choice, Mode, Verdict
from symgrad.court.scenario import Scenario
from symgrad.symbolic.alarm import EndlessError, alarm
from symgrad.symbolic.certified.reference import round_to
from symgrad.symbolic.limits import describe
from symgrad.symbolic.parameterizations import symmetric
from symgrad.symbolic.points import (
    Point,
    as_text,
    coordinates,
    draw_points,
    parse_matrix,
    parse_point,
    split_rows,
)
from symgrad.traced import RECORDERS, floats, judged

POINTS = 3
"""How many matrices are drawn if nothing is said: positive definite ones."""


def judge(hearing: Hearing) -> None:
    """Judge the callables that the user chose, at the chosen matrices.

    Raises:
        InputError: a file, a name in it, a point or an option cannot be used.
    """
    choice = hearing.choice
    if not all(map(is_callable, choice.functions)):
        raise InputError("a callable of a file is judged by itself: leave the other functions out")
    if choice.gradient is not None or choice.parameterizations or choice.resources.interpreters:
        raise InputError(
            "of a callable of a file -n, --matrix, --point, --points, --seed, --dtype, --forward "
            "and -f can be chosen; leave the rest out"
        )
    for name in choice.functions:
        path, _, attribute = name.rpartition(":")
        f = load(Path(path), attribute, choice.resources.timeout)
        for framework in _frameworks(Path(path), choice.resources.frameworks):
            for dtype in choice.dtypes:
                for theta in _points(choice, dtype):
                    _judge(hearing, f, attribute, framework, dtype, theta)


def load(path: Path, name: str, seconds: float) -> Callable[..., Any]:
    """The callable of that name in a file.

    Raises:
        InputError: there is none, or the file raises or does not end.
    """
    if not path.is_file():
        raise InputError(f"{path}: there is no such file")
    try:
        with alarm(seconds):
            names = runpy.run_path(str(path), run_name=path.stem)
    except KeyboardInterrupt:
        raise
    except BaseException as error:
        raise InputError(f"{path}: {describe(error)}") from error
    if not callable(names.get(name)):
        known = sorted(
            key for key, value in names.items() if callable(value) and not key.startswith("_")
        )
        raise InputError(f"{path}: no callable {name!r} in it; there are {', '.join(known)}")
    found: Callable[..., Any] = names[name]
    return found


def _frameworks(path: Path, chosen: Sequence[str]) -> list[str]:
    """Those of the chosen frameworks that the file imports and that tell what they execute."""
    text = path.read_text(encoding="utf-8")
    found = [
        name
        for name in RECORDERS
        if name in chosen and re.search(rf"^\s*(import|from)\s+{name}\b", text, re.MULTILINE)
    ]
    if not found:
        raise InputError(
            f"{path}: it imports none of {', '.join(RECORDERS)} that is installed and chosen; a "
            "function of another framework needs a file with exact and routes"
        )
    return found


def _points(choice: Choice, dtype: str) -> list[Point]:
    n = choice.size if choice.matrix is None else len(split_rows(choice.matrix))
    x = symmetric(n)
    if choice.matrix is not None:
        return [coordinates(parse_matrix(choice.matrix), x, "symmetric")]
    if choice.point is not None:
        return [parse_point(choice.point, x, "symmetric")]
    bits = formats.REAL[dtype][0]
    return draw_points(x, "positive definite", choice.points or POINTS, choice.seed, bits=bits)


def _judge(
    hearing: Hearing, f: Callable[..., Any], name: str, framework: str, dtype: str, theta: Point
) -> None:
    n = hearing.choice.size
    if hearing.choice.matrix is not None:
        n = len(split_rows(hearing.choice.matrix))
    X = round_to(symmetric(n).at(theta), dtype)
    mode: Mode = "forward" if hearing.choice.forward else "reverse"
    seconds = hearing.choice.resources.timeout
    try:
        with alarm(seconds):
            about = (framework, f, np.asarray(floats(X, 1)), X, 1, dtype, name)
            report = judged(*about, mode, strict=False)
    except EndlessError as error:
        raise InputError(f"{name} at a {n}×{n} matrix: {error}") from error
    verdict: Verdict = structs.replace(
        report.record, parameterization="symmetric", point=as_text(theta)
    )
    if report.blame:
        blame = (Reason("blame", str(blame)) for blame in report.blame)
        verdict = verdict.saying(*verdict.reasons, *blame)
    scenario = Scenario(function=name, structure="symmetric", point=as_text(theta), dtype=dtype)
    hearing.scenarios.append(scenario)
    hearing.versions[framework] = verdict.version
    hearing.judged.append(Judged(scenario, None, verdict))
