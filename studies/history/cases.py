"""The cases that former versions are asked."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import structs

from symgrad.court.questions import Choice
from symgrad.studies.atlas.cases import atlas
from symgrad.studies.experiment.cases import main_job
from symgrad.symbolic.cases import Case

ATLAS_SIZE = 3
"""Rows of the matrices of the atlas if nothing is said."""


def history(choice: Choice, X: Sequence[Sequence[float]]) -> list[Case]:
    """The main job, and a member of each family at a size and a point of the atlas.

    All points are multiples of 1/8, as they were when the answers on record were given.
    """
    members = atlas(structs.replace(choice, size=ATLAS_SIZE), full=0)
    real = [case for case in members if case.part == "real"]
    plain = [case._replace(forward=False, entrywise=False) for case in real]
    return [*main_job(choice, X, full=0), *plain]
