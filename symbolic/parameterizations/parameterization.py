"""What a parameterization X : R^p → Sym(n) is."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from fractions import Fraction

from sympy import Expr, ImmutableDenseMatrix, Rational, Symbol

from symgrad.court.errors import InputError
from symgrad.court.references import Matrix, Sparse


class UndefinedError(InputError):
    """X(θ) or ∂X/∂θ_k has no real value at a point."""


@dataclass(frozen=True)
class Parameterization:
    """A matrix X of size n×n whose entries are expressions in p real parameters.

    ``anchor`` gives the parameters of a positive definite matrix, from which points are drawn.
    ``bound`` restricts every parameter to |θ| < bound.  ``blocks`` is 2 where X stands for a
    Hermitian A + iB as the real symmetric [[A, −B], [B, A]], of 2n rows; else it is 1.
    ``is_near`` says that positive definite matrices are found near the anchor, and not at its
    multiples.  ``rank`` is that of X(θ) where it is below n at every θ.
    """

    name: str
    formula: str
    symbols: tuple[Symbol, ...]
    X: ImmutableDenseMatrix
    anchor: tuple[int, ...]
    bound: int | None = None
    blocks: int = 1
    is_near: bool = False
    rank: int | None = None

    @property
    def size(self) -> int:
        """n, the number of rows of the matrix that the frameworks see."""
        return int(self.X.rows) // self.blocks

    @property
    def names(self) -> tuple[str, ...]:
        """The parameters' names, in order."""
        return tuple(symbol.name for symbol in self.symbols)

    def at(self, theta: Mapping[str, Fraction]) -> Matrix:
        """X(θ), exactly, by rows."""
        values = {e: self._evaluate(e, theta) for e in set(self.X)}
        return tuple(tuple(values[e] for e in row) for row in self.X.tolist())

    def directions(self, theta: Mapping[str, Fraction]) -> dict[str, Sparse]:
        """The exact matrices ∂X/∂θ_k at θ, by parameter name."""
        slopes = {
            e: {s.name: self._evaluate(e.diff(s), theta) for s in e.free_symbols}
            for e in set(self.X)
        }
        found: dict[str, list[tuple[int, int, Fraction]]] = {name: [] for name in self.names}
        for i, row in enumerate(self.X.tolist()):
            for j, entry in enumerate(row):
                for name, slope in slopes[entry].items():
                    if slope:
                        found[name].append((i, j, slope))
        return {name: tuple(entries) for name, entries in found.items()}

    def _evaluate(self, entry: Expr, theta: Mapping[str, Fraction]) -> Fraction:
        values = {s: Rational(*theta[s.name].as_integer_ratio()) for s in entry.free_symbols}
        exact = entry.xreplace(values)
        return Fraction(int(exact.p), int(exact.q))


def build(n: int, entry: Callable[[int, int], Expr]) -> ImmutableDenseMatrix:
    """The symmetric n×n matrix with these entries, asked for on and above the diagonal."""
    return ImmutableDenseMatrix(n, n, lambda i, j: entry(min(i, j), max(i, j)))


def real_symbols(names: Iterable[str]) -> tuple[Symbol, ...]:
    """Real symbols of these names."""
    return tuple(Symbol(name, real=True) for name in names)
