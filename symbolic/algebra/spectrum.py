"""The spectrum of an exact symmetric matrix, decided by its characteristic polynomial."""

from __future__ import annotations

import math
from collections.abc import Sequence
from fractions import Fraction
from functools import cached_property

from flint import acb_mat, arb, arb_mat, ctx, fmpq, fmpq_mat, fmpq_poly

from symgrad.court.references import Matrix
from symgrad.symbolic.algebra import Rows
from symgrad.symbolic.algebra.scalar import Index, Modulus, NotDifferentiableError, Scalar

__all__ = [
    "Cluster",
    "NotDifferentiableError",
    "Spectrum",
    "exact_matrix",
    "repeated",
    "scalar_matrix",
]

Cluster = tuple[int, int, arb]
"""A distinct eigenvalue: its first index, its multiplicity, its enclosure."""


def exact_matrix(X: Matrix) -> fmpq_mat:
    """The n×n matrix X in python-flint's rationals."""
    entries = [fmpq(x.numerator, x.denominator) for row in X for x in row]
    return fmpq_mat(len(X), len(X), entries)


class Spectrum:
    """The distinct eigenvalues of an exact symmetric X (n×n), their multiplicities, projectors.

    All is decided by the exact characteristic polynomial p.  A symmetric X has the minimal
    polynomial s = p/gcd(p, p′), so that the orthogonal projector onto the eigenspace of a root λ,
    simple or not, is q(X)/q(λ) with q(t) = s(t)/(t − λ) (Lagrange interpolation; Horn and Johnson,
    Matrix Analysis, 2nd ed., section 1.3.P).

    With ``blocks`` = 2, X = [[A, −B], [B, A]] stands for the Hermitian A + iB: each eigenvalue of
    that occurs twice in X, and is counted once.
    """

    def __init__(self, X: Matrix | fmpq_mat, blocks: int = 1) -> None:
        """X is exact."""
        self.X: fmpq_mat = X if isinstance(X, fmpq_mat) else exact_matrix(X)
        self.blocks = blocks
        self._clusters: dict[int, list[Cluster]] = {}
        self._projectors: dict[tuple[int, int], arb_mat] = {}

    def congruence(self, T: Rows) -> Spectrum:
        """The spectrum of T X Tᵀ; T is n×n."""
        M = exact_matrix(repeated(T, self.blocks))
        return Spectrum(M * self.X * M.transpose(), self.blocks)

    @cached_property
    def _characteristic(self) -> fmpq_poly:
        return self.X.charpoly()

    @cached_property
    def _minimal(self) -> fmpq_poly:
        p = self._characteristic
        return p // p.gcd(p.derivative())

    @cached_property
    def inverse(self) -> fmpq_mat:
        """X⁻¹.

        Raises:
            ZeroDivisionError: X is singular.
        """
        return self.X.inv()

    @cached_property
    def is_simple(self) -> bool:
        """Whether all eigenvalues are distinct."""
        return bool(self._minimal.degree() * self.blocks == self._characteristic.degree())

    @cached_property
    def nullity(self) -> int:
        """The dimension of the kernel of X, decided exactly."""
        p, count = self._characteristic, 0
        while p[count] == 0:
            count += 1
        return count // self.blocks

    def clusters(self) -> list[Cluster]:
        """The distinct eigenvalues in ascending order, enclosed apart."""
        if ctx.prec not in self._clusters:
            roots = self._characteristic.numer().complex_roots()
            found, first = [], 0
            for z, occurrences in sorted(roots, key=lambda root: _order(root[0].real)):
                found.append((first, occurrences // self.blocks, z.real))
                first += occurrences // self.blocks
            self._clusters[ctx.prec] = found
        return self._clusters[ctx.prec]

    def eigenvectors(self) -> arb_mat | None:
        """Eigenvectors of the eigenvalues in ascending order, as columns (n×n) of any length.

        None where eigenvalues coincide, by blocks too, or are not told apart at this precision.
        """
        if not self.is_simple or self.blocks != 1:
            return None
        try:
            values, vectors = acb_mat(arb_mat(self.X)).eig(right=True)
        except ValueError:
            return None
        found = [
            [j for j, z in enumerate(values) if z.real.overlaps(r)] for *_, r in self.clusters()
        ]
        if any(len(places) != 1 for places in found):
            return None
        order, rows = [j for (j,) in found], range(self.X.nrows())
        V = arb_mat(
            [[vectors[i, j].real for j in order] for i in rows]
        )  # Re v is one too, if not 0
        return V if V.det() != 0 else None

    def cluster(self, i: int) -> Cluster:
        """The distinct eigenvalue that the i-th smallest is."""
        for first, multiplicity, root in self.clusters():
            if first <= i < first + multiplicity:
                return first, multiplicity, root
        raise IndexError(f"no eigenvalue {i}")

    def positions(self, indices: Sequence[Index]) -> set[int]:
        """Which eigenvalues, counted from the smallest, some indices mean.

        Raises:
            NotDifferentiableError: they go by absolute value, and tell λ and −λ apart.
        """
        found = {index for index in indices if isinstance(index, int)}
        ranks = {index.rank for index in indices if isinstance(index, Modulus)}
        above = 0
        for tied in self._by_modulus() if ranks else ():
            places = [first + k for first, multiplicity, _ in tied for k in range(multiplicity)]
            asked = sorted(ranks.intersection(range(above, above + len(places))))
            if len(tied) > 1 and 0 < len(asked) < len(places):
                raise NotDifferentiableError(
                    f"singular value {asked[0]} has no derivative here: "
                    f"λ and −λ are both eigenvalues, λ = {abs(float(tied[0][2].mid())):.6g}"
                )
            found.update(places[rank - above] for rank in asked)
            above += len(places)
        return found

    def _by_modulus(self) -> list[list[Cluster]]:
        """The distinct eigenvalues by descending absolute value, λ and −λ together."""
        ordered = sorted(self.clusters(), key=lambda c: _order(abs(c[2])), reverse=True)
        tied: list[list[Cluster]] = []
        for cluster in ordered:
            if tied and abs(tied[-1][0][2]).overlaps(abs(cluster[2])):
                tied[-1].append(cluster)
            else:
                tied.append([cluster])
        return tied

    def simple(self, index: Index) -> arb:
        """The eigenvalue of that index.

        Raises:
            NotDifferentiableError: it is repeated.
        """
        (i,) = self.positions([index])
        first, multiplicity, root = self.cluster(i)
        if multiplicity > 1:
            raise _cut(i, first, multiplicity, root)
        return root

    def taylor(self, phi: Scalar, terms: int) -> list[list[arb]]:
        """φ(λ), φ′(λ), φ″(λ)/2, … at each distinct eigenvalue λ.

        Raises:
            NotDifferentiableError: φ tells the members of a repeated eigenvalue apart.
        """
        chosen = None if phi.indices is None else self.positions(phi.indices)
        found = []
        for first, multiplicity, root in self.clusters():
            inside = range(first, first + multiplicity)
            if chosen is None or chosen.issuperset(inside):
                found.append(phi.taylor(root, terms))
            elif chosen.isdisjoint(inside):
                found.append([arb(0)] * terms)
            else:
                raise _cut(min(chosen.intersection(inside)), first, multiplicity, root)
        return found

    def kink(self, phi: Scalar) -> float:
        """How near, in the Frobenius norm, is a matrix at which Σ φ(λ_i) has a kink; ∞ if none is.

        There an eigenvalue λ_i in the sum is 0, or |λ_i| = |λ_j| with one of the two in the sum and
        λ_i = −λ_j.  (Where λ_i = λ_j the slopes grow towards it.)
        """
        if not phi.has_kink:
            return math.inf
        chosen = None if phi.indices is None else self.positions(phi.indices)
        inside: list[arb] = []
        outside: list[arb] = []
        for first, _, root in self.clusters():
            mine = inside if chosen is None or first in chosen else outside
            mine.append(root)
        at_zero = [abs(float(x.mid())) for x in inside]
        sums = [float((x + y).mid()) for x in inside for y in outside if x * y < 0]
        exchanged = [abs(x) / math.sqrt(2) for x in sums]
        return min(at_zero + exchanged, default=math.inf) * math.sqrt(self.blocks)

    def projector_of(self, cluster: Cluster) -> arb_mat:
        """The orthogonal projector onto the eigenspace of one of :meth:`clusters`, kept."""
        key = (ctx.prec, cluster[0])
        if key not in self._projectors:
            self._projectors[key] = self.projector(cluster[2])
        return self._projectors[key]

    def projector(self, root: arb) -> arb_mat:
        """The orthogonal projector (n×n) onto the eigenspace of a root of :meth:`clusters`."""
        n, s = self.X.nrows(), self._minimal
        quotient = [arb(s[s.degree()])]  # Horner: s(t) = (t − λ)·q(t)
        for k in range(s.degree() - 1, 0, -1):
            quotient.append(arb(s[k]) + root * quotient[-1])
        X, q_of_X, q_of_root = arb_mat(self.X), scalar_matrix(n, quotient[0]), quotient[0]
        for coefficient in quotient[1:]:
            q_of_X = q_of_X * X + scalar_matrix(n, coefficient)
            q_of_root = q_of_root * root + coefficient
        return q_of_X * (1 / q_of_root)


def repeated(rows: Rows, blocks: int) -> Matrix:
    """The block matrix [[A, −B], [B, A]] of n×n rows A + iB, or A itself of one block.

    Raises:
        ValueError: they are complex, and there is one block.
    """
    if blocks == 1:
        if any(isinstance(x, complex) for row in rows for x in row):
            raise ValueError("a complex weight is one of Hermitian matrices")
        return tuple(tuple(Fraction(x.real) for x in row) for row in rows)
    real = [[Fraction(x.real) for x in row] for row in rows]
    imaginary = [[Fraction(x.imag) for x in row] for row in rows]
    pairs = list(zip(real, imaginary, strict=True))
    upper = [(*a, *(-x for x in b)) for a, b in pairs]
    return (*upper, *((*b, *a) for a, b in pairs))


def scalar_matrix(n: int, x: arb) -> arb_mat:
    """The n×n matrix x·I."""
    return arb_mat(n, n, [x if i == j else arb(0) for i in range(n) for j in range(n)])


def _cut(i: int, first: int, multiplicity: int, root: arb) -> NotDifferentiableError:
    return NotDifferentiableError(
        f"λ{i} has no derivative here: λ{first} … λ{first + multiplicity - 1} coincide at "
        f"{float(root.mid()):.6g}; their sum has one, the projector onto their eigenspace"
    )


def _order(x: arb) -> fmpq:
    mantissa, exponent = x.mid().man_exp()
    return fmpq(mantissa) * fmpq(2) ** int(exponent)
