"""The cases of a finding: its route, at its matrix."""

from __future__ import annotations

from collections.abc import Mapping

from symgrad.court.errors import InputError, check_known
from symgrad.court.names import family
from symgrad.court.questions import GRADIENT, TWICE
from symgrad.studies.findings.record import OTHERS, Finding
from symgrad.symbolic.cases import Case, at_matrix
from symgrad.symbolic.catalogue import CATALOGUE, Instance, MatrixFunction, instances
from symgrad.symbolic.queries import Asked, cotangents, direction, hessian_along

Own = Mapping[str, MatrixFunction]
"""The functions of users' files, by name."""
NONE: Own = {}


def examined(finding: Finding, own: Own = NONE) -> list[Case]:
    """What a finding is about: its route, and the one that it is compared with; by its label.

    Raises:
        InputError: its function or its matrix is not what it should be.
    """
    (function, query), about = _asked(finding, own), (finding.dtype, finding.mode == "forward")
    routes = [finding.route, *filter(None, [finding.against])]
    where = (function, finding.matrix, *about, finding.framework)
    cases = [at_matrix(*where, route) for route in routes]
    return [case._replace(label=finding.id, query=query) for case in cases]


def of_everyone(finding: Finding, own: Own = NONE) -> Case:
    """The same question by every route of every framework.

    Raises:
        InputError: its function or its matrix is not what it should be.
    """
    (function, query), forward = _asked(finding, own), finding.mode == "forward"
    about = (finding.dtype, forward, "", "")
    case = at_matrix(function, finding.matrix, *about)
    return case._replace(label=OTHERS + finding.id, query=query)


def _asked(finding: Finding, own: Own) -> Asked:
    """What a finding asks of its function: the gradient or, by its mode, the Hessian."""
    size = len([row for row in finding.matrix.split(";") if row.strip()])
    known = {**CATALOGUE, **own}
    check_known("function", family(finding.function), known)
    function = _member(known[family(finding.function)], finding.function, size)
    if finding.mode in TWICE:
        return hessian_along(function, direction(size))
    return function, GRADIENT


def _member(of: MatrixFunction, name: str, size: int) -> Instance:
    """The member of that name, which may be one with a W of a query.

    Raises:
        InputError: there is none at this size.
    """
    members = instances(of, size)
    weighted = (w for f in members if "W" in f.constants for w in cotangents(f))
    for function in (*members, *weighted):
        if function.name == name:
            return function
    raise InputError(f"function {name!r} does not exist at size {size}")
