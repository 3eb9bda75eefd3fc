"""Structures that are not linear in their parameters: ∂X/∂θ depends on θ."""

from __future__ import annotations

from functools import cache

from sympy import ImmutableDenseMatrix, S

from symgrad.court.errors import InputError
from symgrad.symbolic.parameterizations.parameterization import (
    Parameterization,
    build,
    real_symbols,
)


@cache
def low_rank_plus_diagonal(n: int) -> Parameterization:
    """diag(d) + u uᵀ, the covariance of a model with one factor."""
    d, u = (real_symbols(f"{letter}{i}" for i in range(n)) for letter in "du")
    X = build(n, lambda i, j: u[i] * u[j] + (d[i] if i == j else 0))
    anchor = (1,) * n + (0,) * n
    return Parameterization("low_rank_plus_diagonal", "X = diag(d) + u uᵀ", (*d, *u), X, anchor)


@cache
def cholesky(n: int) -> Parameterization:
    """A covariance X = L Lᵀ by the entries of its lower triangular factor."""
    pairs = [(i, j) for i in range(n) for j in range(i + 1)]
    entries = dict(zip(pairs, real_symbols(f"l{i}_{j}" for i, j in pairs), strict=True))
    L = ImmutableDenseMatrix(n, n, lambda i, j: entries.get((i, j), S.Zero))
    anchor = tuple(int(i == j) for i, j in pairs)
    X = ImmutableDenseMatrix((L * L.T).expand())
    return Parameterization(
        "cholesky", "X = L Lᵀ, L lower triangular", tuple(entries.values()), X, anchor
    )


@cache
def fixed_rank(n: int) -> Parameterization:
    """X = L Lᵀ of rank r = ⌈n/2⌉ by the entries of L, n×r and lower trapezoidal: singular.

    Up to the signs of its columns L is determined where its first r rows are invertible, so that
    there are as many parameters as X has freedoms, n r − r(r − 1)/2.

    Raises:
        InputError: n is 1, and has no rank below it but 0.
    """
    if n < 2:
        raise InputError(f"size {n}: fixed_rank needs a size of 2 or more, for a rank below it")
    r = (n + 1) // 2
    pairs = [(i, j) for i in range(n) for j in range(min(i + 1, r))]
    of = dict(zip(pairs, real_symbols(f"l{i}_{j}" for i, j in pairs), strict=True))
    X = build(n, lambda i, j: sum((of[i, k] * of[j, k] for k in range(min(i + 1, r))), S.Zero))
    anchor = tuple(int(i == j) for i, j in pairs)
    formula = "X = L Lᵀ, L of r = ⌈n/2⌉ columns, lower trapezoidal"
    return Parameterization("fixed_rank", formula, tuple(of.values()), X, anchor, rank=r)


@cache
def correlation(n: int) -> Parameterization:
    """Ones on the diagonal, each entry above it a parameter, |r| < 1."""
    pairs = [(i, j) for i in range(n) for j in range(i + 1, n)]
    r = dict(zip(pairs, real_symbols(f"r{i}_{j}" for i, j in pairs), strict=True))
    X = build(n, lambda i, j: r.get((i, j), S.One))
    formula = "X_ii = 1, X_ij = r_ij, |r_ij| < 1"
    return Parameterization("correlation", formula, tuple(r.values()), X, (0,) * len(r), bound=1)


@cache
def ar1(n: int) -> Parameterization:
    """Correlation matrix of a first-order autoregression: X_ij = ρ^|i−j|, |ρ| < 1."""
    (rho,) = real_symbols(["ρ"])
    X = build(n, lambda i, j: rho ** (j - i))
    return Parameterization("ar1", "X_ij = ρ^|i−j|, |ρ| < 1", (rho,), X, (0,), bound=1)


@cache
def rational_quadratic(n: int) -> Parameterization:
    """The kernel matrix of a Gaussian process at the points 0, 1, …, n − 1, and its noise.

    K_ij = s·(1 + |i−j|²/(2ℓ²))⁻¹ + t·δ_ij with the length scale ℓ (the rational
    quadratic kernel of Rasmussen and Williams (2006) with α = 1).
    """
    ell, s, t = real_symbols(["ℓ", "s", "t"])
    X = build(n, lambda i, j: s + t if i == j else 2 * s * ell**2 / (2 * ell**2 + (j - i) ** 2))
    formula = "X_ij = s·2ℓ²/(2ℓ² + |i−j|²) + t·δ_ij"
    return Parameterization("rational_quadratic", formula, (ell, s, t), X, (0, 0, 1))


@cache
def kronecker(n: int) -> Parameterization:
    """A ⊗ B of two symmetric matrices, A of p×p, p the smallest prime that divides n.

    Raises:
        InputError: n is a prime or 1, and has no two factors.
    """
    p = next((p for p in range(2, n) if n % p == 0), None)
    if p is None:
        raise InputError(f"size {n}: kronecker needs a size with two factors, such as 4 or 6")
    q = n // p
    pairs = [(k, i, j) for k, m in enumerate((p, q)) for i in range(m) for j in range(i, m)]
    symbols = real_symbols(f"{'ab'[k]}{i}_{j}" for k, i, j in pairs)
    of = dict(zip(pairs, symbols, strict=True))
    A = build(p, lambda i, j: of[0, i, j])
    B = build(q, lambda i, j: of[1, i, j])
    X = build(n, lambda i, j: A[i // q, j // q] * B[i % q, j % q])
    anchor = tuple(int(i == j) for _, i, j in pairs)
    return Parameterization("kronecker", "X = A ⊗ B, A and B symmetric", symbols, X, anchor)
