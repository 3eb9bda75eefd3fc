"""The algebra of slopes: float64 matrices that carry their derivatives along m directions.

It differentiates a gradient theorem once more, in forward mode, for its sensitivity.
A tolerance needs its size alone, so float64 suffices; only the gaps between eigenvalues, in which
float64 may lose every digit, are taken from their enclosures.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from court.records import Matrix
from symbolic.algebra import Rows
from symbolic.algebra.enclosures import Spectrum

PROBES = 64
"""Above this many symmetric directions a norm is estimated from random ones, to about ±10 %."""


@dataclass(frozen=True)
class Dual:
    """A matrix (n×n) or scalar, and its m derivatives: the first axis of ``slopes`` counts them."""

    value: np.ndarray
    slopes: np.ndarray

    def __neg__(self) -> Dual:
        return Dual(-self.value, -self.slopes)

    def __add__(self, other: Dual) -> Dual:
        return Dual(self.value + other.value, self.slopes + other.slopes)

    def __mul__(self, other: Dual | int) -> Dual:
        if isinstance(other, int):
            return Dual(self.value * other, self.slopes * other)
        if self.value.ndim == other.value.ndim == 2:
            slopes = self.slopes @ other.value + self.value @ other.slopes
            return Dual(self.value @ other.value, slopes)
        scalar, matrix = (self, other) if self.value.ndim == 0 else (other, self)
        slopes = np.multiply.outer(scalar.slopes, matrix.value) + scalar.value * matrix.slopes
        return Dual(scalar.value * matrix.value, slopes)


class Slopes:
    """Dual numbers along an orthonormal basis of Sym(n), or along random directions if n is large.

    ``sensitivity(G)`` turns a computed gradient into ‖∂S_ij/∂X‖.
    """

    def __init__(self, X: Matrix, spectrum: Spectrum) -> None:
        """X is symmetric, n×n and exact, and ``spectrum`` its own."""
        self._value = np.array([[float(x) for x in row] for row in X])
        self._directions, self._weight = _directions(len(X))
        self._spectrum = spectrum

    def matrix(self) -> Dual:
        """X itself, along each direction."""
        return Dual(self._value, self._directions)

    def sensitivity(self, G: Dual) -> Float[np.ndarray, "n n"]:
        """The Frobenius norm of the gradient of each entry of (G + Gᵀ)/2 over Sym(n)."""
        symmetric = (G.slopes + np.swapaxes(G.slopes, 1, 2)) / 2
        return np.sqrt(self._weight * np.sum(symmetric**2, axis=0))

    def size(self, X: Dual) -> int:
        return len(X.value)

    def constant(self, rows: Rows) -> Dual:
        return Dual(np.array(rows, dtype=np.float64), np.zeros_like(self._directions))

    def inner(self, W: Dual, M: Dual) -> Dual:
        slopes = np.sum(W.slopes * M.value + W.value * M.slopes, axis=(1, 2))
        return Dual(np.asarray(np.sum(W.value * M.value)), slopes)

    def half(self, x: Dual) -> Dual:
        return Dual(x.value / 2, x.slopes / 2)

    def inverse(self, X: Dual) -> Dual:
        R = np.linalg.inv(X.value)
        return Dual(R, -R @ X.slopes @ R)

    def det(self, X: Dual) -> Dual:
        det, R = np.linalg.det(X.value), np.linalg.inv(X.value)
        return Dual(np.asarray(det), det * np.einsum("ij,mji->m", R, X.slopes))

    def adjugate(self, X: Dual) -> Dual:
        return self.det(X) * self.inverse(X)

    def log(self, x: Dual) -> Dual:
        return Dual(np.log(x.value), x.slopes / x.value)

    def eigenvalue(self, X: Dual, i: int) -> Dual:
        v = np.linalg.eigh(X.value)[1][:, i]
        value = float(self._spectrum.cluster(i)[2].mid())
        return Dual(np.asarray(value), np.einsum("i,mij,j->m", v, X.slopes, v))

    def eigenprojector(self, X: Dual, i: int) -> Dual:
        """d(v vᵀ) = Σ_j (v_jᵀ dX v)/(λ − λ_j)·(v_j vᵀ + v v_jᵀ), over the other eigenvalues λ_j."""
        V = np.linalg.eigh(X.value)[1]
        v, weights = V[:, i], self._inverse_gaps(i)
        coordinates = weights * np.einsum("ik,mij,j->mk", V, X.slopes, v)
        half = np.einsum("ik,mk,j->mij", V, coordinates, v)
        return Dual(np.outer(v, v), half + np.swapaxes(half, 1, 2))

    def reduced_resolvent(self, X: Dual, i: int) -> Dual:
        """R = (λI − X)⁺ has dR = R dX R − dλ R² − R² dX P − P dX R², P the eigenprojector."""
        V = np.linalg.eigh(X.value)[1]
        R = V @ np.diag(self._inverse_gaps(i)) @ V.T
        P = np.outer(V[:, i], V[:, i])
        dX, d_lambda = X.slopes, self.eigenvalue(X, i).slopes
        outer = R @ R @ dX @ P
        slopes = R @ dX @ R - np.multiply.outer(d_lambda, R @ R)
        return Dual(R, slopes - outer - np.swapaxes(outer, 1, 2))

    def _inverse_gaps(self, i: int) -> Float[np.ndarray, " n"]:
        """1/(λ_i − λ_j) for every j, and 0 for i itself; the gaps from enclosures."""
        _, _, root = self._spectrum.cluster(i)
        gaps = [
            float((root - other).mid())
            for other, multiplicity in self._spectrum.roots()
            for _ in range(multiplicity)
        ]
        return np.array([1 / gap if gap else 0.0 for gap in gaps])


def _directions(n: int) -> tuple[Float[np.ndarray, "m n n"], float]:
    """Directions E and the weight w with ‖g‖² = w·Σ_E ⟨g, E⟩²: exactly so for a basis."""
    pairs = [(i, j) for i in range(n) for j in range(i, n)]
    if len(pairs) > PROBES:
        random = np.random.default_rng(0).standard_normal((PROBES, n, n))
        symmetric = (random + np.swapaxes(random, 1, 2)) / 2  # isotropic on Sym(n)
        return symmetric, 1 / PROBES
    basis = np.zeros((len(pairs), n, n))
    for k, (i, j) in enumerate(pairs):
        basis[k, i, j] = basis[k, j, i] = 1 if i == j else 2**-0.5
    return basis, 1.0
