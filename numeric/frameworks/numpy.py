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


def _gaussian(X, y):
    z = np.linalg.solve(X, y)
    value = -(np.linalg.slogdet(X)[1] + y @ z) / 2
    return value, -(np.linalg.inv(X) - np.outer(z, z)) / 2


def _projector(uplo):
    def route(X, i, W):
        values, V = np.linalg.eigh(X, UPLO=uplo)
        v = V[:, i]
        gaps = values[i] - values
        gaps[i] = np.inf
        P, R = np.outer(v, v), (V / gaps) @ V.T
        return v @ W @ v, R @ W @ P + P @ W @ R

    return route


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
    "trace_cube": {"np.trace(X @ X @ X)": lambda X: (np.trace(X @ X @ X), 3 * (X @ X).T)},
    "det": {"np.linalg.det": _det},
    "log_det": {"np.linalg.slogdet": _slogdet},
    "inverse_quadratic_form": {"np.linalg.solve": _quadratic},
    "weighted_inverse": {"np.linalg.inv": _weighted},
    "gaussian_log_likelihood": {"np.linalg.slogdet, np.linalg.solve": _gaussian},
    "projector": {"np.linalg.eigh(UPLO='L')": _projector("L")},
}


class Framework(BaseFramework):
    """Analytic formulae evaluated in floating point: a route gives the value and G together."""

    namespace = np
    version = np.__version__
    routes = ROUTES

    def array(self, values, dtype):
        return np.array(values, dtype)

    def differentiate(self, route, X, constants, dtype):
        if not hasattr(np, dtype):
            raise NotImplementedError("NumPy has no %s" % dtype)
        gradient = []

        def value(x, **arrays):
            f, G = route(x, **arrays)
            gradient.append(np.asarray(G))
            return f

        f = float(self.apply(value, X.astype(dtype), constants))
        if np.iscomplexobj(gradient[0]):
            raise TypeError("the gradient is complex, a real one was expected")
        return f, gradient[0].astype(np.float64), str(gradient[0].dtype)

    def evaluate(self, route, X, constants, dtype):
        return self.differentiate(route, X, constants, dtype)[0]
