"""Functions of an eigenvector itself: its sign is not determined, so that they are refused.

The functions of v vᵀ, which is, are in :mod:`symgrad.symbolic.catalogue.spectral`.
"""

from __future__ import annotations

from symgrad.symbolic.catalogue.eigenvalues import MAGNUS
from symgrad.symbolic.catalogue.function import undetermined

FUNCTIONS = (
    undetermined(
        "eigenvector_entry",
        "entry 0 of v_i, the unit eigenvector of λ_i: refused",
        "symmetric",
        f"determined but for the sign, which is chosen; {MAGNUS}",
        "the sign (in a Hermitian X the phase) of the eigenvector v_i",
        lambda n: {f"[{i}]": {"i": i} for i in range(n)},
    ),
)
