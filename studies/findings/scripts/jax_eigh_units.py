"""The smaller eigenvalue of X = s·[[2, 1], [1, 2]], its gradient in other units."""

import jax
import jax.numpy as jnp
import numpy as np

jax.config.update("jax_enable_x64", True)
for s, dtype in ((1, "float32"), (2**30, "float32"), (2**100, "float64")):
    x = (s * np.array([[2, 1], [1, 2]])).astype(dtype)
    print(dtype, s, jax.grad(lambda x: jnp.linalg.eigh(x)[0][0])(x).tolist())
print("true    [[0.5, -0.5], [-0.5, 0.5]]")
