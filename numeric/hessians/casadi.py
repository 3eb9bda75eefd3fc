"""CasADi: graphs of ``gradient`` and ``jtimes`` of one another, and ``ca.hessian``."""

import casadi as ca


def reverse_over_reverse(value, X, E):
    slope = ca.dot(ca.gradient(value, X), E)
    return [slope, ca.gradient(slope, X)]


def forward_over_reverse(value, X, E):
    g = ca.gradient(value, X)
    return [ca.dot(g, E), ca.reshape(ca.jtimes(g, X, E), X.shape)]


def reverse_over_forward(value, X, E):
    slope = ca.jtimes(value, X, E)
    return [slope, ca.gradient(slope, X)]


def hessian(value, X, E):
    H, g = ca.hessian(value, X)
    G = ca.mtimes(H, ca.reshape(E, -1, 1))
    return [ca.dot(ca.reshape(g, X.shape), E), ca.reshape(G, X.shape)]


WAYS = {
    "reverse over reverse": reverse_over_reverse,
    "forward over reverse": forward_over_reverse,
    "reverse over forward": reverse_over_forward,
    "hessian": hessian,
}
