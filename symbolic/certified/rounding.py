"""Rounding in float64, bounded in advance: γ_k, error-free transformations, residuals in n² work.

Hypotheses, used throughout and nowhere weakened: IEEE 754 binary64, rounding to nearest, every
elementwise operation rounded, and matrix products that sum the n products of each entry in *some*
order, with or without fused multiply-adds (no Strassen).  Then, whatever the order,

    |fl(A·B) − A·B| ≤ γ_n |A|·|B| + underflow,      γ_k = k·u / (1 − k·u),  u = 2⁻⁵³

(Higham, Accuracy and Stability of Numerical Algorithms, 2nd ed., section 3.1, lemma 3.1 and (3.13);
Rump, "Verification methods: rigorous results using floating-point arithmetic", Acta Numerica 19,
2010).  No rounding mode is ever switched.  The bounds themselves are sums of products of
non-negative floats, taken in fewer than 2³⁰ roundings: ``SAFE`` makes up for those, since
(1 + u)^(2³⁰) < 1 + 2⁻²².

Whatever is computed here has been scaled so that the largest |X_ij| is in [1/2, 1), and the other
factor stays below 2⁴⁰⁰.  An underflow, even one that a library flushes to zero, on input or output,
then moves a product or a sum by less than 2⁻¹⁰²²·2⁴⁰⁰: ``FLOOR`` = 2⁻⁵⁰⁰ covers 2¹⁰⁰ of them.
"""

from __future__ import annotations

import numpy as np
from jaxtyping import Float

Array = np.ndarray

UNIT = 2.0**-53
SAFE = 1 + 2.0**-20
FLOOR = 2.0**-500
LARGEST = 2.0**400
MAX_SIZE = 2**14
"""Largest n: n² additions stay below the 2³⁰ roundings that SAFE makes up for."""
BLOCK = 2**15
"""Entries that are worked on at a time, so that the temporaries stay in the cache."""


def gamma(k: int) -> float:
    """An upper bound of γ_k = k·u/(1 − k·u), for k < 2²⁰."""
    return k * UNIT * SAFE


def norm_bound(A: Float[Array, "*shape"]) -> float:
    """An upper bound of the Frobenius norm, hence of the spectral norm; squares may underflow."""
    return float(np.sqrt(np.vdot(A, A)) * SAFE + np.sqrt(A.size) * FLOOR)


def two_sum(a: Float[Array, "*shape"], b: Float[Array, "*shape"]) -> tuple[Array, Array]:
    """s = fl(a + b) and e with s + e = a + b exactly (Knuth, TAOCP 2, section 4.2.2, theorem B)."""
    s = a + b
    z = s - a
    return s, (a - (s - z)) + (b - z)


def two_product(
    a: Float[Array, "*shape"] | float, b: Float[Array, "*shape"] | float
) -> tuple[Array, Array]:
    """p = fl(a·b) and e with p + e = a·b, exactly but for underflow (Veltkamp and Dekker).

    Dekker, "A floating-point technique for extending the available precision", Numer. Math. 18
    (1971); Ogita, Rump and Oishi, "Accurate sum and dot product", SIAM J. Sci. Comput. 26 (2005),
    algorithm 3.3.
    """
    p = np.asarray(a * b)
    a1, a2 = _split(np.asarray(a))
    b1, b2 = _split(np.asarray(b))
    return p, a2 * b2 - (((p - a1 * b1) - a2 * b1) - a1 * b2)


def _split(a: Float[Array, "*shape"]) -> tuple[Array, Array]:
    c = 134217729.0 * a  # 2²⁷ + 1
    high = c - (c - a)
    return high, a - high


def accurate_product(
    A: Float[Array, "m n"],
    hi: Float[Array, " n"],
    lo: Float[Array, " n"],
    addends: Float[Array, "m k"],
    small: Float[Array, " m"],
    small_size: Float[Array, " m"],
) -> tuple[Float[Array, " m"], Float[Array, " m"]]:
    """A·(hi + lo) + Σ_k addends_k + small as if in twice the precision, and a bound of its error.

    Args:
        A: the matrix, all |A_ij| ≤ 2.
        hi: the leading part of the vector.
        lo: its tail, some 2⁻⁵³ times smaller; correctness does not depend on that.
        addends: numbers to be added exactly, k ≤ 2 per row.
        small: sums of at most n + 9 products in plain arithmetic, of the order of A·lo.
        small_size: upper bounds of the sums of the absolute values of those products.

    Proof: p_ij + e_ij = A_ij·hi_j exactly.  The p and the addends are summed by a binary tree of
    two_sum, so that Σp = s + Σ(errors) exactly; a level of the tree errs by u·Σ|its sums|, all L
    levels together by at most L·u·(1 + u)^L·a, with a = |A||hi| + |addends|.  What is then summed
    plainly, in some order, are terms of absolute sum at most (L + 2)·u·a + b, b = |A||lo| + size of
    small, none in more than 2n + 32 roundings.  The last addition errs by u·|result|.
    This is algorithm Dot2 of Ogita, Rump and Oishi with a tree (algorithm 5.3, proposition 5.5).
    """
    m, n = A.shape
    s, c = np.empty(m), np.empty(m)
    step = max(1, BLOCK // n)
    for start in range(0, m, step):
        rows = slice(start, start + step)
        p, e = two_product(A[rows], hi)
        s[rows], c[rows] = _tree(np.concatenate([p, addends[rows]], axis=1))
        c[rows] += e.sum(axis=1)
    result = s + (c + (A @ lo + small))
    depth = (n + addends.shape[1]).bit_length()
    magnitude = np.abs(A)
    a = magnitude @ np.abs(hi) + np.abs(addends).sum(axis=1)
    b = magnitude @ np.abs(lo) + small_size
    error = UNIT * np.abs(result) + gamma(2 * n + 32) * ((depth + 2) * UNIT * a + b)
    return result, error * SAFE + FLOOR


def _tree(p: Float[Array, "m k"]) -> tuple[Float[Array, " m"], Float[Array, " m"]]:
    """Row sums s in floating point, by halving, and the plain sums of the errors made."""
    errors = np.zeros(len(p))
    while p.shape[1] > 1:
        half = (p.shape[1] + 1) // 2
        pairs = p.shape[1] - half
        s, e = two_sum(p[:, :pairs], p[:, half:])
        errors += e.sum(axis=1)
        p = np.concatenate([s, p[:, pairs:half]], axis=1)
    return p[:, 0], errors


def add(
    hi: Float[Array, " n"], lo: Float[Array, " n"], step: Float[Array, " n"]
) -> tuple[Float[Array, " n"], Float[Array, " n"]]:
    """(hi + lo + step) as a normalized pair; accuracy here is wanted, not needed."""
    hi, error = two_sum(hi, step)
    return two_sum(hi, error + lo)


def excess(hi: Float[Array, " n"], lo: Float[Array, " n"]) -> tuple[float, float]:
    """‖hi + lo‖² − 1 and a bound of the error."""
    tail, size = (
        np.atleast_1d(lo @ (hi + lo)),
        np.atleast_1d(np.abs(lo) @ (np.abs(hi) + np.abs(lo))),
    )
    value, error = accurate_product(hi[None, :], hi, lo, np.array([[-1.0]]), tail, size)
    return float(value[0]), float(error[0])


def normalize(
    hi: Float[Array, " n"], lo: Float[Array, " n"]
) -> tuple[Float[Array, " n"], Float[Array, " n"]]:
    """A multiple of hi + lo of about unit length."""
    above, _ = excess(hi, lo)
    norm = np.sqrt(1 + above)
    return add(hi, lo, hi * (-above / (norm * (1 + norm))))  # 1/norm − 1 without cancellation


def residual(
    Y: Float[Array, "n n"], hi: Float[Array, " n"], lo: Float[Array, " n"], rho: float, tail: float
) -> tuple[Float[Array, " n"], Float[Array, " n"]]:
    """Y·(hi + lo) − (rho + tail)·(hi + lo) and a bound of its error."""
    addends = np.stack(two_product(-rho, hi), axis=1)
    small = -(rho * lo + tail * (hi + lo))
    size = abs(rho) * np.abs(lo) + abs(tail) * (np.abs(hi) + np.abs(lo))
    return accurate_product(Y, hi, lo, addends, small, size)


def defect(
    R: Float[Array, "n n"], X: Float[Array, "n n"]
) -> tuple[Float[Array, "n n"], Float[Array, "n n"]]:
    """Z = I − R·X in about twice the precision by six products in BLAS, and a bound of its error.

    R is cut by rows and X by columns into slices R₁ + R₂ + R₃ of β bits below 2^ρ_i ≥ max_j |R_ij|
    and 2^κ_j ≥ max_i |X_ij|.  With 2β + log₂ n ≤ 53 the sums in R₁X₁, R₁X₂ and R₂X₁ are multiples
    of one unit below 2⁵³ units: exact in every order (Ozaki, Ogita, Oishi and Rump, "Error-free
    transformations of matrix multiplication …", Numer. Algorithms 59, 2012, section 3).  What is
    left, R₁X₃ + R₂(X₂ + X₃) + R₃X, is at most 3n·2^(ρ_i + κ_j − 2β), and is summed plainly.
    """
    n = len(X)
    beta = (53 - n.bit_length()) // 2
    rho, (R1, R2, R3) = _slices(R, beta, axis=1)
    kappa, (X1, X2, X3) = _slices(X, beta, axis=0)
    first = np.eye(n) - R1 @ X1
    middle = R1 @ X2 + R2 @ X1
    second = first - middle
    Z = second - ((R1 @ X3 + R2 @ (X2 + X3)) + R3 @ X)
    # X₂ + X₃ = X − X₁ is exact; the last sum is of three products, each of n terms
    last = 3 * n * gamma(n + 4) * 2.0 ** (-2 * beta)
    rounded = UNIT * (np.abs(first) + np.abs(middle) + np.abs(second) + np.abs(Z))
    return Z, (rounded + last * (rho * kappa)) * SAFE + FLOOR


def _slices(
    A: Float[Array, "n n"], beta: int, axis: int
) -> tuple[Float[Array, "*shape"], tuple[Array, Array, Array]]:
    """2^e ≥ max |A| along the axis, and A = A₁ + A₂ + A₃ exactly, of β, β and the other bits.

    Rump, Ogita and Oishi, "Accurate floating-point summation I", SIAM J. Sci. Comput. 31 (2008),
    lemma 3.3: fl(fl(σ + a) − σ) is a multiple of u·σ, the rest is exact and at most u·σ.
    """
    exponent = np.frexp(np.abs(A).max(axis=axis, keepdims=True))[1]
    sigma = np.ldexp(1.0, exponent + 53 - beta)
    A1 = (sigma + A) - sigma
    rest = A - A1
    sigma = np.ldexp(sigma, -beta)
    A2 = (sigma + rest) - sigma
    return np.ldexp(1.0, exponent), (A1, A2, rest - A2)
