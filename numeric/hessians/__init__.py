"""Hessians along a direction, in each way that a framework differentiates twice.

A way is named by its modes, the outer first, or is the framework's own ``hessian``.  Each is a
function of f, X and E (n×n, the framework's own arrays; E is real and symmetric): it gives
⟨∇f(X), E⟩ and G, the gradient of X → ⟨∇f(X), E⟩.

Written for Python 3.6, NumPy and one framework.
"""

import numpy as np

from symgrad.numeric.framework import directions


def by_directions(slope_along, X):
    """The gradient (n×n) whose slopes along all symmetric (Hermitian) directions are these."""
    S = np.zeros(X.shape, X.dtype)
    for D in directions(len(X), np.iscomplexobj(X)):
        S += slope_along(D) * D / np.sum(np.abs(D) ** 2)
    return S
