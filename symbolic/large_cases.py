"""The cases above n = 100: symmetric float64 matrices, without parameters of their own.

The generic symmetric matrix would need n(n+1)/2 SymPy symbols; a float64 array takes its place, and
the court judges every entry of (G + Gᵀ)/2.
"""

from __future__ import annotations

import math
import random
from collections.abc import Sequence
from fractions import Fraction
from typing import NamedTuple

import numpy as np
from jaxtyping import Float
from msgspec import structs

from symgrad.court.errors import InputError, check_known
from symgrad.court.names import family
from symgrad.court.questions import Choice, Problem
from symgrad.court.references import Reference
from symgrad.court.scenario import Part, Scenario
from symgrad.symbolic.catalogue import CATALOGUE, Instance, choose
from symgrad.symbolic.certified.large import certify_large, has_float64_route, refused_at
from symgrad.symbolic.neighbours import Neighbour
from symgrad.symbolic.parameterizations import PARAMETERIZATIONS
from symgrad.symbolic.points import parse_rational, split_entries, split_rows
from symgrad.symbolic.units import check_room, parse_scale

Array = Float[np.ndarray, "n n"]

SIZE_LIMIT = 2000
"""Largest n: a reference takes half a minute there, and the worker of a framework some minutes."""
POINTS = 1
"""How many matrices are drawn if nothing is said."""
SHIFT = 4.0
"""Multiple of the identity that makes a drawn matrix positive definite: they have ‖X‖₂ ≈ 3.3."""


class LargeCase(NamedTuple):
    """One function at one float64 matrix: what ``symbolic.cases.Case`` is at a small one."""

    function: Instance
    X: Array
    point: dict[str, str]
    note: str = ""
    dtype: str = "float64"
    framework: str = ""
    part: Part = "chosen"
    label: str = ""

    @property
    def scenario(self) -> Scenario:
        """What is asked, as the court knows it."""
        return Scenario(
            function=self.function.name,
            structure="symmetric",
            point=self.point,
            dtype=self.dtype,
            constants=self.function.constants,
            part=self.part,
            label=self.label,
        )

    def problem(self, number: int) -> Problem:
        """What the frameworks are told of it; forward mode would take n(n+1)/2 passes."""
        f, rows = self.function, self.X.tolist()
        return Problem(
            number, f.name, f.constants, rows, self.dtype, find_reads=self.part == "chosen"
        )

    def reference(self) -> Reference:
        """What is true of it."""
        reference = certify_large(self.function, self.X)
        return structs.replace(reference, point=self.point, note=self.note)

    def neighbours(self, spread: float) -> list[Neighbour]:
        """Of a large matrix none: asking there too would take as long as all the rest."""
        return []

    def refused(self, why: str) -> Reference:
        """What is said of it where the exact side has no answer."""
        return structs.replace(refused_at(self.function, self.X, why), point=self.point)


def chosen(choice: Choice, n: int, limit: int) -> list[LargeCase]:
    """The cases that the command line chooses at a size n above ``limit``, that of other cases.

    Raises:
        InputError: they are beyond what float64 can certify, or the matrix cannot be used.
    """
    where = f"size {n}: above {limit}"
    for name in choice.parameterizations:
        if not name.endswith(".py"):
            check_known("parameterization", name, PARAMETERIZATIONS)
    for name in (*choice.parameterizations, *choice.dtypes):
        if name not in ("symmetric", "float64"):
            raise InputError(f"{where} a matrix is symmetric(n) in float64; {name} is not possible")
    if choice.point is not None:
        raise InputError(f"{where} a point is given by --matrix, not by --point")
    if choice.forward:
        raise InputError(f"{where} forward mode would take {n * (n + 1) // 2} passes; leave it out")
    if not choice.functions:
        raise InputError(f"{where} name the function, {_possible()}")
    functions = [function for name in choice.functions for function in _chosen(name, n, where)]
    if choice.matrix is not None:
        X, note = parse_floats(choice.matrix), "judged at the entries of X as float64 reads them"
        return [
            LargeCase(function, _scaled(X, scale), _unit(scale), note, label=_label(choice, scale))
            for function in functions
            for scale in choice.scales or ("1",)
        ]
    return [
        LargeCase(
            function,
            _scaled(draw(n, function.function.domain, choice.seed, k), scale),
            {"seed": str(choice.seed), "draw": str(k), **_unit(scale)},
            label=_label(choice, scale),
        )
        for function in functions
        for scale in choice.scales or ("1",)
        for k in range(choice.points or POINTS)
    ]


def _unit(scale: str) -> dict[str, str]:
    return {} if scale == "1" else {"scale": scale}


def _label(choice: Choice, scale: str) -> str:
    return scale if choice.scales else ""


def _scaled(X: Array, scale: str) -> Array:
    """s·X, rounded to float64.

    Raises:
        InputError: it overflows or underflows there.
    """
    s = parse_scale(scale)
    size = np.abs(X[X != 0])
    with np.errstate(over="ignore", under="ignore"):
        scaled = np.asarray(X * _nearest(s))
    ends = (size.min(), size.max()) if size.size else ()
    check_room((tuple(s * Fraction(float(x)) for x in ends),), "float64")
    return scaled


def _chosen(name: str, n: int, where: str) -> Sequence[Instance]:
    stem = family(name)
    check_known("function", stem, CATALOGUE)
    if not has_float64_route(CATALOGUE[stem]):
        raise InputError(f"{where} there is no float64 route to {stem}; choose {_possible()}")
    if name == stem and _is_family(name):
        raise InputError(f"{where} name one {stem}, as {_first(stem)}")
    return choose(name, n)


def _possible() -> str:
    names = [name for name, function in CATALOGUE.items() if has_float64_route(function)]
    return "one of " + ", ".join(_first(name) for name in names)


def _first(name: str) -> str:
    """A function's name, with the suffix of its family's first member."""
    return name + next(iter(CATALOGUE[name].instances(2)))


def _is_family(name: str) -> bool:
    return len(CATALOGUE[name].instances(3)) > 1


def draw(n: int, domain: str, seed: int, k: int) -> Array:
    """The k-th symmetric n×n matrix of a seed, positive definite if the domain says so.

    The entries are uniform in ±√(3e/n): of variance e/n, for which the semicircle law has the mean
    of log|λ| at 0, so that the determinant stays within float64 at every n.
    """
    rng = random.Random(f"{seed} {k} symmetric {n} {domain}")
    integers = np.frombuffer(rng.randbytes(4 * n * n), dtype="<u4").reshape(n, n)
    uniform = (integers + 0.5) / 2**31 - 1
    lower = np.tril(uniform * math.sqrt(3 * math.e / n))
    X = lower + np.tril(lower, -1).T
    return X + SHIFT * np.eye(n) if domain == "positive definite" else X


def parse_floats(text: str) -> Array:
    """The symmetric matrix written by rows, each entry rounded to float64 once.

    Raises:
        InputError: it does not parse, is not square or not symmetric, or is beyond float64.
    """
    rows = [[_parse_float(entry) for entry in split_entries(row)] for row in split_rows(text)]
    for i, row in enumerate(rows):
        if len(row) != len(rows):
            raise InputError(
                f"the matrix is not square: it has {len(rows)} rows, and {len(row)} entries in "
                f"row {i}"
            )
    X = np.array(rows)
    for i, j in np.argwhere(X != X.T):
        raise InputError(
            f"the matrix is not symmetric: entry ({i}, {j}) is {float(X[i, j])}, "
            f"entry ({j}, {i}) is {float(X[j, i])}"
        )
    return X


def _parse_float(entry: str) -> float:
    try:
        x = float(entry)
    except ValueError:
        x = _nearest(parse_rational(entry))
    if not math.isfinite(x):
        parse_rational(entry)
        raise InputError(f"an entry of X is {entry}, too large for float64")
    return x


def _nearest(x: Fraction) -> float:
    try:
        return float(x)
    except OverflowError:
        return math.inf
