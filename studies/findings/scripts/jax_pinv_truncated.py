"""⟨W, pinv(X, rtol=2/3)⟩ at X = [[2, 1], [1, 2]], whose eigenvalues are 1 and 3, along diag(1, 0)."""

import jax
import jax.numpy as jnp
import numpy as np

jax.config.update("jax_enable_x64", True)
W, E, X = np.array([[1.0, 0], [3, 2]]), np.array([[1.0, 0], [0, 0]]), np.array([[2.0, 1], [1, 2]])
f = lambda X: jnp.sum(W * jnp.linalg.pinv(X, rtol=2 / 3))
print("returned", float(jnp.sum(jax.grad(f)(X) * E)))
print("true    ", float(f(X + 1e-6 * E) - f(X - 1e-6 * E)) / 2e-6)
