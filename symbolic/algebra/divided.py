"""Divided differences, and the functions of a matrix that they make.

At the distinct eigenvalues r_0, r_1, … of a symmetric X, φ(X) is the Newton interpolant

    φ(X) = Σ_k φ[r_0, …, r_k] (X − r_0 I) ⋯ (X − r_{k−1} I),

and the Fréchet derivative L of φ at X in the direction W is the upper right block of φ of [[X, W],
[0, X]], whose minimal polynomial divides Π (t − r_k)² (Higham (2008)).  In the eigenbasis it is
Daleckiĭ and Kreĭn's formula, W_ij times φ[λ_i, λ_j].
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache

from flint import arb, arb_mat

from symgrad.symbolic.algebra.scalar import Scalar
from symgrad.symbolic.algebra.spectrum import Spectrum, scalar_matrix


def apply(spectrum: Spectrum, phi: Scalar) -> arb_mat:
    """φ(X), n×n."""
    values = spectrum.taylor(phi, 1)
    if phi.indices is not None:  # few projectors take fewer bits than an interpolant with jumps
        zero = scalar_matrix(spectrum.X.nrows(), arb(0))
        there = [(c, x) for c, (x,) in zip(spectrum.clusters(), values, strict=True) if x != 0]
        return sum((spectrum.projector_of(c) * x for c, x in there), zero)
    roots = [root for _, _, root in spectrum.clusters()]
    coefficients = _newton(roots, list(range(len(roots))), values)
    n, X = spectrum.X.nrows(), arb_mat(spectrum.X)
    total = scalar_matrix(n, coefficients[-1])
    for root, coefficient in zip(roots[-2::-1], coefficients[-2::-1], strict=True):
        total = total * (X - scalar_matrix(n, root)) + scalar_matrix(n, coefficient)
    return total


def frechet(spectrum: Spectrum, phi: Scalar, W: arb_mat) -> arb_mat:
    """The Fréchet derivative of φ at X in the direction W; both n×n."""
    if phi.indices is not None:
        return _by_projectors(spectrum, phi, W)
    roots = [root for _, _, root in spectrum.clusters()]
    order = [k for k in range(len(roots)) for _ in range(2)]
    coefficients = _newton(roots, order, spectrum.taylor(phi, 2))
    n, X = spectrum.X.nrows(), arb_mat(spectrum.X)
    diagonal, corner = scalar_matrix(n, coefficients[-1]), scalar_matrix(n, arb(0))
    for k, coefficient in zip(order[-2::-1], coefficients[-2::-1], strict=True):
        shifted = X - scalar_matrix(n, roots[k])
        corner = diagonal * W + corner * shifted
        diagonal = diagonal * shifted + scalar_matrix(n, coefficient)
    return corner


def _by_projectors(spectrum: Spectrum, phi: Scalar, W: arb_mat) -> arb_mat:
    """The same, Σ (φ′(λ) P W P − φ(λ) (P W R + R W P)) over the eigenvalues that φ chooses.

    P is the projector onto the eigenspace of λ, and R the pseudoinverse of X − λI, the reduced
    resolvent (Kato, Perturbation theory for linear operators, II, 2.1): (X − λI + P)⁻¹ − P.
    """
    n = spectrum.X.nrows()
    X, total = arb_mat(spectrum.X), scalar_matrix(n, arb(0))
    for cluster, (x, slope) in zip(spectrum.clusters(), spectrum.taylor(phi, 2), strict=True):
        if x == 0 and slope == 0:
            continue
        P = spectrum.projector_of(cluster)
        R = _inverse(X - scalar_matrix(n, cluster[2]) + P) - P
        PW = P * W
        total += PW * P * slope - (PW * R + R * W * P) * x
    return total


def _inverse(M: arb_mat) -> arb_mat:
    """M⁻¹, or NaN where M is not known to be regular at this precision."""
    try:
        return M.inv()
    except ZeroDivisionError:
        n = M.nrows()
        return arb_mat(n, n, [arb("nan")] * (n * n))


def second_frechet(spectrum: Spectrum, phi: Scalar, W: arb_mat, E: arb_mat) -> arb_mat:
    """The second one, in the directions W and E; all n×n.

    At simple eigenvalues it is V (Σ_j φ[λ_i, λ_j, λ_k] (M_ij N_jk + N_ij M_jk)) V⁻¹, with M = V⁻¹WV
    and N = V⁻¹EV.
    """
    V = spectrum.eigenvectors()
    if V is None:
        return _second_by_blocks(spectrum, phi, W, E)
    inverse, every, phi_of = V.inv(), range(V.nrows()), differences(spectrum, phi, 2)
    M, N = ((inverse * A * V).tolist() for A in (W, E))
    sums = [[arb(0)] * len(every) for _ in every]
    for j in every:
        for i in every:
            m, n = M[i][j], N[i][j]
            for k in every:
                sums[i][k] += phi_of(*sorted((i, j, k))) * (m * N[j][k] + n * M[j][k])
    return V * arb_mat(sums) * inverse


def _second_by_blocks(spectrum: Spectrum, phi: Scalar, W: arb_mat, E: arb_mat) -> arb_mat:
    """The same, whether eigenvalues are repeated or not.

    It is the sum of the upper right blocks of φ of [[X, W, 0], [0, X, E], [0, 0, X]] and of the
    same with W and E exchanged, whose minimal polynomial divides Π (t − r_k)³.
    """
    roots = [root for _, _, root in spectrum.clusters()]
    order = [k for k in range(len(roots)) for _ in range(3)]
    coefficients = _newton(roots, order, spectrum.taylor(phi, 3))
    n, X = spectrum.X.nrows(), arb_mat(spectrum.X)
    zero = scalar_matrix(n, arb(0))
    diagonal, along_W, along_E, corner = scalar_matrix(n, coefficients[-1]), zero, zero, zero
    for k, coefficient in zip(order[-2::-1], coefficients[-2::-1], strict=True):
        shifted = X - scalar_matrix(n, roots[k])
        corner = corner * shifted + along_W * E + along_E * W
        along_W = diagonal * W + along_W * shifted
        along_E = diagonal * E + along_E * shifted
        diagonal = diagonal * shifted + scalar_matrix(n, coefficient)
    return corner


def _newton(
    roots: Sequence[arb], order: Sequence[int], taylor: Sequence[Sequence[arb]]
) -> list[arb]:
    """φ[r_0], φ[r_0, r_1], … in that order of the roots; equal ones stand side by side."""
    column = [taylor[k][0] for k in order]
    found = [column[0]]
    for step in range(1, len(order)):
        column = [
            taylor[a][step] if a == b else (above - below) * (1 / (roots[b] - roots[a]))
            for below, above, a, b in zip(column, column[1:], order, order[step:], strict=False)
        ]
        found.append(column[0])
    return found


def differences(spectrum: Spectrum, phi: Scalar, order: int) -> Callable[..., arb]:
    """φ[r_j, …, r_m] of distinct eigenvalues by ascending indices, order + 1 at most."""
    roots, taylor = [root for _, _, root in spectrum.clusters()], spectrum.taylor(phi, order + 1)

    @cache
    def difference(*indices: int) -> arb:
        first, last = indices[0], indices[-1]
        if first == last:
            return taylor[first][len(indices) - 1]
        change = difference(*indices[1:]) - difference(*indices[:-1])
        return change / (roots[last] - roots[first])

    return difference
