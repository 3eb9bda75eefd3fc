"""The algebra of enclosures: Arb matrices, at the precision in force, of one exact matrix."""

from __future__ import annotations

import math
from fractions import Fraction
from math import prod
from typing import Any

from flint import acb, arb, arb_mat, fmpq

from symgrad.symbolic.algebra import Rows, divided
from symgrad.symbolic.algebra.scalar import Modulus, Scalar
from symgrad.symbolic.algebra.spectrum import Spectrum, exact_matrix, repeated, scalar_matrix


class Exact:
    """The exact matrix X (n×n), with its spectrum; in arithmetic it is an Arb matrix."""

    def __init__(self, spectrum: Spectrum) -> None:
        self.spectrum = spectrum

    def balls(self) -> arb_mat:
        """X, rounded outward."""
        return arb_mat(self.spectrum.X)

    def __neg__(self) -> arb_mat:
        return -self.balls()

    def __add__(self, other: Any) -> arb_mat:
        return self.balls() + _balls(other)

    def __radd__(self, other: Any) -> arb_mat:
        return other + self.balls()

    def __sub__(self, other: Any) -> arb_mat:
        return self.balls() - _balls(other)

    def __rsub__(self, other: Any) -> arb_mat:
        return other - self.balls()

    def __mul__(self, other: Any) -> arb_mat:
        return self.balls() * _balls(other)

    def __rmul__(self, other: Any) -> arb_mat:
        return other * self.balls()


class Enclosures:
    """Arb's matrices; X is known exactly.

    With ``blocks`` = 2 every matrix [[A, −B], [B, A]] stands for the complex A + iB, of n rows.
    ``kink`` is how near to X there is a kink of what has been computed.
    """

    def __init__(self, blocks: int = 1) -> None:
        self._blocks = blocks
        self.kink = math.inf

    def matrix(self, spectrum: Spectrum) -> Exact:
        """The exact matrix that has this spectrum."""
        return Exact(spectrum)

    def size(self, X: Exact) -> int:
        return int(X.spectrum.X.nrows()) // self._blocks

    def constant(self, rows: Rows) -> arb_mat:
        return arb_mat(exact_matrix(repeated(rows, self._blocks)))

    def inner(self, W: arb_mat | Exact, M: arb_mat | Exact) -> arb:
        pairs = zip(_balls(W).entries(), _balls(M).entries(), strict=True)
        return sum((w * m for w, m in pairs), arb(0)) / self._blocks

    def scaled(self, x: Any, factor: Fraction) -> Any:
        return x * arb(fmpq(factor.numerator, factor.denominator))

    def log(self, x: arb) -> arb:
        return x.log()

    def congruence(self, T: Rows, X: Exact) -> Exact:
        return Exact(X.spectrum.congruence(T))

    def inverse(self, X: Exact) -> arb_mat:
        return arb_mat(X.spectrum.inverse)

    def det(self, X: Exact) -> arb:
        if self._blocks == 1:
            return arb(X.spectrum.X.det())
        return prod((root**m for _, m, root in X.spectrum.clusters()), start=arb(1))

    def adjugate(self, X: Exact) -> arb_mat:
        """At a singular X it is P·Π λ_i over the other eigenvalues, P the kernel's projector.

        It is 0 where the kernel has more than one dimension.
        """
        kernel = X.spectrum.nullity
        if kernel == 0:
            return self.inverse(X) * self.det(X)
        if kernel > 1:
            return scalar_matrix(X.spectrum.X.nrows(), arb(0))
        others = (root**m for _, m, root in X.spectrum.clusters() if not root.contains(0))
        return X.spectrum.projector(arb(0)) * prod(others, start=arb(1))

    def adjugate_along(self, X: Exact, E: arb_mat) -> arb_mat:
        """At a singular X by the recursion of Faddeev and LeVerrier on matrices and their slopes.

        M_1 = I, c_k = −tr(X M_k)/k, M_{k+1} = X M_k + c_k I; then adj X = (−1)ⁿ⁻¹ M_n (Horn and
        Johnson, Matrix Analysis, 2nd ed., section 2.4.P).  It is 0 at a rank below n − 2.
        """
        R, kernel = X.balls(), X.spectrum.nullity
        if kernel == 0:
            R = self.inverse(X)
            det = self.det(X)
            return R * (self.inner(R, E) * det) - R * E * R * det
        if kernel > 2:
            return scalar_matrix(R.nrows(), arb(0))
        n, size = self.size(X), R.nrows()
        M, slope = scalar_matrix(size, arb(1)), scalar_matrix(size, arb(0))
        for k in range(1, n):
            product, along = R * M, R * slope + E * M
            c, rate = (-_trace(P) / (k * self._blocks) for P in (product, along))
            M, slope = product + scalar_matrix(size, c), along + scalar_matrix(size, rate)
        return slope * arb((-1) ** (n - 1))

    def by_modulus(self, rank: int) -> Modulus:
        return Modulus(rank)

    def trace(self, X: Exact, phi: Scalar) -> arb:
        self.kink = min(self.kink, X.spectrum.kink(phi))
        values = X.spectrum.taylor(phi, 1)
        clusters = X.spectrum.clusters()
        return sum((x * m for (x,), (_, m, _) in zip(values, clusters, strict=True)), arb(0))

    def apply(self, X: Exact, phi: Scalar) -> arb_mat:
        return divided.apply(X.spectrum, phi)

    def frechet(self, X: Exact, phi: Scalar, W: arb_mat) -> arb_mat:
        return divided.frechet(X.spectrum, phi, W)

    def second_frechet(self, X: Exact, phi: Scalar, W: arb_mat, E: arb_mat) -> arb_mat:
        return divided.second_frechet(X.spectrum, phi, W, E)

    def cholesky(self, X: Exact) -> arb_mat:
        n, M = self.size(X), X.balls()
        below = range(n, 2 * n) if self._blocks == 2 else None
        A = [[acb(M[i, j], M[below[i], j] if below else 0) for j in range(n)] for i in range(n)]
        L = [[acb(0)] * n for _ in range(n)]
        for j in range(n):
            for i in range(j, n):
                rest = A[i][j] - sum((L[i][k] * L[j][k].conjugate() for k in range(j)), acb(0))
                L[i][j] = acb(rest.real.sqrt()) if i == j else rest / L[j][j]
        real = [[x.real for x in row] for row in L]
        imaginary = [[x.imag for x in row] for row in L]
        return arb_mat(real) if below is None else _in_blocks(real, imaginary)

    def triangular_inverse(self, L: arb_mat) -> arb_mat:
        return L.inv()

    def transpose(self, M: arb_mat) -> arb_mat:
        return M.transpose()

    def lower_half(self, M: arb_mat) -> arb_mat:
        n = M.nrows() // self._blocks
        rows = enumerate(M.tolist())
        return arb_mat([[x * _share(i % n, j % n) for j, x in enumerate(row)] for i, row in rows])


def _trace(M: arb_mat) -> arb:
    return sum((M[i, i] for i in range(M.nrows())), arb(0))


def _share(i: int, j: int) -> arb:
    return arb(1) if i > j else arb(0.5) if i == j else arb(0)


def _in_blocks(A: list[list[arb]], B: list[list[arb]]) -> arb_mat:
    """[[A, −B], [B, A]]."""
    pairs = list(zip(A, B, strict=True))
    return arb_mat([[*a, *(-x for x in b)] for a, b in pairs] + [[*b, *a] for a, b in pairs])


def _balls(M: arb_mat | Exact) -> arb_mat:
    return M.balls() if isinstance(M, Exact) else M
