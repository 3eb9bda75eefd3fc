"""The theorem of each function of the catalogue, as the appendix states it."""

from __future__ import annotations

from symgrad.studies.appendix.functions import eigenvalues, polynomials, spectral, statistics
from symgrad.studies.appendix.functions.statement import Statement

STATEMENTS: dict[str, Statement] = {
    name: statement
    for subject in (eigenvalues, polynomials, spectral, statistics)
    for name, statement in subject.STATEMENTS.items()
}
"""By the name of its family."""
