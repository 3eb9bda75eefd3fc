"""Route one to the eigenvalue identities: SymPy's polynomial matrices.

p(λ) comes from ``DomainMatrix.charpoly`` (Berkowitz' division-free algorithm, Information
Processing Letters 18, 1984) of X, the adjugate from ``DomainMatrix.adjugate`` of λI − X, and the
conventions from :func:`symgrad.symbolic.proofs.by_sympy.identities.representatives`, the ones that
reports name.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import sympy
from sympy import ZZ, ImmutableDenseMatrix
from sympy.polys.domains.domain import Domain
from sympy.polys.matrices import DomainMatrix
from sympy.polys.rings import PolyElement

from symgrad.court.references import Identity, Representative
from symgrad.symbolic.derivation import LAMBDA
from symgrad.symbolic.parameterizations import symmetric
from symgrad.symbolic.proofs.by_sympy.identities import (
    SKEW,
    WEIGHT,
    representatives,
    spurious,
)
from symgrad.symbolic.proofs.plain import (
    Plain,
    RouteRecord,
    characteristic_identity,
    eigenvalue_identity,
)

ROUTE = "SymPy"
Rows = list[list[PolyElement]]


class Polynomials(NamedTuple):
    """p = det(λI − X) and the n×n rows of A = adj(λI − X), over ``ring`` = Z[x_ij, λ, w, κ]."""

    ring: Domain
    p: PolyElement
    A: Rows


def by_sympy(n: int) -> RouteRecord:
    """The identities of size n, each residual a polynomial with integer coefficients."""
    found = polynomials(n)
    identities = (*_characteristic_identities(n, found), *_eigenvalue_identities(n, found))
    rows = tuple(tuple(_plain(entry) for entry in row) for row in found.A)
    return RouteRecord(ROUTE, n, len(found.p), identities, _plain(found.p), rows)


def polynomials(n: int) -> Polynomials:
    """P and adj(λI − X) for the generic symmetric X of size n×n."""
    x = symmetric(n)
    ring = ZZ[(*x.symbols, LAMBDA, WEIGHT, SKEW)]
    X = DomainMatrix(_convert(x.X, ring), (n, n), ring)
    lam = ring.from_sympy(LAMBDA)
    p = sum((c * lam ** (n - k) for k, c in enumerate(X.charpoly())), ring.zero)
    adjugate = (DomainMatrix.eye(n, ring) * lam - X).adjugate()
    return Polynomials(ring, p, adjugate.to_dense().to_list())


def _characteristic_identities(n: int, found: Polynomials) -> Iterator[Identity]:
    ring, p, A = found
    for theta in symmetric(n).symbols:
        D = _convert(symmetric(n).X.diff(theta), ring)
        residual = -_contract(A, D, ring) - p.diff(ring.from_sympy(theta))
        yield characteristic_identity(n, theta.name, len(residual))
    trace = sum((A[i][i] for i in range(n)), ring.zero)
    residual = trace - p.diff(ring.from_sympy(LAMBDA))
    yield characteristic_identity(n, LAMBDA.name, len(residual))


def _eigenvalue_identities(n: int, found: Polynomials) -> Iterator[Identity]:
    """⟨p′G, D⟩ + ∂p/∂x_ij, where G of each convention is made of S = A/p′.

    Every convention is affine in S, G = W∘S + K, so that p′G = W∘A + p′K is a polynomial.
    """
    ring, p, A = found
    slope = p.diff(ring.from_sympy(LAMBDA))
    for name, (W, K) in _conventions(n, ring).items():
        G = [[W[i][j] * A[i][j] + slope * K[i][j] for j in range(n)] for i in range(n)]
        for theta in symmetric(n).symbols:
            direction = symmetric(n).X.diff(theta)
            residual = _contract(G, _convert(direction, ring), ring)
            residual += p.diff(ring.from_sympy(theta))
            refuted = name == "spurious" and not direction.is_diagonal()
            yield eigenvalue_identity(n, name, theta.name, len(residual), not refuted)


def _conventions(n: int, ring: Domain) -> dict[Representative, tuple[Rows, Rows]]:
    """The n×n matrices W and K of G = W∘S + K, by convention, read off at S = 0 and S = 11ᵀ."""
    named = []
    for S in (ImmutableDenseMatrix.zeros(n, n), ImmutableDenseMatrix.ones(n, n)):
        named.append({**representatives(S), "spurious": spurious(S)})
    at_zero, at_ones = named
    return {
        name: (_convert((at_ones[name] - K).applyfunc(sympy.expand), ring), _convert(K, ring))
        for name, K in at_zero.items()
    }


def _contract(G: Rows, D: Rows, ring: Domain) -> PolyElement:
    products = (g * d for rows in zip(G, D, strict=True) for g, d in zip(*rows, strict=True) if d)
    return sum(products, ring.zero)


def _convert(M: ImmutableDenseMatrix, ring: Domain) -> Rows:
    return [[ring.from_sympy(entry) for entry in row] for row in M.tolist()]


def _plain(polynomial: PolyElement) -> Plain:
    """Without the exponents of w and κ, which occur in neither p nor the adjugate."""
    return {tuple(exponents[:-2]): int(c) for exponents, c in polynomial.terms() if c}
