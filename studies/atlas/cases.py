"""The cases of the atlas: one member of each family, in every way that its columns tell of."""

from __future__ import annotations

from fractions import Fraction

import numpy as np

from symgrad.court.errors import InputError, check_known
from symgrad.court.questions import Choice
from symgrad.court.references import Matrix
from symgrad.symbolic.cases import CERTIFIED_SIZE_LIMIT, Case
from symgrad.symbolic.catalogue import CATALOGUE, instances
from symgrad.symbolic.parameterizations import Parameterization, hermitian, symmetric
from symgrad.symbolic.points import Point, coordinates, draw_points


def atlas(choice: Choice, full: int = 1) -> list[Case]:
    """For one member of each family: all that the atlas tells of a route, at one point each.

    The float64 case asks for forward mode and for the slopes off the symmetric matrices too.  The
    points have full mantissas, unless ``full`` is 0; the shorter dtypes see them rounded.

    Raises:
        InputError: a name is unknown, or the size is out of range.
    """
    if not 1 <= choice.size <= CERTIFIED_SIZE_LIMIT:
        raise InputError(f"size {choice.size}: an atlas has sizes 1 to {CERTIFIED_SIZE_LIMIT}")
    for name in choice.functions:
        check_known("function", name, CATALOGUE)
    found: list[Case] = []
    for family_of in map(CATALOGUE.__getitem__, choice.functions or tuple(CATALOGUE)):
        members = instances(family_of, choice.size)
        if not members:
            continue
        function, domain = members[len(members) // 2], family_of.usual_domain
        x, z = symmetric(choice.size), hermitian(choice.size)
        real, complex_ = (well_conditioned(p, domain, choice.seed, full) for p in (x, z))
        in_full = Case("real", function, x, real, "float64", forward=True, entrywise=True)
        found.append(in_full._replace(prove=False))
        hermitian_case = Case("hermitian", function, z, complex_, "float64", forward=True)
        found.append(hermitian_case._replace(prove=False))
        short = Case("dtype", function, x, real, "float32", find_reads=False, prove=False)
        found += [short._replace(dtype=name) for name in ("float32", "float16", "bfloat16")]
        found.append(short._replace(parameterization=z, theta=complex_))
        ranks = range(choice.size) if family_of.domain == "symmetric" else ()
        for rank in reversed(ranks):
            theta = coordinates(of_rank(rank, choice.size), x, "symmetric")
            case = Case("rank", function, x, theta, "float64", find_reads=False)
            found.append(case._replace(prove=False, label=str(rank)))
    return found


def of_rank(rank: int, n: int) -> Matrix:
    """A singular n×n matrix with simple eigenvalues but for 0: a path's Laplacian, and zeros.

    The path has ``rank`` + 1 of the n vertices.
    """
    ends = (0, rank)
    rows = [[Fraction(0)] * n for _ in range(n)]
    for i in range(rank + 1 if rank else 0):
        rows[i][i] = Fraction(1 if i in ends else 2)
    for i in range(rank):
        rows[i][i + 1] = rows[i + 1][i] = Fraction(-1)
    return tuple(map(tuple, rows))


def well_conditioned(x: Parameterization, domain: str, seed: int, full: int) -> Point:
    """Of a few drawn points the one whose matrix is farthest from singular for its size."""
    points = draw_points(x, domain, 12, seed, full)

    def condition(theta: Point) -> float:
        return float(np.linalg.cond(np.array(x.at(theta), dtype=np.float64)))

    return min(points, key=condition)
