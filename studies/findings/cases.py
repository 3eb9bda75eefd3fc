"""The cases of a finding: its route, at its matrix."""

from __future__ import annotations

from symgrad.court.errors import check_known
from symgrad.court.names import family
from symgrad.court.questions import GRADIENT, TWICE
from symgrad.studies.findings.record import OTHERS, Finding
from symgrad.symbolic.cases import Case, at_matrix
from symgrad.symbolic.catalogue import CATALOGUE, choose
from symgrad.symbolic.queries import Asked, direction, hessian_along


def examined(finding: Finding) -> list[Case]:
    """What a finding is about: its route, and the one that it is compared with; by its label.

    Raises:
        InputError: its function or its matrix is not what it should be.
    """
    (function, query), about = _asked(finding), (finding.dtype, finding.mode == "forward")
    routes = [finding.route, *filter(None, [finding.against])]
    where = (function, finding.matrix, *about, finding.framework)
    cases = [at_matrix(*where, route) for route in routes]
    return [case._replace(label=finding.id, query=query) for case in cases]


def of_everyone(finding: Finding) -> Case:
    """The same question by every route of every framework.

    Raises:
        InputError: its function or its matrix is not what it should be.
    """
    (function, query), about = _asked(finding), (finding.dtype, finding.mode == "forward", "", "")
    case = at_matrix(function, finding.matrix, *about)
    return case._replace(label=OTHERS + finding.id, query=query)


def _asked(finding: Finding) -> Asked:
    """What a finding asks of its function: the gradient or, by its mode, the Hessian."""
    size = len([row for row in finding.matrix.split(";") if row.strip()])
    check_known("function", family(finding.function), CATALOGUE)
    (function,) = choose(finding.function, size)
    if finding.mode in TWICE:
        return hessian_along(function, direction(size))
    return function, GRADIENT
