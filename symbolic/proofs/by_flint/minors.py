"""Minors of a matrix of python-flint polynomials, by Laplace expansion with every minor kept."""

from __future__ import annotations

from collections.abc import Sequence

from flint import fmpz_mpoly

Rows = tuple[int, ...]


class Minors:
    """The minors of an n×n matrix M of polynomials, each expanded along its first row once.

    A minor of rows (i, …) and columns (j₁, j₂, …) is M[i, j₁] times the minor without row i and
    column j₁, minus M[i, j₂] times the one without column j₂, and so on.  The smaller minors recur
    in most of the larger ones, so that keeping them turns n! products into fewer than n²·2ⁿ.
    """

    def __init__(self, M: Sequence[Sequence[fmpz_mpoly]]) -> None:
        self._M = M
        self._n = len(M)
        self._zero = M[0][0] * 0
        self._kept: dict[tuple[Rows, Rows], fmpz_mpoly] = {((), ()): self._zero + 1}

    def minor(self, rows: Rows, columns: Rows) -> fmpz_mpoly:
        """det of the submatrix of these rows and as many columns, both in increasing order."""
        found = self._kept.get((rows, columns))
        if found is None:
            found = self._kept[rows, columns] = self._expand(rows, columns)
        return found

    def determinant(self) -> fmpz_mpoly:
        """Det M."""
        return self.minor(tuple(range(self._n)), tuple(range(self._n)))

    def cofactor(self, i: int, j: int) -> fmpz_mpoly:
        """(−1)^(i+j) times the minor without row i and column j; the entry (j, i) of adj M."""
        without = [tuple(k for k in range(self._n) if k != dropped) for dropped in (i, j)]
        minor = self.minor(without[0], without[1])
        return -minor if (i + j) % 2 else minor

    def forget(self) -> None:
        """Drop all minors but those of the last k rows, k = 0, 1, …, which all cofactors share.

        The others serve only the cofactors of one row, and together outgrow the adjugate.
        """
        self._kept = {
            (rows, columns): minor
            for (rows, columns), minor in self._kept.items()
            if not rows or rows[0] == self._n - len(rows)
        }

    def _expand(self, rows: Rows, columns: Rows) -> fmpz_mpoly:
        total = self._zero
        for position, column in enumerate(columns):
            entry = self._M[rows[0]][column]
            if entry == 0:
                continue
            rest = columns[:position] + columns[position + 1 :]
            product = entry * self.minor(rows[1:], rest)
            total = total - product if position % 2 else total + product
        return total
