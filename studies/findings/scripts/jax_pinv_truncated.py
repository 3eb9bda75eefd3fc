"""⟨W, pinv(X, rtol=2/3)⟩ at X = [[2, 1], [1, 2]], of eigenvalues 1 and 3, along diag(1, 0)."""

import jax
import numpy as np

jax.config.update("jax_enable_x64", True)
W, E, X = np.array([[[1.0, 0], [3, 2]], [[1, 0], [0, 0]], [[2, 1], [1, 2]]])


def f(X):
    return (W * jax.numpy.linalg.pinv(X, rtol=2 / 3)).sum()


print("returned", (jax.grad(f)(X) * E).sum())
print("true    ", (f(X + 1e-6 * E) - f(X - 1e-6 * E)) / 2e-6)
