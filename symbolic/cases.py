"""The cases: which functions, in which structures, at which points are to be judged."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path
from typing import NamedTuple

from court.errors import InputError, check_known
from court.records import Choice, Problem, Reference
from symbolic import large_cases
from symbolic.catalogue import CATALOGUE, Instance, choose, instances
from symbolic.certified.reference import refer, round_to
from symbolic.derivation import SIZE_LIMIT
from symbolic.extension import check_exact, load_function
from symbolic.large_cases import LargeCase
from symbolic.parameterizations import PARAMETERIZATIONS, Parameterization, symmetric
from symbolic.points import (
    Point,
    coordinates,
    draw_points,
    parse_matrix,
    parse_point,
    split_rows,
)

CERTIFIED_SIZE_LIMIT = 100
"""Largest n of references in Arb, which takes 2 s there for the projector of one eigenvalue."""
POINTS = 3
"""How many points are drawn if nothing is said."""


class Case(NamedTuple):
    """One function at one point in one dtype; ``part`` says where in the report it belongs."""

    part: str
    function: Instance
    parameterization: Parameterization
    theta: Point
    dtype: str

    def problem(self, number: int) -> Problem:
        """What the frameworks are told of it: X alone, so that they cannot see the answer."""
        X = round_to(self.parameterization.at(self.theta), self.dtype)
        rows = [[float(x) for x in row] for row in X]
        return Problem(number, self.function.name, self.function.constants, rows, self.dtype)

    def reference(self) -> Reference:
        """What is true of it."""
        return refer(self.function, self.parameterization, self.theta, self.dtype)


def main_job(choice: Choice, X: Sequence[Sequence[float]]) -> list[Case]:
    """The eigenvalues and the sum of the entries of [[a, b], [b, c]]; the eigenvalues of X."""
    x, n = symmetric(2), len(X)
    points = draw_points(x, "symmetric", choice.points or POINTS, choice.seed)
    exact = tuple(tuple(map(Fraction, row)) for row in X)
    given = coordinates(exact, symmetric(n), "symmetric")
    dtype = choice.dtypes[0]
    return [
        *(Case("2×2", f, x, theta, dtype) for theta in points for f in choose("eigenvalue", 2)),
        *(Case("sum", f, x, points[0], dtype) for f in choose("sum_entries", 2)),
        *(Case("experiment", f, symmetric(n), given, "float64") for f in choose("eigenvalue", n)),
    ]


def chosen(choice: Choice, frameworks: Sequence[str]) -> Sequence[Case | LargeCase]:
    """The cases that the command line chooses; ``frameworks`` are the names that a file may use.

    Raises:
        InputError: a name is unknown, or a point, matrix, size or file cannot be used.
    """
    _check_conflicts(choice)
    names = choice.parameterizations or ("symmetric",)
    n = choice.size if choice.matrix is None else len(split_rows(choice.matrix))
    limit = SIZE_LIMIT if choice.files else large_cases.SIZE_LIMIT
    if not 1 <= n <= limit:
        what = "a function file is differentiated" if choice.files else "enclosures are computed"
        raise InputError(f"size {n}: {what} for sizes 1 to {limit}")
    if n > CERTIFIED_SIZE_LIMIT:
        return large_cases.chosen(choice, n, CERTIFIED_SIZE_LIMIT)
    return [
        Case("", function, x, theta, dtype)
        for function in chosen_functions(choice, frameworks)
        for x in (PARAMETERIZATIONS[name](n) for name in names)
        for theta in _points(choice, x, function.function.domain)
        for dtype in choice.dtypes
    ]


def _points(choice: Choice, x: Parameterization, domain: str) -> list[Point]:
    if choice.matrix is not None:
        return [coordinates(parse_matrix(choice.matrix), x, domain)]
    if choice.point is not None:
        return [parse_point(choice.point, x, domain)]
    return draw_points(x, domain, choice.points or POINTS, choice.seed)


def _check_conflicts(choice: Choice) -> None:
    """Raise InputError where one option would silently overrule another."""
    if choice.matrix is not None and (choice.point is not None or choice.size != 2):
        raise InputError("--matrix gives the size and the point; leave out --size and --point")
    stems = [Path(file).stem for file in choice.files]
    for stem in stems:
        if stems.count(stem) > 1:
            raise InputError(f"two files define the function {stem}; rename one of them")


def chosen_functions(choice: Choice, frameworks: Sequence[str]) -> list[Instance]:
    """The functions that the command line names, at its size; all of the catalogue if none.

    Raises:
        InputError: a name is unknown, or a file cannot be used.
    """
    _check_conflicts(choice)
    names = choice.parameterizations or ("symmetric",)
    for name in names:
        check_known("parameterization", name, PARAMETERIZATIONS)
    n = choice.size if choice.matrix is None else len(split_rows(choice.matrix))
    found: list[Instance] = []
    for name in choice.functions or tuple(CATALOGUE):
        if name.endswith(".py"):
            (own,) = instances(load_function(Path(name), frameworks), n)
            check_exact(own, [PARAMETERIZATIONS[x](n) for x in names], Path(name))
            found.append(own)
        else:
            check_known("function", name.split("[")[0], CATALOGUE)
            found += choose(name, n)
    return found
