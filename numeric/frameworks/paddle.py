"""PaddlePaddle: reverse mode by backward(); there is no forward mode.

``incubate.autograd.jvp`` differentiates twice in reverse, which no call of ``linalg`` supports.
"""

import functools
import math
import warnings

import numpy as np

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # it looks for a compiler
    import paddle

from paddle import distribution, linalg

from symgrad.numeric.framework import BaseFramework
from symgrad.numeric.hessians.paddle import WAYS, differentiate_twice


def _pair(W, M):
    return (W * M).sum()


def _adjoint(M):
    return M.conj().T


def _wanted(constant):
    """The same constant as a parameter, whose own gradient is wanted too.

    Beside a constant right-hand side, which is Paddle's default, the gradients of ``solve`` and
    ``triangular_solve`` are memory never written to; that of ``cholesky_solve`` crashes, and so
    does that of ``solve`` with a matrix on either side that is a constant.
    """
    parameter = constant.clone()
    parameter.stop_gradient = False
    return parameter


def _both(name, route):
    """The route for either triangle: route("L") and route("U"), named with a %s in the name."""
    return {name % uplo: route(uplo) for uplo in "LU"}


def _spectral(name, function):
    """function(λ, …) of the eigenvalues, ascending; the name has a %s for the solver."""
    return _both(
        name % "paddle.linalg.eigvalsh(X, UPLO='%s')",
        lambda uplo: lambda X, **data: function(linalg.eigvalsh(X, UPLO=uplo), **data),
    )


def _by_eigh(function):
    """⟨W, V diag(function(λ)) Vᴴ⟩."""

    def route(uplo):
        def weighted(X, W):
            values, V = linalg.eigh(X, UPLO=uplo)
            return _pair(W, (V * function(values)) @ _adjoint(V))

        return weighted

    return _both("paddle.linalg.eigh(X, UPLO='%s')", route)


def _by_embedding(X, W):
    """⟨W, V diag(exp λ) Vᴴ⟩, with diag as a matrix."""
    values, V = linalg.eigh(X)
    return _pair(W, V @ paddle.diag_embed(values.exp()) @ _adjoint(V))


def _projector(columns):
    """⟨W, Σ v vᴴ⟩ over the chosen columns of eigenvectors."""

    def route(uplo):
        def weighted(X, W, **data):
            V = linalg.eigh(X, UPLO=uplo)[1][:, columns(**data)]
            return _pair(W, V @ _adjoint(V))

        return weighted

    return _both("paddle.linalg.eigh(X, UPLO='%s')", route)


def _sorted_real(eigenvalues, i):
    return paddle.sort(paddle.real(eigenvalues))[i]


def _log_abs_det(X):
    return linalg.slogdet(X)[1]


def _log_diagonal(factor):
    return paddle.diagonal(factor).log().sum()


def _by_cholesky(function):
    """function(L, …) of the lower factor L, also as the adjoint of the upper one."""
    return {
        "paddle.linalg.cholesky(X)": lambda X, **data: function(linalg.cholesky(X), **data),
        "paddle.linalg.cholesky(X, upper=True)": lambda X, **data: function(
            _adjoint(linalg.cholesky(X, upper=True)), **data
        ),
    }


def _solve(X, b):
    return linalg.solve(X, _wanted(b))


def _lu_solve(X, b, trans="N"):
    return linalg.lu_solve(b[:, None], *linalg.lu(X)[:2], trans)[:, 0]


def _solve_by_compact_factors(X, b):
    """L and U in one array, as ``lu`` returns them, and as a triangular solve takes them."""
    factors, pivots = linalg.lu(X)
    P = linalg.lu_unpack(factors.detach(), pivots)[0]
    y = linalg.triangular_solve(factors, _wanted(P.T @ b)[:, None], upper=False, unitriangular=True)
    return linalg.triangular_solve(factors, y)[:, 0]


def _truncated(X, k, W, **options):
    """⟨W, X⁺⟩ with a tolerance between the k-th largest singular value and the next."""
    sizes = linalg.svd(X.detach())[1]  # Paddle 2 has no svdvals
    rcond = float((sizes[k - 1] + sizes[k]) / (2 * sizes[0]))
    return _pair(W, linalg.pinv(X, rcond=rcond, **options))


def _lstsq(X, u):
    return u @ linalg.lstsq(X, u[:, None])[0][:, 0]


def _triangular_solve(factor, b, upper=False, transpose=False):
    return linalg.triangular_solve(factor, b[:, None], upper, transpose)[:, 0]


def _cholesky_solve(upper):
    def route(X, u):
        factor = linalg.cholesky(X, upper=upper)
        return u @ linalg.cholesky_solve(_wanted(u)[:, None], factor, upper=upper)[:, 0]

    return route


def _cholesky_inverse(upper):
    def route(X, u):
        return u @ linalg.cholesky_inverse(linalg.cholesky(X, upper=upper), upper=upper) @ u

    return route


def _squared_norm(z):
    return (z.conj() * z).sum()


def _generalized(root):
    """λ_i(C⁻¹XC⁻ᴴ) for the root C of B = CCᴴ."""

    def route(uplo):
        def eigenvalue(X, i, B):
            inverse = linalg.inv(root(B))
            return linalg.eigvalsh(inverse @ X @ _adjoint(inverse), UPLO=uplo)[i]

        return eigenvalue

    return route


def _root_by_eigh(B):
    values, V = linalg.eigh(B)
    return V * values.sqrt()


def _normal(parameter, wanted):
    """The log-likelihood of y by the distribution, less its constant."""

    def route(X, y):
        normal = distribution.MultivariateNormal(0 * y, **{parameter: X})
        log_prob = normal.log_prob(_wanted(y) if wanted else y)
        return log_prob + len(y) * math.log(2 * math.pi) / 2

    return route


def _normal_kl(X, J):
    P = distribution.MultivariateNormal(0 * J[0], covariance_matrix=X)
    Q = distribution.MultivariateNormal(0 * J[0], precision_matrix=_wanted(J))
    return distribution.kl_divergence(P, Q)


def _bures_wasserstein(trace_of_root):
    return lambda X, C: paddle.trace(X) + paddle.trace(C @ C) - 2 * trace_of_root(X, C)


ROUTES = {
    "eigenvalue": {
        "paddle.linalg.eigh(X, UPLO='L')": lambda X, i: linalg.eigh(X, UPLO="L")[0][i],
        "paddle.linalg.eigh(X, UPLO='U')": lambda X, i: linalg.eigh(X, UPLO="U")[0][i],
        **_spectral("%s", lambda values, i: values[i]),
        "paddle.linalg.eig": lambda X, i: _sorted_real(linalg.eig(X)[0], i),
        "paddle.linalg.eigvals": lambda X, i: _sorted_real(linalg.eigvals(X), i),
    },
    "largest_eigenvalue": _spectral("%s.max()", lambda values: values.max()),
    "smallest_eigenvalue": _spectral("%s.min()", lambda values: values.min()),
    "eigenvalue_gap": _spectral("%s", lambda values, i: values[i + 1] - values[i]),
    "singular_value": {
        "paddle.linalg.svd": lambda X, i: linalg.svd(X)[1][i],
        "paddle.linalg.svdvals": lambda X, i: linalg.svdvals(X)[i],
    },
    "spectral_norm": {
        "paddle.linalg.matrix_norm(X, 2)": lambda X: linalg.matrix_norm(X, 2),
        "paddle.linalg.svdvals(X).max()": lambda X: linalg.svdvals(X).max(),
        **_spectral("%s.abs().max()", lambda values: values.abs().max()),
    },
    "nuclear_norm": {
        "paddle.linalg.matrix_norm(X, 'nuc')": lambda X: linalg.matrix_norm(X, "nuc"),
        "paddle.linalg.svdvals(X).sum()": lambda X: linalg.svdvals(X).sum(),
        **_spectral("%s.abs().sum()", lambda values: values.abs().sum()),
    },
    "ky_fan_norm": {
        "paddle.linalg.svd": lambda X, k: linalg.svd(X)[1][:k].sum(),
        "paddle.linalg.svdvals": lambda X, k: linalg.svdvals(X)[:k].sum(),
        **_spectral("%s", lambda values, k: values.abs().sort()[-k:].sum()),
    },
    "condition_number": {
        "paddle.linalg.cond": linalg.cond,
        **_spectral("%s", lambda values: values.abs().max() / values.abs().min()),
    },
    "sum_entries": {
        "paddle.sum(X)": paddle.sum,
        "paddle.trace(X) + 2*paddle.triu(X, 1).sum()": lambda X: (
            paddle.trace(X) + 2 * paddle.triu(X, 1).sum()
        ),
    },
    "trace": {"paddle.trace": paddle.trace},
    "trace_square": {
        "paddle.trace(X @ X)": lambda X: paddle.trace(X @ X),
        "paddle.sum(X * X.conj())": lambda X: paddle.sum(X * X.conj()),
        "paddle.linalg.matrix_norm(X)**2": lambda X: linalg.matrix_norm(X) ** 2,
    },
    "trace_cube": {
        "paddle.trace(X @ X @ X)": lambda X: paddle.trace(X @ X @ X),
        "paddle.trace(paddle.linalg.matrix_power(X, 3))": lambda X: paddle.trace(
            linalg.matrix_power(X, 3)
        ),
        "paddle.trace(paddle.linalg.multi_dot([X, X, X]))": lambda X: paddle.trace(
            linalg.multi_dot([X, X, X])
        ),
    },
    "rayleigh_quotient": {"u @ X @ u / (u @ u)": lambda X, u: u @ X @ u / (u @ u)},
    "det": {
        "paddle.linalg.det": linalg.det,
        **_spectral("%s.prod()", lambda values: values.prod()),
    },
    "log_det": {
        "paddle.linalg.slogdet": _log_abs_det,
        "paddle.linalg.lu": lambda X: paddle.diagonal(linalg.lu(X)[0]).abs().log().sum(),
        **_by_cholesky(lambda L: 2 * _log_diagonal(L)),
        **_spectral("%s.log().sum()", lambda values: values.log().sum()),
    },
    "inverse_entry": {
        "paddle.linalg.inv": lambda X, i, j: linalg.inv(X)[i, j],
        "paddle.linalg.matrix_power(X, -1)": lambda X, i, j: linalg.matrix_power(X, -1)[i, j],
        "paddle.linalg.solve, b.stop_gradient=False": lambda X, i, j: _solve(
            X, paddle.eye(len(X), dtype=X.dtype)[:, j]
        )[i],
    },
    "inverse_quadratic_form": {
        "paddle.linalg.inv": lambda X, u: u @ linalg.inv(X) @ u,
        "paddle.linalg.solve": lambda X, u: u @ linalg.solve(X, u),
        "paddle.linalg.solve, u.stop_gradient=False": lambda X, u: u @ _solve(X, u),
        "paddle.linalg.lu_solve": lambda X, u: u @ _lu_solve(X, u),
        "paddle.linalg.lu_solve(trans='T')": lambda X, u: u @ _lu_solve(X, u, "T"),
        "paddle.linalg.lu, paddle.linalg.triangular_solve(unitriangular=True)": lambda X, u: (
            u @ _solve_by_compact_factors(X, u)
        ),
    },
    "weighted_inverse": {
        "paddle.linalg.inv": lambda X, W: _pair(W, linalg.inv(X)),
        "paddle.linalg.solve, W.stop_gradient=False": lambda X, W: paddle.trace(_solve(X, W.T)),
    },
    "inverse_quadratic_form_pd": {
        "paddle.linalg.cholesky_solve, u.stop_gradient=False": _cholesky_solve(False),
        "paddle.linalg.cholesky_solve(upper=True), u.stop_gradient=False": _cholesky_solve(True),
        "paddle.linalg.cholesky_inverse": _cholesky_inverse(False),
        "paddle.linalg.cholesky_inverse(upper=True)": _cholesky_inverse(True),
        "paddle.linalg.triangular_solve": lambda X, u: _squared_norm(
            _triangular_solve(linalg.cholesky(X), u)
        ),
        "paddle.linalg.triangular_solve, u.stop_gradient=False": lambda X, u: _squared_norm(
            _triangular_solve(linalg.cholesky(X), _wanted(u))
        ),
    },
    "weighted_pseudoinverse": {
        "paddle.linalg.pinv": lambda X, W: _pair(W, linalg.pinv(X)),
        "paddle.linalg.pinv(hermitian=True)": lambda X, W: _pair(W, linalg.pinv(X, hermitian=True)),
    },
    "truncated_pseudoinverse": {
        "paddle.linalg.pinv(rcond=...)": _truncated,
        "paddle.linalg.pinv(rcond=..., hermitian=True)": functools.partial(
            _truncated, hermitian=True
        ),
    },
    "lstsq_quadratic_form": {"paddle.linalg.lstsq": _lstsq},
    "cholesky_entry": _by_cholesky(lambda L, i, j: L[i, j]),
    "cholesky_log_diagonal": _by_cholesky(_log_diagonal),
    "triangular_solve": {
        "paddle.linalg.triangular_solve": lambda X, u, w: (
            u @ _triangular_solve(linalg.cholesky(X), w)
        ),
        "paddle.linalg.triangular_solve, w.stop_gradient=False": lambda X, u, w: (
            u @ _triangular_solve(linalg.cholesky(X), _wanted(w))
        ),
        "paddle.linalg.triangular_solve(upper=True, transpose=True), w.stop_gradient=False": (
            lambda X, u, w: (
                u @ _triangular_solve(linalg.cholesky(X, upper=True), _wanted(w), True, True)
            )
        ),
    },
    "weighted_exp": {
        "paddle.linalg.matrix_exp": lambda X, W: _pair(W, linalg.matrix_exp(X)),
        **_by_eigh(paddle.exp),
        "paddle.linalg.eigh(X), paddle.diag_embed": _by_embedding,
    },
    "weighted_log": _by_eigh(paddle.log),
    "weighted_sqrt": _by_eigh(paddle.sqrt),
    "weighted_inverse_sqrt": _by_eigh(paddle.rsqrt),
    "weighted_cube_root": _by_eigh(lambda values: values ** (1 / 3)),
    "weighted_square": {
        "X @ X": lambda X, W: _pair(W, X @ X),
        "paddle.linalg.matrix_power(X, 2)": lambda X, W: _pair(W, linalg.matrix_power(X, 2)),
        **_by_eigh(paddle.square),
    },
    "trace_exp": {
        "paddle.trace(paddle.linalg.matrix_exp(X))": lambda X: paddle.trace(linalg.matrix_exp(X)),
        **_spectral("%s.exp().sum()", lambda values: values.exp().sum()),
    },
    "trace_log": _spectral("%s.log().sum()", lambda values: values.log().sum()),
    "von_neumann_entropy": _spectral("%s", lambda values: -(values * values.log()).sum()),
    "log_sum_exp": {
        "paddle.log(paddle.trace(paddle.linalg.matrix_exp(X)))": lambda X: paddle.log(
            paddle.trace(linalg.matrix_exp(X))
        ),
        **_spectral("paddle.logsumexp(%s)", paddle.logsumexp),
    },
    "projector": _projector(lambda i: slice(i, i + 1)),
    "subspace_projector": _projector(lambda k: slice(-k, None)),
    "eigenvector_entry": _both(
        "paddle.linalg.eigh(X, UPLO='%s')",
        lambda uplo: lambda X, i: linalg.eigh(X, UPLO=uplo)[1][0, i],
    ),
    "generalized_eigenvalue": {
        **_both("paddle.linalg.cholesky(B), eigvalsh(UPLO='%s')", _generalized(linalg.cholesky)),
        **_both("paddle.linalg.eigh(B), eigvalsh(UPLO='%s')", _generalized(_root_by_eigh)),
    },
    "gaussian_log_likelihood": {
        "paddle.linalg.slogdet, paddle.linalg.inv": lambda X, y: (
            -(_log_abs_det(X) + y @ linalg.inv(X) @ y) / 2
        ),
        "paddle.linalg.slogdet, paddle.linalg.solve, y.stop_gradient=False": lambda X, y: (
            -(_log_abs_det(X) + y @ _solve(X, y)) / 2
        ),
        "MultivariateNormal(covariance_matrix=X)": _normal("covariance_matrix", False),
        "MultivariateNormal(covariance_matrix=X), y.stop_gradient=False": _normal(
            "covariance_matrix", True
        ),
    },
    "gaussian_precision_log_likelihood": {
        "paddle.linalg.slogdet": lambda X, y: (_log_abs_det(X) - y @ X @ y) / 2,
        "MultivariateNormal(precision_matrix=X), y.stop_gradient=False": _normal(
            "precision_matrix", True
        ),
    },
    "gaussian_kl": {
        "paddle.linalg.slogdet": lambda X, J: (
            (_pair(J, X) - len(X) - _log_abs_det(J) - _log_abs_det(X)) / 2
        ),
        "kl_divergence(MultivariateNormal(covariance_matrix=X), …), J.stop_gradient=False": (
            _normal_kl
        ),
    },
    "bures_wasserstein": {
        **_both(
            "paddle.linalg.eigvalsh(C @ X @ C, UPLO='%s')",
            lambda uplo: _bures_wasserstein(
                lambda X, C: linalg.eigvalsh(C @ X @ C, UPLO=uplo).sqrt().sum()
            ),
        ),
        "paddle.linalg.matrix_norm(C @ paddle.linalg.cholesky(X), 'nuc')": _bures_wasserstein(
            lambda X, C: linalg.matrix_norm(C @ linalg.cholesky(X), "nuc")
        ),
    },
}


class Framework(BaseFramework):
    """PaddlePaddle, in its dynamic mode, by ``Tensor.backward``."""

    namespace = paddle
    version = paddle.__version__
    declines = (
        "is not registered",
        "dtype must be float32 or float64",
        "does not appear in the backward graph",
        "doesn't have any grad op",
        "same dtype such as 'float32' and 'float64'",
    )
    routes = ROUTES
    hessians = WAYS

    def array(self, values, dtype):
        return paddle.to_tensor(np.array(values), dtype=dtype)

    def differentiate(self, route, X, constants, dtype):
        x = paddle.to_tensor(X, dtype=dtype, stop_gradient=False)
        value = self.apply(route, x, constants)
        value.backward()
        if x.grad is None:
            paddle.grad(value, x)  # says why there is none
        gradient = x.grad.numpy() if "complex" in dtype else x.grad.astype("float64").numpy()
        return float(value), gradient.astype(X.dtype), str(x.grad.dtype).split(".")[-1]

    def differentiate_twice(self, way, route, X, E, constants, dtype):
        f = functools.partial(self.apply, route, constants=constants)
        return differentiate_twice(way, f, X, E, dtype)

    def evaluate(self, route, X, constants, dtype):
        with paddle.no_grad():
            return float(self.apply(route, paddle.to_tensor(X, dtype=dtype), constants))

    def real(self, value):
        return paddle.real(value)
