"""Route two to the eigenvalue identities: python-flint's polynomials and cached minors.

It shares no algebra with route one: p(λ) and every cofactor are Laplace expansions of λI − X, and
the conventions are written here once more, so that a slip in either place is a disagreement.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

from flint import Ordering, fmpz_mpoly, fmpz_mpoly_ctx

from symgrad.court.references import Identity, Representative
from symgrad.symbolic.proofs.by_flint.minors import Minors
from symgrad.symbolic.proofs.plain import (
    Plain,
    RouteRecord,
    characteristic_identity,
    eigenvalue_identity,
    entry_pairs,
)

ROUTE = "python-flint"
MIRROR_LIMIT = 8
"""Largest n at which the cofactors of both triangles are expanded; beyond, memory forbids it."""


class Polynomials(NamedTuple):
    """p = det(λI − X) and the n×n rows of A = adj(λI − X) in Z[x_ij, λ, w, κ]."""

    p: fmpz_mpoly
    A: list[list[fmpz_mpoly]]


def by_flint(n: int, names: tuple[str, ...], comparable: bool) -> RouteRecord:
    """The identities of size n; ``names`` are the entries' names, i ≤ j, for the report alone.

    ``comparable`` adds p and the adjugate in plain form, which at n = 8 takes longer than the
    proof.
    """
    found = polynomials(n)
    identities = (
        *_characteristic_identities(n, names, found),
        *_eigenvalue_identities(n, names, found),
    )
    record = RouteRecord(ROUTE, n, len(found.p), identities)
    if not comparable:
        return record
    rows = tuple(tuple(_plain(entry) for entry in row) for row in found.A)
    return record._replace(p=_plain(found.p), adjugate=rows)


def polynomials(n: int) -> Polynomials:
    """P and adj(λI − X) for the generic symmetric X of size n×n.

    The generators are the x_ij, i ≤ j, row by row, then λ, w and κ.  Beyond ``MIRROR_LIMIT`` the
    upper triangle of the adjugate, which is symmetric as X is, stands for the lower one too.
    """
    pairs = entry_pairs(n)
    names = [*(f"x{i}_{j}" for i, j in pairs), "lambda", "w", "kappa"]
    generators = fmpz_mpoly_ctx.get(names, Ordering.lex).gens()
    x, lam = dict(zip(pairs, generators, strict=False)), generators[len(pairs)]
    minors = Minors(
        [[(lam if i == j else 0) - x[min(i, j), max(i, j)] for j in range(n)] for i in range(n)]
    )
    A = [[lam] * n for _ in range(n)]
    for j in range(n):
        for i in range(j + 1 if n > MIRROR_LIMIT else n):
            A[i][j] = minors.cofactor(j, i)
            if n > MIRROR_LIMIT:
                A[j][i] = A[i][j]
        minors.forget()
    return Polynomials(minors.determinant(), A)


def _characteristic_identities(
    n: int, names: tuple[str, ...], found: Polynomials
) -> Iterator[Identity]:
    p, A = found
    for k, (i, j) in enumerate(entry_pairs(n)):
        yield characteristic_identity(n, names[k], len(_left_by_S(found, k, i, j)))
    trace = sum((A[i][i] for i in range(n)), p * 0)
    yield characteristic_identity(n, "λ", len(trace - p.derivative(len(names))))


def _eigenvalue_identities(
    n: int, names: tuple[str, ...], found: Polynomials
) -> Iterator[Identity]:
    """p′(⟨G, ∂X/∂x_ij⟩ − ∂λ/∂x_ij), as what S leaves plus what G has more than S.

    A convention weighs the entries below and above the diagonal, and adds ∓κ there; on the
    diagonal it is S.
    """
    p, A = found
    w, skew = p.context().gens()[-2:]
    slope = p.derivative(len(names))
    conventions: dict[Representative, tuple[Any, Any, Any]] = {
        "symmetric": (1, 1, 0),
        "lower": (2, 0, 0),
        "upper": (0, 2, 0),
        "weighted": (2 * w, 2 - 2 * w, 0),
        "skew": (1, 1, skew),
        "spurious": (2, 2, 0),
    }
    left_by_S = [_left_by_S(found, k, i, j) for k, (i, j) in enumerate(entry_pairs(n))]
    for name, (below, above, above_skew) in conventions.items():
        for k, (i, j) in enumerate(entry_pairs(n)):
            residual = left_by_S[k]
            if i != j and A[i][j] is A[j][i]:
                residual = residual + (below + above - 2) * A[i][j]
            elif i != j:
                residual = residual + (below - 1) * A[j][i] + (above - 1) * A[i][j]
                residual = residual + (above_skew * slope - above_skew * slope)
            refuted = name == "spurious" and i != j
            yield eigenvalue_identity(n, name, names[k], len(residual), not refuted)


def _left_by_S(found: Polynomials, k: int, i: int, j: int) -> fmpz_mpoly:
    """⟨A, ∂X/∂x_ij⟩ + ∂p/∂x_ij, where x_ij is generator k."""
    p, A = found
    contracted = A[i][i] if i == j else A[i][j] + A[j][i]
    return contracted + p.derivative(k)


def _plain(polynomial: fmpz_mpoly) -> Plain:
    """Without the exponents of w and κ, which occur in neither p nor the adjugate."""
    return {tuple(exponents[:-2]): int(c) for exponents, c in polynomial.to_dict().items()}
