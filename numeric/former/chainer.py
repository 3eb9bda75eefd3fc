"""Chainer, which has ended with 7.8.1: reverse mode by chainer.grad.  It has no eigenvalues."""

import functools

import chainer
import chainer.functions as F
import numpy as np

from symgrad.numeric.calls import find, offered
from symgrad.numeric.former import DECLINES
from symgrad.numeric.framework import BaseFramework


def _trace(M):
    return F.sum(F.diagonal(M))


def _dot(u, v):
    return F.sum(u * v)


def _log_diagonal(L):
    return F.sum(F.log(F.diagonal(L)))


def _upper_sum(X):
    return _trace(X) + 2 * F.sum(X * np.triu(np.ones(X.shape, X.dtype), 1))


# X → X⁻¹; the second only for a positive definite X
INVERSE = {
    "F.inv": F.inv,
    "F.batch_inv": lambda X: F.batch_inv(X[None])[0],
}
INVERSE_FACTOR = {
    "F.cholesky, F.inv": lambda X: F.inv(F.cholesky(X)),
}
DET = {
    "F.det": F.det,
    "F.batch_det": lambda X: F.batch_det(X[None])[0],
}


def _by(table, f):
    """The routes f(call(X), …) by each of the calls."""
    return {name: functools.partial(_apply, f, call) for name, call in table.items()}


def _apply(f, call, X, **constants):
    return f(call(X), **constants)


def _gaussian(X, y):
    return -(F.log(F.det(X)) + _dot(y, F.matmul(F.inv(X), y))) / 2


def _gaussian_by_cholesky(X, y):
    L = F.cholesky(X)
    return -_log_diagonal(L) - F.sum(F.matmul(F.inv(L), y) ** 2) / 2


ROUTES = {
    "sum_entries": {
        "F.sum(X)": F.sum,
        "F.sum(F.diagonal(X)) + 2*F.sum(strictly upper X)": _upper_sum,
    },
    "trace": {"F.sum(F.diagonal(X))": _trace},
    "trace_square": {
        "F.sum(F.diagonal(F.matmul(X, X)))": lambda X: _trace(F.matmul(X, X)),
        "F.batch_l2_norm_squared(X)": lambda X: F.sum(F.batch_l2_norm_squared(X)),
    },
    "trace_cube": {
        "F.einsum('ij,jk,ki', X, X, X)": lambda X: F.einsum("ij,jk,ki->", X, X, X),
    },
    "rayleigh_quotient": {
        "F.matmul": lambda X, u: _dot(u, F.matmul(X, u)) / _dot(u, u),
    },
    "det": _by(DET, lambda det: det),
    "log_det": {
        **{"F.log(%s(X))" % name: route for name, route in _by(DET, F.log).items()},
        "2*F.sum(F.log(F.diagonal(F.cholesky(X))))": lambda X: 2 * _log_diagonal(F.cholesky(X)),
    },
    "inverse_entry": _by(INVERSE, lambda inverse, i, j: inverse[i, j]),
    "inverse_quadratic_form": _by(INVERSE, lambda inverse, u: _dot(u, F.matmul(inverse, u))),
    "weighted_inverse": _by(INVERSE, lambda inverse, W: F.sum(W * inverse)),
    "inverse_quadratic_form_pd": _by(
        INVERSE_FACTOR, lambda inverse, u: F.sum(F.matmul(inverse, u) ** 2)
    ),
    "cholesky_entry": {"F.cholesky": lambda X, i, j: F.cholesky(X)[i, j]},
    "cholesky_log_diagonal": {"F.cholesky": lambda X: _log_diagonal(F.cholesky(X))},
    "triangular_solve": _by(INVERSE_FACTOR, lambda inverse, u, w: _dot(u, F.matmul(inverse, w))),
    "weighted_square": {"F.matmul(X, X)": lambda X, W: F.sum(W * F.matmul(X, X))},
    "gaussian_log_likelihood": {
        "F.det, F.inv": _gaussian,
        "F.cholesky, F.inv": _gaussian_by_cholesky,
    },
    "gaussian_precision_log_likelihood": {
        "F.det": lambda X, y: (F.log(F.det(X)) - _dot(y, F.matmul(X, y))) / 2,
    },
}


class Framework(BaseFramework):
    """Chainer's variables on NumPy's arrays, by ``chainer.grad``."""

    namespace = F
    version = chainer.__version__
    declines = DECLINES
    routes = {
        function: offered(table, "F", functools.partial(find, F))
        for function, table in ROUTES.items()
    }

    def array(self, values, dtype):
        return np.array(values, dtype)

    def differentiate(self, route, X, constants, dtype):
        x = chainer.Variable(X.astype(dtype))
        value = self.apply(route, x, constants)
        (gradient,) = chainer.grad([value], [x])
        if gradient is None:
            raise TypeError("chainer.grad found no path from X to the value")
        return float(value.array), gradient.array.astype(X.dtype), str(gradient.dtype)

    def evaluate(self, route, X, constants, dtype):
        return float(self.apply(route, chainer.Variable(X.astype(dtype)), constants).array)
