"""Refined eigenvalues and eigenvectors: they enclose what Arb's own algorithm encloses."""

import numpy as np
import pytest
from flint import arb, arb_mat

from symgrad.symbolic.certified.enclosure import precision
from symgrad.symbolic.traced import eigen
from symgrad.symbolic.traced.decisions import UndecidedError


def with_eigenvalues(w, seed=0):
    rng = np.random.default_rng(seed)
    Q = np.linalg.qr(rng.standard_normal((len(w), len(w))))[0]
    X = (Q * w) @ Q.T
    return (X + X.T) / 2


def balls(X, radius=0.0):
    n, A = len(X), np.empty(X.shape, object)
    for i in range(n):
        for j in range(i + 1):
            A[i, j] = A[j, i] = arb(float(X[i, j]), radius)
    return A


def pivots(X):
    V = np.linalg.eigh(X)[1]
    places = np.abs(V).argmax(0)
    return places.tolist(), np.sign(V[places, range(len(X))]).astype(int).tolist()


def agree(some, others):
    return all(x.overlaps(y) for x, y in zip(some, others, strict=True))


SPECTRA = {
    "apart": [1.0, 2.0, 3.0, 4.0],
    "near": [1.0, 1.0 + 1e-7, 2.0, 3.0],
    "graded": [1e-12, 1e-6, 1.0, 1e6],
    "of both signs": [-2.0, -1.0, 1.0, 2.0],
    "two": [1.0, 2.0],
    "many": np.arange(1.0, 25.0),
}


@pytest.mark.parametrize("bits", [192, 512])
@pytest.mark.parametrize("kind", SPECTRA)
def test_they_enclose_what_arb_encloses(kind, bits):
    X = with_eigenvalues(np.array(SPECTRA[kind]))
    about = pivots(X)
    with precision(bits):
        assert eigen._by_refinement(balls(X)) is not None
        w, (V,) = eigen.decompose([balls(X)], *about)
        values, (vectors,) = eigen._by_arb([balls(X)], *about)
        assert agree(w, values)
        assert agree(V.flat, vectors.flat)
        assert max(float(x.rad()) for x in V.flat) < 2.0 ** (40 - bits) * 1e12


def test_the_enclosure_of_a_ball_holds_all_matrices_in_it():
    X, E = with_eigenvalues(np.arange(1.0, 6.0)), with_eigenvalues(np.ones(5) * 1e-30, 1)
    E = (E + 1e-30 * with_eigenvalues(np.arange(-2.0, 3.0), 2)) / 4
    about = pivots(X)
    with precision(192):
        w, (V,) = eigen.decompose([balls(X, 1e-30)], *about)
        moved = balls(X)
        for i in range(5):
            for j in range(i + 1):
                moved[i, j] = moved[j, i] = moved[i, j] + arb(float(E[i, j]))
        values, (vectors,) = eigen._by_arb([moved], *about)
    assert all(x.contains(y.mid()) for x, y in zip(w, values, strict=True))
    assert all(x.contains(y.mid()) for x, y in zip(V.flat, vectors.flat, strict=True))
    assert max(float(x.rad()) for x in w) > 1e-31


@pytest.mark.parametrize("w", [[1.0, 1.0, 2.0], [1.0, 1.0, 1.0]])
def test_eigenvalues_that_are_equal_are_not_told_apart(w):
    with precision(192), pytest.raises(UndecidedError):
        eigen.decompose([balls(np.diag(w), 1e-40)], [0, 1, 2], [1, 1, 1])


def test_what_is_not_refined_proves_nothing():
    X = with_eigenvalues(np.arange(1.0, 6.0))
    off = np.linalg.eigh(X)[1] + 1e-3
    twice = np.linalg.eigh(X)[1]
    twice[:, 1] = twice[:, 0]
    with precision(192):
        A = arb_mat(balls(X).tolist())
        assert eigen._proved(A, arb_mat(off.tolist())) is None
        assert eigen._proved(A, arb_mat(twice.tolist())) is None


def test_a_matrix_that_is_not_symmetric_is_left_to_arb():
    A = balls(with_eigenvalues(np.arange(1.0, 4.0)))
    A[0, 1] = A[0, 1] + arb(0)
    with precision(192):
        assert eigen._by_refinement(A) is None
