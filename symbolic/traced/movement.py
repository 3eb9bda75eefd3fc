"""Which entries of what a step gives depend on X, by where its inputs are 0 and stay so.

An entry that is not said to depend on X does not; one that is may not, as where terms cancel.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from symgrad.court.evaluation import places
from symgrad.court.program import Step
from symgrad.symbolic.traced.numbers import Array
from symgrad.symbolic.traced.scalars import ZERO


def moves(step: Step, given: Sequence[Array], x: Sequence[Array], held: bool) -> list[Array]:
    """Which entries of the outputs depend on X, from those of the inputs x that do."""
    if step.operation == "const" or held:
        return [np.zeros(shape, bool) for shape in step.shapes]
    if step.operation in _MOVEMENT:
        return [np.asarray(_MOVEMENT[step.operation](step, given, x), bool)]
    if step.operation in ("eigh", "eigvals", "slogdet", "det", "lu", "expm"):
        return [np.full(shape, any(d.any() for d in given)) for shape in step.shapes]
    return [np.logical_or.reduce(given)]


def _filled(moves: Array, x: Array) -> Array:
    """Where x is not 0, or may not be beside X."""
    return moves if moves.all() else moves | not_zero(x)


def _both(given: Sequence[Array], x: Sequence[Array]) -> tuple[Array, Array, Array, Array]:
    """Of two inputs what depends on X, and what is not 0."""
    return given[0], given[1], _filled(given[0], x[0]), _filled(given[1], x[1])


def _take(step: Step, given: Sequence[Array], x: Sequence[Array]) -> Array:
    return np.append(given[0].ravel(), False)[places(step.index)].reshape(step.shapes[0])


def _put_add(step: Step, given: Sequence[Array], x: Sequence[Array]) -> Array:
    flat = given[0].ravel().copy()
    np.logical_or.at(flat, places(step.index), given[1].ravel())
    return flat.reshape(step.shapes[0])


def _mul(step: Step, given: Sequence[Array], x: Sequence[Array]) -> Array:
    a, b, some_a, some_b = _both(given, x)
    return a & some_b | some_a & b


def _div(step: Step, given: Sequence[Array], x: Sequence[Array]) -> Array:
    return given[0] | given[1] & _filled(given[0], x[0])


def _matmul(step: Step, given: Sequence[Array], x: Sequence[Array]) -> Array:
    a, b, some_a, some_b = _both(given, x)
    return meet(a, some_b) | meet(some_a, b)


def meet(A: Array, B: Array) -> Array:
    """AB of matrices of truth values, by products of numbers, which are faster."""
    return np.asarray(A.astype(np.float32) @ B.astype(np.float32) > 0)


def _solve(step: Step, given: Sequence[Array], x: Sequence[Array]) -> Array:
    """Of A⁻¹B, whose derivative is A⁻¹(Ḃ − Ȧ A⁻¹B)."""
    a, b, some_a, some_b = _both(given, x)
    inverse = of_inverse(some_a)
    return meet(inverse, b | meet(a, meet(inverse, some_b)))


def of_inverse(filled: Array) -> Array:
    """Where A⁻¹ may not be 0, from where A is not.

    As a polynomial of A it has entries only where a path of A's leads.
    """
    n = filled.shape[-1]
    found = filled | np.eye(n, dtype=bool)
    for _ in range(n.bit_length()):
        if found.all():
            break
        found = meet(found, found)
    return found


def not_zero(x: Array) -> Array:
    """Where x is not 0 exactly."""
    if x.dtype != object:
        return np.asarray(x != 0)
    is_zero = [entry is ZERO or bool(entry == 0) for entry in x.ravel().tolist()]
    return ~np.array(is_zero, bool).reshape(x.shape)


_MOVEMENT: dict[str, Callable[[Step, Sequence[Array], Sequence[Array]], Array]] = {
    "take": _take,
    "cat": lambda _, given, __: np.concatenate([d.ravel() for d in given]),
    "put_add": _put_add,
    "sum": lambda step, given, _: np.asarray(given[0].any(axis=step.axes)),
    "mul": _mul,
    "div": _div,
    "matmul": _matmul,
    "solve": _solve,
    "cholesky": lambda step, given, _: np.tril(np.full(step.shapes[0], given[0].any())),
}
