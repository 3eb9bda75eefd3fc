"""An exact X, real or Hermitian, in intervals: what is made of it.

A Hermitian X = A + iB is given as the real X of twice the size in which each entry a + ib is the
block [[a, −b], [b, a]]; then ``blocks`` is 2, else 1.  Products, transposes, inverses and triangles
of blocks are those of the complex matrices; traces are twice theirs.
"""

from fractions import Fraction as Q

from .intervals import Interval, UndefinedError, lift
from .matrices import (
    cholesky,
    combined,
    enclosed,
    exact_product,
    identity,
    inner,
    plus,
    product,
    scaled,
    transpose,
    triangular_inverse,
)
from .spectrum import spectrum_of


class Point:
    """An exact symmetric X by rows, and what the functions need of it."""

    def __init__(self, X, blocks):
        self.exact, self.blocks, self.n = X, blocks, len(X) // blocks
        self.X, self.one = enclosed(X), enclosed(identity(len(X)))

    def spectrum(self):
        return spectrum_of(self.exact, self.blocks, Interval.bits)

    def constant(self, rows):
        """The matrix of these integers, in blocks."""
        span, m = range(self.n * self.blocks), self.blocks
        return enclosed([[rows[i // m][j // m] * (i % m == j % m) for j in span] for i in span])

    def congruent(self, T):
        """The point T X Tᵀ of an integer T."""
        span, m = range(self.n * self.blocks), self.blocks
        M = [[T[i // m][j // m] * (i % m == j % m) for j in span] for i in span]
        X = exact_product(exact_product(M, self.exact), transpose(M))
        return Point(tuple(map(tuple, X)), m)

    def inner(self, A, B):
        return inner(A, B) / self.blocks if self.blocks > 1 else inner(A, B)

    def inverse(self):
        spectrum = self.spectrum()
        det = spectrum.coefficients[-1] * (-1) ** len(self.exact)
        if det == 0:
            raise UndefinedError("X is singular")
        unit = 2**spectrum.shift
        return enclosed([[Q(x * unit, det) for x in row] for row in spectrum.adjugate])

    def det(self):
        spectrum = self.spectrum()
        if self.blocks == 1:
            power = 2 ** (spectrum.shift * self.n)
            return lift(Q(spectrum.coefficients[-1] * (-1) ** self.n, power))
        return self.others(lambda cluster: True)

    def others(self, chosen):
        """The product of the eigenvalues of some clusters."""
        total = lift(1)
        for cluster in filter(chosen, self.spectrum().clusters):
            for _ in range(cluster.count):
                total = total * cluster.value
        return total

    def adjugate(self):
        spectrum = self.spectrum()
        if self.blocks == 1:
            power = 2 ** (spectrum.shift * (self.n - 1))
            return enclosed([[Q(x, power) for x in row] for row in spectrum.adjugate])
        kernel = [c for c in spectrum.clusters if c.value.sign() == 0]
        if not kernel:
            return scaled(self.det(), self.inverse())
        if kernel[0].count > 1:
            return scaled(0, self.one)
        return scaled(self.others(lambda c: c is not kernel[0]), spectrum.projector(kernel[0]))

    def clusters(self, positions=None):
        spectrum = self.spectrum()
        return spectrum.clusters if positions is None else spectrum.chosen(set(positions))

    def trace(self, f, positions=None):
        """Σ f(λ_i)."""
        values = [f(c.value) * c.count for c in self.clusters(positions)]
        return sum(values, Interval(0))

    def apply(self, f, positions=None):
        """Σ f(λ) P of the eigenprojectors P."""
        chosen = self.clusters(positions)
        projectors = [self.spectrum().projector(c) for c in chosen]
        return combined([f(c.value) for c in chosen], projectors)

    def frechet(self, f, slope, W, positions=None):
        """Σ f[λ, μ] P W R over all pairs of eigenprojectors P of λ and R of μ."""
        every, chosen = self.clusters(), self.clusters(positions)
        projectors = [self.spectrum().projector(c) for c in every]
        values = [f(c.value) if c in chosen else Interval(0) for c in every]
        W, total = self.constant(W), scaled(0, self.one)
        for k, a in enumerate(every):
            rates = [
                (slope(a.value) if a in chosen else Interval(0))
                if j == k
                else (values[k] - values[j]) / (a.value - b.value)
                for j, b in enumerate(every)
            ]
            total = plus(total, product(projectors[k], W, combined(rates, projectors)))
        return total

    def ranks(self, ranks):
        """The eigenvalues of these ranks by absolute value."""
        return self.spectrum().by_modulus(ranks)

    def factor(self):
        """(L, L⁻¹) of X = L Lᵀ."""
        L = cholesky(self.X)
        return L, triangular_inverse(L)

    def pull_back(self, M, R):
        """L⁻ᵀ Φ(M) L⁻¹, Φ the lower triangle with half its diagonal."""
        share, m = (Q(0), Q(1, 2), Q(1)), self.blocks
        rows = enumerate(M)
        half = [
            [x * share[(i // m > j // m) + (i // m >= j // m)] for j, x in enumerate(row)]
            for i, row in rows
        ]
        return product(transpose(R), half, R)
