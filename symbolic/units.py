"""Units: the same matrix at another scale, s·X for a positive rational s, kept exact.

f is asked at s·X, and both witnesses see that matrix, each entry rounded once to the dtype: nothing
is said of f at X.  Whatever a function makes of s is its own business; its constants keep theirs.
"""

from __future__ import annotations

from fractions import Fraction

from symgrad.court import formats
from symgrad.court.errors import InputError
from symgrad.symbolic.certified.reference import float_text, round_to
from symgrad.symbolic.parameterizations import Parameterization
from symgrad.symbolic.points import Point, parse_rational


def parse_scale(text: str) -> Fraction:
    """A positive rational from ``1e-12``, ``1/3`` or ``1024``.

    Raises:
        InputError: it is none.
    """
    scale = parse_rational(text)
    if scale <= 0:
        raise InputError(f"--scale {text}: a unit is a positive number, as 1e-12 or 1024")
    return scale


def in_units(theta: Point, x: Parameterization, scale: Fraction, dtype: str) -> Point:
    """The parameters of s·X(θ) in a structure, and that the dtype has room for that matrix.

    Raises:
        InputError: the structure has no such matrix, or an entry overflows or underflows.
    """
    moved = {name: scale * value for name, value in theta.items()}
    X = tuple(tuple(scale * e for e in row) for row in x.at(theta))
    bounded = x.bound is not None and any(abs(t) >= x.bound for t in moved.values())
    if bounded or x.at(moved) != X:
        raise InputError(
            f"--scale {float_text(scale)}: s·X of a {x.name} X is none; choose a structure that "
            "is linear in its parameters, as symmetric"
        )
    check_room(X, dtype)
    return moved


def check_room(X: tuple[tuple[Fraction, ...], ...], dtype: str) -> None:
    """Check that the entries of X (n×n) that are not 0 are normal numbers of a real dtype.

    Raises:
        InputError: one is too large, or so small that digits of it are lost.
    """
    round_to(X, dtype)
    least = min((abs(e) for row in X for e in row if e), default=None)
    if least is not None and least < Fraction(formats.smallest_normal(dtype)):
        raise InputError(f"an entry of X is {float_text(least)}, too small for {dtype}")
