"""Random symmetric matrices of the kinds that people differentiate at, well and badly behaved."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from jaxtyping import Float

Array = Float[np.ndarray, "n n"]


def well(rng: np.random.Generator, n: int) -> Array:
    """Eigenvalues of the size 1 to n, apart."""
    return _rotated(rng, np.arange(1, n + 1) + rng.uniform(-0.3, 0.3, n))


def ill(rng: np.random.Generator, n: int) -> Array:
    """Condition number up to 10⁸, eigenvalues spaced geometrically."""
    return _rotated(rng, np.logspace(0, -rng.uniform(2, 8), n))


def graded(rng: np.random.Generator, n: int) -> Array:
    """Rows and columns scaled by powers of ten, down to 10⁻⁴."""
    scale = 10.0 ** -np.linspace(0, rng.uniform(1, 4), n)
    return np.asarray(scale[:, None] * well(rng, n) * scale)


def close(rng: np.random.Generator, n: int) -> Array:
    """The two smallest eigenvalues 10⁻² to 10⁻¹⁰ apart."""
    values = np.arange(1.0, n + 1)
    values[1] = values[0] + 10 ** -rng.uniform(2, 10)
    return _rotated(rng, values)


def scaled(rng: np.random.Generator, n: int) -> Array:
    """In other units, by a power of ten from 10⁻¹⁵⁰ to 10¹⁵⁰."""
    return np.asarray(well(rng, n) * 10.0 ** rng.integers(-150, 151))


def _rotated(rng: np.random.Generator, values: Float[np.ndarray, " n"]) -> Array:
    Q = np.linalg.qr(rng.standard_normal((len(values), len(values))))[0]
    X = Q * values @ Q.T
    return np.asarray((X + X.T) / 2)


KINDS: dict[str, Callable[[np.random.Generator, int], Array]] = {
    "well conditioned": well,
    "ill conditioned": ill,
    "graded": graded,
    "nearly degenerate": close,
    "scaled": scaled,
}
