"""Structures that are linear in their parameters, or affine."""

from __future__ import annotations

from functools import cache

from sympy import ImmutableDenseMatrix, S, diag

from symgrad.symbolic.parameterizations.parameterization import (
    Parameterization,
    build,
    real_symbols,
)


@cache
def symmetric(n: int) -> Parameterization:
    """All of Sym(n), one parameter per entry on and above the diagonal: [[a, b], [b, c]]."""
    pairs = [(i, j) for i in range(n) for j in range(i, n)]
    letters = "abcdef" if n <= 3 else ""
    names = list(letters[: len(pairs)]) if letters else [f"x{i}_{j}" for i, j in pairs]
    symbols = dict(zip(pairs, real_symbols(names), strict=True))
    return Parameterization(
        "symmetric",
        "X_ij = X_ji, each its own parameter",
        tuple(symbols.values()),
        build(n, lambda i, j: symbols[i, j]),
        tuple(int(i == j) for i, j in pairs),
    )


@cache
def diagonal(n: int) -> Parameterization:
    """diag(d0, …, d_{n-1})."""
    d = real_symbols(f"d{i}" for i in range(n))
    return Parameterization("diagonal", "X = diag(d0, d1, …)", d, _diagonal(d), (1,) * n)


@cache
def tridiagonal(n: int) -> Parameterization:
    """A diagonal d and the entries e beside it."""
    d = real_symbols(f"d{i}" for i in range(n))
    e = real_symbols(f"e{i}" for i in range(n - 1))
    X = build(n, lambda i, j: d[i] if i == j else e[i] if j == i + 1 else S.Zero)
    anchor = (1,) * n + (0,) * (n - 1)
    return Parameterization("tridiagonal", "X_ij = 0 for |i−j| > 1", (*d, *e), X, anchor)


@cache
def toeplitz(n: int) -> Parameterization:
    """Symmetric Toeplitz: X_ij = t_|i−j|."""
    t = real_symbols(f"t{i}" for i in range(n))
    return Parameterization(
        "toeplitz", "X_ij = t_|i−j|", t, build(n, lambda i, j: t[j - i]), (1,) + (0,) * (n - 1)
    )


@cache
def circulant(n: int) -> Parameterization:
    """Symmetric circulant: X_ij depends on |i−j| modulo n alone, both ways round."""
    c = real_symbols(f"c{i}" for i in range(n // 2 + 1))
    X = build(n, lambda i, j: c[min(j - i, n - (j - i))])
    anchor = (1,) + (0,) * (len(c) - 1)
    return Parameterization("circulant", "X_ij = c_k, k = min(|i−j|, n−|i−j|)", c, X, anchor)


@cache
def hankel(n: int) -> Parameterization:
    """X_ij = h_{i+j}; the anchor has the moments of n points, h_k = Σ x^k."""
    h = real_symbols(f"h{i}" for i in range(2 * n - 1))
    points = range(-(n // 2), n - n // 2)
    anchor = tuple(sum(x**k for x in points) for k in range(2 * n - 1))
    return Parameterization("hankel", "X_ij = h_{i+j}", h, build(n, lambda i, j: h[i + j]), anchor)


@cache
def persymmetric(n: int) -> Parameterization:
    """Symmetric about both diagonals."""

    def representative(i: int, j: int) -> tuple[int, int]:
        return min((i, j), (n - 1 - j, n - 1 - i))

    places = sorted({representative(i, j) for i in range(n) for j in range(i, n)})
    symbols = dict(zip(places, real_symbols(f"p{i}_{j}" for i, j in places), strict=True))
    return Parameterization(
        "persymmetric",
        "X_ij = X_ji = X_{n−1−j, n−1−i}",
        tuple(symbols.values()),
        build(n, lambda i, j: symbols[representative(i, j)]),
        tuple(int(i == j) for i, j in places),
    )


@cache
def block_diagonal(n: int) -> Parameterization:
    """Two symmetric blocks on the diagonal, of ⌈n/2⌉ and ⌊n/2⌋ rows."""
    first = (n + 1) // 2
    pairs = [(i, j) for i in range(n) for j in range(i, n) if (i < first) == (j < first)]
    symbols = dict(zip(pairs, real_symbols(f"x{i}_{j}" for i, j in pairs), strict=True))
    return Parameterization(
        "block_diagonal",
        "X = diag(A, B), A and B symmetric",
        tuple(symbols.values()),
        build(n, lambda i, j: symbols.get((i, j), S.Zero)),
        tuple(int(i == j) for i, j in pairs),
    )


@cache
def fixed_trace(n: int) -> Parameterization:
    """All of Sym(n) of the trace n: the last entry of the diagonal is what the others leave."""
    pairs = [(i, j) for i in range(n) for j in range(i, n) if (i, j) != (n - 1, n - 1)]
    symbols = dict(zip(pairs, real_symbols(f"x{i}_{j}" for i, j in pairs), strict=True))
    last = n - sum((symbols[i, i] for i in range(n - 1)), S.Zero)
    return Parameterization(
        "fixed_trace",
        "X_ij = X_ji, tr X = n",
        tuple(symbols.values()),
        build(n, lambda i, j: symbols.get((i, j), last)),
        tuple(int(i == j) for i, j in pairs),
        is_near=True,
    )


@cache
def pencil(n: int) -> Parameterization:
    """A + s·B + t·C of three fixed matrices of integers; where it is positive is convex."""
    s, t = real_symbols("st")
    X = build(n, lambda i, j: (i + 1) * int(i == j) + s + (i + j + 2) * t)
    formula = "X = A + s·B + t·C, A = diag(1, 2, …), B_ij = 1, C_ij = i + j"
    return Parameterization("pencil", formula, (s, t), X, (0, 0), is_near=True)


@cache
def hermitian(n: int) -> Parameterization:
    """A + iB, A symmetric and B skew, as [[A, −B], [B, A]]."""
    pairs = [(i, j) for i in range(n) for j in range(i, n)]
    above = [(i, j) for i, j in pairs if i < j]
    re = dict(zip(pairs, real_symbols(f"re{i}_{j}" for i, j in pairs), strict=True))
    im = dict(zip(above, real_symbols(f"im{i}_{j}" for i, j in above), strict=True))
    A = build(n, lambda i, j: re[i, j])
    B = ImmutableDenseMatrix(
        n, n, lambda i, j: im.get((i, j), -im[j, i] if (j, i) in im else S.Zero)
    )
    X = ImmutableDenseMatrix.vstack(
        ImmutableDenseMatrix.hstack(A, -B), ImmutableDenseMatrix.hstack(B, A)
    )
    anchor = (*(int(i == j) for i, j in pairs), *(0 for _ in above))
    symbols = (*re.values(), *im.values())
    return Parameterization(
        "hermitian", "X = A + iB, X_ij = conj X_ji", symbols, X, anchor, blocks=2
    )


def _diagonal(d: tuple[object, ...]) -> ImmutableDenseMatrix:
    return ImmutableDenseMatrix(diag(*d))
