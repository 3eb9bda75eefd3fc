"""MXNet, which has ended with 1.9.1: mxnet.autograd, on arrays as NumPy's and on its older ones."""

import functools

import mxnet as mx
import numpy as np

from symgrad.numeric.former import DECLINES
from symgrad.numeric.framework import BaseFramework

mx.npx.set_np()
linalg = mx.np.linalg
nd = mx.nd.linalg


def _by_nd(call):
    """A call of ``mx.nd``, from NumPy-like arrays to such arrays."""

    def converted(*arrays, **options):
        found = call(*[array.as_nd_ndarray() for array in arrays], **options)
        if isinstance(found, (list, tuple)):
            return [array.as_np_ndarray() for array in found]
        return found.as_np_ndarray()

    return converted


def _syevd(X):
    U, values = _by_nd(nd.syevd)(X)
    return values, U.T


def _column(vector):
    return vector.reshape((-1, 1))


def _inner(W, M):
    return mx.np.sum(W * M)


def _unit(X, j):
    return mx.np.eye(X.shape[0], dtype=X.dtype)[:, j : j + 1]


def _log_diagonal(L):
    return mx.np.sum(mx.np.log(mx.np.diag(L)))


# X → (λ, V) and X → λ, ascending
EIGH = {
    "mx.nd.linalg.syevd": _syevd,
    "mx.np.linalg.eigh(UPLO='L')": lambda X: linalg.eigh(X, UPLO="L"),
    "mx.np.linalg.eigh(UPLO='U')": lambda X: linalg.eigh(X, UPLO="U"),
}
EIGVALSH = {
    "mx.np.linalg.eigvalsh(UPLO='L')": lambda X: linalg.eigvalsh(X, UPLO="L"),
    "mx.np.linalg.eigvalsh(UPLO='U')": lambda X: linalg.eigvalsh(X, UPLO="U"),
}
# X → L, lower, with X = L Lᵀ
FACTORS = {
    "mx.nd.linalg.potrf": _by_nd(nd.potrf),
    "mx.np.linalg.cholesky": linalg.cholesky,
}
# (X, B) → X⁻¹ B; the second only for a positive definite X; (X, B) → L⁻¹ B
SOLVE = {
    "mx.nd.linalg.inverse": lambda X, B: mx.np.dot(_by_nd(nd.inverse)(X), B),
    "mx.np.linalg.inv": lambda X, B: mx.np.dot(linalg.inv(X), B),
    "mx.np.linalg.solve": linalg.solve,
    "mx.np.linalg.tensorsolve": lambda X, B: mx.np.concatenate(
        [_column(linalg.tensorsolve(X, B[:, k])) for k in range(B.shape[1])], axis=1
    ),
    "mx.np.linalg.tensorinv": lambda X, B: mx.np.dot(linalg.tensorinv(X, ind=1), B),
}
SOLVE_PD = {
    "mx.nd.linalg.potri": lambda X, B: mx.np.dot(_by_nd(nd.potri)(_by_nd(nd.potrf)(X)), B),
}
SOLVE_FACTOR = {
    "mx.nd.linalg.trsm": lambda X, B: _by_nd(nd.trsm)(_by_nd(nd.potrf)(X), B),
    "mx.nd.linalg.trsm, mx.np.linalg.cholesky": lambda X, B: _by_nd(nd.trsm)(linalg.cholesky(X), B),
}
SIGNED_LOG_DET = {
    "mx.nd.linalg.slogdet": _by_nd(nd.slogdet),
    "mx.np.linalg.slogdet": linalg.slogdet,
}


def _by(table, f):
    """The routes f(call, X, …) by each of the calls."""
    return {name: functools.partial(f, call) for name, call in table.items()}


def _eigenvalues(f):
    """The routes to f(λ, …), λ being the eigenvalues by each call."""
    return {
        **_by(EIGH, lambda eigh, X, **constants: f(eigh(X)[0], **constants)),
        **_by(EIGVALSH, lambda eigvalsh, X, **constants: f(eigvalsh(X), **constants)),
    }


def _singular(f):
    """The route to f(σ, …)."""
    return {"mx.np.linalg.svd": lambda X, **constants: f(linalg.svd(X)[1], **constants)}


def _quadratic(solve, X, u):
    return _inner(_column(u), solve(X, _column(u)))


def _triangular(solve, X, u, w):
    return _inner(_column(u), solve(X, _column(w)))


def _projector(eigh, X, i, W):
    v = eigh(X)[1][:, i]
    return mx.np.dot(v, mx.np.dot(W, v))


def _gaussian(solve, X, y):
    return -(linalg.slogdet(X)[1] + _quadratic(solve, X, y)) / 2


def _gaussian_by_cholesky(solve, X, y):
    half = _log_diagonal(_by_nd(nd.potrf)(X))
    return -half - mx.np.sum(solve(X, _column(y)) ** 2) / 2


ROUTES = {
    "eigenvalue": _eigenvalues(lambda values, i: values[i]),
    "largest_eigenvalue": _eigenvalues(lambda values: values[-1]),
    "smallest_eigenvalue": _eigenvalues(lambda values: values[0]),
    "eigenvalue_gap": _eigenvalues(lambda values, i: values[i + 1] - values[i]),
    "singular_value": _singular(lambda values, i: values[i]),
    "spectral_norm": _singular(lambda values: values[0]),
    "nuclear_norm": _singular(mx.np.sum),
    "sum_entries": {
        "mx.np.sum(X)": mx.np.sum,
        "mx.np.trace(X) + 2*mx.np.sum(strictly upper X)": lambda X: (
            mx.np.trace(X) + 2 * mx.np.sum(X - mx.np.tril(X))
        ),
    },
    "trace": {"mx.np.trace": mx.np.trace},
    "trace_square": {
        "mx.np.trace(mx.np.dot(X, X))": lambda X: mx.np.trace(mx.np.dot(X, X)),
        "mx.np.linalg.norm(X)**2": lambda X: linalg.norm(X) ** 2,
    },
    "det": {
        "mx.nd.linalg.det": lambda X: _by_nd(nd.det)(X).reshape(()),
        "mx.np.linalg.det": linalg.det,
        **_by(SIGNED_LOG_DET, lambda call, X: mx.np.prod(_det_by_slogdet(*call(X)))),
    },
    "log_det": {
        **_by(SIGNED_LOG_DET, lambda call, X: call(X)[1].reshape(())),
        **_by(FACTORS, lambda cholesky, X: 2 * _log_diagonal(cholesky(X))),
        "2*mx.nd.linalg.sumlogdiag(mx.nd.linalg.potrf(X))": lambda X: (
            2 * _by_nd(nd.sumlogdiag)(_by_nd(nd.potrf)(X)).reshape(())
        ),
    },
    "inverse_entry": _by(SOLVE, lambda solve, X, i, j: solve(X, _unit(X, j))[i, 0]),
    "inverse_quadratic_form": _by(SOLVE, _quadratic),
    "weighted_inverse": _by(SOLVE, lambda solve, X, W: mx.np.trace(solve(X, W.T))),
    "inverse_quadratic_form_pd": {
        **_by(SOLVE_PD, _quadratic),
        **_by(SOLVE_FACTOR, lambda solve, X, u: mx.np.sum(solve(X, _column(u)) ** 2)),
    },
    "cholesky_entry": _by(FACTORS, lambda cholesky, X, i, j: cholesky(X)[i, j]),
    "cholesky_log_diagonal": _by(FACTORS, lambda cholesky, X: _log_diagonal(cholesky(X))),
    "triangular_solve": _by(SOLVE_FACTOR, _triangular),
    "projector": _by(EIGH, _projector),
    "weighted_pseudoinverse": {"mx.np.linalg.pinv": lambda X, W: _inner(W, linalg.pinv(X))},
    "gaussian_log_likelihood": {
        **_by({"mx.np.linalg.slogdet, mx.np.linalg.solve": linalg.solve}, _gaussian),
        **_by(
            {"mx.nd.linalg.potrf, trsm": SOLVE_FACTOR["mx.nd.linalg.trsm"]}, _gaussian_by_cholesky
        ),
    },
}


def _det_by_slogdet(sign, log):
    return sign * mx.np.exp(log)


class Framework(BaseFramework):
    """MXNet on the CPU, by ``mxnet.autograd.record`` and ``backward``."""

    namespace = mx
    version = mx.__version__
    declines = DECLINES
    routes = ROUTES

    def array(self, values, dtype):
        return mx.np.array(values, dtype=dtype)

    def differentiate(self, route, X, constants, dtype):
        x = mx.np.array(X, dtype=_real(dtype))
        x.attach_grad()
        with mx.autograd.record():
            value = self.apply(route, x, constants)
        value.backward()
        return value.item(), x.grad.asnumpy().astype(X.dtype), str(np.dtype(x.grad.dtype))

    def evaluate(self, route, X, constants, dtype):
        return self.apply(route, mx.np.array(X, dtype=_real(dtype)), constants).item()


def _real(dtype):
    if dtype not in ("float16", "float32", "float64"):
        raise NotImplementedError("MXNet has no %s" % dtype)
    return dtype
