"""Strategies of Hypothesis: matrices to check a function at; ``symgrad[hypothesis]`` brings it.

Each draws float64 arrays that are symmetric (Hermitian) to the last bit, with full mantissas.

>>> from hypothesis import given
>>> from symgrad import assert_gradient
>>> @given(positive_definite(3))
... def test_my_square(X):
...     assert_gradient(lambda X: (np.trace(X @ X), 2 * X), X, function=lambda X: (X * X).trace())
>>> test_my_square()
"""

from __future__ import annotations

import numpy as np
from hypothesis import strategies as st
from jaxtyping import Float, Inexact

Real = Float[np.ndarray, "n n"]
__all__ = ["hermitian", "nearly_repeated", "positive_definite", "symmetric"]
LEAST, MOST = 1.0, 8.0
"""The eigenvalues of a positive definite matrix are between these."""


def symmetric(n: int) -> st.SearchStrategy[Real]:
    """Symmetric n×n matrices with entries up to a few units."""
    return _generators().map(lambda rng: _symmetrized(rng.standard_normal((n, n))))


def hermitian(n: int) -> st.SearchStrategy[Inexact[np.ndarray, "n n"]]:
    """Hermitian n×n matrices, complex128."""

    def draw(rng: np.random.Generator) -> Inexact[np.ndarray, "n n"]:
        return _symmetrized(rng.standard_normal((n, n)) + 1j * rng.standard_normal((n, n)))

    return _generators().map(draw)


def positive_definite(n: int) -> st.SearchStrategy[Real]:
    """Symmetric n×n matrices with eigenvalues between 1 and 8, well conditioned."""
    return _generators().map(lambda rng: _rotated(rng, rng.uniform(LEAST, MOST, n)))


def nearly_repeated(n: int, gap: float = 1e-8) -> st.SearchStrategy[Real]:
    """Positive definite n×n matrices, n > 1, with two eigenvalues about a ``gap`` apart.

    Raises:
        ValueError: n is 1.
    """
    if n < 2:
        raise ValueError(f"n = {n}: two eigenvalues need two rows")

    def draw(rng: np.random.Generator) -> Real:
        values = rng.uniform(LEAST, MOST, n)
        values[1] = values[0] + gap
        return _rotated(rng, values)

    return _generators().map(draw)


def _generators() -> st.SearchStrategy[np.random.Generator]:
    return st.integers(0, 2**32 - 1).map(np.random.default_rng)


def _symmetrized(M: Inexact[np.ndarray, "n n"]) -> Inexact[np.ndarray, "n n"]:
    return np.asarray((M + np.conj(M.T)) / 2)


def _rotated(rng: np.random.Generator, values: Float[np.ndarray, " n"]) -> Real:
    n = len(values)
    Q = np.linalg.qr(rng.standard_normal((n, n)))[0]
    return _symmetrized(Q * values @ Q.T)
