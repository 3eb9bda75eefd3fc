"""The cases of the atlas's further axes: other units, ranks, ties, sizes, executions and queries.

Each is at one member of each family, and its label names its column: ``scale 1e-12 float32``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from fractions import Fraction

from symgrad.court import formats
from symgrad.court.errors import InputError, check_known
from symgrad.court.questions import Choice
from symgrad.court.references import Matrix
from symgrad.studies.atlas.cases import of_rank, well_conditioned
from symgrad.studies.findings.plan import own_functions
from symgrad.symbolic.cases import Case
from symgrad.symbolic.catalogue import CATALOGUE, Instance, MatrixFunction, instances
from symgrad.symbolic.certified.large import has_float64_route
from symgrad.symbolic.domains import DOMAINS
from symgrad.symbolic.large_cases import LargeCase, draw
from symgrad.symbolic.parameterizations import Parameterization, hermitian, symmetric
from symgrad.symbolic.points import Point, coordinates, draw_points
from symgrad.symbolic.queries import cotangents, direction, hessian_along
from symgrad.symbolic.units import in_units, parse_scale

SCALES = {
    "float64": ("1e-30", "1e-12", "1e12", "1e30"),
    "float32": ("1e-12", "1e-6", "1e5", "33554432", "1e19"),
}
"""The units of each dtype, if none are given; 33554432 is 2²⁵, where single precision has no 1."""
SIZES = (40, 200)
"""Where blocked algorithms and those that divide take the place of others."""
PARTS: dict[str, Callable[[int], Parameterization]] = {"real": symmetric, "hermitian": hermitian}

AnyCase = Case | LargeCase


def along(axis: str, choice: Choice, functions: Sequence[MatrixFunction]) -> list[AnyCase]:
    """The cases of one axis.

    Raises:
        InputError: a scale leaves no room in the dtypes that it is for.
    """
    found: list[AnyCase] = []
    for function in functions:
        members = instances(function, choice.size)
        if members and not function.gauge:
            found += MAKERS[axis](members[len(members) // 2], choice)
    return found


def _case(function: Instance, x: Parameterization, theta: Point, dtype: str, label: str) -> Case:
    case = Case("axis", function, x, theta, dtype, forward=dtype == "float64")
    return case._replace(find_reads=False, prove=False, label=label)


def _column(axis: str, what: str, dtype: str, x: Parameterization) -> str:
    return f"{axis} {what} {dtype if x.blocks == 1 else formats.COMPLEX[dtype]}"


def _scale(function: Instance, choice: Choice) -> Iterator[Case]:
    """The same matrix in other units, real and Hermitian."""
    domain = function.function.usual_domain
    for x in (build(function.size) for build in PARTS.values()):
        theta = well_conditioned(x, domain, choice.seed, 0)
        for dtype, usual in SCALES.items():
            for scale in choice.scales or usual:
                moved = in_units(theta, x, parse_scale(scale), dtype)
                yield _case(function, x, moved, dtype, _column("scale", scale, dtype, x))


def _rank(function: Instance, choice: Choice) -> Iterator[Case]:
    """Singular matrices of every rank, where f is defined at them."""
    matrices = {str(r): of_rank(r, function.size) for r in reversed(range(function.size))}
    return _at(function, "rank", matrices)


def _ties(function: Instance, choice: Choice) -> Iterator[Case]:
    """Repeated eigenvalues, all or two of them, and singular values that are so alone."""
    n = function.size
    matrices = {
        "all": _matrix(n, lambda i, j: 2 * (i == j)),
        "pair": _matrix(n, lambda i, j: 1 + 2 * (i == j)),
        "sign": _matrix(n, lambda i, j: {i, j} == {0, 1} or i * (i == j > 1)),
    }
    return _at(function, "ties", matrices)


def _matrix(n: int, entry: Callable[[int, int], int]) -> Matrix:
    return tuple(tuple(Fraction(entry(i, j)) for j in range(n)) for i in range(n))


def _at(function: Instance, axis: str, matrices: dict[str, Matrix]) -> Iterator[Case]:
    """The function at these n×n matrices, where they are in its domain, in both precisions."""
    for what, X in matrices.items():
        if DOMAINS[function.function.domain].missing(X):
            continue
        for x in (build(function.size) for build in PARTS.values()):
            Y = X if x.blocks == 1 else _doubled(X)
            theta = coordinates(Y, x, function.function.domain)
            for dtype in ("float64", "float32"):
                yield _case(function, x, theta, dtype, _column(axis, what, dtype, x))


def _doubled(X: Matrix) -> Matrix:
    """[[X, 0], [0, X]], which stands for X as a Hermitian matrix."""
    nothing = (Fraction(0),) * len(X)
    return (*((*row, *nothing) for row in X), *((*nothing, *row) for row in X))


def _size(function: Instance, choice: Choice) -> Iterator[AnyCase]:
    """One matrix of each larger size, of the largest where intervals of float64 can enclose."""
    domain, certified = function.function.usual_domain, has_float64_route(function.function)
    for n in SIZES if certified else SIZES[:1]:
        members = instances(function.function, n)
        member, label = members[len(members) // 2], f"size {n} float64"
        if certified:
            point = {"seed": str(choice.seed), "draw": "0"}
            X = draw(n, domain, choice.seed, 0)
            yield LargeCase(member, X, point, part="axis", label=label)
        else:
            x = symmetric(n)
            theta = draw_points(x, domain, 1, choice.seed, 0)[0]
            yield _case(member, x, theta, "float64", label)._replace(forward=False)


def _execution(function: Instance, choice: Choice) -> Iterator[Case]:
    """Every way to execute, at a real matrix and at a Hermitian one."""
    domain = function.function.usual_domain
    for x in (build(function.size) for build in PARTS.values()):
        theta = well_conditioned(x, domain, choice.seed, 0)
        case = _case(function, x, theta, "float64", _column("execution", "compiled", "float64", x))
        yield case._replace(executions=choice.executions or ("all",), forward=False)


def _query(function: Instance, choice: Choice) -> Iterator[Case]:
    """The Hessian along a direction, and ⟨W, F(X)⟩ with several W, at the usual matrices."""
    domain, E = function.function.usual_domain, direction(function.size)
    twice, query = hessian_along(function, E)
    weighted = cotangents(function) if "W" in function.constants else []
    for x in (build(function.size) for build in PARTS.values()):
        theta = well_conditioned(x, domain, choice.seed, 0)
        case = _case(twice, x, theta, "float64", _column("query", "hvp", "float64", x))
        yield case._replace(query=query, forward=False)
        for of, kind in zip(weighted, ("symmetric", "lower", "general"), strict=False):
            yield _case(of, x, theta, "float64", _column("query", f"vjp-{kind}", "float64", x))


MAKERS: dict[str, Callable[[Instance, Choice], Iterator[AnyCase]]] = {
    "scale": _scale,
    "rank": _rank,
    "ties": _ties,
    "size": _size,
    "execution": _execution,
    "query": _query,
}


def cases(choice: Choice, known: Sequence[str] = ()) -> list[AnyCase]:
    """The cases of all axes that are chosen, of the chosen functions or of the whole catalogue.

    ``known`` are the names of frameworks that a function file may use.

    Raises:
        InputError: an axis or a function is unknown, or there is nothing to ask.
    """
    for axis in choice.axes:
        check_known("axis", axis, MAKERS)
    own = own_functions(choice, known)
    for name in choice.functions:
        if name not in choice.files:
            check_known("function", name, CATALOGUE)
    for file, function in zip(choice.files, own.values(), strict=True):
        if function.gradient is None:
            raise InputError(f"{file}: along the axes its exact is the name of one in --list")
    named = [CATALOGUE[name] for name in choice.functions if name in CATALOGUE]
    functions = [*named, *own.values()] or [*CATALOGUE.values()]
    found = [case for axis in choice.axes for case in along(axis, choice, functions)]
    if not found:
        raise InputError(f"there is nothing to ask along {', '.join(choice.axes)}")
    return found
