"""Queries: what is asked of the chosen functions beside their gradients.

``hvp`` asks for the Hessian along a direction E: the gradient of X → ⟨S(X), E⟩.  ``vjp`` asks of a
matrix-valued F for the gradient of ⟨W, F(X)⟩ with cotangents W of three kinds, and ``jvp`` for
⟨W, F′(X; E)⟩ in all directions E, by forward mode.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction
from typing import Any

import numpy as np
from jaxtyping import Inexact

from symgrad.court.errors import InputError
from symgrad.court.questions import GRADIENT, Choice, Query
from symgrad.symbolic.catalogue import Instance
from symgrad.symbolic.catalogue.second import Rows2, along
from symgrad.symbolic.points import parse_matrix

Asked = tuple[Instance, Query]
LARGEST = 2**31
"""Of the entries of a direction."""


def possible(choice: Choice, functions: Sequence[Instance]) -> Sequence[Instance]:
    """Those that have what is asked for.

    Raises:
        InputError: none has.
    """
    check_direction(choice)
    if choice.query == "jacobian":
        raise InputError(
            "--query jacobian is of a callable of a file, my_layer.py:F; of the catalogue ask vjp"
        )
    return _with_cotangents(choice, functions) if choice.query in ("vjp", "jvp") else functions


def check_direction(choice: Choice) -> None:
    """Raise InputError where there is a direction, and nothing to be asked along it."""
    if choice.direction is not None and choice.query != "hvp":
        raise InputError("--direction is that of a Hessian–vector product; give --query hvp too")


def asked(choice: Choice, function: Instance, blocks: int = 1) -> list[Asked]:
    """What the choice means of a function; with ``blocks`` = 2, of Hermitian matrices.

    Raises:
        InputError: the direction cannot be used.
    """
    if choice.query == "hvp":
        return [hessian_along(function, chosen_direction(choice.direction, function.size))]
    if choice.query in ("vjp", "jvp"):
        return [(of, GRADIENT) for of in cotangents(function, blocks)]
    return [(function, GRADIENT)]


def hessian_along(function: Instance, E: Rows2) -> Asked:
    """The Hessian of a function along E (n×n, symmetric)."""
    if function.function.gauge:
        return function, Query(operator="hvp", direction=E)
    return along(function, E), Query(operator="hvp", direction=E)


def direction(n: int) -> Rows2:
    """A symmetric n×n matrix of small integers, none of them special."""
    return tuple(tuple((i * j + i + j) % 5 - 2 for j in range(n)) for i in range(n))


def other_direction(E: Rows2) -> Rows2:
    """A direction that is not E, of its size; at n = 1 all are alike."""
    n = len(E)
    F = tuple(tuple((2 * i * j + 3 * (i + j)) % 7 - 3 for j in range(n)) for i in range(n))
    return direction(n) if F == E else F


def weights(shape: Sequence[int], is_complex: bool) -> dict[str, Inexact[np.ndarray, "*shape"]]:
    """Cotangents of an array of that shape, by kind; they are of small integers.

    Of a square matrix one is symmetric, one lower triangular and one general, and every entry is
    weighed in one of them; of another array one is general, without zeros.  They are complex of a
    complex one, and the first Hermitian: to a real W a wrong conjugate may look right.
    """
    rows = math.prod(shape[:-1])
    i, j = np.indices((rows, shape[-1] if shape else 1))
    full = (3 * i + 5 * j + i * j) % 7 - 3
    imaginary = 1j * ((2 * i + j + i * j) % 3 + 1)
    if len(shape) != 2 or rows != shape[1]:
        full = 2 * full + 1
        return {"general": (full + imaginary if is_complex else full).reshape(shape)}
    if is_complex:
        full = full + imaginary
    return {
        "Hermitian" if is_complex else "symmetric": full + full.conj().T,
        "lower": np.tril(full),
        "general": full,
    }


def cotangents(function: Instance, blocks: int = 1) -> list[Instance]:
    """⟨W, F⟩ with each kind of W (n×n); of Hermitian matrices ``blocks`` is 2."""
    kinds = weights((function.size, function.size), blocks == 2)
    stem, _, member = function.name.rstrip("]").partition("[")
    kept = [member] if member not in ("", "symmetric", "full") else []
    return [
        replace(
            function,
            name=f"{stem}[{', '.join([*kept, f'W {kind}'])}]",
            constants={**function.constants, "W": W.tolist()},
        )
        for kind, W in kinds.items()
    ]


def _with_cotangents(choice: Choice, functions: Sequence[Instance]) -> list[Instance]:
    """Those that are ⟨W, F⟩ of a matrix F, one of each family of weights."""
    found = [f for f in functions if "W" in f.constants]
    if not found:
        names = ", ".join(choice.functions)
        raise InputError(
            f"--query {choice.query} is of a matrix-valued function, and {names} is a number; "
            "choose one with a weight, as weighted_inverse or projector"
        )
    return [f for f in found if not f.name.endswith("[full]")]


def chosen_direction(text: str | None, n: int) -> Rows2:
    """The direction that the user gives, or the usual one."""
    if text is None:
        return direction(n)
    return _checked(parse_matrix(text, "direction"), n)


def read_direction(E: Any, n: int) -> Rows2:
    """A direction that is given as numbers.

    Raises:
        InputError: it is not n×n, symmetric, of small integers.
    """
    try:
        rows = np.array(E, float)
    except (TypeError, ValueError) as error:
        raise InputError(f"the direction is no array of numbers: {error}") from error
    if rows.ndim != 2 or rows.shape[0] != rows.shape[1] or not np.all(np.isfinite(rows)):
        raise InputError(f"the direction has the shape {rows.shape}; give an n×n matrix of numbers")
    return _checked([[Fraction(x) for x in row] for row in rows.tolist()], n)


def _checked(E: Sequence[Sequence[Fraction]], n: int) -> Rows2:
    if len(E) != n:
        raise InputError(f"the direction is {len(E)}×{len(E)}, X is {n}×{n}")
    for i, row in enumerate(E):
        for j, x in enumerate(row):
            if x != E[j][i]:
                raise InputError(f"the direction is not symmetric: entry ({i}, {j}) is {x}")
            if x.denominator != 1 or abs(x) > LARGEST:
                raise InputError(f"the direction has {x} at ({i}, {j}); give integers below 2³¹")
    return tuple(tuple(int(x) for x in row) for row in E)
