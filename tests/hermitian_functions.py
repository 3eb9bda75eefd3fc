"""Functions of a Hermitian matrix, written in each framework that has complex ones."""

from collections.abc import Callable
from typing import Any

import numpy as np

PARTS = np.random.default_rng(5).standard_normal((2, 3, 3))
V = PARTS[1] + 1j * PARTS[0]
U = V[0]


def hermitian() -> np.ndarray:
    H = PARTS[0] + 1j * PARTS[1]
    H = H @ H.conj().T + np.eye(3)
    return (H + H.conj().T) / 2


def by_numpy(np: Any) -> dict[str, Callable[[Any], Any]]:
    """For any package that has NumPy's names."""

    def weighed(Y):
        return np.real(np.sum(Y * V))

    def log_euclidean(X):
        w, Q = np.linalg.eigh(X)
        return weighed(np.dot(Q * np.log(w), np.conj(Q.T)))

    return {
        "log det": lambda X: np.linalg.slogdet(X)[1],
        "det": lambda X: np.real(np.linalg.det(X)),
        "quadratic form": lambda X: np.real(np.dot(np.conj(U), np.linalg.solve(X, U))),
        "eigenvalues": lambda X: np.sum(np.log(np.linalg.eigh(X)[0])),
        "log-Euclidean": log_euclidean,
        "trace of a power": lambda X: np.real(np.trace(np.dot(np.dot(X, X), X))),
        "inverse": lambda X: weighed(np.linalg.inv(X)),
        "squares": lambda X: np.sum(np.abs(np.linalg.solve(X, V)) ** 2),
        "parts": lambda X: np.sum(np.real(X) ** 2 * np.imag(X) * PARTS[0]) + weighed(np.conj(X)),
        "adjoint": lambda X: weighed(np.dot(X, np.conj(np.dot(X, V)).T)),
        "einsum": lambda X: np.real(np.einsum("ij,jk,kl->", X, V, np.conj(X))),
    }


def by_torch(torch: Any) -> dict[str, Callable[[Any], Any]]:
    """The same in PyTorch."""
    linalg, W, v = torch.linalg, torch.tensor(V), torch.tensor(U)

    def weighed(Y):
        return (Y * W).sum().real

    def log_euclidean(X):
        w, Q = linalg.eigh(X)
        return weighed((Q * w.log()) @ Q.mH)

    return {
        "log det": lambda X: linalg.slogdet(X)[1],
        "det": lambda X: linalg.det(X).real,
        "quadratic form": lambda X: (v.conj() @ linalg.solve(X, v)).real,
        "eigenvalues": lambda X: linalg.eigvalsh(X).log().sum(),
        "log-Euclidean": log_euclidean,
        "trace of a power": lambda X: (X @ X @ X).trace().real,
        "inverse": lambda X: weighed(linalg.inv(X)),
        "squares": lambda X: linalg.solve(X, W).abs().pow(2).sum(),
        "parts": lambda X: (X.real**2 * X.imag * torch.tensor(PARTS[0])).sum() + weighed(X.conj()),
        "adjoint": lambda X: weighed(X @ (X @ W).mH),
        "einsum": lambda X: torch.einsum("ij,jk,kl->", X, W, X.conj()).real,
    }
