"""float64 as a number system, each of whose results is moved as by rounding, but visibly so."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from types import MappingProxyType

import numpy as np
import scipy.linalg
import scipy.special

from symgrad.court.evaluation import ENTRYWISE, eliminated, evaluate
from symgrad.court.program import Step
from symgrad.symbolic.traced import spectra
from symgrad.symbolic.traced.numbers import Array, Decision

NOTHING: Mapping[int, Decision] = MappingProxyType({})


class Floats:
    """Arrays of float64; ``epsilon`` is how far results are moved, relatively.

    An entrywise result is moved by a normal number times that, and what is computed from a matrix
    as if the matrix had been moved so in norm, which is what a backward stable algorithm does
    (Higham (2002)).  What is ``known`` to be decided is decided so, however near.  Of several
    ``runs`` at once some that are ``rounded``, from the second on, have roundings of their own.
    """

    is_exact = False

    def __init__(
        self,
        epsilon: float = 0.0,
        seed: int = 0,
        known: Mapping[int, Decision] = NOTHING,
        runs: tuple[int, ...] = (),
        rounded: int = 0,
    ) -> None:
        self.epsilon = epsilon
        self.runs = runs
        self.rounded = rounded
        self.decided: dict[int, Decision] = {}
        self._known = known
        self._seed = seed

    @cached_property
    def _rng(self) -> np.random.Generator:
        return np.random.default_rng(self._seed)

    def _noise(self, shape: tuple[int, ...]) -> Array:
        """Normal numbers times epsilon; 0 in the other runs, and of what is a constant of all."""
        if not self.runs:
            return np.asarray(self.epsilon * self._rng.standard_normal(shape))
        noise = np.zeros(shape)
        if shape[:1] == self.runs:
            drawn = self._rng.standard_normal((self.rounded, *shape[1:]))
            noise[1 : 1 + self.rounded] = self.epsilon * drawn
        return noise

    def _rounded(self, x: Array) -> Array:
        if not self.epsilon:
            return x
        return x * (1 + self._noise(x.shape))

    def _moved(self, A: Array, symmetry: int = 0) -> Array:
        """A, moved in norm; symmetric (or, −1, skew) where it has to stay so."""
        if not self.epsilon:
            return A
        E = self._noise(A.shape)
        if symmetry:
            E = (
                np.tril(E, -1)
                + symmetry * np.tril(E, -1).swapaxes(-1, -2)
                + (np.tril(np.triu(E)) if symmetry > 0 else 0.0)
            )
        size = np.max(np.abs(A), axis=(-2, -1), keepdims=True, initial=0.0)
        return A + size * E

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

    def signs(self, step: Step, x: Array, asked: Array) -> Array:
        """The signs that are known or, beside X, as they come out; 0 is on one side."""
        known = self._known.get(id(step))
        mine = np.where(x < 0, -1, 1)
        signs = mine if known is None else np.where(known.asked, known.signs, mine)
        self.decided[id(step)] = Decision(np.asarray(x), signs, asked)
        return np.where(asked, signs, 0)

    def matmul(self, A: Array, B: Array) -> Array:
        """AB."""
        return self._moved(A) @ self._moved(B)

    def solve(self, A: Array, B: Array) -> Array:
        """A⁻¹B."""
        return np.linalg.solve(self._moved(A), B)

    def cholesky(self, A: Array) -> Array:
        """L, lower."""
        return np.linalg.cholesky(self._moved(A, 1))

    def eigh(self, step: Step, *A: Array) -> list[Array]:
        """Eigenvalues and eigenvectors."""
        return evaluate(step, [self._moved(M, sign) for M, sign in zip(A, (1, -1), strict=False)])

    def is_tied(self, step: Step) -> bool:
        """Floats do not tell."""
        return False

    def over_gaps(self, step: Step, w: Array, M: Array, part: int = 0) -> Array:
        """M over λ_j − λ_i off the diagonal."""
        one = np.eye(w.shape[-1])
        return self._rounded(M / (w[..., None, :] - w[..., :, None] + one) * (1 - one))

    def eigvals(self, A: Array) -> Array:
        """The eigenvalues, ascending."""
        return np.sort(np.linalg.eigvals(self._moved(A)).real, axis=-1)

    def pulled_eigvals(self, A: Array, g: Array) -> Array:
        """By left and right eigenvectors."""
        return spectra.pulled_floats(self._moved(A), g)

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
