"""Certified eigenpairs and inverses in float64 alone, for n in the thousands.

An approximation from LAPACK, about which nothing is assumed, is followed by residuals whose
rounding errors are bounded in advance (rounding.py has the hypotheses), and by perturbation
theorems: the way of Rump, "Verification methods: rigorous results using floating-point arithmetic",
Acta Numerica 19 (2010).
Every statement is about the exact float64 matrix X.  What cannot be certified is refused;
conditions are written so that a NaN fails them.

X is scaled by a power of two to Y, exactly, with largest entry in [1/2, 1).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from symgrad.symbolic.float64.inverse import inverse
from symgrad.symbolic.float64.rounding import (
    FLOOR,
    LARGEST,
    SAFE,
    UNIT,
    add,
    excess,
    gamma,
    norm_bound,
    normalize,
    residual,
    two_sum,
)
from symgrad.symbolic.float64.scaling import NotCertifiedError, quiet, scaled, up

__all__ = ["Eigenpair", "NotCertifiedError", "NotIsolatedError", "Spectrum"]
__all__ += ["eigenpair", "inverse", "spectrum"]

Array = np.ndarray

STEPS = 12
"""Most refinements of one eigenvector; each gains a factor of about gap/(n·u·‖X‖)."""
ENOUGH = 2.0**-73
"""Radius of v at which refinement stops: u·2⁻²⁰, next to the u of a rounded entry nothing."""


class NotIsolatedError(NotCertifiedError):
    """λ_i could not be separated from another eigenvalue; the message says from which."""


@dataclass(frozen=True, eq=False)
class Eigenpair:
    """λ_i and the projector v vᵀ of a simple eigenvalue, enclosed.

    |λ_i − (value + value_tail)| ≤ value_radius, and for one of the two unit eigenvectors v of X,
    ‖v − (vector + vector_tail)‖₂ ≤ vector_radius, which bounds the error of every entry.
    All other eigenvalues of X are at least ``gap`` away from ``value``.
    """

    index: int
    value: float
    value_tail: float
    value_radius: float
    vector: Float[Array, " n"]
    vector_tail: Float[Array, " n"]
    vector_radius: float
    gap: float

    def __post_init__(self) -> None:
        for array in (self.vector, self.vector_tail):
            array.setflags(write=False)

    @property
    def value_bound(self) -> float:
        """An upper bound of |λ_i − value|."""
        return up((abs(self.value_tail) + self.value_radius) * SAFE)

    def projector(self) -> tuple[Float[Array, "n n"], Float[Array, "n n"]]:
        """S = fl(v_i·v_j) of ``vector`` and R with |v vᵀ − S| ≤ R in every entry.

        With v_i = h_i + d_i, |d_i| ≤ D_i, the error of h_i·h_j is |h_i d_j + d_i h_j + d_i d_j|,
        and rounding it adds u·|S_ij|.
        """
        h = self.vector
        H, D = np.abs(h), (np.abs(self.vector_tail) + self.vector_radius) * SAFE
        S = np.outer(h, h)
        R = np.outer(H, D) + np.outer(D, H) + np.outer(D, D) + UNIT * np.abs(S)
        return S, R * SAFE + FLOOR


@dataclass(frozen=True, eq=False)
class Spectrum:
    """Every eigenvalue, in ascending order: |λ_i − values_i| ≤ radii_i, repeated ones included."""

    values: Float[Array, " n"]
    radii: Float[Array, " n"]
    scaled: Float[Array, "n n"]
    """Y = 2^−exponent · X; ``near``, ``radius`` and ``basis`` belong to it."""
    exponent: int
    near: Float[Array, " n"]
    radius: Float[Array, " n"]
    basis: Float[Array, "n n"]

    def __post_init__(self) -> None:
        # later eigenpairs are as true as these arrays are unchanged
        for array in (self.values, self.radii, self.scaled, self.near, self.radius, self.basis):
            array.setflags(write=False)

    @quiet
    def eigenpair(self, i: int) -> Eigenpair:
        """λ_i and its projector, for further i at the cost of n² operations each.

        Let v = hi + lo, ρ and r = Yv − ρv be given, |λ_k − ρ| ≥ gap > 0 for all k ≠ i, and
        η = ‖r‖/gap.  Write v = αz + y with z a unit eigenvector of λ_i and y orthogonal to z.  Then
        ‖r‖ ≥ ‖(Y − ρ)y‖ ≥ gap·‖y‖, so ‖y‖ ≤ η: the sin θ theorem of Davis and Kahan (1970).  With
        |‖v‖² − 1| ≤ ν, α² = ‖v‖² − ‖y‖² is within ν + η² of 1, and so is |α|; hence
        ‖v ∓ z‖ ≤ η + ν + η².  And zᵀr = α(λ_i − ρ) gives |λ_i − ρ| ≤ ‖r‖/|α|.  With η and ν below
        1/4, |α| > 4/5, and |λ_i − ρ| < gap: λ_i is simple.

        Raises:
            NotIsolatedError: no positive gap, or η ≥ 1/4.
            IndexError: there is no λ_i.
        """
        n = len(self.near)
        if not 0 <= i < n:
            raise IndexError(f"λ{i} of a {n}×{n} matrix: i must be from 0 to {n - 1}")
        others = np.arange(n) != i
        gap = self._gap(i, float(self.near[i]))
        if not gap > 0:
            raise self._refusal(i, gap)
        hi, lo = self.basis[:, i].copy(), np.zeros(n)
        best: Eigenpair | None = None
        rho, tail = float(self.near[i]), 0.0
        for _ in range(STEPS):
            hi, lo = normalize(hi, lo)
            r, error = residual(self.scaled, hi, lo, rho, tail)
            pair = self._bound(i, (hi, lo), (rho, tail), norm_bound(np.abs(r) + error))
            if pair is not None:
                done = best is not None and not pair.vector_radius < best.vector_radius / 2
                if best is None or pair.vector_radius < best.vector_radius:
                    best = pair
                if done or best.vector_radius <= ENOUGH:
                    return best
            # r = (Y − ρ)(v − z): solved approximately in the basis, and by the Rayleigh quotient
            weights = self.basis.T @ r
            step = self.basis[:, others] @ (weights[others] / (self.near[others] - rho))
            hi, lo = add(hi, lo, -step)
            rho, tail = (float(x) for x in two_sum(np.asarray(rho), tail + hi @ r))
        if best is None:
            raise self._refusal(i, gap)
        return best

    def _gap(self, i: int, rho: float) -> float:
        """A lower bound of min |λ_k − ρ| over k ≠ i, in the scale of Y; infinite for n = 1."""
        distance = np.abs(self.near - rho)
        lower = distance - (self.radius + 4 * UNIT * distance) * SAFE - FLOOR
        lower[i] = np.inf
        return float(np.min(lower))

    def _bound(
        self, i: int, v: tuple[Array, Array], rho: tuple[float, float], r: float
    ) -> Eigenpair | None:
        """The theorem of ``eigenpair`` for ‖residual‖ ≤ r, scaled back; None where it is silent."""
        gap = self._gap(i, rho[0]) - 2 * abs(rho[1])
        if not gap > FLOOR:
            return None
        eta = r / gap * SAFE + FLOOR
        above, error = excess(*v)
        nu = (abs(above) + error) * SAFE
        if not (eta < 0.25 and nu < 0.25):
            return None
        radius = (eta + nu + eta * eta) * SAFE
        alpha = 1 - (nu + eta * eta) * SAFE
        e = self.exponent
        return Eigenpair(
            i,
            float(np.ldexp(rho[0], e)),
            float(np.ldexp(rho[1], e)),
            up(float(np.ldexp(r / alpha * SAFE, e))),
            *v,
            radius,
            float(np.ldexp(gap * (1 - 2.0**-20), e)),
        )

    def _refusal(self, i: int, gap: float) -> NotIsolatedError:
        distance = np.abs(self.near - self.near[i]) - self.radius
        distance[i] = np.inf
        other = int(np.argmin(distance))
        apart = float(np.ldexp(abs(self.near[other] - self.near[i]), self.exponent))
        proved = float(np.ldexp(max(gap, 0.0), self.exponent))
        return NotIsolatedError(
            f"λ{i} is not isolated: λ{other} is about {apart:.1e} away, of which float64 proves "
            f"{proved:.1e}; use the references in Arb"
        )


@quiet
def spectrum(X: Float[Array, "n n"]) -> Spectrum:
    """Enclosures of all eigenvalues of the symmetric matrix X, with their order.

    With approximate eigenvectors V and eigenvalues D = diag(w) let ‖VᵀV − I‖ ≤ δ < 1 and
    ‖YV − VD‖ ≤ ρ.  By Ostrowski's theorem the i-th eigenvalue of VᵀYV is θ·λ_i with θ between the
    extreme eigenvalues of VᵀV, so that |θ − 1| ≤ δ (Horn and Johnson, Matrix Analysis, 2nd ed.,
    theorem 4.5.9); by Weyl's it is within ε of w_i, where VᵀYV − D = Vᵀ(YV − VD) + (VᵀV − I)D has
    a norm of at most ε = ‖V‖·ρ + δ·‖D‖ (corollary 4.3.15).  So
    |λ_i − w_i| ≤ (ε + δ·|w_i|)/(1 − δ).  The products YV and VᵀV are BLAS's, with
    γ_n·‖Y‖_F·‖V‖_F and γ_n·‖V‖_F² for their rounding.

    Raises:
        TypeError: X is no float64 array.
        ValueError: X is not square, finite and symmetric.
        NotCertifiedError: LAPACK does not converge, or its eigenvectors are not near orthogonal.
    """
    Y, e = scaled(X)
    n = len(Y)
    try:
        w, V = np.linalg.eigh(Y)
    except np.linalg.LinAlgError as failure:
        raise NotCertifiedError(
            f"the spectrum of a {n}×{n} matrix: LAPACK says {failure}"
        ) from None
    size = norm_bound(V)
    largest = float(np.max(np.abs(w)))
    gram = V.T @ V
    gram[np.diag_indices(n)] -= 1
    delta = (norm_bound(gram) + gamma(n + 2) * (size * size + n)) * SAFE + FLOOR
    rounding = gamma(n + 2) * (norm_bound(Y) * size + largest * size)
    error = (norm_bound(Y @ V - V * w) + rounding) * SAFE + FLOOR
    if not (delta < 0.5 and error < LARGEST and bool(np.all(np.diff(w) >= 0))):
        raise NotCertifiedError(
            f"the spectrum of a {n}×{n} matrix: LAPACK's eigenvectors are not orthogonal enough"
        )
    epsilon = delta * largest + np.sqrt(1 + delta) * error
    radius = (epsilon + delta * np.abs(w)) / (1 - delta) * SAFE + FLOOR
    radii = np.nextafter(np.nextafter(np.ldexp(radius, e), np.inf), np.inf)
    return Spectrum(np.ldexp(w, e), radii, Y, e, w, radius, V)


def eigenpair(X: Float[Array, "n n"], i: int) -> Eigenpair:
    """λ_i of the symmetric matrix X, ascending from i = 0, and v vᵀ = ∂λ_i/∂X, enclosed.

    Raises:
        NotIsolatedError: λ_i could not be separated from the others.
        IndexError: there is no λ_i.
        TypeError, ValueError, NotCertifiedError: as ``spectrum``.
    """
    return spectrum(X).eigenpair(i)
