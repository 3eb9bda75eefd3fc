"""exp of the 1×1 matrix 85: e⁸⁵, and its gradient e⁸⁵; half of the digits are lost."""

import jax
import jax.numpy as jnp

jax.config.update("jax_enable_x64", True)
f = jax.value_and_grad(lambda x: jnp.trace(jax.scipy.linalg.expm(x)))
print("returned", *f(jnp.array([[85.0]])))
print("true    ", jnp.exp(85.0), [[jnp.exp(85.0)]])
