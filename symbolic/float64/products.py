"""Products of matrices in about twice the precision of float64, by BLAS, with their error bounds.

A (n×n) is cut by rows and B by columns into slices A₁ + A₂ + A₃ of β bits below 2^ρ_i ≥ max_j
|A_ij| and 2^κ_j ≥ max_i |B_ij|.  With 2β + log₂ n ≤ 53 the sums in A₁B₁, A₁B₂ and A₂B₁ are
multiples of one unit below 2⁵³ units: exact in every order.  What is left, A₁B₃ + A₂(B₂ + B₃) +
A₃B, is at most 3n·2^(ρ_i + κ_j − 2β), and is summed plainly.  (Ozaki, Ogita, Oishi and Rump,
"Error-free transformations of matrix multiplication …", Numer. Algorithms 59, 2012.)

The hypotheses are those of rounding.py; entries stay below 2⁴⁰⁰.
"""

from __future__ import annotations

import numpy as np
from jaxtyping import Float

from symgrad.symbolic.float64.rounding import FLOOR, SAFE, UNIT, gamma

Array = np.ndarray


def product(
    A: Float[Array, "n n"], B: Float[Array, "n n"]
) -> tuple[Float[Array, "n n"], Float[Array, "n n"]]:
    """A·B rounded little more than once, and a bound of its error."""
    first, middle, rest, last = _sliced(A, B)
    second = middle + rest
    P = first + second
    rounded = UNIT * (np.abs(middle) + np.abs(second) + np.abs(P))
    return P, (rounded + last) * SAFE + FLOOR


def defect(
    R: Float[Array, "n n"], X: Float[Array, "n n"]
) -> tuple[Float[Array, "n n"], Float[Array, "n n"]]:
    """Z = I − R·X, without cancellation where R is near the inverse, and a bound of its error."""
    exact, middle, rest, last = _sliced(R, X)
    first = np.eye(len(X)) - exact
    second = first - middle
    Z = second - rest
    rounded = UNIT * (np.abs(first) + np.abs(middle) + np.abs(second) + np.abs(Z))
    return Z, (rounded + last) * SAFE + FLOOR


def _sliced(
    A: Float[Array, "n n"], B: Float[Array, "n n"]
) -> tuple[Array, Array, Array, Float[Array, "n n"]]:
    """A₁B₁ exactly, A₁B₂ + A₂B₁ rounded once, the rest in floats, and a bound of its error."""
    n = len(B)
    beta = (53 - n.bit_length()) // 2
    rho, (A1, A2, A3) = _slices(A, beta, axis=1)
    kappa, (B1, B2, B3) = _slices(B, beta, axis=0)
    middle = A1 @ B2 + A2 @ B1
    # B₂ + B₃ = B − B₁ is exact; the sum is of three products, each of n terms
    rest = (A1 @ B3 + A2 @ (B2 + B3)) + A3 @ B
    last = 3 * n * gamma(n + 4) * 2.0 ** (-2 * beta)
    return A1 @ B1, middle, rest, last * (rho * kappa)


def _slices(
    A: Float[Array, "n n"], beta: int, axis: int
) -> tuple[Float[Array, "*shape"], tuple[Array, Array, Array]]:
    """2^e ≥ max |A| along the axis, and A = A₁ + A₂ + A₃ exactly, of β, β and the other bits.

    With |a| ≤ 2^e ≤ σ/4, σ = 2^(e + 53 − β), fl(σ + a) is a multiple of u·σ within u·σ of σ + a.
    So a₁ = fl(σ + a) − σ is exact (Sterbenz), a multiple of u·σ = 2^(e − β), at most 2^e because
    rounding is monotone; and a − a₁, the error of one addition, is a float of at most u·σ.  This
    is ExtractScalar of Rump, Ogita and Oishi, "Accurate floating-point summation I", SIAM J. Sci.
    Comput. 31 (2008).
    The rest is cut in the same way.
    """
    largest = np.abs(A).max(axis=axis, keepdims=True)
    exponent = np.frexp(largest)[1]
    sigma = np.ldexp(1.0, exponent + 53 - beta)
    A1 = (sigma + A) - sigma
    rest = A - A1
    sigma = np.ldexp(sigma, -beta)
    A2 = (sigma + rest) - sigma
    return np.where(largest > 0, np.ldexp(1.0, exponent), 0.0), (A1, A2, rest - A2)
