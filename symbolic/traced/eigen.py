"""Eigenvalues and eigenvectors of matrices of balls.

Those of a symmetric matrix are float64's, refined as by T. Ogita and K. Aishima (Iterative
refinement for symmetric eigenvalue decomposition, Japan J. Indust. Appl. Math. 35, 2018): that
doubles the digits at the price of a few products of matrices, and proves nothing.  What is proved
follows from residuals.  With ‖Av − ρv‖ ≤ r‖v‖ some eigenvalue is within r of ρ; if such intervals
of n vectors do not meet, each has just one; and the sine of the angle between v and its eigenvector
is at most r/δ, where δ is the distance from ρ to all other intervals (Parlett, The Symmetric
Eigenvalue Problem, chapter 11).  Where eigenvalues are too near each other for that, and of
Hermitian matrices, all are Arb's own.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from flint import acb, acb_mat, arb, arb_mat, ctx

from symgrad.symbolic.certified.enclosure import precision
from symgrad.symbolic.traced.decisions import UndecidedError
from symgrad.symbolic.traced.numbers import Array

FIRST_BITS = 40
"""So many bits of float64's eigenvectors are right, it is hoped, where eigenvalues are apart."""
LOST = 32
"""So many bits may be lost on the way, before what is found is not worth having."""
ROUNDS = 10
UNKNOWN = "an eigenvector is not known well enough"


def decompose(
    parts: Sequence[Array], pivots: Sequence[int], signs: Sequence[int]
) -> tuple[list[arb], Sequence[Array]]:
    """Eigenvalues, ascending, and eigenvectors whose pivots are real, of that sign; by parts.

    ``parts`` are A and, if it is Hermitian, B of A + iB (n×n each).

    Raises:
        UndecidedError: eigenvalues are not apart, or a pivot may be 0.
    """
    found = _by_refinement(parts[0]) if len(parts) == 1 else None
    if found is None:
        return _by_arb(parts, pivots, signs)
    values, V = found
    for k, sign in enumerate(signs):
        pivot = V[pivots[k], k]
        if pivot.contains(0):
            raise UndecidedError("spectrum", UNKNOWN)
        if (pivot > 0) != (sign > 0):
            V[:, k] = -V[:, k]
    return values, [V]


def _by_arb(
    parts: Sequence[Array], pivots: Sequence[int], signs: Sequence[int]
) -> tuple[list[arb], Sequence[Array]]:
    """The same by the algorithm of van der Hoeven and Mourrain."""
    n = len(parts[0])
    M = acb_mat(arb_mat(parts[0].tolist()))
    if len(parts) == 2:
        M = M + acb_mat(arb_mat(parts[1].tolist())) * acb(0, 1)
    try:
        found, right = M.eig(right=True, algorithm="vdhoeven")
    except ValueError as error:
        why = (
            "eigenvalues are not apart: that they are equal is known of a matrix only that is "
            "rational in X, or of a real one that is a function, as V φ(w) Vᵀ, of such a one"
        )
        raise UndecidedError("spectrum", why) from error
    order = sorted(range(n), key=lambda k: found[k].real.mid())
    V = [np.empty((n, n), object) for _ in parts]
    for k, place in enumerate(order):
        pivot = right[pivots[k], place]
        if pivot.contains(0):
            raise UndecidedError("spectrum", UNKNOWN)
        column = [right[i, place] / pivot for i in range(n)]
        by_parts = [[z.real for z in column], [z.imag for z in column]][: len(parts)]
        size = sum((x * x for part in by_parts for x in part), arb(0)).sqrt()
        for given, part in zip(V, by_parts, strict=True):
            given[:, k] = [x * signs[k] / size for x in part]
    return [found[place].real for place in order], V


def _by_refinement(A: Array) -> tuple[list[arb], Array] | None:
    """The eigenvalues, ascending, and normalized eigenvectors, as columns, of A (n×n, symmetric).

    Nothing where they are too near each other to be found so.
    """
    n = len(A)
    rows = A.tolist()
    if not all(rows[i][j] is rows[j][i] for i in range(n) for j in range(i)):
        return None  # what is proved is proved of symmetric matrices
    M = arb_mat(A.tolist())
    try:
        V = _refined(M.mid(), np.linalg.eigh(_floats(M))[1])
    except (np.linalg.LinAlgError, ZeroDivisionError):
        return None
    return None if V is None else _proved(M, V)


def _floats(M: arb_mat) -> Array:
    n = M.nrows()
    return np.array([float(x.mid()) for x in M.entries()]).reshape(n, n)


def _refined(A: arb_mat, approximate: Array) -> arb_mat | None:
    """Eigenvectors of A to nearly all bits in force, not enclosed."""
    wanted, known = ctx.prec, FIRST_BITS
    V = arb_mat(approximate.tolist())
    for _ in range(ROUNDS):
        with precision(min(wanted, 2 * known + LOST)):
            E = _correction(A, V)
            size = max(abs(float(x)) for x in E.entries())
            if not size < 2.0**-10:
                return None
            V = (V + V * E).mid()
        known = -2 * math.frexp(size)[1] if size else wanted
        if known >= wanted - LOST // 2:
            return V
    return None


def _correction(A: arb_mat, V: arb_mat) -> arb_mat:
    """E, with which V(I + E) is nearer to the eigenvectors of A."""
    n, Vt = V.nrows(), V.transpose()
    S, P = (Vt * (A * V)).mid().tolist(), (Vt * V).mid().tolist()
    w = [S[i][i] / P[i][i] for i in range(n)]
    E = [[arb(0)] * n for _ in range(n)]
    for i in range(n):
        E[i][i] = (1 - P[i][i]) / 2
        for j in range(i):
            gap, s, p = w[i] - w[j], S[i][j], P[i][j]
            E[i][j], E[j][i] = (p * w[j] - s) / gap, (s - p * w[i]) / gap
    return arb_mat(E).mid()


def _proved(A: arb_mat, V: arb_mat) -> tuple[list[arb], Array] | None:
    """Enclosures, from approximate eigenvectors V of A (n×n), exact numbers."""
    n = A.nrows()
    columns, images = V.transpose().tolist(), (A * V).transpose().tolist()
    sizes = [_dot(v, v).sqrt() for v in columns]
    rho = [(_dot(v, u) / (s * s)).mid() for v, u, s in zip(columns, images, sizes, strict=True)]
    r = [_residual(v, u, p) / s for v, u, p, s in zip(columns, images, rho, sizes, strict=True)]
    order = sorted(range(n), key=lambda k: rho[k])
    values, vectors = [], np.empty((n, n), object)
    for place, k in enumerate(order):
        below = [rho[k] - rho[j] - r[j] for j in order[place - 1 : place]]
        above = [rho[j] - rho[k] - r[j] for j in order[place + 1 : place + 2]]
        off = arb(0)
        for gap in (*below, *above):
            if not gap > 2 * r[k]:  # the order in floats may be wrong: then it is negative
                return None
            off = off.max(2 * r[k] / gap)
        if not off < arb(2) ** (LOST - ctx.prec // 2):
            return None
        values.append(_around(rho[k], r[k]))
        # ‖v/‖v‖ − u‖ ≤ √2 sin θ for the unit eigenvector u at an acute angle θ
        vectors[:, place] = [_around(x / sizes[k], off) for x in columns[k]]
    return values, vectors


def _dot(v: Sequence[arb], u: Sequence[arb]) -> arb:
    return (arb_mat([list(v)]) * arb_mat([[x] for x in u]))[0, 0]


def _residual(v: Sequence[arb], u: Sequence[arb], p: arb) -> arb:
    """‖u − pv‖, or more."""
    sizes = [abs(a - p * x).upper() for a, x in zip(u, v, strict=True)]
    return _dot(sizes, sizes).sqrt()


def _around(x: arb, radius: arb) -> arb:
    return x + arb(0, radius.upper())
