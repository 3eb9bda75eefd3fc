"""autograd: ``grad`` and ``make_jvp`` of one another, and ``autograd.hessian``."""

import autograd
import autograd.numpy as anp
import numpy as np
from autograd.differential_operators import make_jvp

from symgrad.numeric.hessians import by_directions


def _inner(g, E):
    return anp.real(anp.sum(g * E))


def _slope(f, E):
    return lambda x: anp.real(make_jvp(f)(x)(E)[1])


def reverse_over_reverse(f, x, E):
    return autograd.value_and_grad(lambda x: _inner(autograd.grad(f)(x), E))(x)


def forward_over_reverse(f, x, E):
    g, G = make_jvp(autograd.grad(f))(x)(E)
    return _inner(g, E), G


def reverse_over_forward(f, x, E):
    return autograd.value_and_grad(_slope(f, E))(x)


def forward_over_forward(f, x, E):
    slope = _slope(f, E)
    along = lambda D: float(np.real(make_jvp(slope)(x)(D.astype(x.dtype))[1]))  # noqa: E731
    return slope(x), by_directions(along, x).astype(x.dtype)


def hessian(f, x, E):
    if np.iscomplexobj(x):
        raise NotImplementedError("autograd.hessian is asked of real matrices")
    return _inner(autograd.grad(f)(x), E), np.einsum("ijkl,kl->ij", autograd.hessian(f)(x), E)


WAYS = {
    "reverse over reverse": reverse_over_reverse,
    "forward over reverse": forward_over_reverse,
    "reverse over forward": reverse_over_forward,
    "forward over forward": forward_over_forward,
    "hessian": hessian,
}


def differentiate_twice(way, f, X, E, dtype):
    """As :meth:`symgrad.numeric.framework.BaseFramework.differentiate_twice`."""
    slope, G = WAYS[way](f, X.astype(dtype), E.astype(dtype))
    wide = np.complex128 if np.iscomplexobj(G) else np.float64
    return float(slope), np.asarray(G).astype(wide), str(np.asarray(G).dtype)
