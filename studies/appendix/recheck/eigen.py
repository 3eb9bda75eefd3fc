"""Eigenvalues and eigenvectors of a program's matrices, where these are exact, and no two equal."""

from fractions import Fraction as Q

from .intervals import ImpreciseError, Interval, sqrt
from .matrices import plus, transpose
from .operations import ZERO, UnknownError, batches, flat, matrices
from .spectrum import spectrum_of


def decomposed(N, step, x):
    """The eigenvalues, ascending, and the eigenvectors as columns with the step's signs."""
    if len(x) != 1:
        raise UnknownError(f"eigh of a complex matrix (step {step.number})")
    values, vectors = [], []
    for k, A in enumerate(batches(step, x)[0]):
        n = len(A)
        w, V = _decompose(N.exactly(N.moved(A, True), step), step)
        values += w
        columns = [
            _column(V[j], step.pivots[k * n + j], N.sign_of(step, k * n + j)) for j in range(n)
        ]
        vectors.append(transpose(columns))
    return [values, flat(vectors)]


def _decompose(rows, step):
    """The eigenvalues of an exact matrix of units, and their eigenprojectors."""
    unit = 1 << Interval.bits
    exact = tuple(tuple(Q(m, unit) for m in row) for row in rows)
    if any(exact[i][j] != exact[j][i] for i in range(len(exact)) for j in range(i)):
        raise ImpreciseError(f"eigh of a matrix that is not symmetric (step {step.number})")
    spectrum = spectrum_of(exact, 1, Interval.bits)
    if any(c.count > 1 for c in spectrum.clusters):
        raise UnknownError(f"equal eigenvalues (step {step.number})")
    return [c.value for c in spectrum.clusters], list(map(spectrum.projector, spectrum.clusters))


def _column(P, pivot, sign):
    """The eigenvector of a projector v vᵀ, whose entry at the pivot has the sign."""
    length = sqrt(P[pivot][pivot])
    return [row[pivot] / length * sign for row in P]


def back_decomposed(N, step, y, g):
    """V (diag w̄ + F∘(K − Kᵀ)/2) Vᵀ with K = VᵀV̄ and F_ij = 1/(λ_j − λ_i)."""
    total, n = [], step.shapes[0][-1]
    for k, V in enumerate(matrices(y[1], step.shapes[1])):
        w = y[0][k * n : k * n + n]
        M = [[ZERO] * n for _ in w]
        if g[0] is not None:
            for j in range(n):
                M[j][j] = g[0][k * n + j]
        if g[1] is not None:
            G = matrices(g[1], step.shapes[1])[k]
            M = plus(M, _over_gaps(N, w, N.product(transpose(V), G)))
        total.append(N.product(N.product(V, M), transpose(V)))
    return [flat(total)]


def _over_gaps(N, w, K):
    span = range(len(w))
    return [
        N.rounded([(K[i][j] - K[j][i]) / 2 / (w[j] - w[i]) if i != j else ZERO for j in span])
        for i in span
    ]
