"""The cases: which functions, in which structures, at which points are to be judged."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path
from typing import NamedTuple

import numpy as np
from msgspec import structs

from symgrad.court import formats
from symgrad.court.errors import InputError, check_known
from symgrad.court.known.disputes import Asked, Dispute, Proposed
from symgrad.court.known.findings import Finding
from symgrad.court.names import family
from symgrad.court.records import Choice, Matrix, Problem, Reference
from symgrad.court.scenario import Part, Scenario
from symgrad.symbolic import large_cases
from symgrad.symbolic.catalogue import (
    CATALOGUE,
    Instance,
    MatrixFunction,
    choose,
    instances,
)
from symgrad.symbolic.certified.reference import refer, refused, round_to
from symgrad.symbolic.derivation import SIZE_LIMIT
from symgrad.symbolic.extension import check_exact, load_function
from symgrad.symbolic.large_cases import LargeCase
from symgrad.symbolic.limits import Limits
from symgrad.symbolic.neighbours import Neighbour, neighbours, split
from symgrad.symbolic.parameterizations import (
    PARAMETERIZATIONS,
    Parameterization,
    hermitian,
    symmetric,
)
from symgrad.symbolic.points import (
    FULL,
    Point,
    as_text,
    coordinates,
    draw_points,
    parse_hermitian,
    parse_matrix,
    parse_point,
    split_rows,
)

CERTIFIED_SIZE_LIMIT = 100
"""Largest n of references in Arb, which takes 2 s there for the projector of one eigenvalue."""
ATLAS_SIZE = 3
"""Rows of the matrices of the atlas if nothing is said."""
POINTS = 3
"""How many points are drawn if nothing is said."""


PROPOSED = "proposed"
"""In place of a framework: none is asked for what was proposed."""


class Case(NamedTuple):
    """A scenario, as it is put to both witnesses: one function at one point in one dtype.

    ``part`` and ``label`` say where in the report it belongs.  It is for one framework or one route
    alone if they are named.
    """

    part: Part
    function: Instance
    parameterization: Parameterization
    theta: Point
    dtype: str
    forward: bool = False
    entrywise: bool = False
    find_reads: bool = True
    prove: bool = True
    framework: str = ""
    route: str = ""
    label: str = ""

    @property
    def scenario(self) -> Scenario:
        """What is asked, as the court knows it."""
        return Scenario(
            function=self.function.name,
            structure=self.parameterization.name,
            point=as_text(self.theta),
            dtype=self.reported_dtype,
            constants=self.function.constants,
            part=self.part,
            label=self.label,
        )

    def problem(self, number: int) -> Problem:
        """What the frameworks are told of it: X alone, so that they cannot see the answer."""
        A, B = split(self._rounded(), self.parameterization.blocks)
        return Problem(
            number,
            self.function.name,
            self.function.constants,
            A,
            self.reported_dtype,
            B,
            find_reads=self.find_reads and B is None,
            forward=self.forward,
            entrywise=self.entrywise,
            route=self.route,
        )

    def _rounded(self) -> Matrix:
        """X(θ) as the frameworks see it."""
        return round_to(self.parameterization.at(self.theta), self.dtype)

    def neighbours(self, spread: float) -> list[Neighbour]:
        """The same, and at matrices beside it: where what seems wrong is asked again."""
        if self.function.function.gauge:
            return []
        X, blocks = self._rounded(), self.parameterization.blocks
        near = [X, *neighbours(X, self.dtype, blocks, spread)]
        return [Neighbour(self.function, Y, self.dtype, blocks) for Y in near]

    @property
    def reported_dtype(self) -> str:
        """The dtype of the matrix that the frameworks see."""
        return self.dtype if self.parameterization.blocks == 1 else formats.COMPLEX[self.dtype]

    def reference(self) -> Reference:
        """What is true of it."""
        return refer(self.function, self.parameterization, self.theta, self.dtype, self.prove)

    def refused(self, why: str) -> Reference:
        """What is said of it where the exact side has no answer."""
        X = round_to(self.parameterization.at(self.theta), self.dtype)
        return structs.replace(
            refused(self.function, X, why),
            parameterization=self.parameterization.name,
            point=as_text(self.theta),
            hermitian=self.parameterization.blocks == 2,
        )


def main_job(choice: Choice, X: Sequence[Sequence[float]], full: int = FULL) -> list[Case]:
    """The eigenvalues and the sum of the entries of [[a, b], [b, c]]; the eigenvalues of X.

    Every ``full``-th point has full mantissas, none if it is 0.
    """
    x, n = symmetric(2), len(X)
    bits = formats.REAL[choice.dtypes[0]][0]
    points = draw_points(x, "symmetric", choice.points or POINTS, choice.seed, full, bits)
    exact = tuple(tuple(map(Fraction, row)) for row in X)
    given = coordinates(exact, symmetric(n), "symmetric")
    dtype = choice.dtypes[0]
    return [
        *(Case("2×2", f, x, theta, dtype) for theta in points for f in choose("eigenvalue", 2)),
        *(Case("sum", f, x, points[0], dtype) for f in choose("sum_entries", 2)),
        *(Case("experiment", f, symmetric(n), given, "float64") for f in choose("eigenvalue", n)),
    ]


def history(choice: Choice, X: Sequence[Sequence[float]]) -> list[Case]:
    """The main job, and a member of each family at a size and a point of the atlas.

    All points are multiples of 1/8, as they were when the answers on record were given.
    """
    members = atlas(structs.replace(choice, size=ATLAS_SIZE), full=0)
    real = [case for case in members if case.part == "real"]
    plain = [case._replace(forward=False, entrywise=False) for case in real]
    return [*main_job(choice, X, full=0), *plain]


def atlas(choice: Choice, full: int = 1) -> list[Case]:
    """For one member of each family: all that the atlas tells of a route, at one point each.

    The float64 case asks for forward mode and for the slopes off the symmetric matrices too.  The
    points have full mantissas, unless ``full`` is 0; the shorter dtypes see them rounded.

    Raises:
        InputError: a name is unknown, or the size is out of range.
    """
    if not 1 <= choice.size <= CERTIFIED_SIZE_LIMIT:
        raise InputError(f"size {choice.size}: an atlas has sizes 1 to {CERTIFIED_SIZE_LIMIT}")
    for name in choice.functions:
        check_known("function", name, CATALOGUE)
    found: list[Case] = []
    for family_of in map(CATALOGUE.__getitem__, choice.functions or tuple(CATALOGUE)):
        members = instances(family_of, choice.size)
        if not members:
            continue
        function, domain = members[len(members) // 2], family_of.usual_domain
        x, z = symmetric(choice.size), hermitian(choice.size)
        real, complex_ = (_well_conditioned(p, domain, choice.seed, full) for p in (x, z))
        in_full = Case("real", function, x, real, "float64", forward=True, entrywise=True)
        found.append(in_full._replace(prove=False))
        hermitian_case = Case("hermitian", function, z, complex_, "float64", forward=True)
        found.append(hermitian_case._replace(prove=False))
        short = Case("dtype", function, x, real, "float32", find_reads=False, prove=False)
        found += [short._replace(dtype=name) for name in ("float32", "float16", "bfloat16")]
        found.append(short._replace(parameterization=z, theta=complex_))
        ranks = range(choice.size) if family_of.domain == "symmetric" else ()
        for rank in reversed(ranks):
            theta = coordinates(_of_rank(rank, choice.size), x, "symmetric")
            case = Case("rank", function, x, theta, "float64", find_reads=False)
            found.append(case._replace(prove=False, label=str(rank)))
    return found


def _of_rank(rank: int, n: int) -> Matrix:
    """A singular n×n matrix with simple eigenvalues but for 0: a path's Laplacian, and zeros.

    The path has ``rank`` + 1 of the n vertices.
    """
    ends = (0, rank)
    rows = [[Fraction(0)] * n for _ in range(n)]
    for i in range(rank + 1 if rank else 0):
        rows[i][i] = Fraction(1 if i in ends else 2)
    for i in range(rank):
        rows[i][i + 1] = rows[i + 1][i] = Fraction(-1)
    return tuple(map(tuple, rows))


def _well_conditioned(x: Parameterization, domain: str, seed: int, full: int) -> Point:
    """Of a few drawn points the one whose matrix is farthest from singular for its size."""
    points = draw_points(x, domain, 12, seed, full)

    def condition(theta: Point) -> float:
        return float(np.linalg.cond(np.array(x.at(theta), dtype=np.float64)))

    return min(points, key=condition)


def chosen(choice: Choice, frameworks: Sequence[str]) -> Sequence[Case | LargeCase]:
    """The cases that the command line chooses; ``frameworks`` are the names that a file may use.

    Raises:
        InputError: a name is unknown, or a point, matrix, size or file cannot be used.
    """
    _check_conflicts(choice)
    names = choice.parameterizations or ("symmetric",)
    n = choice.size if choice.matrix is None else len(split_rows(choice.matrix))
    limit = CERTIFIED_SIZE_LIMIT if choice.files else large_cases.SIZE_LIMIT
    if not 1 <= n <= limit:
        what = "a function file is judged" if choice.files else "enclosures are computed"
        raise InputError(f"size {n}: {what} for sizes 1 to {limit}")
    if n > CERTIFIED_SIZE_LIMIT:
        return large_cases.chosen(choice, n, CERTIFIED_SIZE_LIMIT)
    return [
        Case("chosen", function, x, theta, dtype, choice.forward)
        for function in chosen_functions(choice, frameworks)
        for x in (PARAMETERIZATIONS[name](n) for name in names)
        for points in zip(
            *(_points(choice, x, function.function, dtype) for dtype in choice.dtypes),
            strict=True,
        )
        for theta, dtype in zip(points, choice.dtypes, strict=True)
    ]


def at_matrix(
    function: Instance, text: str, dtype: str, forward: bool, framework: str, route: str
) -> Case:
    """One route at one matrix: symmetric, or Hermitian where the dtype is complex."""
    is_complex = dtype in formats.PARTS
    x = (hermitian if is_complex else symmetric)(function.size)
    X = (parse_hermitian if is_complex else parse_matrix)(text)
    theta = coordinates(X, x, function.function.domain)
    case = Case("known", function, x, theta, formats.real(dtype), forward)
    return case._replace(find_reads=False, prove=False, framework=framework, route=route)


def finding(found: Finding) -> list[Case]:
    """What a finding is about: its route, and the one that it is compared with.

    Raises:
        InputError: its function or its matrix is not what it should be.
    """
    size = len([row for row in found.matrix.split(";") if row.strip()])
    check_known("function", family(found.function), CATALOGUE)
    (function,) = choose(found.function, size)
    about = (found.dtype, found.mode == "forward", found.framework)
    routes = [found.route, *filter(None, [found.against])]
    return [at_matrix(function, found.matrix, *about, route) for route in routes]


def examined(item: Finding | Dispute, frameworks: Sequence[str], seconds: float) -> list[Case]:
    """The cases of a finding, or of a dispute's checks, with their labels.

    ``frameworks`` are the known names, and ``seconds`` what a function file may take.

    Raises:
        InputError: a function, a matrix or a framework is not what it should be.
    """
    if isinstance(item, Finding):
        return [case._replace(label=item.id) for case in finding(item)]
    checks = enumerate(item.checks)
    return [_check(check, frameworks, seconds)._replace(label=item.label(k)) for k, check in checks]


def _check(check: Asked | Proposed, frameworks: Sequence[str], seconds: float) -> Case:
    """The route that is asked; where a gradient is proposed, a case that no framework is asked."""
    size = len(split_rows(check.matrix))
    if check.file:
        (function,) = instances(load_function(Path(check.file), frameworks, seconds), size)
    else:
        check_known("function", family(check.function), CATALOGUE)
        (function,) = choose(check.function, size)
    if isinstance(check, Proposed):
        return at_matrix(function, check.matrix, "float64", False, PROPOSED, PROPOSED)
    check_known("framework", check.framework, frameworks)
    about = (check.dtype, check.mode == "forward", check.framework, check.route)
    case = at_matrix(function, check.matrix, *about)
    return case._replace(find_reads=True, entrywise=check.dtype not in formats.PARTS)


def _points(
    choice: Choice, x: Parameterization, function: MatrixFunction, dtype: str
) -> list[Point]:
    """The points that are asked; what is drawn has mantissas that the dtype holds."""
    if choice.matrix is not None:
        if x.blocks == 2:
            raise InputError(f"--matrix gives a real matrix; with -p {x.name} name a --point")
        return [coordinates(parse_matrix(choice.matrix), x, function.domain)]
    if choice.point is not None:
        return [parse_point(choice.point, x, function.domain)]
    bits = formats.REAL[dtype][0]
    return draw_points(x, function.usual_domain, choice.points or POINTS, choice.seed, bits=bits)


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
    everything = tuple(name for name, f in CATALOGUE.items() if f.instances(n))
    for name in choice.functions or everything:
        if name.endswith(".py"):
            function = load_function(Path(name), frameworks, choice.resources.timeout)
            if function.gradient is None and n > SIZE_LIMIT:
                raise InputError(
                    f"size {n}: a function file's own exact is differentiated for sizes 1 to "
                    f"{SIZE_LIMIT}"
                )
            (own,) = instances(function, n)
            structures = [PARAMETERIZATIONS[x](n) for x in names]
            check_exact(
                own,
                structures,
                Path(name),
                Limits(choice.resources.timeout, choice.resources.memory),
            )
            found.append(own)
        else:
            check_known("function", family(name), CATALOGUE)
            found += choose(name, n)
    return found
