"""PyTorch: ``torch.autograd.grad`` twice, and the transforms of ``torch.func``."""

import numpy as np
import torch

from symgrad.numeric.framework import directions
from symgrad.numeric.place import DEVICE


def _inner(g, E):
    return (g * E).sum().real


def reverse_over_reverse(f, x, E):
    """What does not depend on X any more has the derivative 0, as in torch.autograd.functional."""
    x = x.requires_grad_()
    (g,) = torch.autograd.grad(f(x), x, create_graph=True)
    slope = _inner(g, E)
    if not slope.requires_grad:
        return slope, torch.zeros_like(x)
    (G,) = torch.autograd.grad(slope, x)  # which raises an error where its graph ends before X
    return slope, G


def forward_over_reverse(f, x, E):
    g, G = torch.func.jvp(torch.func.grad(f), (x,), (E,))
    return _inner(g, E), G


def _slope(f, E):
    return lambda x: torch.func.jvp(f, (x,), (E,))[1]


def reverse_over_forward(f, x, E):
    G, slope = torch.func.grad_and_value(_slope(f, E))(x)
    return slope, G


def forward_over_forward(f, x, E):
    along = np.array(list(directions(len(x), x.is_complex())))
    every = torch.tensor(along, dtype=x.dtype, device=x.device)
    slope = _slope(f, E)
    slopes = torch.stack([torch.func.jvp(slope, (x,), (D,))[1] for D in every])
    sizes = (every.abs() ** 2).sum((1, 2))
    return slope(x), torch.einsum("m,mij->ij", (slopes / sizes).to(every.dtype), every)


def hessian(f, x, E):
    if x.is_complex():
        raise NotImplementedError("torch.func.hessian is asked of real matrices")
    return _slope(f, E)(x), torch.einsum("ijkl,kl->ij", torch.func.hessian(f)(x), E)


WAYS = {
    "reverse over reverse": reverse_over_reverse,
    "forward over reverse": forward_over_reverse,
    "reverse over forward": reverse_over_forward,
    "forward over forward": forward_over_forward,
    "hessian": hessian,
}


def differentiate_twice(way, f, X, E, dtype):
    """As :meth:`symgrad.numeric.framework.BaseFramework.differentiate_twice`."""
    kind = getattr(torch, dtype)
    x, along = (torch.tensor(M, dtype=kind, device=DEVICE.get()) for M in (X, E))
    slope, G = WAYS[way](f, x, along)
    widest = torch.complex128 if G.is_complex() else torch.float64
    found = G.to(widest).numpy(force=True)  # forward mode has zeros that are no numbers in memory
    return slope.item(), found, str(G.dtype).split(".")[-1]
