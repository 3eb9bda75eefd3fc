"""Exactly repeated eigenvalues, where what a program makes of them may still be smooth.

A basis of an eigenspace is one of many.  Where f does not depend on which, and

    df = Σ_i w̄_i dλ_i + (what moves with the other eigenspaces),

w̄_i being ∂f/∂λ_i in the basis in which dX is diagonal on the eigenspace, f has a derivative if, and
only if, there is one Hermitian B with w̄(R) = diag RᴴBR in every basis R: then Σ w̄_i dλ_i is ⟨B, E⟩
with the block E of dX (Lewis (1996)).  B is
found from turns by 45°, and held against one basis that has no such turn.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from itertools import combinations, pairwise
from typing import NamedTuple

import numpy as np
from flint import acb, acb_mat, arb, arb_mat, fmpq_mat

from symgrad.court.program import Step
from symgrad.symbolic.algebra.spectrum import Spectrum
from symgrad.symbolic.traced.decisions import RefusedError
from symgrad.symbolic.traced.numbers import Array

Turn = Callable[[int, int], acb_mat | None]
"""The unitary matrix by which the basis of an eigenspace is turned, by its dimension and by how
many parts its vectors have: of one part they are real."""
Cluster = tuple[int, int, int]
"""Which matrix of a batch; the first of some equal eigenvalues, and how many they are."""
Decomposed = tuple[list[arb], list[Array], list[tuple[int, int]]]
Tied = dict[int, tuple[Step, list[Cluster]]]
"""By the place of a step."""
LARGEST = 16
"""Of more dimensions no eigenspace is looked at: each pair of them takes a run."""
SMOOTH = (
    "eigenvalues coincide here, and what is made of them is not smooth: it depends on the basis of "
    "their eigenspace"
)


def decompose(parts: Sequence[Array], turn: Turn, of: Array | None = None) -> Decomposed | None:
    """The eigenvalues of an exact A (n×n, by its parts), equal ones being one object.

    With a basis of eigenvectors, by parts, and the first and the number of those that are equal.
    The basis of each eigenspace is turned, if it has several dimensions.  With ``of``, the same of
    that function φ(A) of a real A, in balls.  None if A is not Hermitian, or eigenvalues of φ(A)
    are not told apart where those of A are.
    """
    n, blocks = len(parts[0]), len(parts)
    if not all(np.all(M == sign * M.T) for M, sign in zip(parts, (1, -1), strict=False)):
        return None
    X = parts[0] if blocks == 1 else np.block([[parts[0], -parts[1]], [parts[1], parts[0]]])
    spectrum = Spectrum(fmpq_mat(X.tolist()), blocks)
    spaces = [
        (root, _basis(_hermitian(spectrum.projector(root), n), multiplicity))
        for _, multiplicity, root in spectrum.clusters()
    ]
    if of is not None:
        spaces = [(_rayleigh(of, basis), basis) for _, basis in spaces]
        spaces.sort(key=lambda space: space[0].mid())
        if not all(x < y for (x, _), (y, _) in pairwise(spaces)):
            return None
    return _assembled(spaces, n, blocks, turn)


def _rayleigh(A: Array, basis: acb_mat) -> arb:
    """The eigenvalue of a real A (n×n) on an eigenspace, from its first vector."""
    v = arb_mat([[basis[i, 0].real] for i in range(basis.nrows())])
    return (v.transpose() * arb_mat(A.tolist()) * v)[0, 0]


def _assembled(
    spaces: Sequence[tuple[arb, acb_mat]], n: int, blocks: int, turn: Turn
) -> Decomposed:
    """One decomposition of eigenvalues with bases of their eigenspaces, each turned."""
    values: list[arb] = []
    V, clusters = [np.empty((n, n), object) for _ in range(blocks)], []
    for root, basis in spaces:
        first, multiplicity = len(values), basis.ncols()
        R = turn(multiplicity, blocks) if multiplicity > 1 else None
        basis = basis if R is None else basis * R
        for given, part in zip(V, (basis.real, basis.imag), strict=False):
            given[:, first : first + multiplicity] = _array(part)
        values += [root] * multiplicity
        if multiplicity > 1:
            clusters.append((first, multiplicity))
    return values, V, clusters


def _array(M: arb_mat) -> Array:
    return np.array(M.entries(), object).reshape(M.nrows(), M.ncols())


def _complex(parts: Sequence[Array]) -> acb_mat:
    real = acb_mat(arb_mat(parts[0].tolist()))
    return real if len(parts) == 1 else real + acb_mat(arb_mat(parts[1].tolist())) * acb(0, 1)


def _hermitian(P: arb_mat, n: int) -> acb_mat:
    """A + iB of [[A, −B], [B, A]] (2n×2n), or A of A itself."""
    whole = _array(P)
    return _complex([whole[:n, :n], whole[n:, :n]][: len(whole) // n])


def _adjoint(M: acb_mat) -> acb_mat:
    return M.transpose().conjugate()


def _basis(P: acb_mat, count: int) -> acb_mat:
    """So many orthonormal columns of a projector (n×n), by Gram and Schmidt with pivots."""
    n, columns = P.nrows(), []
    for _ in range(count):
        k = max(range(n), key=lambda i: float(P[i, i].real.mid()))
        root = P[k, k].real.sqrt()
        v = acb_mat(n, 1, [P[i, k] / root for i in range(n)])
        columns.append(v)
        P = P - v * _adjoint(v)
    return acb_mat([[v[i, 0] for v in columns] for i in range(n)])


def turns(largest: int) -> Iterator[tuple[int, int]]:
    """The pairs of dimensions that are turned by 45°, up to so many dimensions."""
    return combinations(range(largest), 2)


def by_45_degrees(p: int, q: int, is_complex: bool) -> Turn:
    """In the plane of two dimensions, where there are so many; if complex, to e_p + ie_q."""

    def turn(m: int, blocks: int) -> acb_mat | None:
        if q >= m or (is_complex and blocks == 1):
            return None
        R = acb_mat(m, m, [int(i == j) for i in range(m) for j in range(m)])
        half, z = arb(0.5).sqrt(), acb(0, 1) if is_complex else acb(1)
        R[p, p], R[q, p], R[p, q], R[q, q] = half, half * z, -half * z.conjugate(), half
        return R

    return turn


def generic(m: int, blocks: int) -> acb_mat:
    """Cayley's transform of a skew matrix of small numbers: no turn of the others."""
    K = acb_mat(m, m, [0] * (m * m))
    for k, (i, j) in enumerate(combinations(range(m), 2)):
        K[i, j] = acb(arb(2 + k % 5) / 7, arb(1 + k % 3) / 5 if blocks == 2 else 0)
        K[j, i] = -K[i, j].conjugate()
    one = acb_mat(m, m, [int(i == j) for i in range(m) for j in range(m)])
    return (one - K) * (one + K).inv()


class Told(NamedTuple):
    """f, and w̄, V̄ and V of the matrices of a tied step, in one basis; V by parts."""

    f: arb
    w: Array | None
    V_bar: list[Array | None]
    V: list[Array]


Cotangents = dict[int, Told]
"""By the place of a tied step."""


def blocks(tied: Tied, ask: Callable[[Turn], Cotangents]) -> dict[int, list[Array]]:
    """What each tied step adds off the diagonal, in the basis that is not turned, by parts.

    ``ask`` runs the program in a basis.  The parts have the shape of the step's eigenvectors.

    Raises:
        RefusedError: f is not smooth there, or there are too many equal eigenvalues.
    """
    largest = max(m for _, clusters in tied.values() for *_, m in clusters)
    if largest > LARGEST:
        raise RefusedError("spectrum", f"{largest} eigenvalues coincide; {LARGEST} are the most")
    plain = ask(lambda *_: None)
    found = {place: _diagonal(plain[place].w, step) for place, (step, _) in tied.items()}
    of_hermitian = any(len(step.inputs) == 2 for step, _ in tied.values())
    for p, q in turns(largest):
        for is_complex in (False, True)[: 1 + of_hermitian]:
            turned = ask(by_45_degrees(p, q, is_complex))
            for place, (_, clusters) in tied.items():
                if not is_complex or len(found[place]) == 2:
                    _fill(found[place], turned[place].w, clusters, p, q, is_complex)
    _check(tied, found, plain, ask(generic))
    for place, (step, _) in tied.items():
        every = range(step.shapes[0][-1])
        found[place][0][:, every, every] = arb(0)
        found[place] = [B.reshape(step.shapes[1]) for B in found[place]]
    return found


def _diagonal(w: Array | None, step: Step) -> list[Array]:
    """B of every matrix of a batch, as far as it is known without turns; by parts."""
    n = step.shapes[0][-1]
    count = math.prod(step.shapes[0][:-1])
    B = [np.full((count, n, n), arb(0), object) for _ in step.inputs]
    if w is not None:
        B[0][:, range(n), range(n)] = w.reshape(count, n)
    return B


def _fill(
    B: list[Array], w: Array | None, clusters: list[Cluster], p: int, q: int, is_complex: bool
) -> None:
    """B_pq of each cluster from w̄_p after the turn, (B_pp + B_qq)/2 + Re zB_pq with z = 1 or i."""
    for k, first, m in clusters:
        if q < m and w is not None:
            i, j = first + p, first + q
            mean = (B[0][k, i, i] + B[0][k, j, j]) / 2
            off = w.reshape(B[0].shape[:2])[k, i] - mean
            if is_complex:
                B[1][k, i, j], B[1][k, j, i] = -off, off
            else:
                B[0][k, i, j] = B[0][k, j, i] = off


def _check(
    tied: Tied, found: dict[int, list[Array]], plain: Cotangents, turned: Cotangents
) -> None:
    """Whether B gives what comes out in a basis of another kind, and nothing else moves."""
    for place, (step, clusters) in tied.items():
        told, (n, parts) = turned[place], (step.shapes[0][-1], len(step.inputs))
        same = plain[place].f.overlaps(told.f)
        for k, first, m in clusters:
            here = slice(first, first + m)
            R = generic(m, parts)
            B = _complex([part[k, here, here] for part in found[place]])
            expected = _adjoint(R) * B * R
            for i in range(m):
                given = arb(0) if told.w is None else told.w.reshape(-1, n)[k, first + i]
                same = same and bool(expected[i, i].real.overlaps(given))
            same = same and _is_still(_columns(told.V, k, here), _columns(told.V_bar, k, here))
        if not same:
            raise RefusedError("spectrum", SMOOTH)


def _columns(V: Sequence[Array | None], k: int, here: slice) -> acb_mat | None:
    """Some columns of the k-th matrix, of which parts may be missing, as 0."""
    known = [part for part in V if part is not None]
    if not known:
        return None
    nothing = np.full(known[0].shape, arb(0), object)
    whole = [nothing if part is None else part for part in V]
    return _complex([part.reshape(-1, *part.shape[-2:])[k, :, here] for part in whole])


def _is_still(V: acb_mat | None, V_bar: acb_mat | None) -> bool:
    """Whether f stays where the basis V of an eigenspace is turned: VᴴV̄ is Hermitian."""
    if V is None or V_bar is None:
        return True
    K = _adjoint(V) * V_bar
    return all(x.contains(0) for x in (K - _adjoint(K)).entries())
