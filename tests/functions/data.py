"""What the functions have beside X: small numbers, and what was made of them once, by NumPy.

No framework makes anything of a constant, so that all three execute the same numbers.
"""

from types import SimpleNamespace

import numpy as np

SIZES = (3, 6)
SEEDS = {3: 3, 6: 6}
SAMPLES, POINTS = 4, 5

GENERAL = {
    "nuclear_norm", "attention", "determinant", "qr_loss", "layer_norm_network", "power_spectrum",
}  # fmt: skip
"""The functions of which the step that can have a backward of its own is given a matrix that need
not be symmetric; all others give theirs one that is symmetric for every symmetric X."""

OF_EIGENVECTORS = {
    "re_eig", "log_eig", "spd_net", "zca", "pca", "log_euclidean", "projector_entry",
}  # fmt: skip
"""And those of which it is eigh, the eigenvectors being used."""


def spd(n, rng):
    """Of numbers that are short, so that nothing is rounded."""
    A = np.round(rng.standard_normal((n, n)), 2)
    return np.round((A @ A.T + (A @ A.T).T) / 2 / n, 4) + np.eye(n)


def point(n):
    """X: positive definite, its eigenvalues apart, nothing on a kink."""
    return spd(n, np.random.default_rng(SEEDS[n]))


def spectral(A, phi):
    w, V = np.linalg.eigh(A)
    M = (V * phi(w)) @ V.T
    return (M + M.T) / 2


def constants(n, array):
    """By name, as arrays of a framework, of whose constructor from NumPy's ``array`` is given."""
    rng = np.random.default_rng(100 + n)
    A = spd(n, rng)

    def some(*shape):
        return np.round(rng.standard_normal(shape), 3)

    W, M, y, m = some(n, n), some(n, n), some(n), some(n)
    arrays = {
        "eye": np.eye(n),
        "ones": np.ones(n),
        "off": 1 - np.eye(n),
        "A": A,
        "A_root": spectral(A, np.sqrt),
        "A_log": spectral(A, np.log),
        "A_inverse": spectral(A, lambda w: 1 / w),
        "A_factor_inverse": np.linalg.inv(np.linalg.cholesky(A)),
        "W": W,
        "M": M,
        "y": y,
        "m": m,
        "Z": some(SAMPLES, n),
        "P": some(POINTS, n),
        "t": some(POINTS),
        "noise": np.eye(POINTS) / 8,
        "two": np.eye(2),
        "scales": np.arange(1.0, SAMPLES + 1),
        "rows": np.arange(1.0, n + 1),
    }
    numbers = {
        "n": n,
        "A_log_det": float(np.linalg.slogdet(A)[1]),
        "A_trace": float(np.trace(A)),
        "squared_distance": float(m @ np.linalg.solve(A, m)),
        "log_2_pi": float(np.log(2 * np.pi)),
        "root_n": float(np.sqrt(n)),
    }
    return SimpleNamespace(**{key: array(M) for key, M in arrays.items()}, **numbers)
