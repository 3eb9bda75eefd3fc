"""Strategies of Hypothesis: matrices to check a function at; ``symgrad[hypothesis]`` brings it.

Each draws float64 (complex128) arrays, symmetric (Hermitian) to the last bit.  Entries have full
mantissas or are small integers, and a counterexample shrinks to the latter: to few of them off the
simplest matrix, which is tridiagonal with 1 beside its diagonal.  There no two eigenvalues coincide
and hardly an entry of a gradient vanishes, so that it tells right gradients from wrong ones; of the
identity or 0 a test would see nothing but refusals.

>>> from hypothesis import given
>>> from symgrad import assert_gradient
>>> @given(positive_definite(3))
... def test_my_square(X):
...     assert_gradient(lambda X: (np.trace(X @ X), 2 * X), X, function=lambda X: (X * X).trace())
>>> test_my_square()
"""

from __future__ import annotations

import math

import numpy as np
from hypothesis import strategies as st
from jaxtyping import Complex, Float

Real = Float[np.ndarray, "n n"]
Hermitian = Complex[np.ndarray, "n n"]
Vector = Float[np.ndarray, " n"]
Draw = st.DrawFn
__all__ = ["graded", "hermitian", "nearly_repeated", "positive_definite", "symmetric"]

MOST = 4
"""Entries are the simplest one and at most this, in absolute value, on top."""
LEAST_CONDITION = 1.01
GAPS = (1e-12, 0.5)
"""Rounding, of about 1e-15 times the largest eigenvalue, leaves such a gap what it is."""
LARGEST_POWER = 900
"""Entries of a graded matrix stay below 2 to this, so that none overflows."""


def symmetric(n: int) -> st.SearchStrategy[Real]:
    """Symmetric n×n matrices with entries up to a few units.

    Raises:
        ValueError: n is less than 1.

    >>> from hypothesis import find
    >>> find(symmetric(3), lambda X: True)
    array([[1., 1., 0.],
           [1., 2., 1.],
           [0., 1., 3.]])
    """
    _check_size(n)
    return _symmetric(n)


def hermitian(n: int) -> st.SearchStrategy[Hermitian]:
    """Hermitian n×n matrices with entries up to a few units, complex128.

    Raises:
        ValueError: n is less than 1.
    """
    _check_size(n)
    return _hermitian(n)


def positive_definite(n: int, condition: float = 10.0) -> st.SearchStrategy[Real]:
    """Symmetric n×n matrices with positive eigenvalues, λ_max ≤ ``condition``·λ_min.

    Of a large ``condition`` many come near to it.  The simplest ones are integers still.

    Raises:
        ValueError: n is less than 1, or the condition so near 1 that only multiples of I have it.

    >>> from hypothesis import find
    >>> find(positive_definite(3), lambda X: True)
    array([[2., 1., 0.],
           [1., 3., 1.],
           [0., 1., 4.]])
    """
    _check_size(n)
    if not LEAST_CONDITION <= condition < math.inf:
        raise ValueError(f"condition = {condition}: give a number from {LEAST_CONDITION} on")
    return _positive_definite(n, condition)


def nearly_repeated(n: int, gap: float = 1e-8) -> st.SearchStrategy[Real]:
    """Positive definite n×n matrices, n > 1, with two eigenvalues a ``gap`` apart.

    All others are farther apart.  Eigenvalues shrink to small integers, but for the one that is a
    gap beyond its neighbour, and the eigenvectors to those of the reflection that takes
    (1, 2, …, 2) to its negative.  Rounding adds to the gap up to 1e-15·n times the largest
    eigenvalue, or a few times that.

    Raises:
        ValueError: n is 1, or the gap is none that float64 keeps.
    """
    if n < 2:
        raise ValueError(f"n = {n}: two eigenvalues need two rows")
    least, most = GAPS
    if not least <= gap <= most:
        raise ValueError(f"gap = {gap}: float64 keeps gaps from {least} to {most}")
    return _nearly_repeated(n, gap)


def graded(n: int, ratio: float = 16.0) -> st.SearchStrategy[Real]:
    """Positive definite n×n matrices whose rows and columns fall off, from the first to the last.

    They are D M D with a well-conditioned M and a diagonal D that falls by 2, 4, … up to ``ratio``
    from each entry to the next, to 1.  (Powers of two, so that nothing is rounded.)  The condition
    may be ratio^(2n − 2) and more: beyond 1e16 most gradients are refused.

    Raises:
        ValueError: n is less than 1, the ratio less than 2, or the first entry may overflow.

    >>> from hypothesis import find
    >>> find(graded(3), lambda X: True)
    array([[32.,  8.,  0.],
           [ 8., 12.,  2.],
           [ 0.,  2.,  4.]])
    """
    _check_size(n)
    if not 2 <= ratio < math.inf:
        raise ValueError(f"ratio = {ratio}: give a number from 2 on")
    powers = math.frexp(ratio)[1] - 1
    if 2 * powers * (n - 1) > LARGEST_POWER:
        raise ValueError(
            f"{n} rows that fall by up to {ratio} would overflow; give a smaller ratio"
        )
    return _graded(n, powers)


def _check_size(n: int) -> None:
    if n < 1:
        raise ValueError(f"n = {n}: a matrix has a row at least")


def _numbers(least: int = -MOST) -> st.SearchStrategy[float]:
    """Small integers, and twice as often numbers with full mantissas, none of them tiny.

    What lies in a range of a few units is spread evenly over it, and not over its exponents.
    """
    whole = st.integers(least, MOST).map(float)
    above, below = st.floats(1 / 16, MOST), st.floats(-MOST, -1 / 16)
    return st.one_of(whole, above, below if least < 0 else st.floats(1 / 16, 1))


@st.composite
def _upper(draw: Draw, n: int, first: int) -> Real:
    """An upper triangle, from the ``first`` diagonal on, of what is 1 on the next and 0 beyond."""
    U = np.eye(n, k=1)
    for i, j in zip(*np.triu_indices(n, first), strict=True):
        U[i, j] += draw(_numbers())
    return U


@st.composite
def _symmetric(draw: Draw, n: int) -> Real:
    U = draw(_upper(n, 0))
    return np.asarray(np.diag(np.arange(1.0, n + 1)) + U + np.triu(U, 1).T)


@st.composite
def _hermitian(draw: Draw, n: int) -> Hermitian:
    H = draw(_symmetric(n)).astype(np.complex128)
    U = draw(_upper(n, 1))
    H.imag = U - U.T
    return H


@st.composite
def _positive_definite(draw: Draw, n: int, condition: float) -> Real:
    M = draw(_symmetric(n))
    s = _shift(M, condition)
    to_the_bound = draw(st.booleans())
    return M + np.diag(np.full(n, s if to_the_bound else math.ceil(s)))


def _shift(M: Real, condition: float) -> float:
    """The least s ≥ 0 with which M + sI, and M + tI for all t > s, has the condition.

    Computed eigenvalues, and the sum, are off by a small multiple of n·u·‖M + sI‖, which both ends
    of the spectrum are moved by before s is chosen.  So that λ_min is not tiny, they are 1 apart.
    """
    values = np.linalg.eigvalsh(M)
    largest = float(np.max(np.abs(values))) * (condition + 1) / (condition - 1)
    off = 32 * len(M) * float(np.finfo(np.float64).eps) * largest
    low = float(values[0]) - off
    high = max(float(values[-1]) + off, low + 1)
    return max(0.0, (high - condition * low) / (condition - 1))


@st.composite
def _nearly_repeated(draw: Draw, n: int, gap: float) -> Real:
    steps = [1 + draw(_numbers(0)) for _ in range(n)]
    steps[1 + draw(st.integers(0, n - 2))] = gap
    v = np.array([1.0, *[2.0] * (n - 1)]) + [draw(_numbers(0)) for _ in range(n)]
    return _reflected(np.cumsum(steps), v)


def _reflected(values: Vector, v: Vector) -> Real:
    """H diag(values) H, H = I − 2vvᵀ/vᵀv.  In this form no rounding is larger than the values."""
    H = np.eye(len(v)) - np.outer(v, v) * (2 / (v @ v))
    M = H * values @ H
    return np.asarray((M + M.T) / 2)


@st.composite
def _graded(draw: Draw, n: int, powers: int) -> Real:
    M = draw(positive_definite(n))
    steps = [draw(st.integers(1, powers)) for _ in range(n - 1)]
    scale = np.array([sum(steps[i:]) for i in range(n)])
    return np.asarray(np.ldexp(M, np.add.outer(scale, scale)))
