"""Callables of a user's file on the command line, by what they execute.

They are named, ``my_loss.py:loss``, or they are the routes of a file that has no ``exact``.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from msgspec import structs

from symgrad import kernels
from symgrad.callable_questions import Question, questions
from symgrad.court import formats
from symgrad.court.errors import InputError
from symgrad.court.hearing import Hearing, Judged, Recorded
from symgrad.court.names import is_callable
from symgrad.court.questions import Choice
from symgrad.court.reasons import Reason
from symgrad.court.references import Matrix
from symgrad.court.scenario import Scenario
from symgrad.court.verdicts import Verdict
from symgrad.files import callable_in, load
from symgrad.function_files import imported, is_by_record
from symgrad.kernels import Kernel
from symgrad.report.here import Derivative, Report
from symgrad.symbolic import here as symbolic
from symgrad.symbolic import queries
from symgrad.symbolic.alarm import EndlessError, alarm
from symgrad.symbolic.cases import check_matrix
from symgrad.symbolic.certified.reference import round_to
from symgrad.symbolic.chosen_structures import check_structures, limits_of, own_points
from symgrad.symbolic.parameterizations import Parameterization, hermitian, symmetric
from symgrad.symbolic.points import (
    Point,
    as_text,
    coordinates,
    draw_points,
    is_complex,
    parse_hermitian,
    parse_matrix,
    parse_point,
    split_rows,
)
from symgrad.symbolic.structure_files import OwnStructure, structure
from symgrad.traced import RECORDERS, Heard, exact_of, floats, judged

POINTS = 3
"""How many matrices are drawn if nothing is said: positive definite ones."""


class Route(NamedTuple):
    """One callable of one framework: what it is called, and what its file defines it as, if so."""

    path: Path
    function: str
    label: str
    framework: str
    f: Callable[..., Any]
    exact: symbolic.Definition | None = None


class Place(NamedTuple):
    """A structure; one of a callable θ ↦ X(θ) is that of diag(θ), with the callable before f."""

    x: Parameterization
    kernel: Kernel | None = None

    def route(self, route: Route) -> Route:
        """What is asked of a route; its ``exact``, which is of X, is not that of f(X(θ))."""
        if self.kernel is None:
            return route
        return route._replace(f=self.kernel.before(route.framework, route.f), exact=None)


def judge(hearing: Hearing) -> None:
    """Judge the callables that the user chose, at the chosen matrices.

    Raises:
        InputError: a file, a name in it, a point or an option cannot be used.
    """
    choice = hearing.choice
    if not all(map(is_by_record, choice.functions)):
        raise InputError("a callable of a file is judged by itself: leave the other functions out")
    other = choice.gradient is not None or choice.scales
    if other or choice.resources.interpreters:
        raise InputError(
            "of a callable of a file -n, --matrix, --point, --points, --seed, --dtype, --forward, "
            "--query, -p and -f can be chosen; leave the rest out"
        )
    check_matrix(choice)
    if choice.size < 1:
        raise InputError(f"size {choice.size}: a matrix has 1 row or more")
    queries.check_direction(choice)
    check_structures([name for name in choice.parameterizations if not is_callable(name)])
    asked = [  # all before a file of theirs is run: no process is forked beside a framework
        (place, dtype, theta)
        for place in _places(choice)
        for dtype in choice.dtypes
        for theta in _points(choice, place, dtype)
    ]
    for name in choice.functions:
        for route in _routes(name, choice):
            for place, dtype, theta in asked:
                _judge(hearing, place.route(route), place.x, dtype, theta)


def _routes(name: str, choice: Choice) -> Iterator[Route]:
    """What a name on the command line means: a callable of a file, or all routes of one."""
    file, _, attribute = name.rpartition(":") if not name.endswith(".py") else (name, "", "")
    path = Path(file)
    names = load(path, choice.resources.timeout)
    chosen = choice.resources.frameworks
    if not name.endswith(".py"):
        f = callable_in(path, names, attribute)
        for framework in _imported(path, chosen):
            yield Route(path, attribute, attribute, framework, f, names.get("exact"))
        return
    own = names["routes"]
    asked = [framework for framework in own if framework in chosen and framework in RECORDERS]
    if not asked:
        raise InputError(
            f"{path}: routes without exact are judged by what they execute, in "
            f"{', '.join(RECORDERS)}, and there are none of one that is installed and chosen"
        )
    for framework in asked:
        for label, f in own[framework].items():
            yield Route(path, path.stem, label, framework, f)


def _imported(path: Path, chosen: Sequence[str]) -> list[str]:
    """Those of the chosen frameworks that the file imports and that tell what they execute."""
    packages = imported(path)
    found = [name for name in RECORDERS if name in chosen and name in packages]
    if len(found) > 1 and "numpy" in found:  # which the others' files import too
        found.remove("numpy")
    if not found:
        raise InputError(
            f"{path}: it imports none of {', '.join(RECORDERS)} that is installed and chosen; a "
            "function of another framework needs a file with exact and routes"
        )
    return found


def _places(choice: Choice) -> Iterator[Place]:
    """The structures: symmetric matrices, Hermitian ones if the matrix is one, or those chosen."""
    n = choice.size if choice.matrix is None else len(split_rows(choice.matrix))
    is_hermitian = choice.matrix is not None and is_complex(choice.matrix)
    if is_hermitian and choice.parameterizations not in ((), ("hermitian",)):
        raise InputError("the matrix is complex, and -p a structure of real ones; leave it out")
    names = choice.parameterizations or ("hermitian" if is_hermitian else "symmetric",)
    for name in sorted(names, key=is_callable):
        if is_callable(name):
            kernel = kernels.read(name, choice)
            yield Place(kernel.x, kernel)
        else:
            yield Place(structure(name, n, limits_of(choice)))


def _points(choice: Choice, place: Place, dtype: str) -> list[Point]:
    x = place.x
    if place.kernel is not None:
        return place.kernel.points
    if choice.matrix is not None:
        parse = parse_hermitian if x.blocks == 2 else parse_matrix
        return [coordinates(parse(choice.matrix), x, "symmetric")]
    if choice.point is not None:
        return [parse_point(choice.point, x, "symmetric")]
    bits = formats.REAL[dtype][0]
    domain = "positive definite" if x.rank is None else "symmetric"
    if isinstance(x, OwnStructure):
        return own_points(choice, x, "symmetric" if x.points else domain, bits)
    return draw_points(x, domain, choice.points or POINTS, choice.seed, bits=bits)


def _judge(
    hearing: Hearing,
    route: Route,
    x: Parameterization,
    real: str,
    theta: Point,
) -> None:
    """One callable at one matrix, by all that is asked of it there."""
    if x.blocks == 2 and real not in formats.COMPLEX:
        raise InputError(
            f"there is no complex dtype of the parts {real}; choose float64 or float32"
        )
    dtype = formats.COMPLEX[real] if x.blocks == 2 else real
    X, n = round_to(x.at(theta), real), x.X.rows // x.blocks
    M, choice = floats(X, x.blocks), hearing.choice
    about = (choice, route.framework, route.label, route.f)
    try:
        with alarm(choice.resources.timeout):
            asked = list(questions(*about, M, dtype))
        for question in asked:
            with alarm(choice.resources.timeout):
                heard, verdict = _verdict(route, question, x, theta, X, dtype)
            scenario = Scenario(
                function=verdict.function,
                structure=x.name,
                point=as_text(theta),
                dtype=dtype,
                query=question.query,
                cotangent=question.cotangent,
            )
            _note(hearing, route, heard, Judged(scenario, None, verdict))
    except EndlessError as error:
        raise InputError(f"{route.label} at a {n}×{n} matrix: {error}") from error


def _verdict(
    route: Route, question: Question, x: Parameterization, theta: Point, X: Matrix, dtype: str
) -> tuple[Heard, Verdict]:
    """One question of one callable at X (n×n, in blocks)."""
    n, (f, member, query, mode, _) = len(X) // x.blocks, question
    along = None if x in (symmetric(n), hermitian(n)) else x.directions(theta)
    about = (route.framework, f, floats(X, x.blocks), X, x.blocks, dtype)
    heard = judged(*about, route.function + member, mode, False, along, query)
    report = heard.report
    verdict: Verdict = structs.replace(
        report.record, parameterization=x.name, point=as_text(theta), route=route.label
    )
    if report.blame:
        blame = (Reason("blame", str(blame)) for blame in report.blame)
        verdict = verdict.saying(*verdict.reasons, *blame)
    is_defined = not query.direction and f is route.f  # what exact defines, a number, is asked
    differs = _differs(route, report, X, x.blocks) if is_defined else ""
    if differs:
        verdict = verdict.saying(Reason("definition", differs), verdict="refused", convention=None)
    return heard, verdict


def _note(hearing: Hearing, route: Route, heard: Heard, found: Judged) -> None:
    """Put down a verdict, and what it is of."""
    scenario, _, verdict = found
    about = {"parameterization": scenario.structure, "point": scenario.point}
    reference = structs.replace(heard.reference, function=scenario.function, **about)
    reported = structs.replace(heard.reported, problem=len(hearing.references), route=route.label)
    hearing.scenarios.append(scenario)
    hearing.versions[route.framework] = verdict.version
    hearing.references.append(reference)
    hearing.reported.append(reported)
    hearing.judged.append(Judged(scenario, reported, verdict))
    digest = hashlib.sha256(route.path.read_bytes()).hexdigest()
    closed_form = partial(_closed_form, heard.report)
    hearing.recorded.append(Recorded(heard.report.program, route.path.name, digest, closed_form))


def _closed_form(report: Report) -> tuple[str, ...]:
    """f and its derivatives at 2×2 matrices in LaTeX; nothing if none is found."""
    found = report.formula
    return () if found is None else (found.latex_value, *found.latex_derivatives)


def _differs(route: Route, report: Report, X: Matrix, blocks: int) -> str:
    """Where what was executed is not what the file's ``exact`` is at X; nothing if it may be."""
    if route.exact is None or report.exact is None or (blocks == 2 and callable(route.exact)):
        return ""  # a definition in SymPy is one of real matrices
    function = symbolic.resolve(route.exact, len(X) // blocks)
    defined = exact_of(symbolic.true_at(function, X, blocks))
    if defined is None or _may_be(defined, report.exact):
        return ""
    return (
        f"what {route.label} executes is not the exact of its file: f(X) is "
        f"{report.exact.value!r} and {defined.value!r}; neither is judged"
    )


def _may_be(one: Derivative, other: Derivative) -> bool:
    """Whether two enclosures of f(X) and S have something in common."""
    apart = abs(one.value - other.value) > one.value_radius + other.value_radius
    entries = np.abs(one.gradient - other.gradient) > one.radius + other.radius
    return not (apart or np.any(entries))
