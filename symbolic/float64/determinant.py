"""Certified determinants in float64: the correction to Π w_i of approximate eigenvalues w_i.

rounding.py has the hypotheses on the arithmetic; the few scalars are summed by Arb.
"""

from __future__ import annotations

import numpy as np
from flint import arb
from jaxtyping import Float

from symgrad.symbolic.float64.eigenpairs import Spectrum
from symgrad.symbolic.float64.products import product
from symgrad.symbolic.float64.rounding import FLOOR, SAFE, UNIT, gamma, norm_bound, row_products
from symgrad.symbolic.float64.scaling import NotCertifiedError, quiet

Array = np.ndarray


@quiet
def log_abs_det(found: Spectrum) -> tuple[int, arb]:
    """The sign of det X and log|det X|, at the precision in force, from X's approximate eigenpairs.

    Let D = diag(w) and V approximate eigenvalues and -vectors of Y = 2^−e·X, about which nothing
    is assumed, E = I − D⁻¹VᵀYV and F = I − VᵀV.  Then det Y·det(V)² = det D·det(I − E) and
    det(V)² = det(I − F), so that

        log|det Y| = Σ log|w_i| + log det(I − E) − log det(I − F).

    E may be replaced by the similar |D|^½·E·|D|^−½.  If its Frobenius norm, or that of F, is below
    ε < 1, det(I − tE) has no zero for t in [0, 1] and is positive, and by the series of the
    logarithm, |tr E^k| ≤ ‖E‖^k for k ≥ 2,

        |log det(I − E) + tr E| ≤ ε²/(2(1 − ε)).

    So the sign of det Y is that of det D, and only the traces have to be accurate; the entries
    off the diagonal are bounded as BLAS gives them, with |Vᵀ||C| ≤ ‖v_i‖·‖c_j‖ (Cauchy–Schwarz).

    Raises:
        NotCertifiedError: X could not be proved regular.
    """
    Y, w, V, n = found.scaled, found.near, found.basis, len(found.near)
    if not np.min(np.abs(w)) > FLOOR:
        raise _refusal(n)
    C, error = product(Y, V)
    trace_of_E, e = _deviation(V, C, error, w)
    trace_of_F, f = _deviation(V, V, np.zeros_like(V), np.ones(n))
    if not (e < 0.5 and f < 0.5):
        raise _refusal(n)
    logarithm = arb(2).log() * (n * found.exponent)
    logarithm += sum((abs(arb(x)).log() for x in w.tolist()), arb(0))
    logarithm += trace_of_F - trace_of_E
    remainder = e * e / (1 - e) + f * f / (1 - f)  # twice what is needed, for its rounding
    return (-1 if np.sum(w < 0) % 2 else 1), logarithm + arb(0, remainder)


def _deviation(
    V: Float[Array, "n n"],
    C: Float[Array, "n n"],
    error: Float[Array, "n n"],
    w: Float[Array, " n"],
) -> tuple[arb, float]:
    """Of E = I − D⁻¹VᵀC′, |C′ − C| ≤ error: an enclosure of tr E, a bound of ‖|D|^½·E·|D|^−½‖."""
    n = len(w)
    excess, miss = row_products(V.T, C.T, -w[:, None])
    miss = (miss + (np.abs(V) * error).sum(axis=0)) * SAFE
    rows = zip(excess.tolist(), miss.tolist(), w.tolist(), strict=True)
    trace = -sum((arb(x, m) / arb(d) for x, m, d in rows), arb(0))
    vectors, columns, doubts = (_column_norms(A) for A in (V, C, error))
    M = V.T @ C
    M[np.diag_indices(n)] -= w
    size = np.abs(M) * (1 + UNIT) + np.outer(vectors, gamma(n + 2) * columns + doubts)
    scale = np.sqrt(np.abs(w))
    return trace, norm_bound((size * SAFE + FLOOR) / np.outer(scale, scale)) * SAFE


def _column_norms(A: Float[Array, "n n"]) -> Float[Array, " n"]:
    """Upper bounds of the Euclidean norms of the columns; squares may underflow."""
    return np.asarray(np.sqrt((A * A).sum(axis=0)) * SAFE + np.sqrt(len(A)) * FLOOR)


def _refusal(n: int) -> NotCertifiedError:
    return NotCertifiedError(
        f"the determinant of a {n}×{n} matrix: it could not be proved regular; the matrix is "
        "singular or nearly so"
    )
