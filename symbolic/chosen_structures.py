"""The structures that a choice names, and the points of a user's own."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path

from symgrad.court.errors import InputError, check_known
from symgrad.court.names import is_callable
from symgrad.court.questions import Choice
from symgrad.symbolic.limits import Limits
from symgrad.symbolic.parameterizations import PARAMETERIZATIONS
from symgrad.symbolic.points import Point, check_domain, draw_points
from symgrad.symbolic.structure_files import OwnStructure, is_file, within

POINTS = 3
"""How many points are drawn if nothing is said."""


def limits_of(choice: Choice) -> Limits:
    """The limits of what is computed of the user's own."""
    return Limits(choice.resources.timeout, choice.resources.memory)


def check_structures(names: Sequence[str]) -> None:
    """Check that each is a name of the catalogue, or a file of another name than the others.

    Raises:
        InputError: one is not.
    """
    stems = [Path(name).stem for name in names if is_file(name)]
    for name in names:
        if is_callable(name):
            raise InputError(
                f"-p {name} is for a callable of a file, as my_loss.py:loss; for a function that "
                "is known exactly give a file that says X in SymPy"
            )
        if not is_file(name):
            check_known("parameterization", name, PARAMETERIZATIONS)
        elif stems.count(Path(name).stem) > 1:
            raise InputError(f"two files define the structure {Path(name).stem}; rename one")


def own_points(choice: Choice, x: OwnStructure, domain: str, bits: int) -> list[Point]:
    """The points of a user's own structure: those of its file, or drawn within the limits.

    Raises:
        InputError: there are too few, or X(θ) is undefined or outside the domain at one.
    """
    known, count = x.own_points(), choice.points
    if known and count and count > len(known):
        raise InputError(f"{x.name} has {len(known)} points of its own; ask for fewer --points")
    for theta in known[:count]:
        x.directions(theta)
        check_domain(x.at(theta), domain)
    if known:
        return known[:count]
    draw = partial(draw_points, x, domain, count or POINTS, choice.seed, bits=bits)
    return within(x.name, draw, limits_of(choice))
