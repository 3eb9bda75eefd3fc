"""JAX: reverse mode by jax.value_and_grad, in 64 bits where 64 bits are asked for."""

import functools
import math

import jax
import jax.numpy as jnp
import numpy as np

from numeric.framework import BaseFramework

jax.config.update("jax_enable_x64", True)
jax.config.update("jax_platforms", "cpu")


def _eigh(**options):
    return lambda X, i: jnp.linalg.eigh(X, **options)[0][i]


def _eigvalsh(**options):
    return lambda X, i: jnp.linalg.eigvalsh(X, **options)[i]


def _sorted_real(eigenvalues, i):
    return jnp.sort(eigenvalues.real)[i]


def _log_det_by_cholesky(**options):
    return lambda X: 2 * jnp.log(jnp.diag(jnp.linalg.cholesky(X, **options))).sum()


def _projector(**options):
    def route(X, i, W):
        v = jnp.linalg.eigh(X, **options)[1][:, i]
        return v @ W @ v

    return route


ROUTES = {
    "eigenvalue": {
        "jnp.linalg.eigh": _eigh(),
        "jnp.linalg.eigh(symmetrize_input=False)": _eigh(symmetrize_input=False),
        "jnp.linalg.eigh(UPLO='U', symmetrize_input=False)": _eigh(
            UPLO="U", symmetrize_input=False
        ),
        "jnp.linalg.eigvalsh": _eigvalsh(),
        "jnp.linalg.eigvalsh(symmetrize_input=False)": _eigvalsh(symmetrize_input=False),
        "jnp.linalg.eigvalsh(UPLO='U', symmetrize_input=False)": _eigvalsh(
            UPLO="U", symmetrize_input=False
        ),
        "jnp.linalg.eig": lambda X, i: _sorted_real(jnp.linalg.eig(X)[0], i),
        "jnp.linalg.eigvals": lambda X, i: _sorted_real(jnp.linalg.eigvals(X), i),
    },
    "sum_entries": {
        "jnp.sum(X)": jnp.sum,
        "jnp.trace(X) + 2*jnp.triu(X, 1).sum()": lambda X: jnp.trace(X) + 2 * jnp.triu(X, 1).sum(),
    },
    "trace": {"jnp.trace": jnp.trace},
    "trace_square": {
        "jnp.trace(X @ X)": lambda X: jnp.trace(X @ X),
        "jnp.sum(X * X)": lambda X: jnp.sum(X * X),
    },
    "trace_cube": {
        "jnp.trace(X @ X @ X)": lambda X: jnp.trace(X @ X @ X),
        "jnp.trace(jnp.linalg.matrix_power(X, 3))": lambda X: jnp.trace(
            jnp.linalg.matrix_power(X, 3)
        ),
    },
    "det": {
        "jnp.linalg.det": jnp.linalg.det,
        "jnp.linalg.eigvalsh(X).prod()": lambda X: jnp.linalg.eigvalsh(X).prod(),
    },
    "log_det": {
        "jnp.linalg.slogdet": lambda X: jnp.linalg.slogdet(X)[1],
        "2*jnp.log(jnp.diag(jnp.linalg.cholesky(X))).sum()": _log_det_by_cholesky(),
        "2*jnp.log(jnp.diag(jnp.linalg.cholesky(X, symmetrize_input=False))).sum()": (
            _log_det_by_cholesky(symmetrize_input=False)
        ),
        "jnp.log(jnp.linalg.eigvalsh(X)).sum()": lambda X: jnp.log(jnp.linalg.eigvalsh(X)).sum(),
    },
    "inverse_quadratic_form": {
        "jnp.linalg.solve": lambda X, u: u @ jnp.linalg.solve(X, u),
        "jnp.linalg.inv": lambda X, u: u @ jnp.linalg.inv(X) @ u,
    },
    "gaussian_log_likelihood": {
        "jnp.linalg.slogdet, jnp.linalg.solve": lambda X, y: (
            -(jnp.linalg.slogdet(X)[1] + y @ jnp.linalg.solve(X, y)) / 2
        ),
        "jax.scipy.stats.multivariate_normal.logpdf": lambda X, y: (
            jax.scipy.stats.multivariate_normal.logpdf(y, 0 * y, X)
            + len(y) * math.log(2 * math.pi) / 2
        ),
    },
    "projector": {
        "jnp.linalg.eigh": _projector(),
        "jnp.linalg.eigh(symmetrize_input=False)": _projector(symmetrize_input=False),
    },
    "weighted_inverse": {
        "jnp.linalg.inv": lambda X, W: jnp.sum(W * jnp.linalg.inv(X)),
        "jnp.linalg.solve": lambda X, W: jnp.trace(jnp.linalg.solve(X, W.T)),
    },
}


class Framework(BaseFramework):
    """JAX on the CPU, by ``jax.value_and_grad``; without ``jit``: primitives are compiled once."""

    namespace = jnp
    version = jax.__version__
    routes = ROUTES

    def array(self, values, dtype):
        return np.array(values, dtype)

    def differentiate(self, route, X, constants, dtype):
        f = functools.partial(self.apply, route, constants=constants)
        value, gradient = jax.value_and_grad(f)(jnp.asarray(X, dtype))
        return float(value), np.asarray(gradient, np.float64), str(gradient.dtype)

    def evaluate(self, route, X, constants, dtype):
        return float(self.apply(route, jnp.asarray(X, dtype), constants))
