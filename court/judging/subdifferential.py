"""At a repeated eigenvalue: is the reported G a generalized gradient?

Where λ_i is repeated it has no gradient, but the set

    {V M Vᵀ : M ⪰ 0, tr M = 1}

with the columns of V an orthonormal basis of its eigenspace.  Of the convex λ_max it is the
subdifferential (Overton (1992)), of the concave λ_min the superdifferential.  An eigenvalue inside
the spectrum is neither convex nor concave; the set is its Clarke subdifferential (Lewis (1999)).
Which of the three is decided by the index that was asked for.
"""

from __future__ import annotations

import numpy as np
from jaxtyping import Float

from symgrad.court.references import Cluster

Array = Float[np.ndarray, "n n"]
STAGES = 8


def describe_subgradient(G: Array, X: Array, cluster: Cluster, roundoff: float) -> str:
    """In words, whether (G + Gᵀ)/2 is V M Vᵀ with M ⪰ 0 and tr M = 1, as far as rounding tells.

    G and X are n×n.  The eigenspace is known to the accuracy n·u·‖X‖/gap (Davis and Kahan (1970)),
    which is the tolerance.
    """
    n = len(X)
    if cluster.index == 0:
        name = "superdifferential of λ_min"
    elif cluster.is_last:
        name = "subdifferential of λ_max"
    else:
        name = f"Clarke subdifferential of λ{cluster.index}"
    tolerance = STAGES * n * roundoff * (1 + float(np.linalg.norm(X)) / cluster.gap)
    H, P = (G + G.T) / 2, cluster.projector.high
    inside = (
        np.linalg.norm(H - P @ H @ P) <= tolerance
        and abs(np.trace(H) - 1) <= tolerance
        and np.linalg.eigvalsh(H)[0] >= -tolerance
    )
    return f"the reported G {'lies' if inside else 'does not lie'} in the {name}"
