"""‖x‖² at the matrix 0: the gradient is 2x = 0."""

import jax
import jax.numpy as jnp

jax.config.update("jax_enable_x64", True)
print("returned", *jax.value_and_grad(lambda x: jnp.linalg.norm(x) ** 2)(jnp.zeros((1, 1))))
print("true    ", 0.0, [[0.0]])
