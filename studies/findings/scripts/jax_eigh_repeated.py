"""⟨W, exp X⟩ by eigh at X = 0: its gradient is W."""

import jax
import jax.numpy as jnp

jax.config.update("jax_enable_x64", True)
W = jnp.array([[2.0, 3.0], [3.0, 4.0]])


def f(x):
    values, V = jnp.linalg.eigh(x)
    return jnp.sum(W * ((V * jnp.exp(values)) @ V.T))


print("returned", jax.grad(f)(jnp.zeros((2, 2))).tolist(), "true", W.tolist())
