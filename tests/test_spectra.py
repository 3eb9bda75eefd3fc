"""Eigenvalues of what is not symmetric: exactly, in PyTorch, and what is refused."""

import numpy as np
import pytest
import torch
from torch import linalg

import symgrad
from symgrad.numeric.recording import composites as c
from tests.test_traced import certify, spd

A, X = spd(3, 4), spd(3)
W = np.random.default_rng(7).standard_normal((3, 3))
TORCH_A, TORCH_W, TORCH_X = map(torch.tensor, (A, W, X))


def powers(n):
    """Σ λⁿ of the eigenvalues λ of XA."""

    def f(t, X):
        return t.sum(t.power(t.emit("eigvals", [t.matmul(X, t.const(A))])[0], n))

    return f


@pytest.mark.parametrize("n", [1, 2, 3])
def test_sums_of_powers_are_traces(n):
    found = certify(powers(n), X)
    G = n * A @ np.linalg.matrix_power(X @ A, n - 1)
    assert np.allclose(found.S.high, (G + G.T) / 2, rtol=1e-13)
    assert np.max(found.S.radius) < 1e-31 * np.max(np.abs(found.S.high))


def test_each_is_a_function_of_its_own():
    def smallest(t, X):
        return t.take(t.emit("eigvals", [t.matmul(X, t.const(A))])[0], np.array(0))

    def by_symmetry(t, X):
        L = np.linalg.cholesky(A)
        return t.take(c.eigh(t, t.matmul(t.matmul(t.const(L.T), X), t.const(L)))[0], np.array(0))

    found, known = certify(smallest, X), certify(by_symmetry, X)
    assert np.allclose(found.S.high, known.S.high, rtol=1e-13)


def test_equal_ones_are_refused():
    f = lambda t, X: t.sum(t.emit("eigvals", [X])[0])  # noqa: E731
    assert "not apart" in certify(f, np.eye(2)).refusal
    assert certify(f, np.diag([1.0, 2.0])).refusal == ""


def test_a_batch_and_a_closed_form():
    def f(t, X):
        both = t.reshape(t.cat([X, t.matmul(X, X)]), (2, 2, 2))
        return t.sum(t.emit("eigvals", [both])[0])

    assert np.allclose(certify(f, [[2, 1], [1, 3]]).S.high, [[5, 2], [2, 7]])
    D = torch.tensor([1.0, 2.0]).double()
    report = symgrad.check(lambda X: linalg.eigvals(X * D).real.prod(), torch.tensor(spd(2)))
    assert (report.verdict, report.formula.latex_value) == ("agrees", "2 a c - 2 b^{2}")


def frechet(X):
    n = len(X)
    return linalg.eigvals(X @ TORCH_A[:n, :n]).sqrt().real.sum(-1)


FUNCTIONS = {
    "the Fréchet distance": frechet,
    "the largest": lambda X: linalg.eigvals(TORCH_A @ X).real.max(),
    "of a batch": lambda X: linalg.eigvals(torch.stack([X @ TORCH_A, X])).sqrt().real.sum(),
    "a root of complex numbers": lambda X: ((X.abs() + 1j * TORCH_W).sqrt() * TORCH_W).real.sum(),
}


@pytest.mark.parametrize("name", FUNCTIONS)
def test_right_ones_agree_and_wrong_ones_do_not(name):
    f = FUNCTIONS[name]
    report = symgrad.check(f, TORCH_X)
    assert report.verdict == "agrees", str(report)
    assert report.tolerance < 1e-11
    wrong = symgrad.check(lambda X: f(X) + 1e-8 * (X * X.detach()).sum(), TORCH_X)
    assert wrong.verdict == "disagrees"


TURN = torch.tensor([[0.0, 9, 0], [-9, 0, 0], [0, 0, 1]]).double()
REFUSED = {
    "complex ones": (lambda X: linalg.eigvals(X + TURN).abs().sum(), "that are complex"),
    "of a complex matrix": (lambda X: linalg.eigvals(X + 1j * TURN).abs().sum(), "take eigvalsh"),
    "vectors": (lambda X: linalg.eig(X @ TORCH_A)[1].abs().sum(), "not recorded"),
    "a negative root": (lambda X: (1j * TURN - X.abs()).sqrt().abs().sum(), "not positive"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_refused(name):
    f, told = REFUSED[name]
    report = symgrad.check(f, TORCH_X)
    assert (report.verdict, told in report.reason) == ("refused", True), report.reason
