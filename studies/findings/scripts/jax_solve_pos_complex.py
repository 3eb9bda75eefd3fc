"""uᵀX⁻¹u by solve(assume_a='pos') at a Hermitian X: along E it is −zᴴEz, z = X⁻¹u."""

import jax
import jax.numpy as jnp
import numpy as np

jax.config.update("jax_enable_x64", True)
X, E, u = np.array([[2, 1j], [-1j, 1]]), np.array([[0, 1j], [-1j, 0]]), np.array([1.0, -2.0])
G = jax.grad(lambda x: (u @ jax.scipy.linalg.solve(x, u + 0j, assume_a="pos")).real)(jnp.array(X))
z = np.linalg.solve(X, u)
print("returned", np.sum(G * E).real, "or, with its conjugate,", np.sum(G.conj() * E).real)
print("true    ", -(z.conj() @ E @ z).real)
