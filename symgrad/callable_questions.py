"""What is asked of a callable of a file, of which f(X) is a number or an array."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import numpy as np

from symgrad.composed import kind_of, modes_of, paired
from symgrad.court.errors import InputError
from symgrad.court.questions import GRADIENT, Choice, Mode, Query
from symgrad.report import queried
from symgrad.symbolic import queries
from symgrad.traced import ways_twice

INSTEAD = {"vjp": "", "jvp": ", and give --forward"}
"""How the gradient of a number is asked."""


class Question(NamedTuple):
    """A real f of X, what is added to its name (``[W general]``), and what is asked of it.

    ``cotangent`` is that W, as it is written.
    """

    f: Callable[..., Any]
    member: str
    query: Query
    mode: Mode
    cotangent: str = ""


def questions(
    choice: Choice, framework: str, label: str, F: Callable[..., Any], M: np.ndarray, dtype: str
) -> Iterator[Question]:
    """What the choice means of a callable F at M (n×n).

    That is its gradient, or its Hessian in every way that there is; of an array-valued F that of
    ⟨W, F(X)⟩, with several W where nothing is differentiated twice.

    Raises:
        InputError: F(X) is a number, or the framework has not what is asked for.
    """
    if choice.query == "gradient":
        yield Question(F, "", GRADIENT, "forward" if choice.forward else "reverse")
        return
    asked = _asked(choice, framework, len(M))
    for member, f, W in _weighed(choice, framework, label, F, M, dtype):
        for query, mode in asked:
            yield Question(f, member, query, mode, W)


def _asked(choice: Choice, framework: str, n: int) -> list[tuple[Query, Mode]]:
    """The queries, each with its mode.

    Raises:
        InputError: the framework has none.
    """
    if choice.query == "hvp":
        E = queries.chosen_direction(choice.direction, n)
        return [(Query(operator="hvp", direction=E), way) for way in ways_twice(framework)]
    return [(GRADIENT, mode) for mode in modes_of(framework, choice.query)]


def _weighed(
    choice: Choice, framework: str, label: str, F: Callable[..., Any], M: np.ndarray, dtype: str
) -> Iterator[tuple[str, Callable[..., Any], str]]:
    """⟨W, F(X)⟩ with each W, or with the general one alone of what is differentiated twice.

    It is F itself that is differentiated twice, if F(X) is a number, or that raises: what, is said
    where it is asked.

    Raises:
        InputError: F(X) is a number.
    """
    kind = kind_of(framework, F, M, dtype)
    is_number = kind is not None and not kind.shape
    if is_number and choice.query in INSTEAD:
        raise InputError(
            f"--query {choice.query} is of an array-valued function, and {label}(X) is a number; "
            f"leave --query out{INSTEAD[choice.query]}"
        )
    if kind is None or (is_number and choice.query == "hvp"):
        yield "", F, ""
        return
    weights = queries.weights(kind.shape, kind.is_complex)
    for name in ["general"] if choice.query == "hvp" else weights:
        f = paired(framework, F, M, dtype, 1.0 * weights[name])
        yield f"[W {name}]" if kind.shape else "", f, queried.written(weights[name])
