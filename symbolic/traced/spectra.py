"""Eigenvalues of a matrix that is not symmetric, where they are real and apart."""

from __future__ import annotations

import numpy as np
from flint import acb_mat, arb_mat

from symgrad.symbolic.traced.decisions import RefusedError, UndecidedError
from symgrad.symbolic.traced.numbers import Array


def enclosed(A: arb_mat) -> tuple[list[int], acb_mat, acb_mat, acb_mat]:
    """The order of the eigenvalues, ascending; them, and left (rows) and right eigenvectors.

    An enclosure that meets the real line is that of a real one, as complex ones come in pairs and
    no two are in one.

    Raises:
        RefusedError: one is not real.
        UndecidedError: they are not apart at this precision.
    """
    try:
        found, left, right = acb_mat(A).eig(left=True, right=True, algorithm="vdhoeven")
    except ValueError as error:
        why = "eigenvalues are not apart, and what is made of them is not smooth there"
        raise UndecidedError("spectrum", why) from error
    if not all(z.imag.contains(0) for z in found):
        raise RefusedError("path", "float64 finds real eigenvalues, exact arithmetic complex ones")
    order = sorted(range(len(found)), key=lambda k: found[k].real.mid())
    return order, found, left, right


def values(A: arb_mat) -> arb_mat:
    """The eigenvalues, ascending, as a column."""
    order, found, _, _ = enclosed(A)
    return arb_mat([[found[k].real] for k in order])


def pulled(A: arb_mat, g: arb_mat) -> arb_mat:
    """Σ ḡₖ u vᵀ/uᵀv over the left and right eigenvectors u and v, from a column ḡ."""
    order, _, left, right = enclosed(A)
    n = len(order)
    total = arb_mat(n, n)
    for place, k in enumerate(order):
        size = sum(left[k, i] * right[i, k] for i in range(n))
        one = [[(left[k, i] * right[j, k] / size).real for j in range(n)] for i in range(n)]
        total = total + arb_mat(one) * g[place, 0]
    return total


def pulled_floats(A: Array, g: Array) -> Array:
    """The same of a batch in float64."""
    w, right = np.linalg.eig(A)
    order = np.argsort(w.real, axis=-1)[..., None, :]
    right = np.take_along_axis(right, order, -1)
    left = np.linalg.inv(right)
    return np.asarray((left.swapaxes(-1, -2) @ (g[..., None] * right.swapaxes(-1, -2))).real)
