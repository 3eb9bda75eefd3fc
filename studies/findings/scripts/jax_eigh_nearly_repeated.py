"""⟨W, exp X⟩ by eigh at X = [[1, ε], [ε, 1]], ε = 4e-16: its gradient is e·W to 15 digits."""

import jax
import jax.numpy as jnp

jax.config.update("jax_enable_x64", True)
W = jnp.array([[2.0, 3.0], [3.0, 4.0]])


def f(x):
    values, V = jnp.linalg.eigh(x)
    return jnp.sum(W * ((V * jnp.exp(values)) @ V.T))


print(jax.grad(f)(jnp.array([[1.0, 4e-16], [4e-16, 1.0]])).tolist(), "true", (W * jnp.e).tolist())
