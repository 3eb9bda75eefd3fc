"""Matrices of a program that are functions φ(A) of an exact A, as V φ(w) Vᵀ of w, V of A is.

Their eigenspaces are those of A, so that equal eigenvalues of A are equal ones of φ(A), whatever φ
is: that is how they are known to be equal where φ(A) is not rational.  Only real matrices are
looked at, each alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from symgrad.court.evaluation import constants, places
from symgrad.court.program import Program, Shape, Step
from symgrad.symbolic.traced.numbers import Array
from symgrad.symbolic.traced.rationals import Exactly
from symgrad.symbolic.traced.scalars import FUNCTIONS

ANY = -1
"""A multiple of the identity is a function of every A."""


@dataclass(frozen=True)
class Role:
    """What is known of a value.

    - ``uniform``: all entries are one number.
    - ``function``: the matrix φ(A), with φ the same number on an eigenspace; A is the value ``of``.
    - ``values``, ``vectors``: of the decomposition of a function of A, which is the value ``at``.
      The entries are φ(w_k), or 0 where k = −1, and v_ik φ(w_k), by their ``columns`` k and
      ``rows`` i.
    """

    kind: Literal["uniform", "function", "values", "vectors"]
    of: int = ANY
    at: int = ANY
    columns: Array | None = None
    rows: Array | None = None

    def same_places(self, other: Role) -> bool:
        """Whether both go by the same decomposition, entry by entry by the same eigenvalue."""
        if self.columns is None or other.columns is None:
            return False
        return self.at == other.at and np.array_equal(self.columns, other.columns)


UNIFORM = Role("uniform")


def of(step: Step, exactly: Exactly) -> Array | None:
    """The rational A (n×n) of which the real matrix that goes into a step is a function, if any."""
    (number, *others) = step.inputs
    role = None if others else roles(exactly.program, exactly)[number]
    known = role is not None and role.kind == "function" and role.of != ANY
    return exactly.value(role.of) if role is not None and known else None


def roles(program: Program, exactly: Exactly) -> list[Role | None]:
    """What is known of every value, by number."""
    found: list[Role | None] = []
    for step in program.steps:
        if step.operation == "guard":
            continue
        x = [found[k] for k in step.inputs]
        told = _roles(step, x, [program.shapes[k] for k in step.inputs], len(found))
        for role, shape in zip(told, step.shapes, strict=True):
            if not shape or set(shape) == {1}:
                found.append(UNIFORM)
            elif role is None and _is_symmetric(exactly.value(len(found))):
                found.append(Role("function", len(found)))
            else:
                found.append(role)
    return found


def _is_symmetric(A: Array | None) -> bool:
    square = A is not None and A.ndim == 2 and A.shape[0] == A.shape[1]
    return square and bool(np.all(A == A.T))  # type: ignore[union-attr]


def _roles(
    step: Step, x: Sequence[Role | None], shapes: Sequence[Shape], number: int
) -> list[Role | None]:
    op = step.operation
    if op == "const":
        return [_of_constant(constants(step))]
    if op == "eigh" and len(x) == 1 and x[0] and x[0].kind == "function":
        n = step.shapes[0][-1]
        i, k = np.indices((n, n))
        of = x[0].of
        return [Role("values", of, number, np.arange(n)), Role("vectors", of, number, k, i)]
    if any(role is None for role in x):
        return [None] * len(step.shapes)
    known = [role for role in x if role is not None]
    if op == "take":
        return [_taken(step, known[0], shapes[0])]
    if op == "hold":
        return [known[0]]
    if len(known) == 1 and (op in FUNCTIONS or op == "power"):
        return [_scalar(op, known[0])]
    if op in FUNCTIONS:
        return [_of_two(op, *known)]
    if op == "matmul":
        return [_product(*known)]
    if op in ("solve", "expm") and all(role.kind == "function" for role in known):
        return [_together(known)]
    return [None] * len(step.shapes)


def _of_constant(floats: Array) -> Role | None:
    if np.all(floats == floats.flat[0] if floats.size else False):
        return UNIFORM
    square = floats.ndim == 2 and floats.shape[0] == floats.shape[1]
    is_multiple = square and np.array_equal(floats, floats[0, 0] * np.eye(len(floats)))
    return Role("function") if is_multiple else None


def _taken(step: Step, x: Role, shape: Shape) -> Role | None:
    index = np.array(places(step.index)).reshape(step.shapes[0])
    if x.kind == "function":
        if step.shapes[0] != shape:
            return None
        n = shape[0]
        i, j = np.indices(shape)
        return x if np.all((index == i * n + j) | (index == j * n + i)) else None
    if x.kind == "uniform":
        return x if np.all(index >= 0) else None
    assert x.columns is not None
    columns = np.append(x.columns.ravel(), -1)[index]
    if x.kind == "values":
        return replace(x, columns=columns)
    assert x.rows is not None
    is_whole = bool(np.all(index >= 0))
    return replace(x, columns=columns, rows=x.rows.ravel()[index]) if is_whole else None


def _scalar(op: str, x: Role) -> Role | None:
    if x.kind == "uniform" or op == "neg":
        return x
    is_full = x.kind == "values" and x.columns is not None and bool(np.all(x.columns >= 0))
    return x if is_full else None  # φ(0) need not be 0


def _of_two(op: str, x: Role, y: Role) -> Role | None:
    kinds = {x.kind, y.kind}
    if kinds == {"uniform"}:
        return UNIFORM
    scales = op == "mul" or (op == "div" and y.kind in ("uniform", "values"))
    whole = x if y.kind == "uniform" else y
    if "uniform" in kinds and "values" not in kinds:
        return whole if scales and not (op == "div" and x.kind == "uniform") else None
    if kinds == {"function"}:
        return _together([x, y]) if op in ("add", "sub") else None
    full = all(role.columns is None or bool(np.all(role.columns >= 0)) for role in (x, y))
    if not full:
        return None
    if "uniform" in kinds:
        return whole
    if kinds == {"values"}:
        return x if x.same_places(y) else None
    if kinds == {"values", "vectors"} and scales and x.same_places(y):
        return x if x.kind == "vectors" else y
    return None


def _together(roles: Sequence[Role]) -> Role | None:
    """A function of the same A as all of these."""
    of = {role.of for role in roles} - {ANY}
    return Role("function", of.pop() if of else ANY) if len(of) <= 1 else None


def _product(x: Role, y: Role) -> Role | None:
    if x.kind == y.kind == "function":
        return _together([x, y])
    if x.kind not in ("vectors", "values") or y.kind not in ("vectors", "values"):
        return None
    assert x.columns is not None
    assert y.columns is not None
    if x.at != y.at or x.columns.ndim != 2 or x.columns.shape != y.columns.shape:
        return None
    n = len(x.columns)
    i, k = np.indices((n, n))
    diagonal = np.where(i == k, k, -1)
    left = x.rows is not None and np.array_equal(x.rows, i) and np.array_equal(x.columns, k)
    right = y.rows is not None and np.array_equal(y.rows, k) and np.array_equal(y.columns, i)
    if left and right:
        return Role("function", x.of)
    if left and y.kind == "values" and np.array_equal(y.columns, diagonal):
        return x
    return y if right and x.kind == "values" and np.array_equal(x.columns, diagonal) else None
