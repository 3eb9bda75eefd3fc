"""A user's callable of several arguments, or with an array for a value, as f of one matrix."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from symgrad.court.errors import InputError
from symgrad.numeric import compositions
from symgrad.numeric import here as numeric


def composed(
    who: str,
    f: Callable[..., Any],
    X: Any,
    parameterization: str | Callable[..., Any] | None,
    cotangent: Any,
    arguments: Mapping[str, Any],
    wrt: str | None,
) -> tuple[Callable[..., Any], Any, str | Callable[..., Any] | None]:
    """A real function of one matrix, that matrix, and how it is made; of an f of more than that.

    Raises:
        InputError: an argument is none of numbers, or the one that is asked for is not there.
    """
    own = numeric.opened(who)
    others = {name: numeric.read_argument(value, name) for name, value in arguments.items()}
    if wrt is None and others:
        f = compositions.bound(own, f, others)
    if cotangent is not None:
        f = compositions.contracted(who, own, f, numeric.read_array(cotangent, "the cotangent"))
    if wrt is None:
        return f, X, parameterization
    if parameterization is not None:
        raise InputError(f"the derivative in {wrt} is asked at a constant X; leave X(θ) out")
    if wrt not in others or isinstance(others[wrt], int):
        known = ", ".join(arguments) or "none"
        raise InputError(f"wrt is {wrt!r}; give its numbers in arguments, where there are: {known}")
    of_b = compositions.in_argument(own, f, numeric.read(X)[0], others, wrt)
    return of_b, arguments[wrt], lambda b: b


def units(
    who: str, F: Callable[..., Any], X: Any, arguments: Mapping[str, Any]
) -> tuple[list[np.ndarray], bool]:
    """The cotangents that pick one entry of F(X) each, by rows; and whether F(X) is an array.

    Raises:
        InputError: X is no one matrix.
    """
    M, dtype = numeric.read(X)
    F, _, _ = composed(who, F, X, None, None, arguments, None)
    shape = compositions.shape_of(numeric.opened(who), F, M, dtype)
    return list(np.eye(math.prod(shape)).reshape(-1, *shape)), bool(shape)
