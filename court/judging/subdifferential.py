"""At a repeated extreme eigenvalue: is the reported G a subgradient?

λ_max is convex.  Where it is repeated it has no gradient, but the subdifferential

    ∂λ_max(X) = {V M Vᵀ : M ⪰ 0, tr M = 1}

with the columns of V an orthonormal basis of its eigenspace (Overton, Large-scale optimization of
eigenvalues, SIAM J. Optim. 2 (1992), theorem 3).  For the concave λ_min the same set holds its
supergradients.  Inside the spectrum there is no such notion.
"""

from __future__ import annotations

import numpy as np
from jaxtyping import Float

from court.records import Cluster

Array = Float[np.ndarray, "n n"]
STAGES = 8


def describe_subgradient(G: Array, X: Array, cluster: Cluster, roundoff: float) -> str:
    """In words, whether (G + Gᵀ)/2 is V M Vᵀ with M ⪰ 0 and tr M = 1, as far as rounding tells.

    G and X are n×n.  The eigenspace is known to the accuracy n·u·‖X‖/gap (Davis and Kahan), which
    is the tolerance.  An eigenvalue that is neither the largest nor the smallest gives nothing.
    """
    n = len(X)
    if cluster.first + cluster.multiplicity == n:
        name = "subdifferential of λ_max"
    elif cluster.first == 0:
        name = "superdifferential of λ_min"
    else:
        return ""
    tolerance = STAGES * n * roundoff * (1 + float(np.linalg.norm(X)) / cluster.gap)
    H, P = (G + G.T) / 2, cluster.projector.high
    inside = (
        np.linalg.norm(H - P @ H @ P) <= tolerance
        and abs(np.trace(H) - 1) <= tolerance
        and np.linalg.eigvalsh(H)[0] >= -tolerance
    )
    return f"the reported G {'lies' if inside else 'does not lie'} in the {name}"
