"""Theano, which has ended with 1.0.5: graphs and theano.grad, run by its Python linker."""

import theano
import theano.tensor as T
from theano.tensor import nlinalg, slinalg

from symgrad.numeric.former import DECLINES
from symgrad.numeric.graphs import Graphs


def _inner(W, M):
    return T.sum(W * M)


def _eigh(f):
    """The routes to f(λ, V, …) from either triangle."""

    def route(uplo):
        return lambda X, **constants: f(*nlinalg.eigh(X, uplo), **constants)

    return {"T.nlinalg.eigh(UPLO='%s')" % uplo: route(uplo) for uplo in "LU"}


def _eigenvalues(f):
    """The routes to f(λ, …) from either triangle; ``eigvalsh`` wants a second matrix."""

    def route(lower):
        return lambda X, **constants: f(
            slinalg.eigvalsh(X, T.eye(X.shape[0], dtype=X.dtype), lower=lower), **constants
        )

    return {
        **_eigh(lambda values, V, **constants: f(values, **constants)),
        "T.slinalg.eigvalsh(X, T.eye(n))": route(True),
        "T.slinalg.eigvalsh(X, T.eye(n), lower=False)": route(False),
    }


def _factors(f):
    """The routes to f(L, …), X = L Lᵀ."""
    return {
        "T.slinalg.cholesky": lambda X, **constants: f(slinalg.cholesky(X), **constants),
        "T.slinalg.Cholesky(lower=False)": lambda X, **constants: f(
            slinalg.Cholesky(lower=False)(X).T, **constants
        ),
    }


def _log_diagonal(L):
    return T.sum(T.log(T.diag(L)))


def _solvers(f):
    """The routes to f(solve, X, …), solve(X, B) being X⁻¹B."""
    calls = {
        "T.nlinalg.matrix_inverse": lambda X, B: T.dot(nlinalg.matrix_inverse(X), B),
        "T.slinalg.solve": slinalg.solve,
        "T.slinalg.solve_symmetric": slinalg.solve_symmetric,
    }
    return {name: _with(f, call) for name, call in calls.items()}


def _triangular_solvers(f):
    """The routes to f(solve, X, …), solve(X, B) being L⁻¹B."""
    calls = {
        "T.slinalg.solve_lower_triangular": lambda X, B: slinalg.solve_lower_triangular(
            slinalg.cholesky(X), B
        ),
        "T.slinalg.solve_upper_triangular(L.T)": lambda X, B: T.dot(
            slinalg.solve_upper_triangular(slinalg.cholesky(X).T, T.eye(X.shape[0])).T, B
        ),
    }
    return {name: _with(f, call) for name, call in calls.items()}


def _with(f, call):
    return lambda X, **constants: f(call, X, **constants)


def _gaussian(X, y):
    return -(T.log(nlinalg.det(X)) + T.dot(y, slinalg.solve(X, y))) / 2


def _gaussian_by_cholesky(X, y):
    L = slinalg.cholesky(X)
    return -_log_diagonal(L) - T.sum(slinalg.solve_lower_triangular(L, y) ** 2) / 2


# T.nlinalg.eig and svd are left out: Theano has no gradient of them
ROUTES = {
    "eigenvalue": _eigenvalues(lambda values, i: values[i]),
    "largest_eigenvalue": _eigenvalues(lambda values: values[-1]),
    "smallest_eigenvalue": _eigenvalues(lambda values: values[0]),
    "eigenvalue_gap": _eigenvalues(lambda values, i: values[i + 1] - values[i]),
    "spectral_norm": _eigenvalues(lambda values: T.max(abs(values))),
    "nuclear_norm": _eigenvalues(lambda values: T.sum(abs(values))),
    "sum_entries": {
        "X.sum()": lambda X: X.sum(),
        "T.nlinalg.trace(X) + 2*T.triu(X, 1).sum()": lambda X: (
            nlinalg.trace(X) + 2 * T.triu(X, 1).sum()
        ),
    },
    "trace": {"T.nlinalg.trace": nlinalg.trace},
    "trace_square": {
        "T.nlinalg.trace(T.dot(X, X))": lambda X: nlinalg.trace(T.dot(X, X)),
        "T.nlinalg.norm(X, 'fro')**2": lambda X: nlinalg.norm(X, "fro") ** 2,
    },
    "det": {"T.nlinalg.det": nlinalg.det, **_eigenvalues(T.prod)},
    "log_det": {
        "T.log(T.nlinalg.det(X))": lambda X: T.log(nlinalg.det(X)),
        **_factors(lambda L: 2 * _log_diagonal(L)),
        **_eigenvalues(lambda values: T.sum(T.log(values))),
    },
    "inverse_entry": _solvers(lambda solve, X, i, j: solve(X, T.eye(X.shape[0])[:, j])[i]),
    "inverse_quadratic_form": _solvers(lambda solve, X, u: T.dot(u, solve(X, u))),
    "weighted_inverse": _solvers(lambda solve, X, W: nlinalg.trace(solve(X, W.T))),
    "inverse_quadratic_form_pd": _triangular_solvers(lambda solve, X, u: T.sum(solve(X, u) ** 2)),
    "weighted_pseudoinverse": {"T.nlinalg.pinv": lambda X, W: _inner(W, nlinalg.pinv(X))},
    "cholesky_entry": _factors(lambda L, i, j: L[i, j]),
    "cholesky_log_diagonal": _factors(_log_diagonal),
    "triangular_solve": _triangular_solvers(lambda solve, X, u, w: T.dot(u, solve(X, w))),
    "weighted_exp": {"T.slinalg.expm": lambda X, W: _inner(W, slinalg.expm(X))},
    "trace_exp": {
        "T.slinalg.expm": lambda X: nlinalg.trace(slinalg.expm(X)),
        **_eigenvalues(lambda values: T.sum(T.exp(values))),
    },
    "projector": _eigh(lambda values, V, i, W: T.dot(V[:, i], T.dot(W, V[:, i]))),
    "generalized_eigenvalue": {
        "T.slinalg.eigvalsh": lambda X, i, B: slinalg.eigvalsh(X, B)[i],
        "T.slinalg.eigvalsh(lower=False)": lambda X, i, B: slinalg.eigvalsh(X, B, lower=False)[i],
    },
    "gaussian_log_likelihood": {
        "T.nlinalg.det, T.slinalg.solve": _gaussian,
        "T.slinalg.cholesky, T.slinalg.solve_lower_triangular": _gaussian_by_cholesky,
    },
}


class Framework(Graphs):
    """Theano's graphs."""

    library = theano
    namespace = T
    version = theano.__version__
    declines = DECLINES
    routes = ROUTES
