"""The algebra of enclosures: Arb matrices, at the precision in force, of one exact matrix."""

from __future__ import annotations

from functools import cached_property
from typing import Any

from flint import arb, arb_mat, fmpq, fmpq_mat, fmpq_poly

from court.records import Matrix
from symbolic.algebra import Rows


class NotDifferentiableError(ValueError):
    """The function has no derivative at this matrix; the message says why."""


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
    """

    def __init__(self, X: Matrix) -> None:
        """X is n×n and exact."""
        self._X = exact_matrix(X)

    @cached_property
    def _characteristic(self) -> fmpq_poly:
        return self._X.charpoly()

    @cached_property
    def _minimal(self) -> fmpq_poly:
        p = self._characteristic
        return p // p.gcd(p.derivative())

    @cached_property
    def is_simple(self) -> bool:
        """Whether all eigenvalues are distinct."""
        return bool(self._minimal.degree() == self._characteristic.degree())

    def roots(self) -> list[tuple[arb, int]]:
        """The distinct eigenvalues in ascending order, enclosed apart, with multiplicities."""
        found = self._characteristic.numer().complex_roots()
        return sorted(((z.real, m) for z, m in found), key=lambda root: _order(root[0]))

    def cluster(self, i: int) -> tuple[int, int, arb]:
        """Of the i-th smallest eigenvalue: its first index, its multiplicity, its enclosure."""
        first = 0
        for root, multiplicity in self.roots():
            if i < first + multiplicity:
                return first, multiplicity, root
            first += multiplicity
        raise IndexError(f"no eigenvalue {i} among {first}")

    def simple(self, i: int) -> arb:
        """The i-th smallest eigenvalue.

        Raises:
            NotDifferentiableError: it is repeated.
        """
        first, multiplicity, root = self.cluster(i)
        if multiplicity > 1:
            raise NotDifferentiableError(
                f"λ{i} has no derivative here: λ{first} … λ{first + multiplicity - 1} coincide at "
                f"{float(root.mid()):.6g}; their sum has one, the projector onto their eigenspace"
            )
        return root

    def projector(self, root: arb) -> arb_mat:
        """The orthogonal projector (n×n) onto the eigenspace of a root of :meth:`roots`."""
        n, s = self._X.nrows(), self._minimal
        quotient = [arb(s[s.degree()])]  # Horner: s(t) = (t − λ)·q(t)
        for k in range(s.degree() - 1, 0, -1):
            quotient.append(arb(s[k]) + root * quotient[-1])
        X, q_of_X, q_of_root = arb_mat(self._X), _scalar(n, quotient[0]), quotient[0]
        for coefficient in quotient[1:]:
            q_of_X = q_of_X * X + _scalar(n, coefficient)
            q_of_root = q_of_root * root + coefficient
        return q_of_X * (1 / q_of_root)


def _order(x: arb) -> fmpq:
    mantissa, exponent = x.mid().man_exp()
    return fmpq(mantissa) * fmpq(2) ** int(exponent)


def _scalar(n: int, x: arb) -> arb_mat:
    return arb_mat(n, n, [x if i == j else arb(0) for i in range(n) for j in range(n)])


class Enclosures:
    """Arb's matrices; X is always the one exact matrix that this algebra was made for."""

    def __init__(self, X: Matrix, spectrum: Spectrum) -> None:
        """X is symmetric, n×n and exact, and ``spectrum`` its own."""
        self._exact = exact_matrix(X)
        self._spectrum = spectrum

    def matrix(self) -> arb_mat:
        """X itself."""
        return arb_mat(self._exact)

    def size(self, X: arb_mat) -> int:
        return int(X.nrows())

    def constant(self, rows: Rows) -> arb_mat:
        return arb_mat([[arb(x) for x in row] for row in rows])

    def inner(self, W: arb_mat, M: arb_mat) -> arb:
        return sum((w * m for w, m in zip(W.entries(), M.entries(), strict=True)), arb(0))

    def half(self, x: Any) -> Any:
        return x * arb(0.5)

    def inverse(self, X: arb_mat) -> arb_mat:
        return arb_mat(self._exact.inv())

    def det(self, X: arb_mat) -> arb:
        return arb(self._exact.det())

    def adjugate(self, X: arb_mat) -> arb_mat:
        return arb_mat(self._exact.inv() * self._exact.det())

    def log(self, x: arb) -> arb:
        return x.log()

    def eigenvalue(self, X: arb_mat, i: int) -> arb:
        return self._spectrum.simple(i)

    def eigenprojector(self, X: arb_mat, i: int) -> arb_mat:
        return self._spectrum.projector(self._spectrum.simple(i))

    def reduced_resolvent(self, X: arb_mat, i: int) -> arb_mat:
        root, n = self._spectrum.simple(i), X.nrows()
        total = _scalar(n, arb(0))
        for other, _ in self._spectrum.roots():
            if not other.overlaps(root):
                total += self._spectrum.projector(other) * (1 / (root - other))
        return total
