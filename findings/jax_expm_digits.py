"""log tr exp X at X = [[2]], which is X itself: its gradient is 1, to 16 digits."""

import jax
import jax.numpy as jnp

jax.config.update("jax_enable_x64", True)
G = jax.grad(lambda x: jnp.log(jnp.trace(jax.scipy.linalg.expm(x))))(jnp.array([[2.0]]))
print("returned", repr(G.item()))
print("true     1.0")
