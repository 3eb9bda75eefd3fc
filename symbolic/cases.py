"""The cases: which functions, in which structures, at which points are to be judged."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import NamedTuple

from msgspec import structs

from symgrad.court import formats
from symgrad.court.errors import InputError, check_known
from symgrad.court.names import family
from symgrad.court.questions import GRADIENT, Choice, Problem, Query
from symgrad.court.references import Matrix, Reference
from symgrad.court.scenario import Part, Scenario
from symgrad.symbolic import large_cases, queries
from symgrad.symbolic.catalogue import (
    CATALOGUE,
    Instance,
    MatrixFunction,
    choose,
    instances,
)
from symgrad.symbolic.certified.reference import refer, refused, round_to
from symgrad.symbolic.chosen_structures import POINTS, check_structures, limits_of, own_points
from symgrad.symbolic.derivation import SIZE_LIMIT
from symgrad.symbolic.extension import check_exact, load_function
from symgrad.symbolic.large_cases import LargeCase
from symgrad.symbolic.neighbours import Neighbour, neighbours, split
from symgrad.symbolic.parameterizations import (
    Parameterization,
    hermitian,
    symmetric,
)
from symgrad.symbolic.points import (
    Point,
    as_text,
    check_domain,
    coordinates,
    draw_points,
    has_points,
    is_complex,
    parse_hermitian,
    parse_matrix,
    parse_point,
    split_rows,
)
from symgrad.symbolic.structure_files import OwnStructure, structure
from symgrad.symbolic.units import in_units, parse_scale

CERTIFIED_SIZE_LIMIT = 100
"""Largest n of references in Arb, which takes 2 s there for the projector of one eigenvalue."""


class Case(NamedTuple):
    """A scenario, as it is put to both witnesses: one function at one point in one dtype.

    ``part`` and ``label`` say where in the report it belongs.  It is for one framework or one route
    alone if they are named, and for further ``executions`` of each.  Of a Hessian the ``function``
    is X → ⟨S(X), E⟩, as the ``query`` says.
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
    query: Query = GRADIENT
    executions: tuple[str, ...] = ()

    @property
    def scenario(self) -> Scenario:
        """What is asked, as the court knows it."""
        return Scenario(
            function=self.function.name,
            structure=self.parameterization.name,
            point=as_text(self.theta),
            dtype=self.reported_dtype,
            query=self.query,
            constants=self.function.told,
            part=self.part,
            label=self.label,
        )

    def problem(self, number: int) -> Problem:
        """What the frameworks are told of it: X alone, so that they cannot see the answer."""
        A, B = split(self._rounded(), self.parameterization.blocks)
        return Problem(
            number,
            self.function.name,
            self.function.told,
            A,
            self.reported_dtype,
            B,
            find_reads=self.find_reads and B is None and self.query == GRADIENT,
            forward=self.forward,
            entrywise=self.entrywise,
            route=self.route,
            query=self.query,
            executions=self.executions,
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
        return [Neighbour(self.function, Y, self.dtype, blocks, self.query) for Y in near]

    @property
    def reported_dtype(self) -> str:
        """The dtype of the matrix that the frameworks see."""
        return self.dtype if self.parameterization.blocks == 1 else formats.COMPLEX[self.dtype]

    @property
    def question(self) -> Callable[[], Reference]:
        """What the exact side is asked: of two cases that differ for the frameworks alone, one."""
        about = (self.function, self.parameterization, self.theta, self.dtype, self.prove)
        return partial(refer, *about)

    def reference(self) -> Reference:
        """What is true of it."""
        return self.question()

    def refused(self, why: str) -> Reference:
        """What is said of it where the exact side has no answer."""
        X = round_to(self.parameterization.at(self.theta), self.dtype)
        return structs.replace(
            refused(self.function, X, why),
            parameterization=self.parameterization.name,
            point=as_text(self.theta),
            hermitian=self.parameterization.blocks == 2,
        )


def chosen(choice: Choice, frameworks: Sequence[str]) -> Sequence[Case | LargeCase]:
    """The cases that the command line chooses; ``frameworks`` are the names that a file may use.

    Raises:
        InputError: a name is unknown, or a point, matrix, size or file cannot be used.
    """
    _check_conflicts(choice)
    names = _structures(choice)
    n = choice.size if choice.matrix is None else len(split_rows(choice.matrix))
    limit = CERTIFIED_SIZE_LIMIT if choice.files else large_cases.SIZE_LIMIT
    if not 1 <= n <= limit:
        what = "a function file is judged" if choice.files else "enclosures are computed"
        raise InputError(f"size {n}: {what} for sizes 1 to {limit}")
    if n > CERTIFIED_SIZE_LIMIT:
        if choice.query != "gradient":
            raise InputError(
                f"size {n}: a {choice.query} is asked for sizes 1 to {CERTIFIED_SIZE_LIMIT}"
            )
        return large_cases.chosen(choice, n, CERTIFIED_SIZE_LIMIT)
    forward = choice.forward or choice.query == "jvp"
    functions = queries.possible(choice, chosen_functions(choice, frameworks))
    structures = [structure(name, n, limits_of(choice)) for name in names]
    return [
        Case("chosen", function, x, theta, dtype, forward, label=unit, query=query)
        for asked in functions
        for x in structures
        for function, query in queries.asked(choice, asked, x.blocks)
        if choice.functions or has_points(x, function.function.domain)
        for points in zip(
            *(_points(choice, x, function.function, dtype) for dtype in choice.dtypes),
            strict=True,
        )
        for (unit, theta), dtype in zip(points, choice.dtypes, strict=True)
    ]


def at_matrix(
    function: Instance, text: str, dtype: str, forward: bool, framework: str, route: str
) -> Case:
    """One route at one matrix: symmetric, or Hermitian where the dtype is complex."""
    in_parts = dtype in formats.PARTS
    x = (hermitian if in_parts else symmetric)(function.size)
    X = (parse_hermitian if in_parts else parse_matrix)(text)
    theta = coordinates(X, x, function.function.domain)
    case = Case("known", function, x, theta, formats.real(dtype), forward)
    return case._replace(find_reads=False, prove=False, framework=framework, route=route)


def _structures(choice: Choice) -> tuple[str, ...]:
    """Those that are chosen, or else what the matrix is."""
    hermitian = choice.matrix is not None and is_complex(choice.matrix)
    return choice.parameterizations or ("hermitian" if hermitian else "symmetric",)


def _points(
    choice: Choice, x: Parameterization, function: MatrixFunction, dtype: str
) -> list[tuple[str, Point]]:
    """The points that are asked, in all units, each with its unit as it was typed.

    What is drawn has mantissas that the dtype holds.
    """
    points = _own_points(choice, x, function, dtype)
    if not choice.scales:
        return [("", theta) for theta in points]
    units = [(unit, parse_scale(unit)) for unit in choice.scales]
    scaled = [
        (unit, in_units(theta, x, s, dtype) if s != 1 else theta)
        for unit, s in units
        for theta in points
    ]
    for _, theta in scaled:
        check_domain(x.at(theta), function.domain)
    return scaled


def _own_points(
    choice: Choice, x: Parameterization, function: MatrixFunction, dtype: str
) -> list[Point]:
    if choice.matrix is not None:
        parse = parse_hermitian if x.blocks == 2 else parse_matrix
        return [coordinates(parse(choice.matrix), x, function.domain)]
    if choice.point is not None:
        return [parse_point(choice.point, x, function.domain)]
    bits = formats.REAL[dtype][0]
    domain = function.usual_domain if x.rank is None else function.domain
    if isinstance(x, OwnStructure):
        return own_points(choice, x, domain, bits)
    return draw_points(x, domain, choice.points or POINTS, choice.seed, bits=bits)


def check_matrix(choice: Choice) -> None:
    """Raise InputError where a size, or a point, is given beside a matrix."""
    if choice.matrix is not None and (choice.point is not None or choice.size != 2):
        raise InputError("--matrix gives the size and the point; leave out --size and --point")


def _check_conflicts(choice: Choice) -> None:
    """Raise InputError where one option would silently overrule another."""
    check_matrix(choice)
    names = _structures(choice)
    short = [dtype for dtype in choice.dtypes if dtype not in formats.COMPLEX]
    if "hermitian" in names and short:
        known = " or ".join(formats.COMPLEX)
        raise InputError(f"there is no complex dtype of parts in {short[0]}; choose {known}")
    real = [name for name in names if name != "hermitian"]
    if choice.matrix is not None and is_complex(choice.matrix) and real:
        raise InputError(
            f"the matrix is complex, and {real[0]} a structure of real ones; leave it out"
        )
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
    names = _structures(choice)
    check_structures(names)
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
            limits = limits_of(choice)
            check_exact(own, [structure(x, n, limits) for x in names], Path(name), limits)
            found.append(own)
        else:
            check_known("function", family(name), CATALOGUE)
            found += choose(name, n)
    return found
