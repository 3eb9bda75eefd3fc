"""⟨W, v vᵀ⟩ by eigh at X = s·[[2, 1], [1, 2]]: s times its gradient is that of s = 1."""

import jax
import jax.numpy as jnp
import numpy as np

jax.config.update("jax_enable_x64", True)
W = np.array([[2.0, 3.0], [3.0, 4.0]])
for s, dtype in ((1.0, "float32"), (2.0**25, "float32"), (1.0, "float64"), (1e30, "float64")):
    x = (s * np.array([[2, 1], [1, 2]])).astype(dtype)
    G = jax.grad(lambda x: jnp.sum(W * jnp.outer(*2 * (jnp.linalg.eigh(x)[1][:, 1],))))(x)
    print(f"{dtype}, s = {s:g}, s times the symmetric part:", (s * (G + G.T) / 2).tolist())
