"""Parameterizations X : R^p → Sym(n): the structures whose parameters users differentiate in."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cache

import sympy
from sympy import ImmutableDenseMatrix, Rational, Symbol

from court.records import Matrix, Sparse


@dataclass(frozen=True)
class Parameterization:
    """A matrix X of size n×n whose entries are expressions in p real parameters.

    ``identity`` gives the parameters of the identity matrix: a point that is positive definite and
    from which others are drawn.  ``bound`` restricts every parameter to |θ| < bound.
    """

    name: str
    formula: str
    symbols: tuple[Symbol, ...]
    X: ImmutableDenseMatrix
    identity: tuple[int, ...]
    bound: int | None = None

    @property
    def size(self) -> int:
        """n, the number of rows of X."""
        return int(self.X.rows)

    @property
    def names(self) -> tuple[str, ...]:
        """The parameters' names, in order."""
        return tuple(symbol.name for symbol in self.symbols)

    def at(self, theta: Mapping[str, Fraction]) -> Matrix:
        """X(θ), exactly; n×n."""
        n = self.size
        values = {e: self._evaluate(e, theta) for e in set(self.X)}
        return tuple(tuple(values[self.X[i, j]] for j in range(n)) for i in range(n))

    def directions(self, theta: Mapping[str, Fraction]) -> dict[str, Sparse]:
        """The exact n×n matrices ∂X/∂θ_k at θ, by parameter name."""
        slopes = {
            e: {s.name: self._evaluate(e.diff(s), theta) for s in e.free_symbols}
            for e in set(self.X)
        }
        found: dict[str, list[tuple[int, int, Fraction]]] = {name: [] for name in self.names}
        for i in range(self.size):
            for j in range(self.size):
                for name, slope in slopes[self.X[i, j]].items():
                    if slope:
                        found[name].append((i, j, slope))
        return {name: tuple(entries) for name, entries in found.items()}

    def _evaluate(self, entry: sympy.Expr, theta: Mapping[str, Fraction]) -> Fraction:
        values = {s: Rational(*theta[s.name].as_integer_ratio()) for s in entry.free_symbols}
        exact = entry.xreplace(values)
        return Fraction(int(exact.p), int(exact.q))


def _matrix(n: int, entry: Callable[[int, int], sympy.Expr]) -> ImmutableDenseMatrix:
    return ImmutableDenseMatrix(n, n, lambda i, j: entry(min(i, j), max(i, j)))


def _real(names: Sequence[str]) -> tuple[Symbol, ...]:
    return tuple(Symbol(name, real=True) for name in names)


@cache
def symmetric(n: int) -> Parameterization:
    """All of Sym(n), one parameter per entry on and above the diagonal: [[a, b], [b, c]]."""
    pairs = [(i, j) for i in range(n) for j in range(i, n)]
    letters = "abcdef" if n <= 3 else ""
    names = list(letters[: len(pairs)]) if letters else [f"x{i}_{j}" for i, j in pairs]
    symbols = dict(zip(pairs, _real(names), strict=True))
    return Parameterization(
        "symmetric",
        "X_ij = X_ji, each its own parameter",
        tuple(symbols.values()),
        _matrix(n, lambda i, j: symbols[i, j]),
        tuple(int(i == j) for i, j in pairs),
    )


@cache
def diagonal(n: int) -> Parameterization:
    """diag(d0, …, d_{n-1})."""
    d = _real([f"d{i}" for i in range(n)])
    X = _matrix(n, lambda i, j: d[i] if i == j else sympy.S.Zero)
    return Parameterization("diagonal", "X = diag(d0, d1, …)", d, X, (1,) * n)


@cache
def toeplitz(n: int) -> Parameterization:
    """Symmetric Toeplitz: X_ij = t_|i−j|."""
    t = _real([f"t{i}" for i in range(n)])
    return Parameterization(
        "toeplitz", "X_ij = t_|i-j|", t, _matrix(n, lambda i, j: t[j - i]), (1,) + (0,) * (n - 1)
    )


@cache
def ar1(n: int) -> Parameterization:
    """Correlation matrix of a first-order autoregression: X_ij = ρ^|i−j|, |ρ| < 1 (not linear)."""
    (rho,) = _real(["ρ"])
    X = _matrix(n, lambda i, j: rho ** (j - i))
    return Parameterization("ar1", "X_ij = ρ^|i-j|, |ρ| < 1", (rho,), X, (0,), bound=1)


PARAMETERIZATIONS: dict[str, Callable[[int], Parameterization]] = {
    "symmetric": symmetric,
    "diagonal": diagonal,
    "toeplitz": toeplitz,
    "ar1": ar1,
}
