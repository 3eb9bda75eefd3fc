"""PyTorch: reverse mode by torch.autograd."""

import torch

from numeric.framework import BaseFramework


def _eigh(uplo):
    return lambda X, i: torch.linalg.eigh(X, UPLO=uplo).eigenvalues[i]


def _eigvalsh(uplo):
    return lambda X, i: torch.linalg.eigvalsh(X, UPLO=uplo)[i]


def _sorted_real(eigenvalues, i):
    return torch.sort(eigenvalues.real).values[i]


def _log_det_by_cholesky(upper):
    return lambda X: 2 * torch.linalg.cholesky(X, upper=upper).diagonal().log().sum()


def _gaussian_by_cholesky(X, y):
    L = torch.linalg.cholesky(X)
    z = torch.cholesky_solve(y[:, None], L)[:, 0]
    return -L.diagonal().log().sum() - y @ z / 2


def _projector(uplo):
    def route(X, i, W):
        v = torch.linalg.eigh(X, UPLO=uplo).eigenvectors[:, i]
        return v @ W @ v

    return route


ROUTES = {
    "eigenvalue": {
        "torch.linalg.eigh(UPLO='L')": _eigh("L"),
        "torch.linalg.eigh(UPLO='U')": _eigh("U"),
        "torch.linalg.eigvalsh(UPLO='L')": _eigvalsh("L"),
        "torch.linalg.eigvalsh(UPLO='U')": _eigvalsh("U"),
        "torch.linalg.eig": lambda X, i: _sorted_real(torch.linalg.eig(X).eigenvalues, i),
        "torch.linalg.eigvals": lambda X, i: _sorted_real(torch.linalg.eigvals(X), i),
    },
    "sum_entries": {
        "torch.sum(X)": torch.sum,
        "torch.trace(X) + 2*torch.triu(X, 1).sum()": lambda X: (
            torch.trace(X) + 2 * torch.triu(X, 1).sum()
        ),
    },
    "trace": {"torch.trace": torch.trace},
    "trace_square": {
        "torch.trace(X @ X)": lambda X: torch.trace(X @ X),
        "torch.sum(X * X)": lambda X: torch.sum(X * X),
    },
    "trace_cube": {
        "torch.trace(X @ X @ X)": lambda X: torch.trace(X @ X @ X),
        "torch.trace(torch.linalg.matrix_power(X, 3))": lambda X: torch.trace(
            torch.linalg.matrix_power(X, 3)
        ),
    },
    "det": {
        "torch.linalg.det": torch.linalg.det,
        "torch.linalg.eigvalsh(X).prod()": lambda X: torch.linalg.eigvalsh(X).prod(),
    },
    "log_det": {
        "torch.logdet": torch.logdet,
        "torch.linalg.slogdet": lambda X: torch.linalg.slogdet(X).logabsdet,
        "2*torch.linalg.cholesky(X).diagonal().log().sum()": _log_det_by_cholesky(False),
        "2*torch.linalg.cholesky(X, upper=True).diagonal().log().sum()": _log_det_by_cholesky(True),
        "torch.linalg.eigvalsh(X).log().sum()": lambda X: torch.linalg.eigvalsh(X).log().sum(),
    },
    "inverse_quadratic_form": {
        "torch.linalg.solve": lambda X, u: u @ torch.linalg.solve(X, u),
        "torch.linalg.inv": lambda X, u: u @ torch.linalg.inv(X) @ u,
    },
    "gaussian_log_likelihood": {
        "torch.logdet, torch.linalg.solve": lambda X, y: (
            -(torch.logdet(X) + y @ torch.linalg.solve(X, y)) / 2
        ),
        "torch.linalg.cholesky, torch.cholesky_solve": _gaussian_by_cholesky,
    },
    "projector": {
        "torch.linalg.eigh(UPLO='L')": _projector("L"),
        "torch.linalg.eigh(UPLO='U')": _projector("U"),
    },
    "weighted_inverse": {
        "torch.linalg.inv": lambda X, W: torch.sum(W * torch.linalg.inv(X)),
        "torch.linalg.solve": lambda X, W: torch.trace(torch.linalg.solve(X, W.T)),
    },
}


class Framework(BaseFramework):
    """PyTorch, in eager mode, by ``torch.autograd.grad``."""

    namespace = torch
    version = torch.__version__
    routes = ROUTES

    def array(self, values, dtype):
        return torch.tensor(values, dtype=dtype)

    def differentiate(self, route, X, constants, dtype):
        x = torch.tensor(X, dtype=getattr(torch, dtype), requires_grad=True)
        value = self.apply(route, x, constants)
        (gradient,) = torch.autograd.grad(value, x)
        return value.item(), gradient.double().numpy(), str(gradient.dtype).split(".")[-1]

    def evaluate(self, route, X, constants, dtype):
        x = torch.tensor(X, dtype=getattr(torch, dtype))
        return self.apply(route, x, constants).item()
