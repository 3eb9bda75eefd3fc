"""Rounding in float64, bounded in advance: γ_k, error-free transformations, residuals in n² work.

Hypotheses, used throughout and nowhere weakened: IEEE 754 binary64, rounding to nearest, every
elementwise operation rounded, and matrix products that sum the n products of each entry in *some*
order, with or without fused multiply-adds (no Strassen).  Then, whatever the order,

    |fl(A·B) − A·B| ≤ γ_n |A|·|B| + underflow,      γ_k = k·u / (1 − k·u),  u = 2⁻⁵³

(Higham (2002); Rump (2010)).  No rounding mode is ever switched.  The bounds themselves are sums of
products of non-negative floats, taken in fewer than 2³⁰ roundings: ``SAFE`` makes up for those,
since (1 + u)^(2³⁰) < 1 + 2⁻²².

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
    This is the algorithm Dot2 of Ogita, Rump and Oishi with a tree in place of their chain.
    """
    n = A.shape[1]
    s, c, a = _sums(A, np.broadcast_to(hi, A.shape), addends)
    result = s + (c + (A @ lo + small))
    depth = (n + addends.shape[1]).bit_length()
    b = np.abs(A) @ np.abs(lo) + small_size
    error = UNIT * np.abs(result) + gamma(2 * n + 32) * ((depth + 2) * UNIT * a + b)
    return result, error * SAFE + FLOOR


def row_products(
    A: Float[Array, "m n"], B: Float[Array, "m n"], addends: Float[Array, "m k"]
) -> tuple[Float[Array, " m"], Float[Array, " m"]]:
    """Σ_j A_ij·B_ij + Σ_k addends_ik for every i, and a bound of its error.

    The proof is that of :func:`accurate_product` without a tail: b = 0.
    """
    s, c, a = _sums(A, B, addends)
    result = s + c
    n = A.shape[1]
    depth = (n + addends.shape[1]).bit_length()
    error = UNIT * np.abs(result) + gamma(2 * n + 32) * ((depth + 2) * UNIT * a)
    return result, error * SAFE + FLOOR


def _sums(
    A: Float[Array, "m n"], B: Float[Array, "m n"], addends: Float[Array, "m k"]
) -> tuple[Float[Array, " m"], Float[Array, " m"], Float[Array, " m"]]:
    """By rows: the sum of A_ij·B_ij and the addends in floats, the errors made, the magnitude."""
    m, n = A.shape
    s, c, a = np.empty(m), np.empty(m), np.empty(m)
    step = max(1, BLOCK // n)
    for start in range(0, m, step):
        rows = slice(start, start + step)
        p, e = two_product(A[rows], B[rows])
        terms = np.concatenate([p, addends[rows]], axis=1)
        s[rows], c[rows] = _tree(terms)
        c[rows] += e.sum(axis=1)
        a[rows] = np.abs(terms).sum(axis=1)
    return s, c, a


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
