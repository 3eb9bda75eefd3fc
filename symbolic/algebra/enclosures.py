"""The algebra of enclosures: Arb matrices, at the precision in force, of one exact matrix."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

from flint import arb, arb_mat, fmpq

from symbolic.algebra import Rows, divided
from symbolic.algebra.scalar import Modulus, Scalar
from symbolic.algebra.spectrum import Spectrum


class Exact:
    """The exact matrix X (n×n), with its spectrum; in products it is an Arb matrix."""

    def __init__(self, spectrum: Spectrum) -> None:
        self.spectrum = spectrum

    def balls(self) -> arb_mat:
        """X, rounded outward."""
        return arb_mat(self.spectrum.X)

    def __mul__(self, other: Any) -> arb_mat:
        return self.balls() * (other.balls() if isinstance(other, Exact) else other)


class Enclosures:
    """Arb's matrices; X is known exactly."""

    def matrix(self, spectrum: Spectrum) -> Exact:
        """The exact matrix that has this spectrum."""
        return Exact(spectrum)

    def size(self, X: Exact) -> int:
        return int(X.spectrum.X.nrows())

    def constant(self, rows: Rows) -> arb_mat:
        return arb_mat([[arb(x) for x in row] for row in rows])

    def inner(self, W: arb_mat | Exact, M: arb_mat | Exact) -> arb:
        pairs = zip(_balls(W).entries(), _balls(M).entries(), strict=True)
        return sum((w * m for w, m in pairs), arb(0))

    def scaled(self, x: Any, factor: Fraction) -> Any:
        return x * arb(fmpq(factor.numerator, factor.denominator))

    def log(self, x: arb) -> arb:
        return x.log()

    def congruence(self, T: Rows, X: Exact) -> Exact:
        return Exact(X.spectrum.congruence(T))

    def inverse(self, X: Exact) -> arb_mat:
        return arb_mat(X.spectrum.X.inv())

    def det(self, X: Exact) -> arb:
        return arb(X.spectrum.X.det())

    def adjugate(self, X: Exact) -> arb_mat:
        return arb_mat(X.spectrum.X.inv() * X.spectrum.X.det())

    def by_modulus(self, rank: int) -> Modulus:
        return Modulus(rank)

    def trace(self, X: Exact, phi: Scalar) -> arb:
        values = X.spectrum.taylor(phi, 1)
        clusters = X.spectrum.clusters()
        return sum((x * m for (x,), (_, m, _) in zip(values, clusters, strict=True)), arb(0))

    def apply(self, X: Exact, phi: Scalar) -> arb_mat:
        return divided.apply(X.spectrum, phi)

    def frechet(self, X: Exact, phi: Scalar, W: Rows) -> arb_mat:
        return divided.frechet(X.spectrum, phi, self.constant(W))

    def cholesky(self, X: Exact) -> arb_mat:
        A, n = X.balls(), self.size(X)
        L = [[arb(0)] * n for _ in range(n)]
        for j in range(n):
            for i in range(j, n):
                rest = A[i, j] - sum((L[i][k] * L[j][k] for k in range(j)), arb(0))
                L[i][j] = rest.sqrt() if i == j else rest / L[j][j]
        return arb_mat(L)

    def triangular_inverse(self, L: arb_mat) -> arb_mat:
        return L.inv()

    def transpose(self, M: arb_mat) -> arb_mat:
        return M.transpose()

    def lower_half(self, M: arb_mat) -> arb_mat:
        rows = enumerate(M.tolist())
        return arb_mat(
            [
                [x if i > j else x / 2 if i == j else arb(0) for j, x in enumerate(row)]
                for i, row in rows
            ]
        )


def _balls(M: arb_mat | Exact) -> arb_mat:
    return M.balls() if isinstance(M, Exact) else M
