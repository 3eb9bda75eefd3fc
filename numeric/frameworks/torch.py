"""PyTorch: reverse mode by torch.autograd, forward mode by torch.func."""

import functools
import math

import numpy as np
import torch

from numeric.framework import BaseFramework, directions

LOG_2PI = math.log(2 * math.pi)
MultivariateNormal = torch.distributions.MultivariateNormal
linalg = torch.linalg

CHUNK = 64
"""So many directions at once in forward mode: a bound on the memory."""


def _eigvalsh(f):
    """The routes to f(eigenvalues, **constants) from either triangle."""

    def route(uplo):
        return lambda X, **constants: f(linalg.eigvalsh(X, UPLO=uplo), **constants)

    return {"torch.linalg.eigvalsh(UPLO='%s')" % uplo: route(uplo) for uplo in "LU"}


def _eigh(f):
    """The routes to f(eigenvalues, eigenvectors, **constants) from either triangle."""

    def route(uplo):
        return lambda X, **constants: f(*linalg.eigh(X, UPLO=uplo), **constants)

    return {"torch.linalg.eigh(UPLO='%s')" % uplo: route(uplo) for uplo in "LU"}


def _sorted_real(eigenvalues, i):
    return torch.sort(eigenvalues.real).values[i]


def _log_diagonal_of_cholesky(upper):
    return lambda X: linalg.cholesky(X, upper=upper).diagonal().log().sum()


def _log_det_by_cholesky(upper):
    half = _log_diagonal_of_cholesky(upper)
    return lambda X: 2 * half(X)


def _det_by_slogdet(X):
    sign, log = linalg.slogdet(X)
    return sign * log.exp()


def _unit(X, j):
    return torch.eye(len(X), dtype=X.dtype)[j]


def _inner(W, M):
    return torch.sum(W * M)


def _by_lu(X, B, **options):
    return linalg.lu_solve(*linalg.lu_factor(X), B, **options)


def _by_ldl(X, u):
    factors, pivots = linalg.ldl_factor(X, hermitian=True)
    return u @ linalg.ldl_solve(factors, pivots, u[:, None], hermitian=True)[:, 0]


def _by_qr(X, u):
    Q, R = linalg.qr(X)
    return u @ linalg.solve_triangular(R, Q.mH @ u[:, None], upper=True)[:, 0]


def _by_cholesky_solve(upper):
    def route(X, u):
        factor = linalg.cholesky(X, upper=upper)
        return u @ torch.cholesky_solve(u[:, None], factor, upper=upper)[:, 0]

    return route


def _by_cholesky_inverse(upper):
    def route(X, u):
        return u @ torch.cholesky_inverse(linalg.cholesky(X, upper=upper), upper=upper) @ u

    return route


def _whitened(X, u, upper=False):
    """uᵀX⁻¹u as the squared norm of L⁻¹u."""
    factor = linalg.cholesky(X, upper=upper)
    factor = factor.mH if upper else factor
    return linalg.vector_norm(linalg.solve_triangular(factor, u[:, None], upper=False)) ** 2


def _lstsq(driver):
    return lambda X, u: u @ linalg.lstsq(X, u[:, None], driver=driver).solution[:, 0]


def _lower_triangular_solve(X, u, w):
    return u @ linalg.solve_triangular(linalg.cholesky(X), w[:, None], upper=False)[:, 0]


def _triangular_solve_from_the_left(X, u, w):
    L = linalg.cholesky(X)
    return linalg.solve_triangular(L, u[None], upper=False, left=False)[0] @ w


def _upper_triangular_solve(X, u, w):
    U = linalg.cholesky(X, upper=True)
    return u @ linalg.solve_triangular(U.mH, w[:, None], upper=False)[:, 0]


def _weighted(f):
    """The routes to ⟨W, f(X)⟩, X symmetric, for a scalar function f."""

    def by_eig(X, W):
        values, V = linalg.eig(X)
        return _inner(W, (V * f(values)) @ linalg.inv(V)).real

    routes = _eigh(lambda values, V, W: _inner(W, (V * f(values)) @ V.mH))
    routes["torch.linalg.eig"] = by_eig
    return routes


def _weighted_positive(f):
    """The routes to ⟨W, f(X)⟩, X positive definite, for a scalar function f."""

    def by_svd(X, W):
        U, s, Vh = linalg.svd(X)
        return _inner(W, (U * f(s)) @ Vh)

    routes = _weighted(f)
    routes["torch.linalg.svd"] = by_svd
    return routes


def _subspace(values, V, k, W):
    top = V[:, -k:]
    return _inner(W, top @ top.mH)


def _projector(values, V, i, W):
    return V[:, i] @ W @ V[:, i].conj()


def _projector_by_eig(X, i, W):
    values, V = linalg.eig(X)
    v = V[:, torch.argsort(values.real)[i]]
    return (v @ W.to(v.dtype) @ v.conj()).real


def _generalized(uplo):
    def route(X, i, B):
        C = linalg.cholesky(B)
        half = linalg.solve_triangular(C, X, upper=False)
        whitened = linalg.solve_triangular(C.mH, half, upper=True, left=False)
        return linalg.eigvalsh(whitened, UPLO=uplo)[i]

    return route


def _gaussian_by_cholesky(X, y):
    L = linalg.cholesky(X)
    z = torch.cholesky_solve(y[:, None], L)[:, 0]
    return -L.diagonal().log().sum() - y @ z / 2


def _normal(**parameter):
    (matrix,) = parameter.values()
    return MultivariateNormal(torch.zeros(len(matrix), dtype=matrix.dtype), **parameter)


def _log_likelihood(normal, y):
    return normal.log_prob(y) + len(y) * LOG_2PI / 2


def _kl_by_logdet(X, J):
    return (torch.trace(J @ X) - len(X) - torch.logdet(J) - torch.logdet(X)) / 2


def _bures_wasserstein(cross):
    """tr X + tr C² − 2 tr (CXC)^½, the last trace by ``cross``."""
    return lambda X, C: torch.trace(X) + torch.trace(C @ C) - 2 * cross(X, C)


def _cross(uplo):
    return lambda X, C: linalg.eigvalsh(C @ X @ C, UPLO=uplo).sqrt().sum()


# torch.lobpcg is left out: its derivative is as accurate as its iteration, not as its arithmetic.
ROUTES = {
    "eigenvalue": {
        **_eigh(lambda values, V, i: values[i]),
        **_eigvalsh(lambda values, i: values[i]),
        "torch.linalg.eig": lambda X, i: _sorted_real(linalg.eig(X).eigenvalues, i),
        "torch.linalg.eigvals": lambda X, i: _sorted_real(linalg.eigvals(X), i),
    },
    "largest_eigenvalue": {
        **_eigvalsh(lambda values: values[-1]),
        "torch.linalg.eigvalsh(X).max()": lambda X: linalg.eigvalsh(X).max(),
    },
    "smallest_eigenvalue": {
        **_eigvalsh(lambda values: values[0]),
        "torch.linalg.eigvalsh(X).min()": lambda X: linalg.eigvalsh(X).min(),
    },
    "eigenvalue_gap": _eigvalsh(lambda values, i: values[i + 1] - values[i]),
    "singular_value": {
        "torch.linalg.svdvals": lambda X, i: linalg.svdvals(X)[i],
        "torch.linalg.svd": lambda X, i: linalg.svd(X).S[i],
        **_eigvalsh(lambda values, i: values.abs().sort(descending=True).values[i]),
    },
    "spectral_norm": {
        "torch.linalg.matrix_norm(ord=2)": lambda X: linalg.matrix_norm(X, ord=2),
        "torch.linalg.svdvals": lambda X: linalg.svdvals(X)[0],
        **_eigvalsh(lambda values: values.abs().max()),
    },
    "nuclear_norm": {
        "torch.linalg.matrix_norm(ord='nuc')": lambda X: linalg.matrix_norm(X, ord="nuc"),
        "torch.linalg.svdvals": lambda X: linalg.svdvals(X).sum(),
        **_eigvalsh(lambda values: values.abs().sum()),
    },
    "ky_fan_norm": {
        "torch.linalg.svdvals": lambda X, k: linalg.svdvals(X)[:k].sum(),
        **_eigvalsh(lambda values, k: values.abs().topk(k).values.sum()),
    },
    "condition_number": {
        "torch.linalg.cond": linalg.cond,
        "1/torch.linalg.cond(X, p=-2)": lambda X: 1 / linalg.cond(X, p=-2),
        **_eigvalsh(lambda values: values[-1] / values[0]),
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
        "torch.sum(X * X.conj())": lambda X: torch.sum(X * X.conj()),
        "torch.linalg.matrix_norm(X)**2": lambda X: linalg.matrix_norm(X) ** 2,
    },
    "trace_cube": {
        "torch.trace(X @ X @ X)": lambda X: torch.trace(X @ X @ X),
        "torch.trace(torch.linalg.matrix_power(X, 3))": lambda X: torch.trace(
            linalg.matrix_power(X, 3)
        ),
    },
    "rayleigh_quotient": {
        "u @ X @ u / (u @ u)": lambda X, u: u @ X @ u / (u @ u),
        "torch.einsum": lambda X, u: torch.einsum("i,ij,j->", u, X, u) / torch.dot(u, u),
    },
    "det": {
        "torch.linalg.det": linalg.det,
        "torch.linalg.slogdet": _det_by_slogdet,
        **_eigvalsh(torch.prod),
    },
    "log_det": {
        "torch.logdet": torch.logdet,
        "torch.linalg.slogdet": lambda X: linalg.slogdet(X).logabsdet,
        "2*torch.linalg.cholesky(X).diagonal().log().sum()": _log_det_by_cholesky(False),
        "2*torch.linalg.cholesky(X, upper=True).diagonal().log().sum()": _log_det_by_cholesky(True),
        "torch.linalg.lu_factor": lambda X: linalg.lu_factor(X).LU.diagonal().abs().log().sum(),
        "torch.linalg.qr": lambda X: linalg.qr(X).R.diagonal().abs().log().sum(),
        **_eigvalsh(lambda values: values.log().sum()),
    },
    "inverse_entry": {
        "torch.linalg.inv": lambda X, i, j: linalg.inv(X)[i, j],
        "torch.linalg.inv_ex": lambda X, i, j: linalg.inv_ex(X).inverse[i, j],
        "torch.linalg.solve": lambda X, i, j: linalg.solve(X, _unit(X, j))[i],
        "torch.linalg.tensorinv": lambda X, i, j: linalg.tensorinv(X, ind=1)[i, j],
        "torch.linalg.matrix_power(X, -1)": lambda X, i, j: linalg.matrix_power(X, -1)[i, j],
    },
    "inverse_quadratic_form": {
        "torch.linalg.solve": lambda X, u: u @ linalg.solve(X, u),
        "torch.linalg.solve(left=False)": lambda X, u: linalg.solve(X, u[None], left=False)[0] @ u,
        "torch.linalg.solve_ex": lambda X, u: u @ linalg.solve_ex(X, u)[0],
        "torch.linalg.tensorsolve": lambda X, u: u @ linalg.tensorsolve(X, u),
        "torch.linalg.inv": lambda X, u: u @ linalg.inv(X) @ u,
        "torch.linalg.lu_solve": lambda X, u: u @ _by_lu(X, u[:, None])[:, 0],
        "torch.linalg.lu_solve(adjoint=True)": lambda X, u: (
            u @ _by_lu(X, u[:, None], adjoint=True)[:, 0]
        ),
        "torch.linalg.lu_solve(left=False)": lambda X, u: _by_lu(X, u[None], left=False)[0] @ u,
        "torch.linalg.qr": _by_qr,
        "torch.linalg.ldl_solve(hermitian=True)": _by_ldl,
    },
    "weighted_inverse": {
        "torch.linalg.inv": lambda X, W: _inner(W, linalg.inv(X)),
        "torch.linalg.solve": lambda X, W: torch.trace(linalg.solve(X, W.T)),
        "torch.linalg.solve(left=False)": lambda X, W: torch.trace(
            linalg.solve(X, W.T, left=False)
        ),
        "torch.linalg.lu_solve(adjoint=True)": lambda X, W: torch.trace(
            _by_lu(X, W.T, adjoint=True)
        ),
    },
    "inverse_quadratic_form_pd": {
        "torch.cholesky_solve": _by_cholesky_solve(False),
        "torch.cholesky_solve(upper=True)": _by_cholesky_solve(True),
        "torch.cholesky_inverse": _by_cholesky_inverse(False),
        "torch.cholesky_inverse(upper=True)": _by_cholesky_inverse(True),
        "torch.linalg.solve_triangular": _whitened,
        "torch.linalg.solve_triangular, cholesky(upper=True)": lambda X, u: _whitened(X, u, True),
        "torch.distributions.MultivariateNormal(X).precision_matrix": lambda X, u: (
            u @ _normal(covariance_matrix=X).precision_matrix @ u
        ),
    },
    "weighted_pseudoinverse": {
        "torch.linalg.pinv": lambda X, W: _inner(W, linalg.pinv(X)),
        "torch.linalg.pinv(hermitian=True)": lambda X, W: _inner(W, linalg.pinv(X, hermitian=True)),
    },
    "lstsq_quadratic_form": {
        "torch.linalg.lstsq(driver='%s')" % driver: _lstsq(driver)
        for driver in ("gelsy", "gels", "gelsd", "gelss")
    },
    "cholesky_entry": {
        "torch.linalg.cholesky": lambda X, i, j: linalg.cholesky(X)[i, j],
        "torch.linalg.cholesky(upper=True)": lambda X, i, j: linalg.cholesky(X, upper=True)[
            j, i
        ].conj(),
        "torch.linalg.cholesky_ex": lambda X, i, j: linalg.cholesky_ex(X).L[i, j],
        "torch.cholesky": lambda X, i, j: torch.cholesky(X)[i, j],
        "torch.cholesky(upper=True)": lambda X, i, j: torch.cholesky(X, upper=True)[j, i].conj(),
    },
    "cholesky_log_diagonal": {
        "torch.linalg.cholesky": _log_diagonal_of_cholesky(False),
        "torch.linalg.cholesky(upper=True)": _log_diagonal_of_cholesky(True),
        "torch.distributions.transforms.PositiveDefiniteTransform().inv": lambda X: torch.trace(
            torch.distributions.transforms.PositiveDefiniteTransform().inv(X)
        ),
    },
    "triangular_solve": {
        "torch.linalg.solve_triangular": _lower_triangular_solve,
        "torch.linalg.solve_triangular(left=False)": _triangular_solve_from_the_left,
        "torch.linalg.solve_triangular, cholesky(upper=True)": _upper_triangular_solve,
    },
    "weighted_exp": {
        "torch.linalg.matrix_exp": lambda X, W: _inner(W, linalg.matrix_exp(X)),
        **_weighted(torch.exp),
    },
    "weighted_log": _weighted_positive(torch.log),
    "weighted_sqrt": _weighted_positive(torch.sqrt),
    "weighted_inverse_sqrt": _weighted_positive(torch.rsqrt),
    "weighted_cube_root": _weighted_positive(lambda values: values ** (1 / 3)),
    "weighted_square": {
        "X @ X": lambda X, W: _inner(W, X @ X),
        "torch.linalg.matrix_power(X, 2)": lambda X, W: _inner(W, linalg.matrix_power(X, 2)),
        "torch.linalg.multi_dot": lambda X, W: torch.trace(linalg.multi_dot([W.T, X, X])),
    },
    "trace_exp": {
        "torch.linalg.matrix_exp": lambda X: torch.trace(linalg.matrix_exp(X)),
        **_eigvalsh(lambda values: values.exp().sum()),
    },
    "trace_log": _eigvalsh(lambda values: values.log().sum()),
    "von_neumann_entropy": {
        **_eigvalsh(lambda values: -torch.sum(values * values.log())),
        "torch.special.entr": lambda X: torch.special.entr(linalg.eigvalsh(X)).sum(),
    },
    "log_sum_exp": {
        **_eigvalsh(lambda values: torch.logsumexp(values, 0)),
        "torch.linalg.matrix_exp": lambda X: torch.trace(linalg.matrix_exp(X)).log(),
    },
    "projector": {**_eigh(_projector), "torch.linalg.eig": _projector_by_eig},
    "subspace_projector": _eigh(_subspace),
    "eigenvector_entry": _eigh(lambda values, V, i: V[0, i]),
    "generalized_eigenvalue": {
        "torch.linalg.cholesky(B), eigvalsh(UPLO='L')": _generalized("L"),
        "torch.linalg.cholesky(B), eigvalsh(UPLO='U')": _generalized("U"),
        "torch.linalg.eigvals(torch.linalg.solve(B, X))": lambda X, i, B: _sorted_real(
            linalg.eigvals(linalg.solve(B, X)), i
        ),
    },
    "gaussian_log_likelihood": {
        "torch.logdet, torch.linalg.solve": lambda X, y: (
            -(torch.logdet(X) + y @ linalg.solve(X, y)) / 2
        ),
        "torch.linalg.cholesky, torch.cholesky_solve": _gaussian_by_cholesky,
        "torch.distributions.MultivariateNormal(covariance_matrix=X)": lambda X, y: _log_likelihood(
            _normal(covariance_matrix=X), y
        ),
        "torch.distributions.MultivariateNormal(scale_tril=torch.linalg.cholesky(X))": (
            lambda X, y: _log_likelihood(_normal(scale_tril=linalg.cholesky(X)), y)
        ),
    },
    "gaussian_precision_log_likelihood": {
        "torch.logdet": lambda X, y: (torch.logdet(X) - y @ X @ y) / 2,
        "torch.distributions.MultivariateNormal(precision_matrix=X)": lambda X, y: _log_likelihood(
            _normal(precision_matrix=X), y
        ),
    },
    "gaussian_kl": {
        "torch.logdet": _kl_by_logdet,
        "torch.distributions.kl_divergence": lambda X, J: torch.distributions.kl_divergence(
            _normal(covariance_matrix=X), _normal(precision_matrix=J)
        ),
    },
    "bures_wasserstein": {
        "torch.linalg.eigvalsh(UPLO='L')": _bures_wasserstein(_cross("L")),
        "torch.linalg.eigvalsh(UPLO='U')": _bures_wasserstein(_cross("U")),
        "torch.linalg.matrix_norm(ord='nuc')": _bures_wasserstein(
            lambda X, C: linalg.matrix_norm(C @ linalg.cholesky(X), ord="nuc")
        ),
    },
}


class Framework(BaseFramework):
    """PyTorch, in eager mode, by ``torch.autograd.grad`` and ``torch.func.jvp``."""

    namespace = torch
    version = torch.__version__
    routes = ROUTES
    has_forward_mode = True

    def array(self, values, dtype):
        return torch.tensor(values, dtype=dtype)

    def differentiate(self, route, X, constants, dtype):
        x = torch.tensor(X, dtype=getattr(torch, dtype), requires_grad=True)
        value = self.apply(route, x, constants)
        (gradient,) = torch.autograd.grad(value, x)
        widest = torch.complex128 if gradient.is_complex() else torch.float64
        G = gradient.to(widest).resolve_conj().resolve_neg().numpy()
        return value.item(), G, str(gradient.dtype).split(".")[-1]

    def evaluate(self, route, X, constants, dtype):
        x = torch.tensor(X, dtype=getattr(torch, dtype))
        return self.apply(route, x, constants).item()

    def derivative_along(self, route, X, E, constants, dtype):
        return self._slopes(route, X, E[np.newaxis], constants, dtype)[0]

    def differentiate_forward(self, route, X, constants, dtype):
        E = np.array(list(directions(len(X), np.iscomplexobj(X))))
        slopes = self._slopes(route, X, E, constants, dtype)
        return np.tensordot(slopes / np.sum(np.abs(E) ** 2, axis=(1, 2)), E, 1)

    def _slopes(self, route, X, directions, constants, dtype):
        """The derivatives along all directions (m×n×n) at once."""
        kind = getattr(torch, dtype)
        x = torch.tensor(X, dtype=kind)
        f = functools.partial(self.apply, route, constants=constants)
        along = torch.func.vmap(lambda E: torch.func.jvp(f, (x,), (E,))[1], chunk_size=CHUNK)
        return along(torch.tensor(directions, dtype=kind)).double().numpy()
