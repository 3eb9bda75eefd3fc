"""Second derivatives where eigenvalues are equal: along lines, on which they come apart smoothly.

On X + tD with a D that moves equal eigenvalues apart, the eigenvalues and vectors are analytic in
t, and their first two derivatives are known (Kato, Perturbation Theory for Linear Operators,
section II.6).  So q(D) = d²f(X + tD)/dt² is enclosed by running the program forward alone, over
tangents of tangents.  If f has a second derivative, q is a quadratic form, and

    4⟨H E, D⟩ = q(E + D) − q(E − D)

gives the Hessian H applied to E.  Whether q is one is asked in directions of their own.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from itertools import combinations_with_replacement

import numpy as np
from flint import acb, acb_mat, arb, arb_mat

from symgrad.court.program import Step
from symgrad.symbolic.traced import eigen, smooth
from symgrad.symbolic.traced.balls import Balls
from symgrad.symbolic.traced.decisions import RefusedError, UndecidedError
from symgrad.symbolic.traced.numbers import Array
from symgrad.symbolic.traced.scalars import ZERO
from symgrad.symbolic.traced.sweep import Course, Sweep
from symgrad.symbolic.traced.tangents import Beside

LARGEST = 12
"""Of more rows no Hessian is put together: each of its entries takes two runs."""
APART = 64
"""The largest entry of the drawn direction that moves equal eigenvalues apart."""
TOGETHER = "eigenvalues are equal and stay so in every direction: their Hessian is not put together"
ROUGH = (
    "eigenvalues coincide here, and what is made of them has no second derivative: it is no "
    "quadratic form in the direction"
)


def hessian(course: Course, inputs: Sequence[Array]) -> tuple[arb, list[Array | None]]:
    """⟨S, E⟩ and the Hessian of f applied to E, by the parts of X; eigenvalues are equal.

    Raises:
        RefusedError: f has no second derivative, or X is too large.
    """
    n = len(inputs[0])
    if n > LARGEST:
        raise RefusedError("spectrum", f"eigenvalues are equal, and X has more than {LARGEST} rows")
    slope = _slope(course, inputs)
    E, rng = [part.astype(int) for part in course.along], random.Random(n)
    apart, *others = (_drawn(n, len(inputs), rng) for _ in range(3))

    def along(D: Sequence[Array], size: int = 1) -> arb:
        """⟨H E, D⟩, by size·D."""
        ends = [[e + s * size * d for e, d in zip(E, D, strict=True)] for s in (1, -1)]
        after, before = (_curvature(course, inputs, end) for end in ends)
        return (after - before) / (4 * size)

    known = along(apart)
    found = [np.full((n, n), ZERO, object) for _ in inputs]
    for part, sign in zip(range(len(inputs)), (1, -1), strict=False):
        for i, j in combinations_with_replacement(range(n), 2):
            if part == 0 or i != j:
                D = [d.copy() for d in apart]
                D[part][i, j] += 1
                D[part][j, i] += sign * (i != j)
                entry = (along(D) - known) / (1 if i == j else 2)
                found[part][i, j], found[part][j, i] = entry, sign * entry
    for D in others:
        expected = sum((x * int(d) for S, e in zip(found, D, strict=True)
                        for x, d in zip(S.flat, e.flat, strict=True)), ZERO)  # fmt: skip
        if not all(along(D, size).overlaps(expected) for size in (1, 2)):
            raise RefusedError("spectrum", ROUGH)
    return slope, list(found)


def _drawn(n: int, blocks: int, rng: random.Random) -> list[Array]:
    """A direction of integers in X, by its parts, none of it special."""
    A = np.array([[rng.randint(-APART, APART) for _ in range(n)] for _ in range(n)])
    parts = [A + A.T, np.triu(A, 1) - np.triu(A, 1).T + np.tril(A, -1) - np.tril(A, -1).T]
    return parts[:blocks]


def _slope(course: Course, inputs: Sequence[Array]) -> arb:
    """⟨S, E⟩, where f is smooth to first order.

    Raises:
        RefusedError: it is not.
    """
    N = smooth.balls(course.program, inputs)
    sweep = Sweep(N, course.program, inputs, course.held)
    found = smooth.back(sweep, N, inputs, {course.program.output: np.ones(())})
    parts = zip(found[: len(inputs)], course.along, strict=True)
    return sum(((g * N.constant(e)).sum() for g, e in parts if g is not None), ZERO)


def _curvature(course: Course, inputs: Sequence[Array], D: Sequence[Array]) -> arb:
    """q(D) = d²f(X + tD)/dt² at t = 0, D by its parts."""
    N = Jets(smooth.balls(course.program, inputs))
    moving = [N.along(M, d) for M, d in zip(inputs, D, strict=True)]
    return N.curvature(Sweep(N, course.program, moving, course.held).value)


class Jets(Beside):
    """Numbers with their first two derivatives along a line, as tangents of tangents.

    What a step decides on is decided for t > 0: where f has a kink q is no quadratic form.
    """

    def __init__(self, balls: Balls) -> None:
        self._balls, self._inner = balls, Beside(balls)
        super().__init__(self._inner)

    def along(self, x: Array, dx: Array) -> Array:
        """x + t·dx."""
        inner, d = self._inner, self._balls.constant(dx)
        return self.join(inner.join(x, d), inner.join(d, self._balls.constant(np.zeros(dx.shape))))

    def curvature(self, x: Array) -> arb:
        """The second derivative of a number."""
        found: arb = self._inner.slopes(self.slopes(x)).item()
        return found

    def eigh(self, step: Step, *A: Array) -> list[Array]:
        """Of a matrix with equal eigenvalues those that come apart, ascending for t > 0."""
        inner = self._inner
        first = [self.values(M) for M in A]
        w, *V = self._balls.eigh(step, *map(inner.values, first))
        if id(step) not in self._balls.tied:
            return super().eigh(step, *A)
        slopes = [inner.slopes(M) for M in first]
        bends = [inner.slopes(self.slopes(M)) for M in A]
        n, spaces = w.shape[-1], self._balls.tied[id(step)][1]
        values = [np.empty((w.size // n, n), object) for _ in range(3)]
        vectors = [[np.empty((w.size // n, n, n), object) for _ in A] for _ in range(3)]
        for k in range(w.size // n):
            basis, slope, bend = (_matrix(parts, k) for parts in (V, slopes, bends))
            tied = [(start, m) for place, start, m in spaces if place == k]
            found = _moved(w.reshape(-1, n)[k], basis, slope, bend, tied)
            for order, (lambdas, U) in enumerate(found):
                values[order][k] = lambdas
                for given, part in zip(vectors[order], (U.real, U.imag), strict=False):
                    given[k] = np.array(part.entries(), object).reshape(n, n)
        shape = A[0].shape
        turned = [[x.reshape(shape) for x in part] for part in zip(*vectors, strict=True)]
        return [self._jet(*(x.reshape(w.shape) for x in values)), *(self._jet(*x) for x in turned)]

    def _jet(self, x: Array, dx: Array, ddx: Array) -> Array:
        return self.join(self._inner.join(x, dx), self._inner.join(dx, ddx))


def _matrix(parts: Sequence[Array], k: int) -> acb_mat:
    """The k-th matrix of a batch, by its parts."""
    real, *imaginary = (arb_mat(part.reshape(-1, *part.shape[-2:])[k].tolist()) for part in parts)
    return acb_mat(real) + sum((acb_mat(M) * acb(0, 1) for M in imaginary), acb_mat(real) * 0)


def _moved(
    w: Array, V: acb_mat, A1: acb_mat, A2: acb_mat, tied: Sequence[tuple[int, int]]
) -> list[tuple[list[arb], acb_mat]]:
    """Eigenvalues and eigenvectors of a Hermitian A(t), n×n, and their two derivatives at t = 0.

    A₁ and A₂ are those of A, and ``tied`` the first and the number of equal eigenvalues w.  What
    only turns the basis of an eigenspace is left out of V″: a smooth f does not depend on it.
    """
    n, space = len(w), list(range(len(w)))
    turn = acb_mat(n, n, [int(i == j) for i in range(n) for j in range(n)])
    M1 = _congruent(V, A1)
    for first, m in tied:
        R = _turned([[M1[first + i, first + j] for j in range(m)] for i in range(m)])
        for i in range(m):
            space[first + i] = first
            for j in range(m):
                turn[first + i, first + j] = R[i, j]
    V = V * turn
    M1, M2 = _congruent(V, A1), _congruent(V, A2)
    apart = [[space[i] != space[j] for j in range(n)] for i in range(n)]
    over = [[1 / acb(w[j] - w[i]) if apart[i][j] else acb(0) for j in range(n)] for i in range(n)]

    def within(i: int, j: int) -> acb:
        """What moves equal eigenvalues and their eigenspace to second order."""
        return M2[i, j] / 2 + sum((M1[i, k] * over[k][j] * M1[k, j] for k in range(n)), acb(0))

    mu = [M1[j, j].real for j in range(n)]
    Z1, Z2 = acb_mat(n, n), acb_mat(n, n)
    for i in range(n):
        for j in range(n):
            if apart[i][j]:
                Z1[i, j] = M1[i, j] * over[i][j]
            elif i != j:
                Z1[i, j] = within(i, j) / (mu[j] - mu[i])
    product, square = M1 * Z1, Z1 * Z1
    for i in range(n):
        for j in range(n):
            moved = 2 * (product[i, j] - Z1[i, j] * mu[j]) + M2[i, j]
            Z2[i, j] = moved * over[i][j] if apart[i][j] else square[i, j]
    bends = [2 * within(j, j).real for j in range(n)]
    return [(list(w), V), (mu, V * Z1), (bends, V * Z2)]


def _congruent(V: acb_mat, A: acb_mat) -> acb_mat:
    return V.transpose().conjugate() * A * V


def _turned(block: Sequence[Sequence[acb]]) -> acb_mat:
    """Eigenvectors of a Hermitian m×m block, by ascending eigenvalues, which have to be apart.

    Raises:
        RefusedError: they are not.
    """
    m = len(block)
    parts = [np.full((m, m), ZERO, object) for _ in range(2)]
    for i in range(m):
        for j in range(i + 1):
            z = block[i][j]
            parts[0][i, j] = parts[0][j, i] = z.real
            if i != j:
                parts[1][i, j], parts[1][j, i] = z.imag, -z.imag
    middle = np.array([[complex(float(z.real.mid()), float(z.imag.mid())) for z in row]
                       for row in block])  # fmt: skip
    pivots = np.argmax(np.abs(np.linalg.eigh(middle)[1]), axis=0).tolist()
    is_real = all(x == 0 for x in parts[1].flat)
    try:
        _, V = eigen.decompose(parts[: 2 - is_real], pivots, [1] * m)
    except UndecidedError as error:
        raise RefusedError("spectrum", TOGETHER) from error
    real, *imaginary = (acb_mat(arb_mat(part.tolist())) for part in V)
    return real if is_real else real + imaginary[0] * acb(0, 1)
