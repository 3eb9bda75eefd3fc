"""A user's callable of several arguments, or with an array for a value, as f of one matrix."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from symgrad.court.errors import InputError
from symgrad.court.questions import Mode
from symgrad.numeric import compositions
from symgrad.numeric import here as numeric
from symgrad.numeric.compositions import Kind


def composed(
    who: str,
    f: Callable[..., Any],
    X: Any,
    parameterization: str | Callable[..., Any] | None,
    arguments: Mapping[str, Any],
    wrt: str | None,
) -> tuple[Callable[..., Any], Any, str | Callable[..., Any] | None]:
    """A function of one matrix, that matrix, and how it is made; of an f of more than that.

    Raises:
        InputError: an argument is none of numbers, or the one that is asked for is not there.
    """
    own = numeric.opened(who)
    others = {
        name: numeric.read_argument(value, name, or_whole=name != wrt)
        for name, value in arguments.items()
    }
    if wrt is None and others:
        f = compositions.bound(own, f, others)
    if wrt is None:
        return f, X, parameterization
    if parameterization is not None:
        raise InputError(f"the derivative in {wrt} is asked at a constant X; leave X(θ) out")
    if wrt not in others or isinstance(others[wrt], int):
        known = ", ".join(arguments) or "none"
        raise InputError(f"wrt is {wrt!r}; give its numbers in arguments, where there are: {known}")
    of_b = compositions.in_argument(own, f, numeric.read(X)[0], others, wrt)
    return of_b, arguments[wrt], lambda b: b


def paired(
    who: str, F: Callable[..., Any], M: np.ndarray, dtype: str, cotangent: Any
) -> Callable[..., Any]:
    """X ↦ ⟨W, F(X)⟩ with that cotangent W; M is the X (n×n) at which it is asked.

    Raises:
        InputError: W is not of the shape of F(X), or complex where F(X) is real.
    """
    own, W = numeric.opened(who), numeric.read_array(cotangent, "the cotangent")
    kind = kind_of(who, F, M, dtype)
    if kind is not None:
        compositions.check_cotangent(W, kind)
    return compositions.contracted(who, own, F, W)


def kind_of(who: str, F: Callable[..., Any], M: np.ndarray, dtype: str) -> Kind | None:
    """The shape of F at M (n×n), and whether it is complex.

    Nothing where F raises, which is said where it is asked, or arrays have always two axes.
    """
    try:
        return compositions.kind_of(numeric.opened(who), F, M, dtype)
    except Exception:
        return None


def modes_of(who: str, query: str) -> list[Mode]:
    """The modes in which a framework is asked for ⟨W, F(X)⟩, by the name of the query.

    Raises:
        InputError: it has none.
    """
    compositions.check_has_sum(who)
    own = numeric.opened(who)
    if query == "jvp" and not own.has_forward_mode:
        raise InputError(f"{who} has no forward mode; ask --query vjp")
    if query == "jacobian" and not own.jacobians:
        raise InputError(f"{who} gives no Jacobian as a whole; ask --query vjp")
    modes = {"vjp": ["reverse"], "jvp": ["forward"], "jacobian": list(own.jacobians)}
    return modes[query]


def units(
    who: str, F: Callable[..., Any], X: Any, arguments: Mapping[str, Any]
) -> tuple[list[np.ndarray], bool]:
    """The cotangents that pick one entry of F(X) each, by rows; and whether F(X) is an array.

    Raises:
        InputError: X is no one matrix.
    """
    M, dtype = numeric.read(X)
    F, _, _ = composed(who, F, X, None, arguments, None)
    shape, _ = compositions.kind_of(numeric.opened(who), F, M, dtype)
    return list(np.eye(math.prod(shape)).reshape(-1, *shape)), bool(shape)
