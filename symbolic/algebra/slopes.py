"""The algebra of slopes: float64 matrices that carry their derivatives along m directions.

It differentiates a gradient theorem once more, in forward mode, for its sensitivity.
A tolerance needs its size alone, so float64 suffices; only differences of eigenvalues, in which
float64 may lose every digit, are taken from their enclosures.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import cached_property
from itertools import combinations_with_replacement

import numpy as np
from jaxtyping import Float

from symgrad.symbolic.algebra import Rows
from symgrad.symbolic.algebra.divided import differences
from symgrad.symbolic.algebra.scalar import IDENTITY, Modulus, Scalar
from symgrad.symbolic.algebra.spectrum import Spectrum, repeated

PROBES = 64
"""Above this many symmetric directions a norm is estimated from random ones, to about ±10 %."""


BESIDE = 1e-4
"""So far beside a singular X, in parts of its norm, what needs its inverse is computed."""


@dataclass(frozen=True)
class Dual:
    """A matrix (n×n) or scalar, and its m derivatives: the first axis of ``slopes`` counts them."""

    value: np.ndarray
    slopes: np.ndarray

    def __neg__(self) -> Dual:
        return Dual(-self.value, -self.slopes)

    def __add__(self, other: Dual) -> Dual:
        return Dual(self.value + other.value, self.slopes + other.slopes)

    def __sub__(self, other: Dual) -> Dual:
        return self + -other

    def __mul__(self, other: Dual | int) -> Dual:
        if isinstance(other, int):
            return Dual(self.value * other, self.slopes * other)
        if self.value.ndim == other.value.ndim == 2:
            slopes = self.slopes @ other.value + self.value @ other.slopes
            return Dual(self.value @ other.value, slopes)
        scalar, matrix = (self, other) if self.value.ndim == 0 else (other, self)
        slopes = np.multiply.outer(scalar.slopes, matrix.value) + scalar.value * matrix.slopes
        return Dual(scalar.value * matrix.value, slopes)

    def __truediv__(self, other: Dual) -> Dual:
        quotient = self.value / other.value
        return Dual(quotient, (self.slopes - quotient * other.slopes) / other.value)

    def __rtruediv__(self, number: int) -> Dual:
        return Dual(number / self.value, -number * self.slopes / self.value**2)


@dataclass(frozen=True)
class Symmetric(Dual):
    """A symmetric matrix whose exact spectrum is known: X, or a congruence of it."""

    spectrum: Spectrum

    @cached_property
    def basis(self) -> Float[np.ndarray, "n n"]:
        """The eigenvectors, as columns."""
        return np.linalg.eigh(self.value)[1]

    def in_basis(self, M: np.ndarray) -> np.ndarray:
        """Vᵀ M V, of one matrix or of many."""
        return np.asarray(self.basis.T @ M @ self.basis)

    def from_basis(self, M: np.ndarray) -> np.ndarray:
        """V M Vᵀ, of one matrix or of many."""
        return np.asarray(self.basis @ M @ self.basis.T)

    @cached_property
    def places(self) -> list[int]:
        """For each eigenvalue in ascending order, which of the distinct ones it is."""
        clusters, blocks = enumerate(self.spectrum.clusters()), self.spectrum.blocks
        return [k for k, (_, multiplicity, _) in clusters for _ in range(multiplicity * blocks)]

    def values(self, phi: Scalar) -> Float[np.ndarray, " n"]:
        """φ(λ_i) for every eigenvalue."""
        distinct = np.array([float(x.mid()) for (x,) in self.spectrum.taylor(phi, 1)])
        return distinct[self.places]


class Slopes:
    """Dual numbers along an orthonormal basis of Sym(n), or along random directions if n is large.

    ``sensitivity(G)`` turns a computed gradient into ‖∂S_ij/∂X‖.
    """

    def __init__(self, n: int, blocks: int = 1) -> None:
        """For n×n matrices; with ``blocks`` = 2, complex ones as [[A, −B], [B, A]]."""
        self._blocks = blocks
        self._directions, self._weight = _directions(n, blocks)

    def matrix(self, spectrum: Spectrum) -> Symmetric:
        """The exact matrix that has this spectrum, along each direction."""
        value = np.array([[float(int(x.p) / int(x.q)) for x in row] for row in spectrum.X.tolist()])
        return Symmetric(value, self._directions, spectrum)

    def sensitivity(self, G: Dual) -> Float[np.ndarray, "n n"]:
        """The Frobenius norm of the gradient of each entry of (G + Gᵀ)/2 over Sym(n)."""
        symmetric = (G.slopes + np.swapaxes(G.slopes, 1, 2)) / 2
        return np.sqrt(self._weight * np.sum(symmetric**2, axis=0))

    def size(self, X: Dual) -> int:
        return len(X.value) // self._blocks

    def constant(self, rows: Rows) -> Dual:
        return Dual(self._repeated(rows), np.zeros_like(self._directions))

    def _repeated(self, rows: Rows) -> Float[np.ndarray, "n n"]:
        return np.array(repeated(rows, self._blocks), dtype=np.float64)

    def inner(self, W: Dual, M: Dual) -> Dual:
        slopes = np.sum(W.slopes * M.value + W.value * M.slopes, axis=(1, 2))
        return Dual(np.asarray(np.sum(W.value * M.value)) / self._blocks, slopes / self._blocks)

    def scaled(self, x: Dual, factor: Fraction) -> Dual:
        return Dual(x.value * float(factor), x.slopes * float(factor))

    def log(self, x: Dual) -> Dual:
        return Dual(np.log(x.value), x.slopes / x.value)

    def congruence(self, T: Rows, X: Symmetric) -> Symmetric:
        M = self._repeated(T)
        return Symmetric(M @ X.value @ M.T, M @ X.slopes @ M.T, X.spectrum.congruence(T))

    def inverse(self, X: Dual) -> Dual:
        R = np.linalg.inv(X.value)
        return Dual(R, -R @ X.slopes @ R)

    def det(self, X: Symmetric) -> Dual:
        values = X.values(IDENTITY)[:: self._blocks]
        rates = np.diagonal(X.in_basis(X.slopes), axis1=1, axis2=2) / self._blocks
        cofactors = np.repeat(_without_one(values), self._blocks)
        return Dual(np.asarray(np.prod(values)), rates @ cofactors)

    def _complex(self, M: Float[np.ndarray, "m m"]) -> np.ndarray:
        """A + iB of [[A, −B], [B, A]]; M itself if it is real."""
        n = len(M) // self._blocks
        return M if self._blocks == 1 else M[:n, :n] + 1j * M[n:, :n]

    def adjugate(self, X: Symmetric) -> Dual:
        """In the eigenbasis, with c_ij = Π λ_k over all k but i and j, and nothing divided by λ.

        The cofactors Π λ_k, k ≠ i, stand on the diagonal; along E, entry (i, j) of the slope is
        −c_ij E_ij, and Σ_k c_ik E_kk is added on the diagonal: the second compound of X.
        """
        values, E = X.values(IDENTITY)[:: self._blocks], X.in_basis(X.slopes)
        spread = np.ones((self._blocks, self._blocks))
        pairs = np.kron(_without_two(values, X.places[:: self._blocks]), spread)
        slopes, every = -pairs * E, np.arange(len(E[0]))
        slopes[:, every, every] += np.diagonal(E, axis1=1, axis2=2) @ pairs / self._blocks
        cofactors = np.repeat(_without_one(values), self._blocks)
        return Dual(X.from_basis(np.diag(cofactors)), X.from_basis(slopes))

    def adjugate_along(self, X: Symmetric, E: Dual) -> Dual:
        """⟨adj X, E⟩X⁻¹ − adj X·E·X⁻¹; beside a singular X, as only its size is asked for."""
        size = float(np.linalg.norm(X.value, 2)) or 1.0
        near = 0.0 if X.spectrum.nullity == 0 else BESIDE * size
        R = self.inverse(replace(X, value=X.value + near * np.eye(len(X.value))))
        values = X.values(IDENTITY)[:: self._blocks] + near
        det = np.prod(values)
        rates = det * np.sum(R.value * X.slopes, axis=(1, 2)) / self._blocks
        return (R * self.inner(R, E) - R * E * R) * Dual(np.asarray(det), rates)

    def by_modulus(self, rank: int) -> Modulus:
        return Modulus(rank)

    def trace(self, X: Symmetric, phi: Scalar) -> Dual:
        rates = np.diagonal(X.in_basis(X.slopes), axis1=1, axis2=2) / self._blocks
        value = np.asarray(np.sum(X.values(phi)) / self._blocks)
        return Dual(value, rates @ X.values(phi.derivative()))

    def apply(self, X: Symmetric, phi: Scalar) -> Dual:
        value = X.from_basis(np.diag(X.values(phi)))
        return Dual(value, X.from_basis(_differences(X, phi, 1) * X.in_basis(X.slopes)))

    def frechet(self, X: Symmetric, phi: Scalar, W: Dual) -> Dual:
        """Along E, entry (i, k) of the slope is Σ_j φ[λ_i, λ_j, λ_k](W_ij E_jk + E_ij W_jk)."""
        M, E = X.in_basis(W.value), X.in_basis(X.slopes)
        first, second = _differences(X, phi, 1), _differences(X, phi, 2)
        slopes = np.einsum("ijk,ij,mjk->mik", second, M, E)
        slopes += np.einsum("ijk,mij,jk->mik", second, E, M)
        return Dual(X.from_basis(first * M), X.from_basis(slopes))

    def second_frechet(self, X: Symmetric, phi: Scalar, W: Dual, E: Dual) -> Dual:
        """Along D, entry (i, l) of the slope is Σ φ[λ_i, λ_j, λ_k, λ_l] A_ij B_jk C_kl.

        The sum is over j, k and all orders A, B, C of W, E and D.
        """
        M, N, D = X.in_basis(W.value), X.in_basis(E.value), X.in_basis(X.slopes)
        second, third = _differences(X, phi, 2), _differences(X, phi, 3)
        value = np.einsum("ijk,ij,jk->ik", second, M, N) + np.einsum("ijk,ij,jk->ik", second, N, M)
        slopes, flat = np.zeros_like(D), D.reshape(len(D), -1)
        inner = M[:, :, None] * N + N[:, :, None] * M
        for i, each in enumerate(third):
            outer = M[i, :, None] * N + N[i, :, None] * M
            across = M[i, :, None, None] * N + N[i, :, None, None] * M
            slopes[:, i] = np.einsum("kl,mkl->ml", np.sum(each * outer[:, :, None], axis=0), D)
            slopes[:, i] += D[:, i] @ np.sum(each * inner, axis=1)
            slopes[:, i] += flat @ (each * across).reshape(-1, len(M))
        return Dual(X.from_basis(value), X.from_basis(slopes))

    def cholesky(self, X: Dual) -> Dual:
        """L moves by L Φ(L⁻¹ dX L⁻ᵀ) (Murray (2016))."""
        L = np.linalg.cholesky(self._complex(X.value))
        if self._blocks == 2:
            L = np.block([[L.real, -L.imag], [L.imag, L.real]])
        R = np.linalg.inv(L)
        return Dual(L, L @ self._lower_half(R @ X.slopes @ R.T))

    def triangular_inverse(self, L: Dual) -> Dual:
        R = np.linalg.inv(L.value)
        return Dual(R, -R @ L.slopes @ R)

    def transpose(self, M: Dual) -> Dual:
        return Dual(M.value.T, np.swapaxes(M.slopes, 1, 2))

    def lower_half(self, M: Dual) -> Dual:
        return Dual(self._lower_half(M.value), self._lower_half(M.slopes))

    def _lower_half(self, M: np.ndarray) -> np.ndarray:
        n = M.shape[-1] // self._blocks
        weights = np.tril(np.ones((n, n)), -1) + np.eye(n) / 2
        return np.asarray(M * np.tile(weights, (self._blocks, self._blocks)))


def _without_one(values: Float[np.ndarray, " n"]) -> Float[np.ndarray, " n"]:
    """Π values_k over k ≠ i, for every i."""
    before = np.cumprod(np.concatenate([[1.0], values[:-1]]))
    after = np.cumprod(np.concatenate([[1.0], values[:0:-1]]))[::-1]
    return np.asarray(before * after)


def _without_two(values: Float[np.ndarray, " n"], places: list[int]) -> Float[np.ndarray, "n n"]:
    """Π values_k over k ≠ i, j, for every pair; (i, i) has what a pair of its cluster has.

    It does not matter for a simple eigenvalue, and makes the table one of clusters.
    """
    rows = np.array(
        [_without_one(np.where(np.arange(len(values)) == i, 1, values)) for i in range(len(values))]
    )
    for i, place in enumerate(places):
        others = [j for j, other in enumerate(places) if other == place and j != i]
        rows[i, i] = rows[i, others[0]] if others else 0.0
    return rows


def _differences(X: Symmetric, phi: Scalar, order: int) -> np.ndarray:
    """φ[λ_i, …, λ_l] for all tuples of order + 1 eigenvalues: n×…×n."""
    difference, many = differences(X.spectrum, phi, order), len(X.spectrum.clusters())
    table = np.zeros((many,) * (order + 1))
    for indices in combinations_with_replacement(range(many), order + 1):
        table[indices] = float(difference(*indices).mid())
    ascending = np.sort(np.indices(table.shape).reshape(order + 1, -1), axis=0)
    whole = table[tuple(ascending)].reshape(table.shape)
    return np.asarray(whole[np.ix_(*[X.places] * (order + 1))])


def _directions(n: int, blocks: int) -> tuple[Float[np.ndarray, "m n n"], float]:
    """Directions E and the weight w with ‖g‖² = w·Σ_E ⟨g, E⟩²: exactly so for a basis."""
    basis = list(_basis(n, blocks))
    if len(basis) <= PROBES:
        return np.array(basis), 1.0
    random = np.random.default_rng(0).standard_normal((2, PROBES, n, n))
    A = (random[0] + np.swapaxes(random[0], 1, 2)) / 2  # isotropic on Sym(n)
    if blocks == 1:
        return A, 1 / PROBES
    B = (random[1] - np.swapaxes(random[1], 1, 2)) / 2
    return np.block([[A, -B], [B, A]]) / np.sqrt(2), 1 / PROBES


def _basis(n: int, blocks: int) -> Iterator[Float[np.ndarray, "n n"]]:
    """An orthonormal basis of Sym(n), or of the Hermitian matrices as [[A, −B], [B, A]]."""
    for i in range(n):
        for j in range(i, n):
            for skew in (False, True) if blocks == 2 and i < j else (False,):
                M = np.zeros((n, n))
                M[i, j], M[j, i] = 1, -1 if skew else 1
                J = [[0, -1], [1, 0]] if skew else np.eye(blocks)
                E = np.kron(J, M)
                yield E / np.linalg.norm(E)
