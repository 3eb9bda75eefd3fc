"""tr H, H the polar factor by svd, at X = I: near it H is X, and the gradient is I."""

import jax
import jax.numpy as jnp

jax.config.update("jax_enable_x64", True)
G = jax.grad(lambda x: jnp.trace(jax.scipy.linalg.polar(x, method="svd")[1]))(jnp.eye(2))
print("returned", G.tolist())
print("true    ", jnp.eye(2).tolist())
