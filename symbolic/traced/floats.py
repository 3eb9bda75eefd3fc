"""float64 as a number system, each of whose results is moved as by rounding, but visibly so."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import scipy.linalg
import scipy.special

from symgrad.court.evaluation import ENTRYWISE, eliminated, evaluate
from symgrad.court.program import Step
from symgrad.symbolic.traced.numbers import Array


class Floats:
    """Arrays of float64; ``epsilon`` is how far results are moved, relatively.

    An entrywise result is moved by a normal number times that, and what is computed from a matrix
    as if the matrix had been moved so in norm, which is what a backward stable algorithm does
    (Higham, Accuracy and Stability of Numerical Algorithms, 2nd ed., section 1.5).
    """

    def __init__(self, epsilon: float = 0.0, seed: int = 0) -> None:
        self.epsilon = epsilon
        self._rng = np.random.default_rng(seed)

    def _rounded(self, x: Array) -> Array:
        if not self.epsilon:
            return x
        return x * (1 + self.epsilon * self._rng.standard_normal(x.shape))

    def _moved(self, A: Array, symmetric: bool = False) -> Array:
        if not self.epsilon:
            return A
        E = self._rng.standard_normal(A.shape)
        if symmetric:
            E = np.tril(E) + np.tril(E, -1).swapaxes(-1, -2)
        size = np.max(np.abs(A), axis=(-2, -1), keepdims=True, initial=0.0)
        return A + self.epsilon * size * E

    def constant(self, floats: Array) -> Array:
        """The same numbers."""
        return floats

    def entrywise(self, name: str, *arrays: Array) -> Array:
        """The operation on every entry; a change of sign is exact."""
        found = np.asarray(ENTRYWISE[name](*arrays))
        return found if name in ("neg", "abs", "max", "min") else self._rounded(found)

    def power(self, x: Array, exponent: float) -> Array:
        """x to a constant exponent."""
        return self._rounded(np.power(x, exponent))

    def trigamma(self, x: Array) -> Array:
        """ψ′."""
        return np.asarray(scipy.special.polygamma(1, x))

    def times(self, g: Array, d: Array) -> Array:
        """g·d, and 0 where g is."""
        return self._rounded(np.where(g == 0, 0.0, g * d))

    def signs(self, x: Array, asked: Array) -> Array:
        """The signs, as they come out; 0 is on one side, as balls have decided that it may be."""
        return np.where(asked, np.where(x < 0, -1, 1), 0).astype(int)

    def matmul(self, A: Array, B: Array) -> Array:
        """AB."""
        return self._moved(A) @ self._moved(B)

    def solve(self, A: Array, B: Array) -> Array:
        """A⁻¹B."""
        return np.linalg.solve(self._moved(A), B)

    def cholesky(self, A: Array) -> Array:
        """L, lower."""
        return np.linalg.cholesky(self._moved(A, True))

    def eigh(self, step: Step, A: Array) -> tuple[Array, Array]:
        """Eigenvalues and eigenvectors."""
        values, vectors = evaluate(step, [self._moved(A, True)])
        return values, vectors

    def off_diagonal(self, step: Step, w: Array, K: Array) -> Array:
        """(K − Kᵀ)/2 over λ_j − λ_i off the diagonal."""
        gaps = w[..., None, :] - w[..., :, None] + np.eye(w.shape[-1])
        return self._rounded((K - K.swapaxes(-1, -2)) / 2 / gaps * (1 - np.eye(w.shape[-1])))

    def det(self, A: Array) -> Array:
        """det A."""
        return np.asarray(np.linalg.det(self._moved(A)))

    def cofactors(self, A: Array) -> Array:
        """adj(A)ᵀ = det U det V · U adj(Σ) Vᵀ of A = U Σ Vᵀ, which may be singular."""
        U, s, Vt = np.linalg.svd(self._moved(A))
        others = np.where(np.eye(s.shape[-1], dtype=bool), 1.0, s[..., None, :]).prod(-1)
        sign = np.linalg.det(U) * np.linalg.det(Vt)
        return np.asarray((U * others[..., None, :]) @ Vt * sign[..., None, None])

    def log_abs_det(self, A: Array, signs: Sequence[int]) -> Array:
        """log |det A|."""
        return np.asarray(np.linalg.slogdet(self._moved(A))[1])

    def lu(self, A: Array) -> Array:
        """L − I + U."""
        return eliminated(self._moved(A))

    def expm(self, A: Array) -> Array:
        """exp A."""
        return np.asarray(scipy.linalg.expm(self._moved(A)))
