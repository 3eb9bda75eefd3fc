"""References for eigenvalues of large matrices, n up to 2000: certified in float64 alone.

The enclosure comes from :mod:`symbolic.certified.float64`, and is sharper than a float64 gradient's
tolerance by several orders of magnitude; the sensitivity needs one more matrix product.
"""

from __future__ import annotations

from fractions import Fraction

import numpy as np
from jaxtyping import Float

from court.records import Ball, Enclosure, Reference
from symbolic.catalogue import Instance
from symbolic.certified.float64 import NotCertifiedError, Spectrum, spectrum

Array = Float[np.ndarray, "n n"]


def certify_large(function: Instance, X: Array) -> Reference:
    """What is true of ``eigenvalue[i]`` at a symmetric float64 X (n×n).

    No direction is listed: the court judges every entry of (G + Gᵀ)/2, that is, all n(n+1)/2
    symmetric directions.  An eigenvalue that cannot be told apart from its neighbours is refused.

    Raises:
        TypeError, ValueError: X is not a symmetric float64 matrix of finite entries.
        KeyError: the function is no eigenvalue.
    """
    i = function.constants["i"]
    about: tuple[str, str, dict[str, str], Array] = (function.name, "symmetric", {}, X)
    try:
        found = spectrum(X)
        pair = found.eigenpair(i)
    except NotCertifiedError as error:
        nothing = np.zeros((0, 0))
        return Reference(*about, None, None, (), nothing, "certified", str(error))
    mid, radius = pair.projector()
    value = Ball(
        Fraction(pair.value) + Fraction(pair.value_tail), Fraction(float(pair.value_radius))
    )
    sensitivity = eigenprojector_sensitivity(found, i)
    S = Enclosure(mid, np.zeros_like(mid), np.broadcast_to(radius, mid.shape))
    return Reference(*about, value, S, (), sensitivity, "certified")


def eigenprojector_sensitivity(found: Spectrum, i: int) -> Array:
    """‖∂(v vᵀ)_kl/∂X‖ over Sym(n), n×n, for the i-th eigenvector v, in float64.

    From d(v vᵀ) = Σ_j (v_jᵀ dX v)/(λ − λ_j)·(v_j vᵀ + v v_jᵀ), whose coefficients are orthogonal
    functionals of dX of norm 1/(√2·|λ − λ_j|).
    """
    v, gaps = found.basis[:, i], found.values[i] - found.values
    gaps[i] = np.inf
    scaled = found.basis / gaps
    M = scaled @ scaled.T
    along = np.outer(np.diag(M), v**2)
    squares = (along + along.T) / 2 + np.outer(v, v) * M
    return np.asarray(np.sqrt(np.maximum(squares, 0)))
