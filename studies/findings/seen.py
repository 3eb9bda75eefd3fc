"""What a sweep sees wrong, and the small matrices at which it is looked for."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from fractions import Fraction
from itertools import islice
from typing import NamedTuple

import numpy as np

from symgrad.court import formats
from symgrad.court.errors import InputError
from symgrad.court.names import family
from symgrad.court.questions import GRADIENT, TWICE
from symgrad.studies.findings.record import Seen
from symgrad.symbolic.cases import Case
from symgrad.symbolic.catalogue import CATALOGUE, MatrixFunction, instances
from symgrad.symbolic.parameterizations import Parameterization, hermitian, symmetric
from symgrad.symbolic.points import Point
from symgrad.symbolic.queries import Asked, cotangents, direction, hessian_along
from symgrad.symbolic.shrinking import smallest
from symgrad.symbolic.units import in_units, parse_scale

NEAR = 1e-9
"""Relative distance of eigenvalues that coincide."""
Own = Mapping[str, MatrixFunction]
"""The functions of users' files, by name."""


class Round(NamedTuple):
    """Which small matrices are tried at a time: of size n, from one place in their order on."""

    n: int
    start: int
    stop: int


ROUNDS = (Round(1, 0, 7), Round(2, 0, 10), Round(2, 10, 150), Round(3, 0, 30))


def small_cases(wanted: Mapping[int, Seen], tried: Round, own: Own) -> list[Case]:
    """What was seen, by number, at small matrices of its own kind; the label is number and X."""
    return [
        case._replace(label=f"{number} {text_of(case)}")
        for number, seen in wanted.items()
        for case in _small(seen, tried, own)
    ]


def _small(seen: Seen, tried: Round, own: Own) -> Iterator[Case]:
    x = (hermitian if seen.is_complex else symmetric)(tried.n)
    dtype = formats.real(seen.dtype)
    for function, query in _asked(seen, tried.n, own):
        with suppress(InputError):  # there is no such matrix in the domain, or in the dtype
            points = smallest(x, function.function.domain)
            of_kind = (theta for theta in points if _is_of_kind(seen.axis, x, theta))
            for theta in islice(of_kind, tried.start, tried.stop):
                moved = in_units(theta, x, parse_scale(seen.scale), dtype)
                case = Case("numbered", function, x, moved, dtype, seen.mode == "forward")
                yield case._replace(
                    framework=seen.framework,
                    route=seen.route,
                    query=query,
                    find_reads=False,
                    prove=False,
                )


def _asked(seen: Seen, n: int, own: Own) -> Sequence[Asked]:
    """What was asked, of the middle member of the family at size n; nothing where there is none."""
    members = instances({**CATALOGUE, **own}[family(seen.function)], n)
    if not members:
        return ()
    function = members[len(members) // 2]
    if seen.mode in TWICE:
        twice, query = hessian_along(function, direction(n))
        return [(twice, query)]
    if seen.weight:
        (function,) = (f for f in cotangents(function) if f.name.endswith(f"W {seen.weight}]"))
    return [(function, GRADIENT)]


def _is_of_kind(axis: str, x: Parameterization, theta: Point) -> bool:
    """Whether X(θ) is singular along the ranks, has a tie along the ties, and neither elsewhere."""
    X = np.array(x.at(theta), dtype=np.float64)
    sizes = np.sort(np.abs(np.linalg.eigvalsh(X)))[:: x.blocks]
    near = NEAR * max(sizes[-1], 1.0)
    is_singular, is_tied = sizes[0] <= near, bool(np.any(np.diff(sizes) <= near))
    if axis == "rank":
        return bool(is_singular)
    return not is_singular and is_tied == (axis == "ties")


def text_of(case: Case) -> str:
    """X of a case in the form that ``--matrix`` takes, exact."""
    X, n = case.parameterization.at(case.theta), case.parameterization.size
    blocks = case.parameterization.blocks
    return "; ".join(
        " ".join(_entry(X[i][j], X[n + i][j] if blocks == 2 else Fraction(0)) for j in range(n))
        for i in range(n)
    )


def _entry(a: Fraction, b: Fraction) -> str:
    if not b:
        return _number(a)
    imaginary = f"{'-' if b < 0 else '+'}{'' if abs(b) == 1 else _number(abs(b))}i"
    return f"{_number(a)}{imaginary}" if a else imaginary.lstrip("+")


def _number(x: Fraction) -> str:
    """An integer of few digits, a decimal number if that is exact enough to be x, or a quotient."""
    if x.denominator == 1 and abs(x) < 10**6:
        return str(x)
    short = f"{float(x):.17g}" if float(f"{float(x):g}") != float(x) else f"{float(x):g}"
    return re.sub(r"e\+?(-?)0*", r"e\1", short) if Fraction(short) == x else str(x)
