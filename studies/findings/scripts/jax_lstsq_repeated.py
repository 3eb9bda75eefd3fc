"""uᵀx, x = lstsq(X, u), at X = I, which is uᵀX⁻¹u nearby: its gradient is −uuᵀ."""

import jax
import jax.numpy as jnp

jax.config.update("jax_enable_x64", True)
u = jnp.array([1.0, -2.0])
G = jax.grad(lambda x: u @ jnp.linalg.lstsq(x, u)[0])(jnp.eye(2))
print("returned", G.tolist())
print("true    ", (-jnp.outer(u, u)).tolist())
