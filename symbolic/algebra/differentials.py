"""The algebra of differentials: float64 matrices that carry dM as a linear map of dX.

It differentiates a gradient theorem once more, for its sensitivity, in O(n³) and along all of
Sym(n) at once.  Every theorem here is built of products and inverses, so that

    dM = Σ_k L_k dX R_k + Σ_m M_m·⟨H_m, dX⟩,    ds = ⟨H, dX⟩ of a scalar s.

A tolerance needs the size of it alone, so float64 suffices.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from fractions import Fraction
from functools import reduce
from typing import Any

import numpy as np
from flint import arb, fmpq
from jaxtyping import Float

from symgrad.symbolic.algebra import Rows
from symgrad.symbolic.algebra.intervals import Intervals
from symgrad.symbolic.algebra.scalar import Modulus, Scalar

Array = Float[np.ndarray, "n n"]
Pairs = tuple[tuple[Array, Array], ...]


@dataclass(frozen=True, eq=False)
class ScalarDifferential:
    """A number s with ds = rate·⟨H, dX⟩; both may be beyond float64, and H is symmetric, n×n."""

    value: arb
    rate: arb
    H: Array

    def __neg__(self) -> ScalarDifferential:
        return ScalarDifferential(-self.value, -self.rate, self.H)

    def __add__(self, other: ScalarDifferential) -> ScalarDifferential:
        H = float(self.rate) * self.H + float(other.rate) * other.H
        return ScalarDifferential(self.value + other.value, arb(1), H)

    def __sub__(self, other: ScalarDifferential) -> ScalarDifferential:
        return self + -other

    def __truediv__(self, other: ScalarDifferential) -> ScalarDifferential:
        """d(s/t) = (ds − (s/t)·dt)/t."""
        quotient = self.value / other.value
        difference = self - other.scaled(quotient)
        return ScalarDifferential(quotient, 1 / other.value, difference.H)

    def __rtruediv__(self, number: int) -> ScalarDifferential:
        quotient = number / self.value
        return ScalarDifferential(quotient, -self.rate * quotient / self.value, self.H)

    def scaled(self, c: arb) -> ScalarDifferential:
        """c·s."""
        return ScalarDifferential(self.value * c, self.rate * c, self.H)


@dataclass(frozen=True, eq=False)
class Differential:
    """An n×n matrix M with the pairs (L_k, R_k) of dM, and its pairs (M_m, H_m), H_m symmetric.

    ``sizes`` is its sensitivity where the pairs would lose it to cancellation; what is made of M
    has only the pairs.
    """

    value: Array
    maps: Pairs = ()
    along: Pairs = ()
    sizes: Array | None = None

    def __neg__(self) -> Differential:
        return self.scaled(-1.0)

    def __add__(self, other: Differential) -> Differential:
        maps, along = self.maps + other.maps, self.along + other.along
        return Differential(self.value + other.value, maps, along)

    def __sub__(self, other: Differential) -> Differential:
        return self + -other

    def __mul__(self, other: Differential | ScalarDifferential | int) -> Differential:
        if isinstance(other, int):
            return self.scaled(float(other))
        if isinstance(other, ScalarDifferential):
            along = ((self.value, float(other.rate) * other.H),)
            product = self.scaled(float(other.value))
            return Differential(product.value, product.maps, product.along + along)
        A, B = self.value, other.value
        return Differential(
            A @ B,
            (*((L, R @ B) for L, R in self.maps), *((A @ L, R) for L, R in other.maps)),
            (*((M @ B, H) for M, H in self.along), *((A @ M, H) for M, H in other.along)),
        )

    __rmul__ = __mul__  # of scalars alone: two matrices meet in __mul__

    def scaled(self, c: float) -> Differential:
        """c·M."""
        maps = tuple((c * L, R) for L, R in self.maps)
        return Differential(c * self.value, maps, tuple((c * M, H) for M, H in self.along))


class Differentials:
    """X is always the one matrix of some intervals, from which the numbers are taken."""

    def __init__(self, intervals: Intervals) -> None:
        """``intervals`` are X's, n×n."""
        self._intervals = intervals

    def matrix(self) -> Differential:
        """X itself: dX = I dX I."""
        X = self._intervals.matrix().mid
        return Differential(X, ((np.eye(len(X)), np.eye(len(X))),))

    def sensitivity(self, G: Differential) -> Array:
        """The Frobenius norm of the gradient of each entry of S = (G + Gᵀ)/2 over Sym(n), n×n.

        dG_ij = ⟨g_ij, dX⟩ with g_ij = Σ_k sym(a_ik b_jkᵀ) + Σ_m (M_m)_ij H_m, a_ik row i of L_k,
        b_jk column j of R_k.  By ⟨sym(abᵀ), sym(cdᵀ)⟩ = ½((a·c)(b·d) + (a·d)(b·c)) the products
        ⟨g_ij, g_ij⟩ and ⟨g_ij, g_ji⟩, of which ‖g_ij + g_ji‖²/4 is made, are entries of L_k R_l,
        L_k L_lᵀ and R_kᵀ R_l.
        """
        if G.sizes is not None:
            return G.sizes
        squares = np.zeros_like(G.value)  # whose symmetric part is half of the sum
        for k, (L, R) in enumerate(G.maps):
            for m, (K, Q) in enumerate(G.maps[: k + 1]):
                weight = 1 / 8 if m == k else 1 / 4  # the pair (k, m) stands for (m, k) too
                there, back = L @ Q, K @ R
                own = np.outer(_dots(L, K), _dots(R.T, Q.T)) + there * back
                crossed = (L @ K.T) * (Q.T @ R) + np.outer(np.diag(there), np.diag(back))
                squares += weight * (own + crossed)
        for M, H in G.along:
            half = (M + M.T) / 4
            for L, R in G.maps:
                squares += 2 * half * (L @ H @ R)
            for N, J in G.along:
                squares += half * (N + N.T) / 2 * float(np.sum(H * J))
        return np.asarray(np.sqrt(np.maximum(squares + squares.T, 0)))

    def size(self, X: Differential) -> int:
        return len(X.value)

    def constant(self, rows: Rows) -> Differential:
        return Differential(np.array(rows, dtype=np.float64))

    def inner(self, W: Differential, M: Differential) -> ScalarDifferential:
        H = _pulled_back(W, M.value) + _pulled_back(M, W.value)
        return ScalarDifferential(arb(float(np.sum(W.value * M.value))), arb(1), (H + H.T) / 2)

    def scaled(self, x: Any, factor: Fraction) -> Any:
        if isinstance(x, Differential):
            return x.scaled(float(factor))
        return x.scaled(arb(fmpq(factor.numerator, factor.denominator)))

    def inverse(self, X: Differential) -> Differential:
        A = self._intervals.inverse(self._intervals.matrix()).mid
        return Differential(A, ((-A, A),))

    def det(self, X: Differential) -> ScalarDifferential:
        det = self._intervals.det(self._intervals.matrix())
        return ScalarDifferential(det, det, self.inverse(X).value)

    def adjugate(self, X: Differential) -> Differential:
        found = self._intervals.spectrum
        sizes = _second_compound(found.values, found.basis)
        return replace(self.inverse(X) * self.det(X), sizes=sizes)

    def log(self, x: ScalarDifferential) -> ScalarDifferential:
        return ScalarDifferential(x.value.log(), x.rate / x.value, x.H)

    def by_modulus(self, rank: int) -> Modulus:
        return Modulus(rank)

    def trace(self, X: Differential, phi: Scalar) -> ScalarDifferential:
        value = self._intervals.trace(self._intervals.matrix(), phi)
        return ScalarDifferential(value, arb(1), self.apply(X, phi.derivative()).value)

    def apply(self, X: Differential, phi: Scalar) -> Differential:
        return reduce(
            Differential.__add__,
            (self._part(phi, i) for i in self._intervals.positions(phi)),
        )

    def _part(self, phi: Scalar, i: int) -> Differential:
        """φ(λ_i)·P: P = v vᵀ has dP = R dX P + P dX R, R = Σ_j v_j v_jᵀ/(λ_i − λ_j), j ≠ i."""
        found = self._intervals.spectrum
        V, gaps = found.basis, found.values[i] - found.values
        gaps[i] = np.inf
        P, R = np.outer(V[:, i], V[:, i]), (V / gaps) @ V.T
        value, slope = (float(x.mid()) for x in phi.taylor(self._intervals.eigenvalue(i), 2))
        along = ((slope * P, P),) if slope else ()  # dλ_i = ⟨P, dX⟩
        return Differential(value * P, ((value * R, P), (P, value * R)), along)


def _second_compound(values: Float[np.ndarray, " n"], V: Array) -> Array:
    """‖∂(adj X)_ij/∂X‖ from X's eigenpairs, without a difference of large terms.

    Entry (i, j) of d adj X is Σ_ab c_ab (V_ia V_ja E_bb − V_ia V_jb E_ab) in the eigenbasis, with
    c_ab = Π λ_k over k ≠ a, b.  Let λ_0 have the smallest modulus, r = Π λ_k over k ≠ 0 and
    m_a = 1/λ_a, but m_0 = 0: then c_0a = r m_a and otherwise c_ab = r λ_0 m_a m_b, and the sums
    over b are products of matrices.
    """
    order = np.argsort(np.abs(values))
    w, V = values[order], V[:, order]
    least, m = w[0], np.concatenate([[0.0], 1 / w[1:]])
    r = np.prod(np.sign(w[1:])) * np.exp(np.sum(np.log(np.abs(w[1:]))))
    c = least * np.outer(m, m)
    c[0], c[:, 0] = m, m
    np.fill_diagonal(c, 0.0)
    squares, first = V * V, np.outer(V[:, 0], V[:, 0])
    one, two, three = ((V * m**k) @ V.T for k in (1, 2, 3))
    fourth = (squares * m**4) @ squares.T
    rest = first + least * one
    own = one**2 + rest**2 * np.sum(m**2) - 2 * least * rest * three + least**2 * fourth
    crossed = squares @ (c * c) @ squares.T + 2 * first * two + least**2 * (two**2 - fourth)
    return np.asarray(abs(r) * np.sqrt(np.maximum(own + crossed / 2, 0)))


def _dots(A: Array, B: Array) -> Float[np.ndarray, " n"]:
    """The inner products of the rows."""
    return np.asarray(np.einsum("ij,ij->i", A, B))


def _pulled_back(M: Differential, W: Array) -> Array:
    """H with ⟨W, dM⟩ = ⟨H, dX⟩."""
    H = np.zeros_like(W)
    for L, R in M.maps:
        H += L.T @ W @ R.T
    for N, J in M.along:
        H += float(np.sum(W * N)) * J
    return H
