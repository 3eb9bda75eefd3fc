"""Arb's balls as a number system: every result encloses what it would be in exact arithmetic.

The same operation on the same objects gives the same object, so that x_ij and x_ji, which are one,
stay one in whatever is made of them: a tie between the two, or a difference of 0, is known to be
exact.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from fractions import Fraction
from typing import Any

import numpy as np
from flint import arb, arb_mat

from symgrad.court.program import Step
from symgrad.symbolic.certified.enclosure import to_arb
from symgrad.symbolic.traced import commuting, eigen, spectra, ties
from symgrad.symbolic.traced.decisions import RefusedError, UndecidedError
from symgrad.symbolic.traced.movement import meet, not_zero, of_inverse
from symgrad.symbolic.traced.numbers import Array, Decision
from symgrad.symbolic.traced.rationals import Exactly, exact
from symgrad.symbolic.traced.scalars import COMMUTE, FUNCTIONS, ONE, ZERO, power

PANEL = 8
"""So many columns of a Cholesky factor are found at a time."""
MOST_MINORS = 12
"""Up to this size the cofactors of a singular matrix are its minors, n² of them."""


class Balls:
    """Arrays of arb, at the precision in force.

    ``tied`` are the steps, by identity, that decompose a matrix with exactly equal eigenvalues, and
    ``within`` what such a step adds between them (:mod:`symgrad.symbolic.traced.ties`).  Bases of
    their eigenspaces are turned by ``turn``, and what is not told by balls is asked of ``exactly``.
    """

    is_exact = True
    runs: tuple[int, ...] = ()

    def __init__(self, exactly: Exactly | None = None, turn: ties.Turn = lambda *_: None) -> None:
        self.decided: dict[int, Decision] = {}
        self.tied: ties.Tied = {}
        self.within: dict[int, list[Array]] = {}
        self._exactly = exactly
        self._turn = turn
        # by operation; each entry keeps its operands, whose identities are its key
        self._known: dict[str, dict[Any, tuple[arb, Any]]] = {}

    def _map(self, name: str, f: Callable[..., arb], *arrays: Array) -> Array:
        known = self._known.setdefault(name, {})
        operands = np.broadcast_arrays(*map(_whole, arrays))
        rows = [array.ravel().tolist() for array in operands]
        keys = [list(map(id, row)) for row in rows]
        pairs: Any = keys[0]
        if len(rows) == 2:
            commutes = name in COMMUTE
            pairs = [(b, a) if commutes and b < a else (a, b) for a, b in zip(*keys, strict=True)]
        found = []
        for key, x in zip(pairs, zip(*rows, strict=True), strict=True):
            one = known.get(key)
            if one is None:
                one = known[key] = (f(*x), x)
            found.append(one[0])
        return _filled(found, operands[0].shape)

    def constant(self, floats: Array) -> Array:
        """The same numbers, as exact balls; equal ones are one object."""
        if not np.any(floats):
            return np.full(floats.shape, ZERO, object)
        known = self._known.setdefault("constant", {0.0: (ZERO, ())})
        found = []
        for x in np.asarray(floats, float).ravel().tolist():
            if x not in known:
                known[x] = (arb(x), ())
            found.append(known[x][0])
        return _filled(found, floats.shape)

    def entrywise(self, name: str, *arrays: Array) -> Array:
        """The operation on every entry."""
        return self._map(name, FUNCTIONS[name], *arrays)

    def power(self, x: Array, exponent: float) -> Array:
        """x to a constant exponent."""
        return self._map(f"power {exponent!r}", lambda entry: power(entry, exponent), x)

    def trigamma(self, x: Array) -> Array:
        """ψ′(x) = ζ(2, x)."""
        return self._map("trigamma", lambda entry: arb(2).zeta(entry), x)

    def times(self, g: Array, d: Array) -> Array:
        """g·d, and 0 where g is."""
        product = np.frompyfunc(lambda a, b: ZERO if a is ZERO or a == 0 else a * b, 2, 1)
        return _whole(product(g, d))

    def signs(self, step: Step, x: Array, asked: Array) -> Array:
        """The signs; what may be 0 and is not known to be is undecided."""
        found = np.zeros(x.shape, int)
        for place in zip(*np.nonzero(asked), strict=True) if x.shape else [()] * bool(asked):
            entry = x[place]
            if not (entry > 0 or entry < 0 or entry == 0):
                what = step.note or step.operation
                raise UndecidedError("kink", f"{what} decides here on what may be 0")
            found[place] = 1 if entry > 0 else -1 if entry < 0 else 0
        off = np.asarray(np.frompyfunc(lambda entry: float(entry.mid()), 1, 1)(x), float)
        self.decided[id(step)] = Decision(off, found, asked)
        return found

    def matmul(self, A: Array, B: Array) -> Array:
        """AB."""
        return _by_matrix(lambda a, b: a * b, A, B)

    def solve(self, A: Array, B: Array) -> Array:
        """A⁻¹B, with the zeros that a triangular A leaves."""
        filled = meet(of_inverse(not_zero(A)), not_zero(B))
        try:
            return np.where(filled, _by_matrix(lambda a, b: a.solve(b), A, B), ZERO)
        except ZeroDivisionError as error:
            raise UndecidedError("domain", "the matrix is singular here") from error

    def cholesky(self, A: Array) -> Array:
        """L, some columns at a time."""
        L = np.full(A.shape, ZERO, object)
        for a, factor in zip(_matrices(A), _matrices(L), strict=True):
            for first in range(0, len(a), PANEL):
                behind = min(first + PANEL, len(a))
                panel = a[first:, first:behind]
                if first:
                    left = factor[first:, :first]
                    panel = panel - self.matmul(left, left[: behind - first].T)
                _factor(panel, factor[first:, first:behind])
        return L

    def eigh(self, step: Step, *A: Array) -> list[Array]:
        """Eigenvalues that are apart, or equal by rational arithmetic, and eigenvectors."""
        n = A[0].shape[-1]
        values = np.empty(A[0].shape[:-1], object)
        vectors = [np.empty(M.shape, object) for M in A]
        for k, parts in enumerate(zip(*map(_matrices, A), strict=True)):
            w, V = self._decompose(step, k, parts)
            values.reshape(-1, n)[k] = w
            for given, found in zip(vectors, V, strict=True):
                given.reshape(-1, n, n)[k] = found
        return [values, *vectors]

    def _decompose(
        self, step: Step, k: int, parts: Sequence[Array]
    ) -> tuple[list[arb], Sequence[Array]]:
        """The k-th matrix of a step, by its parts."""
        n = len(parts[0])
        if n == 1:
            one = np.array([[arb(step.signs[k] or 1)]], object)
            return [parts[0][0, 0]], [one, np.array([[ZERO]], object)][: len(parts)]
        try:
            return eigen.decompose(
                parts, step.pivots[k * n : k * n + n], step.signs[k * n : k * n + n]
            )
        except UndecidedError:
            found = self._by_exact(step, k, parts)
            if found is None:
                raise
        w, V, clusters = found
        if clusters:
            mine = self.tied.setdefault(id(step), (step, []))[1]
            mine += [(k, *cluster) for cluster in clusters]
        return w, V

    def _by_exact(self, step: Step, k: int, parts: Sequence[Array]) -> ties.Decomposed | None:
        """The same where the k-th matrix, or one that it is a function of, is known exactly."""
        mine = [exact(part) for part in parts]
        if all(part is not None for part in mine):
            return ties.decompose([part for part in mine if part is not None], self._turn)
        if self._exactly is None:
            return None
        told, n = self._exactly.inputs(step), len(parts[0])
        if told is not None:
            return ties.decompose([M.reshape(-1, n, n)[k] for M in told], self._turn)
        A = commuting.of(step, self._exactly) if parts[0].shape == step.shapes[-1] else None
        return None if A is None else ties.decompose([A], self._turn, parts[0])

    def is_tied(self, step: Step) -> bool:
        """Whether eigenvalues of that step are equal."""
        return id(step) in self.tied

    def over_gaps(self, step: Step, w: Array, M: Array, part: int = 0) -> Array:
        """M over λ_j − λ_i off the diagonal; between equal λ what was found of it."""
        same = np.frompyfunc(lambda x, y: x is y, 2, 1)(w[..., None, :], w[..., :, None])
        gaps = np.where(same, ONE, w[..., None, :] - w[..., :, None])
        off = np.where(same, ZERO, M / gaps)
        return off + self.within[id(step)][part] if id(step) in self.within else off

    def eigvals(self, A: Array) -> Array:
        """Eigenvalues that are real and apart."""
        return _by_matrix(spectra.values, A)[..., 0]

    def pulled_eigvals(self, A: Array, g: Array) -> Array:
        """By left and right eigenvectors."""
        return _by_matrix(spectra.pulled, A, g[..., None])

    def det(self, A: Array) -> Array:
        """det A."""
        found = [_mat(a).det() for a in _matrices(A)]
        return np.array(found, object).reshape(A.shape[:-2])

    def cofactors(self, A: Array) -> Array:
        """adj(A)ᵀ, from A⁻¹ or, where A may be singular, its minors."""
        return _by_matrix(_cofactors, A)

    def log_abs_det(self, A: Array, signs: Sequence[int]) -> Array:
        """log |det A|."""
        found = self.det(A).reshape(-1)
        for k, (d, sign) in enumerate(zip(found, signs, strict=True)):
            if not (d > 0 or d < 0):
                raise UndecidedError("domain", "the matrix of a log-determinant is singular here")
            if not d * sign > 0:
                raise RefusedError("path", "float64 finds another sign of a determinant")
            found[k] = abs(d).log()
        return found.reshape(A.shape[:-2])

    def lu(self, A: Array) -> Array:
        """L − I + U, column by column."""
        M = A.copy()
        for m in _matrices(M):
            for k in range(len(m) - 1):
                if m[k, k].contains(0):
                    raise UndecidedError("domain", "a pivot of an LU factorization is 0 here")
                m[k + 1 :, k] = m[k + 1 :, k] / m[k, k]
                m[k + 1 :, k + 1 :] = m[k + 1 :, k + 1 :] - np.outer(m[k + 1 :, k], m[k, k + 1 :])
        return M

    def expm(self, A: Array) -> Array:
        """exp A."""
        return _by_matrix(lambda a: a.exp(), A)


def symmetric(X: Sequence[Sequence[Fraction]]) -> Array:
    """An exact symmetric X (n×n), of which x_ij and x_ji are one object."""
    n = len(X)
    objects = np.empty((n, n), object)
    for i in range(n):
        for j in range(i + 1):
            objects[i, j] = objects[j, i] = to_arb(X[i][j])
    return objects


def _cofactors(A: arb_mat) -> arb_mat:
    n, d = A.nrows(), A.det()
    if d != 0 and not d.contains(0):
        return A.inv().transpose() * d
    if n > MOST_MINORS:
        raise UndecidedError("domain", "the matrix of a determinant is singular here")
    rows = A.tolist()

    def minor(i: int, j: int) -> arb:
        rest = [[x for k, x in enumerate(row) if k != j] for r, row in enumerate(rows) if r != i]
        return arb_mat(rest).det() * (-1) ** (i + j) if rest else ONE

    return arb_mat(n, n, [minor(i, j) for i in range(n) for j in range(n)])


def _factor(panel: Array, factor: Array) -> None:
    """Columns of a Cholesky factor, from those of what is left of its matrix (m×k)."""
    for j in range(panel.shape[1]):
        column = panel[j:, j]
        if j:
            column = column - factor[j:, :j] @ factor[j, :j]
        if not column[0] > 0:
            raise UndecidedError("domain", "a matrix to be factored is not positive definite")
        root = column[0].sqrt()
        factor[j:, j] = column / root
        factor[j, j] = root


def _matrices(A: Array) -> Iterator[Array]:
    return iter(A.reshape(-1, *A.shape[-2:]))


def _mat(A: Array) -> arb_mat:
    return arb_mat(*A.shape, A.ravel().tolist())


def _by_matrix(f: Callable[..., arb_mat], *arrays: Array) -> Array:
    """f of the matrices in a batch, each as an array again."""
    found = [f(*map(_mat, those)) for those in zip(*map(_matrices, arrays), strict=True)]
    batch = arrays[0].shape[:-2]
    if not found:
        return np.empty((*batch, arrays[0].shape[-2], arrays[-1].shape[-1]), object)
    entries = [x for M in found for x in M.entries()]
    shape = (*batch, found[0].nrows(), found[0].ncols())
    return np.fromiter(entries, object, len(entries)).reshape(shape)


def _filled(entries: Sequence[arb], shape: tuple[int, ...]) -> Array:
    """An array of objects, none of which is taken for a sequence."""
    return np.fromiter(entries, object, len(entries)).reshape(shape)


def _whole(x: Any) -> Array:
    """An array of objects, also of a single one, which arithmetic takes out of its array."""
    return np.asarray(x, object)
