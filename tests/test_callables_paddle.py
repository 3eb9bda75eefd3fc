"""Callables of PaddlePaddle, judged by the programs that they are translated to."""

import os

import numpy as np
import pytest

import symgrad
from symgrad.symbolic import here as symbolic
from symgrad.symbolic import traced

paddle = pytest.importorskip("paddle")
if not hasattr(os, "fork"):
    pytest.skip("it is recorded where processes can be forked", allow_module_level=True)
linalg, functional = paddle.linalg, paddle.nn.functional

HERE = "test_callables_paddle.py:"
W = paddle.to_tensor(np.random.default_rng(7).standard_normal((4, 4)))
Y = paddle.to_tensor(np.arange(1.0, 5.0))
COLUMN = paddle.to_tensor(np.arange(1.0, 5.0)[:, None], stop_gradient=False)
ROWS = paddle.to_tensor(np.array([0, 2, 0]))


def spd(n):
    A = np.random.default_rng(3).standard_normal((n, n))
    return (A @ A.T + (A @ A.T).T) / 2 + np.eye(n)


def check(f, X=None, **options):
    return symgrad.check(f, spd(4) if X is None else X, framework="paddle", **options)


def likelihood(X):
    return -linalg.slogdet(X)[1] / 2 - Y @ linalg.inv(X) @ Y / 2


def gaussian_process(X):
    L = linalg.cholesky(X)
    a = linalg.cholesky_solve(COLUMN, L)
    return Y @ a[:, 0] / 2 + paddle.diagonal(L).log().sum()


def log_euclidean(X):
    w, V = linalg.eigh(X)
    return (((V * w.log()) @ V.T - W) ** 2).sum()


def largest_eigenvalue(X):
    return linalg.eigvalsh(X).max()


def inverse_of_it(X):
    return (linalg.inv(X) * W).sum()


def attention(X):
    return (functional.softmax(X @ W, -1) @ X).sum()


def newton_schulz(X):
    I = paddle.eye(4, dtype="float64")  # noqa: E741
    A, Z = X / linalg.norm(X), I
    for _ in range(4):
        T = 1.5 * I - 0.5 * Z @ A
        A, Z = A @ T, T @ Z
    return (A * W).sum()


def by_svd(X):
    U, S, V = linalg.svd(X @ W)
    return ((U * S.sqrt()) @ V * W).sum()


def by_qr(X):
    Q, R = linalg.qr(X @ W)
    return (Q * W).sum() + paddle.diagonal(R).abs().log().sum()


def by_lu(X):
    return paddle.diagonal(linalg.lu(X @ W)[0]).abs().log().sum()


def pseudoinverse(X):
    return (linalg.pinv(X) * W).sum()


def products(X):
    batch = paddle.bmm(paddle.stack([X, X @ X]), paddle.stack([X, W]))
    return paddle.einsum("ij,jk,kl->", X, W, X) + batch.sum() + paddle.kron(X, W).trace()


def powers(X):
    cube = linalg.matrix_power(X / 4, 3).trace()
    return cube + linalg.matrix_power(X, -2).sum() + linalg.det(X / 3)


def exponential(X):
    return (linalg.matrix_exp(X / 4) * W).sum()


def triangles(X):
    T = linalg.triangular_solve(paddle.tril(X), COLUMN, upper=False)
    return (T**2).sum() + (paddle.triu(X, 1) ** 3).sum() + paddle.diag(X[0]).sum()


def moves(X):
    parts = paddle.concat([X[:, ::-1], paddle.flip(X, [0]), paddle.roll(X, 1)])
    chosen = X[ROWS].sum() * X[1, 2] + paddle.index_select(X, ROWS, 1)[0].sum()
    kept = paddle.where(X > 0.3, X, 2 * X).sum()
    return (parts**3).sum() + chosen + kept + X.reshape([2, 8]).transpose([1, 0])[3].sum()


def written_into(X):
    A = X.clone()
    A[0, 1] = X[1, 1] ** 2
    A[:, 2] = A[:, 2] * 3.0
    return (A**3).sum()


def of_entries(X):
    squares = paddle.exp(X / 3) + functional.sigmoid(X) + functional.gelu(X) + paddle.sin(X)
    clipped = paddle.clip(X, -1.0, 1.0).std() + paddle.logsumexp(X) + paddle.cumsum(X, 0).max()
    return (squares * W).sum() + clipped + paddle.sort(X[0])[1:].sum() + (X**2 + 1).rsqrt().mean()


def branching(X):
    if linalg.det(X) > 0:
        return X.sum()
    return (X * X).sum()


def looping(X):
    A = X
    while A.sum() < 1000:
        A = A @ X
    return A.trace()


class Quadratic(paddle.nn.Layer):
    """⟨X, V⟩² + ‖X V‖²."""

    def __init__(self):
        super().__init__()
        self.V = paddle.to_tensor(np.random.default_rng(2).standard_normal((4, 4)))

    def forward(self, X):
        return (X * self.V).sum() ** 2 + ((X @ self.V) ** 2).sum()


OWN = {
    "likelihood": likelihood,
    "gaussian process": gaussian_process,
    "log-euclidean": log_euclidean,
    "largest eigenvalue": largest_eigenvalue,
    "inverse": inverse_of_it,
    "attention": attention,
    "newton-schulz": newton_schulz,
    "svd": by_svd,
    "qr": by_qr,
    "lu": by_lu,
    "pinv": pseudoinverse,
    "products": products,
    "powers": powers,
    "exponential": exponential,
    "triangles": triangles,
    "moves": moves,
    "written into": written_into,
    "entries": of_entries,
    "a branch": branching,
    "a loop": looping,
    "a layer": Quadratic(),
    "a lambda": lambda X: (X * X.T).sum() + linalg.slogdet(X)[1],
}


@pytest.mark.parametrize("name", OWN)
def test_a_right_gradient_agrees(name):
    report = check(OWN[name])
    assert (report.verdict, report.record.evidence) == ("agrees", "traced"), str(report)
