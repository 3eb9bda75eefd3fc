"""The cases of a finding: its route, at its matrix."""

from __future__ import annotations

from symgrad.court.errors import check_known
from symgrad.court.names import family
from symgrad.studies.findings.record import Finding
from symgrad.symbolic.cases import Case, at_matrix
from symgrad.symbolic.catalogue import CATALOGUE, choose


def examined(finding: Finding) -> list[Case]:
    """What a finding is about: its route, and the one that it is compared with; by its label.

    Raises:
        InputError: its function or its matrix is not what it should be.
    """
    size = len([row for row in finding.matrix.split(";") if row.strip()])
    check_known("function", family(finding.function), CATALOGUE)
    (function,) = choose(finding.function, size)
    about = (finding.dtype, finding.mode == "forward", finding.framework)
    routes = [finding.route, *filter(None, [finding.against])]
    cases = [at_matrix(function, finding.matrix, *about, route) for route in routes]
    return [case._replace(label=finding.id) for case in cases]
