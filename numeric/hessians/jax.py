"""JAX: ``jax.grad`` and ``jax.jvp`` of one another, and ``jax.hessian``."""

import jax
import jax.numpy as jnp
import numpy as np

from symgrad.numeric.hessians import by_directions


def _inner(g, E):
    return jnp.real(jnp.sum(g * E))


def _slope(f, E):
    return lambda x: jax.jvp(f, (x,), (E,))[1]


def reverse_over_reverse(f, x, E):
    return jax.value_and_grad(lambda x: _inner(jax.grad(f)(x), E))(x)


def forward_over_reverse(f, x, E):
    g, G = jax.jvp(jax.grad(f), (x,), (E,))
    return _inner(g, E), G


def reverse_over_forward(f, x, E):
    return jax.value_and_grad(_slope(f, E))(x)


def forward_over_forward(f, x, E):
    slope = _slope(f, E)
    along = lambda D: float(jax.jvp(slope, (x,), (jnp.asarray(D, x.dtype),))[1])  # noqa: E731
    return slope(x), jnp.asarray(by_directions(along, np.asarray(x)), x.dtype)


def hessian(f, x, E):
    if jnp.iscomplexobj(x):
        raise NotImplementedError("jax.hessian is asked of real matrices")
    return _slope(f, E)(x), jnp.einsum("ijkl,kl->ij", jax.hessian(f)(x), E)


WAYS = {
    "reverse over reverse": reverse_over_reverse,
    "forward over reverse": forward_over_reverse,
    "reverse over forward": reverse_over_forward,
    "forward over forward": forward_over_forward,
    "hessian": hessian,
}


def differentiate_twice(way, f, X, E, dtype):
    """As :meth:`symgrad.numeric.framework.BaseFramework.differentiate_twice`."""
    slope, G = WAYS[way](f, jnp.asarray(X, dtype), jnp.asarray(E, dtype))
    return float(slope), np.asarray(G, X.dtype), str(G.dtype)
