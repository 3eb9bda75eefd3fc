"""A record run again, in float64 by NumPy, with every decision as it was."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import scipy.linalg
import scipy.special
from jaxtyping import Float

from symgrad.court.program import Program, Step

Array = np.ndarray

ENTRYWISE: dict[str, Callable[..., Array]] = {
    "add": np.add,
    "sub": np.subtract,
    "neg": np.negative,
    "mul": np.multiply,
    "div": np.divide,
    "exp": np.exp,
    "expm1": np.expm1,
    "log": np.log,
    "log1p": np.log1p,
    "sqrt": np.sqrt,
    "reciprocal": np.reciprocal,
    "sin": np.sin,
    "cos": np.cos,
    "tan": np.tan,
    "asin": np.arcsin,
    "acos": np.arccos,
    "atan": np.arctan,
    "sinh": np.sinh,
    "cosh": np.cosh,
    "tanh": np.tanh,
    "asinh": np.arcsinh,
    "acosh": np.arccosh,
    "atanh": np.arctanh,
    "logistic": scipy.special.expit,
    "erf": scipy.special.erf,
    "lgamma": scipy.special.gammaln,
    "digamma": scipy.special.digamma,
    "abs": np.abs,
    "max": np.maximum,
    "min": np.minimum,
    "matmul": np.matmul,
    "hold": lambda x: x,
}


def evaluate(step: Step, inputs: Sequence[Array], index: Array | None = None) -> list[Array]:
    """The outputs of a step; ``index`` is the one of the step, if it is at hand as an array.

    Raises:
        np.linalg.LinAlgError: a matrix is singular, or not positive definite.
    """
    with np.errstate(all="ignore"):
        if step.operation in ENTRYWISE:
            return [np.asarray(ENTRYWISE[step.operation](*inputs))]
        return [np.asarray(x) for x in _OTHERS[step.operation](step, inputs, index)]


def _index(step: Step, index: Array | None) -> Array:
    return np.array(step.index, int) if index is None else index.ravel()


def _take(step: Step, inputs: Sequence[Array], index: Array | None) -> list[Array]:
    padded = np.append(inputs[0].ravel(), 0.0)
    return [padded[_index(step, index)].reshape(step.shapes[0])]


def _put_add(step: Step, inputs: Sequence[Array], index: Array | None) -> list[Array]:
    flat = inputs[0].ravel().copy()
    np.add.at(flat, _index(step, index), inputs[1].ravel())
    return [flat.reshape(inputs[0].shape)]


def _eigh(step: Step, inputs: Sequence[Array], index: Array | None) -> list[Array]:
    A = inputs[0] if len(inputs) == 1 else inputs[0] + 1j * inputs[1]
    values, V = np.linalg.eigh(A)
    if step.pivots:
        pivots = np.array(step.pivots).reshape(values.shape)[..., None, :]
        there = np.take_along_axis(V, pivots, -2)
        size = np.abs(there)
        phase = np.where(size > 0, np.conj(there) / np.where(size > 0, size, 1), 1)
        V = V * np.where(size > 0, np.array(step.signs).reshape(pivots.shape), 1) * phase
    return [values, V] if len(inputs) == 1 else [values, V.real, V.imag]


def eliminated(A: Float[Array, "... n n"]) -> Float[Array, "... n n"]:
    """L − I + U of A = L U, without exchanges of rows."""
    M = A.copy()
    for k in range(M.shape[-1]):
        M[..., k + 1 :, k] /= M[..., k, None, k]
        M[..., k + 1 :, k + 1 :] -= M[..., k + 1 :, k, None] * M[..., k, None, k + 1 :]
    return M


_OTHERS: dict[str, Callable[[Step, Sequence[Array], Array | None], Any]] = {
    "const": lambda s, _, __: [np.array([float(x) for x in s.constants]).reshape(s.shapes[0])],
    "take": _take,
    "cat": lambda _, i, __: [np.concatenate([x.ravel() for x in i])],
    "put_add": _put_add,
    "guard": lambda *_: [],
    "sum": lambda s, i, _: [i[0].sum(axis=s.axes)],
    "power": lambda s, i, _: [np.power(i[0], s.exponent)],
    "solve": lambda _, i, __: [np.linalg.solve(*i)],
    "cholesky": lambda _, i, __: [np.linalg.cholesky(i[0])],
    "eigh": _eigh,
    "eigvals": lambda _, i, __: [np.sort(np.linalg.eigvals(i[0]).real, axis=-1)],
    "slogdet": lambda _, i, __: [np.linalg.slogdet(i[0])[1]],
    "det": lambda _, i, __: [np.linalg.det(i[0])],
    "lu": lambda _, i, __: [eliminated(i[0])],
    "expm": lambda _, i, __: [scipy.linalg.expm(i[0])],
}


def replay(program: Program, *X: Float[Array, "n n"]) -> list[Array]:
    """Every value of the program at another matrix (of a Hermitian one, its parts), by number."""
    values: list[Array] = []
    given = iter(X)
    for step in program.steps:
        if step.operation == "input":
            values.append(np.asarray(next(given), float))
        else:
            values += evaluate(step, [values[k] for k in step.inputs])
    return values
