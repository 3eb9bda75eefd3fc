"""NumPy: no automatic differentiation; the textbook's gradient from its own factorizations."""

import numpy as np

from numeric.framework import BaseFramework


def _eigh(uplo):
    def route(X, i):
        values, vectors = np.linalg.eigh(X, UPLO=uplo)
        return values[i], np.outer(vectors[:, i], vectors[:, i])

    return route


def _eig(X, i):
    values, right = np.linalg.eig(X)
    k = np.argsort(values.real)[i]
    left = np.linalg.inv(right)[k]
    return values[k].real, np.outer(left, right[:, k]).real


def _det(X):
    value = np.linalg.det(X)
    return value, value * np.linalg.inv(X).T


def _slogdet(X):
    return np.linalg.slogdet(X)[1], np.linalg.inv(X).T


def _quadratic(X, u):
    solution = np.linalg.solve(X, u)
    return u @ solution, -np.outer(np.linalg.solve(X.T, u), solution)


def _weighted(X, W):
    inverse = np.linalg.inv(X)
    return np.sum(W * inverse), -inverse.T @ W @ inverse.T


ROUTES = {
    "eigenvalue": {
        "np.linalg.eigh(UPLO='L')": _eigh("L"),
        "np.linalg.eigh(UPLO='U')": _eigh("U"),
        "np.linalg.eig": _eig,
    },
    "sum_entries": {
        "np.sum(X)": lambda X: (np.sum(X), np.ones_like(X)),
        "np.trace(X) + 2*np.triu(X, 1).sum()": lambda X: (
            np.trace(X) + 2 * np.triu(X, 1).sum(),
            2 * np.triu(np.ones_like(X)) - np.eye(len(X), dtype=X.dtype),
        ),
    },
    "trace": {"np.trace": lambda X: (np.trace(X), np.eye(len(X), dtype=X.dtype))},
    "trace_square": {"np.trace(X @ X)": lambda X: (np.trace(X @ X), 2 * X.T)},
    "det": {"np.linalg.det": _det},
    "log_det": {"np.linalg.slogdet": _slogdet},
    "inverse_quadratic_form": {"np.linalg.solve": _quadratic},
    "weighted_inverse": {"np.linalg.inv": _weighted},
}


class Framework(BaseFramework):
    """Analytic formulae evaluated in floating point: a route gives the value and G together."""

    namespace = np
    version = np.__version__
    routes = ROUTES

    def array(self, values, dtype):
        return np.array(values, dtype)

    def differentiate(self, route, X, constants):
        gradient = []

        def value(x, **arrays):
            f, G = route(x, **arrays)
            gradient.append(G)
            return f

        return float(self.apply(value, X, constants)), np.asarray(gradient[0])

    def evaluate(self, route, X, constants):
        return self.differentiate(route, X, constants)[0]
