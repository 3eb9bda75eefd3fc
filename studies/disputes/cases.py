"""The cases of a dispute: one for each of its checks."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from symgrad.court import formats
from symgrad.court.errors import check_known
from symgrad.court.names import family
from symgrad.studies.disputes.record import Asked, Dispute, Proposed
from symgrad.symbolic.cases import Case, at_matrix
from symgrad.symbolic.catalogue import CATALOGUE, choose, instances
from symgrad.symbolic.extension import load_function
from symgrad.symbolic.points import split_rows

PROPOSED = "proposed"
"""In place of a framework: none is asked for what was proposed."""


def examined(dispute: Dispute, frameworks: Sequence[str], seconds: float) -> list[Case]:
    """The cases of a dispute's checks, with their labels.

    ``frameworks`` are the known names, and ``seconds`` what a function file may take.

    Raises:
        InputError: a function, a matrix or a framework is not what it should be.
    """
    checks = enumerate(dispute.checks)
    return [
        _check(check, frameworks, seconds)._replace(label=dispute.label(k)) for k, check in checks
    ]


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
