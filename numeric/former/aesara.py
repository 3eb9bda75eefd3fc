"""Aesara, which came between Theano and PyTensor: graphs and aesara.grad, run by its Python linker.

Where it has the calls of Theano under the same names, the routes are those of ``theano.py``.
"""

import aesara
import aesara.tensor as at
from aesara.tensor import nlinalg, slinalg

from symgrad.numeric.former import DECLINES
from symgrad.numeric.graphs import Graphs

cholesky, solve, solve_triangular = slinalg.cholesky, slinalg.solve, slinalg.solve_triangular


def _inner(W, M):
    return at.sum(W * M)


def _eigh(f):
    """The routes to f(λ, V, …) from either triangle."""

    def route(uplo):
        return lambda X, **constants: f(*nlinalg.eigh(X, UPLO=uplo), **constants)

    return {"at.nlinalg.eigh(UPLO='%s')" % uplo: route(uplo) for uplo in "LU"}


def _eigenvalues(f):
    """The routes to f(λ, …) from either triangle; ``eigvalsh`` wants a second matrix."""

    def route(lower):
        return lambda X, **constants: f(
            slinalg.eigvalsh(X, at.eye(X.shape[0], dtype=X.dtype), lower=lower), **constants
        )

    return {
        **_eigh(lambda values, V, **constants: f(values, **constants)),
        "at.slinalg.eigvalsh(X, at.eye(n))": route(True),
        "at.slinalg.eigvalsh(X, at.eye(n), lower=False)": route(False),
    }


def _functions_of_matrices(f):
    """The routes to ⟨W, V diag(f) Vᵀ⟩, f being a function of the eigenvalues."""
    return _eigh(lambda values, V, W: _inner(W, at.dot(V * f(values), V.T)))


def _factors(f):
    """The routes to f(L, …), X = L Lᵀ."""
    upper = slinalg.Cholesky(lower=False)
    return {
        "at.slinalg.cholesky": lambda X, **constants: f(cholesky(X), **constants),
        "at.slinalg.Cholesky(lower=False)": lambda X, **constants: f(upper(X).T, **constants),
    }


def _log_diagonal(L):
    return at.sum(at.log(at.diag(L)))


def _solve(**options):
    return lambda X, B: solve(X, B, **options)


SOLVERS = {
    "at.nlinalg.matrix_inverse": lambda X, B: at.dot(nlinalg.matrix_inverse(X), B),
    "at.nlinalg.matrix_power(X, -1)": lambda X, B: at.dot(nlinalg.matrix_power(X, -1), B),
    "at.slinalg.solve": solve,
    "at.slinalg.solve(assume_a='sym')": _solve(assume_a="sym"),
    "at.slinalg.solve(assume_a='sym', lower=True)": _solve(assume_a="sym", lower=True),
}
"""Calls (X, B) → X⁻¹B."""
SOLVERS_PD = {
    "at.slinalg.solve(assume_a='pos')": _solve(assume_a="pos"),
    "at.slinalg.solve(assume_a='pos', lower=True)": _solve(assume_a="pos", lower=True),
}
"""The same, of a positive definite X."""


def _solve_lower(X, B):
    return solve_triangular(cholesky(X), B, lower=True)


TRIANGULAR_SOLVERS = {
    "at.slinalg.solve_triangular(lower=True)": _solve_lower,
    "at.slinalg.solve_triangular(L.T, trans='T')": lambda X, B: solve_triangular(
        cholesky(X).T, B, trans="T"
    ),
    "at.slinalg.solve_triangular(L.T)": lambda X, B: at.dot(
        solve_triangular(cholesky(X).T, at.eye(X.shape[0], dtype=X.dtype)).T, B
    ),
}
"""Calls (X, B) → L⁻¹B, X = L Lᵀ."""


def _by(solvers, f):
    """The routes to f(solve, X, …)."""

    def route(call):
        return lambda X, **constants: f(call, X, **constants)

    return {name: route(call) for name, call in solvers.items()}


def _gaussian(X, y):
    return -(at.log(nlinalg.det(X)) + at.dot(y, solve(X, y))) / 2


def _gaussian_by_cholesky(X, y):
    return -_log_diagonal(cholesky(X)) - at.sum(_solve_lower(X, y) ** 2) / 2


# at.nlinalg.eig, svd, qr, lstsq and at.slinalg.cho_solve are left out: they have no gradient
ROUTES = {
    "eigenvalue": _eigenvalues(lambda values, i: values[i]),
    "largest_eigenvalue": _eigenvalues(lambda values: values[-1]),
    "smallest_eigenvalue": _eigenvalues(lambda values: values[0]),
    "eigenvalue_gap": _eigenvalues(lambda values, i: values[i + 1] - values[i]),
    "spectral_norm": _eigenvalues(lambda values: at.max(abs(values))),
    "nuclear_norm": _eigenvalues(lambda values: at.sum(abs(values))),
    "sum_entries": {
        "X.sum()": lambda X: X.sum(),
        "at.nlinalg.trace(X) + 2*at.triu(X, 1).sum()": lambda X: (
            nlinalg.trace(X) + 2 * at.triu(X, 1).sum()
        ),
    },
    "trace": {"at.nlinalg.trace": nlinalg.trace},
    "trace_square": {
        "at.nlinalg.trace(at.dot(X, X))": lambda X: nlinalg.trace(at.dot(X, X)),
        "at.nlinalg.norm(X, 'fro')**2": lambda X: nlinalg.norm(X, "fro") ** 2,
    },
    "trace_cube": {
        "at.nlinalg.trace(at.nlinalg.matrix_power(X, 3))": lambda X: nlinalg.trace(
            nlinalg.matrix_power(X, 3)
        ),
    },
    "det": {"at.nlinalg.det": nlinalg.det, **_eigenvalues(at.prod)},
    "log_det": {
        "at.log(at.nlinalg.det(X))": lambda X: at.log(nlinalg.det(X)),
        **_factors(lambda L: 2 * _log_diagonal(L)),
        **_eigenvalues(lambda values: at.sum(at.log(values))),
    },
    "inverse_entry": _by(
        SOLVERS, lambda solve, X, i, j: solve(X, at.eye(X.shape[0], dtype=X.dtype)[:, j])[i]
    ),
    "inverse_quadratic_form": _by(SOLVERS, lambda solve, X, u: at.dot(u, solve(X, u))),
    "weighted_inverse": _by(SOLVERS, lambda solve, X, W: nlinalg.trace(solve(X, W.T))),
    "inverse_quadratic_form_pd": {
        **_by(SOLVERS_PD, lambda solve, X, u: at.dot(u, solve(X, u))),
        **_by(TRIANGULAR_SOLVERS, lambda solve, X, u: at.sum(solve(X, u) ** 2)),
    },
    "weighted_pseudoinverse": {
        "at.nlinalg.pinv": lambda X, W: _inner(W, nlinalg.pinv(X)),
        "at.nlinalg.pinv(hermitian=True)": lambda X, W: _inner(W, nlinalg.pinv(X, hermitian=True)),
    },
    "cholesky_entry": _factors(lambda L, i, j: L[i, j]),
    "cholesky_log_diagonal": _factors(_log_diagonal),
    "triangular_solve": _by(TRIANGULAR_SOLVERS, lambda solve, X, u, w: at.dot(u, solve(X, w))),
    "weighted_exp": {
        "at.slinalg.expm": lambda X, W: _inner(W, slinalg.expm(X)),
        **_functions_of_matrices(at.exp),
    },
    "weighted_log": _functions_of_matrices(at.log),
    "weighted_sqrt": _functions_of_matrices(at.sqrt),
    "trace_exp": {
        "at.slinalg.expm": lambda X: nlinalg.trace(slinalg.expm(X)),
        **_eigenvalues(lambda values: at.sum(at.exp(values))),
    },
    "log_sum_exp": {
        "at.logsumexp(at.slinalg.eigvalsh(X, at.eye(n)))": lambda X: at.logsumexp(
            slinalg.eigvalsh(X, at.eye(X.shape[0], dtype=X.dtype))
        ),
    },
    "projector": _eigh(lambda values, V, i, W: at.dot(V[:, i], at.dot(W, V[:, i]))),
    "generalized_eigenvalue": {
        "at.slinalg.eigvalsh": lambda X, i, B: slinalg.eigvalsh(X, B)[i],
        "at.slinalg.eigvalsh(lower=False)": lambda X, i, B: slinalg.eigvalsh(X, B, lower=False)[i],
    },
    "gaussian_log_likelihood": {
        "at.nlinalg.det, at.slinalg.solve": _gaussian,
        "at.slinalg.cholesky, at.slinalg.solve_triangular(lower=True)": _gaussian_by_cholesky,
    },
}


class Framework(Graphs):
    """Aesara's graphs."""

    library = aesara
    namespace = at
    version = aesara.__version__
    declines = DECLINES
    routes = ROUTES
