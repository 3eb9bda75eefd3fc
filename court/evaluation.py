"""A record run again, in float64 by NumPy, with every decision as it was."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

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
        return _evaluated(step, inputs, index)


def _evaluated(step: Step, inputs: Sequence[Array], index: Array | None = None) -> list[Array]:
    if step.operation in ENTRYWISE:
        return [np.asarray(ENTRYWISE[step.operation](*inputs))]
    return [np.asarray(x) for x in _OTHERS[step.operation](step, inputs, index)]


MOST = 512
"""So many tuples are remembered."""


class _Arrays:
    """Tuples of numbers as arrays: a program is run many times, and has the same tuples each time.

    They are known by identity, as it takes long to hash them.
    """

    def __init__(self) -> None:
        self._known: dict[int, tuple[tuple[Any, ...], Array]] = {}

    def of(self, numbers: tuple[Any, ...], dtype: type) -> Array:
        """The same numbers, not to be written to."""
        found = self._known.get(id(numbers))
        if found is None or found[0] is not numbers:
            given = [float(x) for x in numbers] if dtype is float else numbers
            array: Array = np.array(given, dtype)
            array.flags.writeable = False
            if len(self._known) >= MOST:
                self._known.clear()
            found = self._known[id(numbers)] = (numbers, array)
        return found[1]


class Scatter(NamedTuple):
    """Where entries go that an index has read, −1 left out: to ``targets``, each once.

    ``order`` puts those of one target next to each other, from each of the ``starts`` on; there is
    none where no two have the same.
    """

    there: Array
    targets: Array
    order: Array | None
    starts: Array

    def into(self, flat: Array, rows: Array) -> None:
        """Add up the entries of rows (…×k) in flat (…×m), which has nothing else."""
        given = rows[..., self.there]
        if self.order is not None:
            given = np.add.reduceat(given[..., self.order], self.starts, axis=-1)
        flat[..., self.targets] = given


_INDICES, _CONSTANTS = _Arrays(), _Arrays()
_SCATTERS: dict[int, tuple[Array, Scatter]] = {}


def scatter(index: tuple[int, ...]) -> Scatter:
    """The transpose of ``take``."""
    array = places(index)
    found = _SCATTERS.get(id(array))
    if found is None or found[0] is not array:
        if len(_SCATTERS) >= MOST:
            _SCATTERS.clear()
        found = _SCATTERS[id(array)] = (array, _scatter(array))
    return found[1]


def _scatter(index: Array) -> Scatter:
    there = np.flatnonzero(index >= 0)
    read = index[there]
    order = np.argsort(read, kind="stable")
    starts = np.flatnonzero(np.diff(read[order], prepend=-1))
    if len(starts) == len(read):
        return Scatter(there, read, None, starts)
    return Scatter(there, read[order][starts], order, starts)


def places(index: tuple[int, ...]) -> Array:
    """An index as an array."""
    return _INDICES.of(index, int)


def constants(step: Step) -> Array:
    """What a ``const`` step gives."""
    return _CONSTANTS.of(step.constants, float).reshape(step.shapes[0])


def _index(step: Step, index: Array | None) -> Array:
    return places(step.index) if index is None else index.ravel()


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
        shape = step.shapes[0] if step.shapes else values.shape  # not told yet while it is recorded
        pivots, signs = (places(k).reshape(shape) for k in (step.pivots, step.signs))
        if len(shape) == 1:
            there = V[..., pivots, np.arange(shape[0])]
        else:
            pivots = np.broadcast_to(pivots, values.shape)[..., None, :]
            there = np.take_along_axis(V, pivots, -2)[..., 0, :]
        V = V * np.where(there == 0, 1, signs * np.conj(np.sign(there)))[..., None, :]
    return [values, V] if len(inputs) == 1 else [values, V.real, V.imag]


def eliminated(A: Float[Array, "... n n"]) -> Float[Array, "... n n"]:
    """L − I + U of A = L U, without exchanges of rows."""
    M = A.copy()
    for k in range(M.shape[-1]):
        M[..., k + 1 :, k] /= M[..., k, None, k]
        M[..., k + 1 :, k + 1 :] -= M[..., k + 1 :, k, None] * M[..., k, None, k + 1 :]
    return M


_OTHERS: dict[str, Callable[[Step, Sequence[Array], Array | None], Any]] = {
    "const": lambda s, _, __: [constants(s)],
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
    with np.errstate(all="ignore"):
        for step in program.steps:
            if step.operation == "input":
                values.append(np.asarray(next(given), float))
            else:
                values += _evaluated(step, [values[k] for k in step.inputs])
    return values
