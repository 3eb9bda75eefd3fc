"""Certified inverses in float64 alone: I − RX below 1 in norm, with Z = I − RX itself made use of.

rounding.py has the hypotheses on the arithmetic; X is scaled by a power of two to Y, exactly.
"""

from __future__ import annotations

import numpy as np
from jaxtyping import Float

from symgrad.symbolic.float64.products import defect
from symgrad.symbolic.float64.rounding import FLOOR, LARGEST, SAFE, UNIT, gamma
from symgrad.symbolic.float64.scaling import NotCertifiedError, quiet, scaled, scaled_back

Array = np.ndarray


@quiet
def inverse(X: Float[Array, "n n"]) -> tuple[Float[Array, "n n"], Float[Array, "n n"]]:
    """M and B with |X⁻¹ − M| ≤ B in every entry, of the symmetric matrix X.

    With R from LAPACK and Z = I − RY let ζ = ‖Z‖_∞ < 1.  Then R and Y are regular and
    Y⁻¹ = (I − Z)⁻¹R = R + ZR + Σ_{k≥2} Z^k R (Rump 2010, on linear systems; Krawczyk).  For
    k ≥ 2 entry (i, j) of |Z|^k |R| is at most z_i·ζ^(k−1)·max_l |R_lj|, z the row sums of |Z|, so
    that the tail of the series is at most z_i·ζ/(1 − ζ)·max_l |R_lj|.  With Z known to ΔZ,
    M = R + ZR has a further error of at most (ΔZ + γ_n|Z|)·|R|.  The average with the transpose is
    as good, as Y⁻¹ is symmetric.

    Raises:
        TypeError: X is no float64 array.
        ValueError: X is not square, finite and symmetric.
        NotCertifiedError: X could not be proved regular, or its inverse leaves float64's range.
    """
    Y, e = scaled(X)
    n = len(Y)
    try:
        R = np.linalg.inv(Y)
    except np.linalg.LinAlgError:
        raise NotCertifiedError(f"the inverse of a {n}×{n} matrix: LAPACK finds none") from None
    if not np.max(np.abs(R)) < LARGEST:
        raise NotCertifiedError(f"the inverse of a {n}×{n} matrix: its entries exceed 2⁴⁰⁰/‖X‖")
    Z, error = defect(R, Y)
    rows = (np.abs(Z) + error).sum(axis=1) * SAFE
    zeta = float(np.max(rows))
    if not zeta < 0.5:
        raise NotCertifiedError(
            f"the inverse of a {n}×{n} matrix: ‖I − RX‖ ≤ {zeta:.1e} proves nothing; the matrix "
            "is singular or nearly so, use the references in Arb"
        )
    size = np.abs(R)
    M = R + Z @ R
    B = (error + gamma(n + 2) * np.abs(Z)) @ size
    B += np.outer(rows, zeta / (1 - zeta) * size.max(axis=0)) + UNIT * np.abs(M)
    mean = (M + M.T) / 2
    B = ((B + B.T) / 2 + 2 * UNIT * np.abs(mean)) * SAFE + FLOOR
    return scaled_back(mean, B, -e)
