"""Exactly repeated eigenvalues of X, where what a program makes of them may still be smooth.

A basis of an eigenspace is one of many.  Where f does not depend on which, and

    df = Σ_i w̄_i dλ_i + (what moves with the other eigenspaces),

w̄_i being ∂f/∂λ_i in the basis in which dX is diagonal on the eigenspace, f has a derivative if, and
only if, there is one symmetric B with w̄(R) = diag RᵀBR in every basis R: then Σ w̄_i dλ_i is ⟨B, E⟩
with the block E of dX (Lewis (1996)).  B is
found from turns by 45°, and held against one basis that has no such turn.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from fractions import Fraction
from itertools import combinations

import numpy as np
from flint import arb, arb_mat

from symgrad.court.program import Step
from symgrad.symbolic.algebra.spectrum import Spectrum
from symgrad.symbolic.traced.decisions import RefusedError
from symgrad.symbolic.traced.numbers import Array

Turn = Callable[[int], arb_mat | None]
"""The orthogonal matrix by which the basis of an eigenspace of that dimension is turned."""
Cluster = tuple[int, int]
"""The first of some equal eigenvalues, and how many they are."""
LARGEST = 16
"""Of more dimensions no eigenspace is looked at: each pair of them takes a run."""
SMOOTH = (
    "eigenvalues coincide here, and what is made of them is not smooth: it depends on the basis of "
    "their eigenspace"
)


def decompose(A: Array, turn: Turn) -> tuple[list[arb], Array, list[Cluster]]:
    """The eigenvalues of an exact A (n×n), equal ones being one object; a basis of eigenvectors.

    The basis of each eigenspace is turned, if it has several dimensions.
    """
    X = tuple(tuple(_fraction(x) for x in row) for row in A)
    spectrum, n = Spectrum(X), len(X)
    values: list[arb] = []
    V, clusters = np.empty((n, n), object), []
    for first, multiplicity, root in spectrum.clusters():
        basis = _basis(spectrum.projector(root), multiplicity)
        R = turn(multiplicity) if multiplicity > 1 else None
        basis = basis if R is None else basis * R
        V[:, first : first + multiplicity] = np.array(basis.entries(), object).reshape(
            n, multiplicity
        )
        values += [root] * multiplicity
        if multiplicity > 1:
            clusters.append((first, multiplicity))
    return values, V, clusters


def _fraction(x: arb) -> Fraction:
    mantissa, exponent = x.man_exp()
    return Fraction(int(mantissa)) * Fraction(2) ** int(exponent)


def _basis(P: arb_mat, count: int) -> arb_mat:
    """So many orthonormal columns of a projector (n×n), by Gram and Schmidt with pivots."""
    n, columns = P.nrows(), []
    for _ in range(count):
        k = max(range(n), key=lambda i: float(P[i, i].mid()))
        root = P[k, k].sqrt()
        v = arb_mat(n, 1, [P[i, k] / root for i in range(n)])
        columns.append(v)
        P = P - v * v.transpose()
    return arb_mat([[v[i, 0] for v in columns] for i in range(n)])


def turns(largest: int) -> Iterator[tuple[int, int]]:
    """The pairs of dimensions that are turned by 45°, up to so many dimensions."""
    return combinations(range(largest), 2)


def by_45_degrees(p: int, q: int) -> Turn:
    """In the plane of two dimensions, where there are so many."""

    def turn(m: int) -> arb_mat | None:
        if q >= m:
            return None
        R = arb_mat(m, m, [int(i == j) for i in range(m) for j in range(m)])
        half = arb(0.5).sqrt()
        R[p, p], R[q, p], R[p, q], R[q, q] = half, half, -half, half
        return R

    return turn


def generic(m: int) -> arb_mat:
    """Cayley's transform of a skew matrix of small integers: no turn of the others."""
    K = arb_mat(m, m, [0] * (m * m))
    for k, (i, j) in enumerate(combinations(range(m), 2)):
        K[i, j] = arb(2 + k % 5) / 7
        K[j, i] = -K[i, j]
    one = arb_mat(m, m, [int(i == j) for i in range(m) for j in range(m)])
    return (one - K) * (one + K).inv()


Cotangents = dict[int, tuple[arb, Array | None, Array | None, Array]]
"""By the place of a tied step: f, w̄, V̄ and V, in one basis."""


def blocks(
    tied: dict[int, tuple[Step, list[Cluster]]], ask: Callable[[Turn], Cotangents]
) -> dict[int, Array]:
    """What each tied step adds off the diagonal, in the basis that is not turned (n×n each).

    ``ask`` runs the program in a basis.

    Raises:
        RefusedError: f is not smooth there, or there are too many equal eigenvalues.
    """
    largest = max(m for _, clusters in tied.values() for _, m in clusters)
    if largest > LARGEST:
        raise RefusedError("spectrum", f"{largest} eigenvalues coincide; {LARGEST} are the most")
    plain = ask(lambda _: None)
    found = {place: _diagonal(plain[place][1], step) for place, (step, _) in tied.items()}
    for p, q in turns(largest):
        turned = ask(by_45_degrees(p, q))
        for place, (_, clusters) in tied.items():
            w = turned[place][1]
            for first, m in clusters:
                if q < m and w is not None:
                    B, i, j = found[place], first + p, first + q
                    B[i, j] = B[j, i] = w[i] - (B[i, i] + B[j, j]) / 2
    _check(tied, found, plain, ask(generic))
    for B in found.values():
        np.fill_diagonal(B, arb(0))
    return found


def _diagonal(w: Array | None, step: Step) -> Array:
    n = step.shapes[0][-1]
    B = np.full((n, n), arb(0), object)
    if w is not None:
        B[range(n), range(n)] = w
    return B


def _check(
    tied: dict[int, tuple[Step, list[Cluster]]],
    found: dict[int, Array],
    plain: Cotangents,
    turned: Cotangents,
) -> None:
    """Whether B gives what comes out in a basis of another kind, and nothing else moves."""
    for place, (_, clusters) in tied.items():
        (f, _, _, _), (g, w, V_bar, V) = plain[place], turned[place]
        same = f.overlaps(g)
        for first, m in clusters:
            here = slice(first, first + m)
            R = generic(m)
            B = arb_mat(found[place][here, here].tolist())
            expected = R.transpose() * B * R
            for k in range(m):
                given = arb(0) if w is None else w[first + k]
                same = same and expected[k, k].overlaps(given)
            if V_bar is not None:
                K = _product(V[:, here], V_bar[:, here])
                pairs = combinations(range(m), 2)
                same = same and all((K[i, j] - K[j, i]).contains(0) for i, j in pairs)
        if not same:
            raise RefusedError("spectrum", SMOOTH)


def _product(V: Array, W: Array) -> arb_mat:
    return arb_mat(V.T.tolist()) * arb_mat(W.tolist())


def is_exact(A: Iterable[arb]) -> bool:
    """Whether all entries are known exactly, so that a tie can be decided."""
    return all(x.is_exact() for x in A)
