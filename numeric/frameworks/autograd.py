"""HIPS autograd: reverse mode by autograd.value_and_grad, forward mode by autograd.make_jvp."""

import functools
import math

import autograd
import autograd.numpy as anp
import numpy as np
from autograd.differential_operators import make_jvp

from symgrad.numeric.framework import BaseFramework
from symgrad.numeric.hessians.autograd import WAYS, differentiate_twice

try:
    from importlib.metadata import version as _version
except ImportError:  # before Python 3.8

    def _version(package):
        import pkg_resources

        return pkg_resources.get_distribution(package).version


try:
    import autograd.scipy.linalg as linalg
    import autograd.scipy.special as special
    import autograd.scipy.stats as stats
except ImportError:  # SciPy is optional there
    linalg = special = stats = None

eigh, svd = anp.linalg.eigh, anp.linalg.svd
solve, inv, cholesky = anp.linalg.solve, anp.linalg.inv, anp.linalg.cholesky


def _for_both_triangles(by):
    return {"anp.linalg.eigh(UPLO='L')": by("L"), "anp.linalg.eigh(UPLO='U')": by("U")}


def _by_eigenvalues(function):
    """Routes to a function of the eigenvalues and of further constants."""

    def by(uplo):
        return lambda X, **constants: function(eigh(X, UPLO=uplo)[0], **constants)

    return _for_both_triangles(by)


def _by_eigenvectors(function):
    """Routes to ⟨W, V diag(d) Vᴴ⟩, d being a function of the eigenvalues."""

    def by(uplo):
        def route(X, W):
            values, V = eigh(X, UPLO=uplo)
            return anp.sum(W * ((V * function(values)) @ anp.conj(V.T)))

        return route

    return _for_both_triangles(by)


def _sorted_real(X, i):
    return anp.sort(anp.real(anp.linalg.eig(X)[0]))[i]


def _singular_values(X):
    return svd(X, compute_uv=False)


def _log_root_det(X):
    return anp.sum(anp.log(anp.real(anp.diag(cholesky(X)))))


def _cholesky_log_det(X):
    return 2 * _log_root_det(X)


def _unit(X, j):
    return np.eye(len(X), dtype=X.dtype)[:, j]


def _log_det(X):
    return anp.linalg.slogdet(X)[1]


def _projector(uplo):
    def route(X, i, W):
        v = eigh(X, UPLO=uplo)[1][:, i]
        return v @ W @ anp.conj(v)

    return route


def _subspace_projector(uplo):
    def route(X, k, W):
        V = eigh(X, UPLO=uplo)[1][:, -k:]
        return anp.sum(W * (V @ anp.conj(V.T)))

    return route


def _generalized(uplo):
    def route(X, i, B):
        C = np.linalg.inv(np.linalg.cholesky(B))
        return eigh(C @ X @ C.T, UPLO=uplo)[0][i]

    return route


def _bures_wasserstein(uplo):
    def route(X, C):
        roots = anp.sqrt(eigh(C @ X @ C, UPLO=uplo)[0])
        return anp.trace(X) + anp.trace(C @ C) - 2 * anp.sum(roots)

    return route


def _kl(log_det):
    return lambda X, J: (anp.trace(J @ X) - len(X) - _log_det(J) - log_det(X)) / 2


def _norm2(z):
    return anp.sum(z * anp.conj(z))


def _triangular_norm2(X, u):
    return _norm2(linalg.solve_triangular(cholesky(X), u, lower=True))


def _by_upper(X, w):
    return linalg.solve_triangular(anp.conj(cholesky(X).T), w, trans="C", lower=False)


BY_NUMPY = {
    "eigenvalue": {
        **_by_eigenvalues(lambda values, i: values[i]),
        "anp.linalg.eigvalsh": lambda X, i: anp.linalg.eigvalsh(X)[i],
        "anp.linalg.eig": _sorted_real,
    },
    "largest_eigenvalue": {
        "anp.linalg.eigh(X)[0][-1]": lambda X: eigh(X)[0][-1],
        "anp.max(anp.linalg.eigh(X)[0])": lambda X: anp.max(eigh(X)[0]),
    },
    "smallest_eigenvalue": {
        "anp.linalg.eigh(X)[0][0]": lambda X: eigh(X)[0][0],
        "anp.min(anp.linalg.eigh(X)[0])": lambda X: anp.min(eigh(X)[0]),
    },
    "eigenvalue_gap": _by_eigenvalues(lambda values, i: values[i + 1] - values[i]),
    "singular_value": {
        "anp.linalg.svd": lambda X, i: svd(X)[1][i],
        "anp.linalg.svd(full_matrices=False)": lambda X, i: svd(X, full_matrices=False)[1][i],
        "anp.linalg.svd(compute_uv=False)": lambda X, i: _singular_values(X)[i],
    },
    "spectral_norm": {
        "anp.linalg.norm(X, 2)": lambda X: anp.linalg.norm(X, 2),
        "anp.max(anp.linalg.svd(X, compute_uv=False))": lambda X: anp.max(_singular_values(X)),
        "anp.max(anp.abs(anp.linalg.eigh(X)[0]))": lambda X: anp.max(anp.abs(eigh(X)[0])),
    },
    "nuclear_norm": {
        "anp.linalg.norm(X, 'nuc')": lambda X: anp.linalg.norm(X, "nuc"),
        "anp.sum(anp.linalg.svd(X, compute_uv=False))": lambda X: anp.sum(_singular_values(X)),
        "anp.sum(anp.abs(anp.linalg.eigh(X)[0]))": lambda X: anp.sum(anp.abs(eigh(X)[0])),
    },
    "ky_fan_norm": {
        "anp.linalg.svd(compute_uv=False)": lambda X, k: anp.sum(_singular_values(X)[:k]),
        "anp.linalg.eigh": lambda X, k: anp.sum(anp.sort(anp.abs(eigh(X)[0]))[-k:]),
    },
    "condition_number": {
        **_by_eigenvalues(lambda values: anp.max(anp.abs(values)) / anp.min(anp.abs(values))),
        "anp.linalg.cond": anp.linalg.cond,
        "anp.linalg.svd(compute_uv=False)": lambda X: (
            _singular_values(X)[0] / _singular_values(X)[-1]
        ),
    },
    "sum_entries": {
        "anp.sum(X)": anp.sum,
        "anp.trace(X) + 2*anp.sum(anp.triu(X, 1))": lambda X: (
            anp.trace(X) + 2 * anp.sum(anp.triu(X, 1))
        ),
    },
    "trace": {"anp.trace": anp.trace},
    "trace_square": {
        "anp.trace(X @ X)": lambda X: anp.trace(X @ X),
        "anp.sum(X * anp.conj(X))": lambda X: anp.sum(X * anp.conj(X)),
        "anp.sum(anp.abs(X)**2)": lambda X: anp.sum(anp.abs(X) ** 2),
        "anp.linalg.norm(X)**2": lambda X: anp.linalg.norm(X) ** 2,
        "anp.einsum('ij,ji->', X, X)": lambda X: anp.einsum("ij,ji->", X, X),
    },
    "trace_cube": {
        "anp.trace(X @ X @ X)": lambda X: anp.trace(X @ X @ X),
        "anp.trace(anp.linalg.matrix_power(X, 3))": lambda X: anp.trace(
            anp.linalg.matrix_power(X, 3)
        ),
    },
    "rayleigh_quotient": {
        "u @ X @ u / (u @ u)": lambda X, u: u @ X @ u / (u @ u),
        "anp.einsum('i,ij,j', u, X, u) / anp.dot(u, u)": lambda X, u: (
            anp.einsum("i,ij,j", u, X, u) / anp.dot(u, u)
        ),
    },
    "det": {
        "anp.linalg.det": anp.linalg.det,
        "anp.prod(anp.linalg.eigh(X)[0])": lambda X: anp.prod(eigh(X)[0]),
    },
    "log_det": {
        "anp.linalg.slogdet": _log_det,
        "anp.log(anp.linalg.det(X))": lambda X: anp.log(anp.linalg.det(X)),
        "2*anp.sum(anp.log(anp.diag(anp.linalg.cholesky(X))))": _cholesky_log_det,
        "anp.sum(anp.log(anp.linalg.eigh(X)[0]))": lambda X: anp.sum(anp.log(eigh(X)[0])),
    },
    "inverse_entry": {
        "anp.linalg.inv": lambda X, i, j: inv(X)[i, j],
        "anp.linalg.solve": lambda X, i, j: solve(X, _unit(X, j))[i],
    },
    "inverse_quadratic_form": {
        "anp.linalg.solve": lambda X, u: u @ solve(X, u),
        "anp.linalg.inv": lambda X, u: u @ inv(X) @ u,
        "anp.linalg.pinv": lambda X, u: u @ anp.linalg.pinv(X) @ u,
    },
    "weighted_inverse": {
        "anp.linalg.inv": lambda X, W: anp.sum(W * inv(X)),
        "anp.linalg.solve": lambda X, W: anp.trace(solve(X, W.T)),
    },
    "inverse_quadratic_form_pd": {
        "anp.linalg.cholesky, anp.linalg.solve": lambda X, u: _norm2(solve(cholesky(X), u)),
    },
    "weighted_pseudoinverse": {
        # its derivatives of pinv and cholesky know no options: not hermitian=, upper=
        "anp.linalg.pinv": lambda X, W: anp.sum(W * anp.linalg.pinv(X)),
    },
    "lstsq_quadratic_form": {
        "anp.linalg.lstsq": lambda X, u: u @ anp.linalg.lstsq(X, u)[0],
    },
    "cholesky_entry": {
        "anp.linalg.cholesky": lambda X, i, j: cholesky(X)[i, j],
    },
    "cholesky_log_diagonal": {"anp.linalg.cholesky": _log_root_det},
    "triangular_solve": {
        "anp.linalg.solve(anp.linalg.cholesky(X), w)": lambda X, u, w: u @ solve(cholesky(X), w),
        "anp.linalg.inv(anp.linalg.cholesky(X))": lambda X, u, w: u @ inv(cholesky(X)) @ w,
    },
    "weighted_exp": _by_eigenvectors(anp.exp),
    "weighted_log": _by_eigenvectors(anp.log),
    "weighted_sqrt": _by_eigenvectors(anp.sqrt),
    "weighted_inverse_sqrt": _by_eigenvectors(lambda values: 1 / anp.sqrt(values)),
    "weighted_cube_root": _by_eigenvectors(lambda values: values ** (1 / 3)),
    "weighted_square": {
        "X @ X": lambda X, W: anp.sum(W * (X @ X)),
        "anp.einsum('ij,jk,ik', X, X, W)": lambda X, W: anp.einsum("ij,jk,ik", X, X, W),
    },
    "trace_exp": _by_eigenvalues(lambda values: anp.sum(anp.exp(values))),
    "trace_log": _by_eigenvalues(lambda values: anp.sum(anp.log(values))),
    "von_neumann_entropy": _by_eigenvalues(lambda values: -anp.sum(values * anp.log(values))),
    "log_sum_exp": {
        "anp.log(anp.sum(anp.exp(anp.linalg.eigh(X)[0])))": lambda X: anp.log(
            anp.sum(anp.exp(eigh(X)[0]))
        ),
    },
    "projector": _for_both_triangles(_projector),
    "subspace_projector": _for_both_triangles(_subspace_projector),
    "eigenvector_entry": _for_both_triangles(
        lambda uplo: lambda X, i: anp.real(eigh(X, UPLO=uplo)[1][0, i])
    ),
    "generalized_eigenvalue": _for_both_triangles(_generalized),
    "gaussian_log_likelihood": {
        "anp.linalg.slogdet, anp.linalg.solve": lambda X, y: -(_log_det(X) + y @ solve(X, y)) / 2,
        "anp.linalg.cholesky, anp.linalg.solve": lambda X, y: (
            -_log_root_det(X) - _norm2(solve(cholesky(X), y)) / 2
        ),
    },
    "gaussian_precision_log_likelihood": {
        "anp.linalg.slogdet": lambda X, y: (_log_det(X) - y @ X @ y) / 2,
        "anp.linalg.cholesky": lambda X, y: _log_root_det(X) - y @ X @ y / 2,
    },
    "gaussian_kl": {
        "anp.linalg.slogdet": _kl(_log_det),
        "anp.linalg.cholesky": _kl(_cholesky_log_det),
    },
    "bures_wasserstein": _for_both_triangles(_bures_wasserstein),
}


BY_SCIPY = {
    "inverse_quadratic_form_pd": {
        "autograd.scipy.linalg.solve_triangular(lower=True)": _triangular_norm2,
        "autograd.scipy.linalg.solve_triangular(trans='C')": lambda X, u: _norm2(_by_upper(X, u)),
    },
    "triangular_solve": {
        "autograd.scipy.linalg.solve_triangular(lower=True)": lambda X, u, w: (
            u @ linalg.solve_triangular(cholesky(X), w, lower=True)
        ),
        "autograd.scipy.linalg.solve_triangular(trans='C')": lambda X, u, w: u @ _by_upper(X, w),
    },
    "weighted_exp": {
        "autograd.scipy.linalg.expm": lambda X, W: anp.sum(W * linalg.expm(X)),
    },
    "weighted_log": {
        "autograd.scipy.linalg.logm": lambda X, W: anp.sum(W * linalg.logm(X)),
    },
    "weighted_sqrt": {
        "autograd.scipy.linalg.sqrtm": lambda X, W: anp.sum(W * linalg.sqrtm(X)),
    },
    "weighted_inverse_sqrt": {
        "autograd.scipy.linalg.sqrtm, anp.linalg.inv": lambda X, W: anp.sum(
            W * inv(linalg.sqrtm(X))
        ),
        "autograd.scipy.linalg.sqrtm, anp.linalg.solve": lambda X, W: anp.trace(
            solve(linalg.sqrtm(X), W.T)
        ),
    },
    "log_sum_exp": {
        "autograd.scipy.special.logsumexp(anp.linalg.eigh(X)[0])": lambda X: special.logsumexp(
            eigh(X)[0]
        ),
    },
    "gaussian_log_likelihood": {
        "autograd.scipy.stats.multivariate_normal.logpdf": lambda X, y: (
            stats.multivariate_normal.logpdf(y, 0 * y, X) + len(y) * math.log(2 * math.pi) / 2
        ),
    },
    "bures_wasserstein": {
        "autograd.scipy.linalg.sqrtm": lambda X, C: (
            anp.trace(X) + anp.trace(C @ C) - 2 * anp.trace(linalg.sqrtm(C @ X @ C))
        ),
    },
}

ROUTES = {
    function: {**named, **(BY_SCIPY.get(function, {}) if linalg else {})}
    for function, named in BY_NUMPY.items()
}


class Framework(BaseFramework):
    """autograd on NumPy; its gradient at a complex X is the one that autograd itself defines."""

    namespace = anp
    version = _version("autograd")
    declines = (
        "not understood",
        "unsupported",
        "not implemented for",
    )
    routes = ROUTES
    hessians = WAYS
    jacobians = {"jacobian": lambda F, x: autograd.jacobian(F)(x)}
    has_forward_mode = True

    def array(self, values, dtype):
        return np.array(values, dtype)

    def real(self, value):
        return anp.real(value)

    def differentiate(self, route, X, constants, dtype):
        f = functools.partial(self.apply, route, constants=constants)
        value, gradient = autograd.value_and_grad(f)(X.astype(dtype))
        found = gradient.dtype
        wide = np.complex128 if np.iscomplexobj(gradient) else np.float64
        return float(value), gradient.astype(wide), str(found)

    def differentiate_twice(self, way, route, X, E, constants, dtype):
        f = functools.partial(self.apply, route, constants=constants)
        return differentiate_twice(way, f, X, E, dtype)

    def evaluate(self, route, X, constants, dtype):
        return float(self.apply(route, X.astype(dtype), constants))

    def derivative_along(self, route, X, E, constants, dtype):
        f = functools.partial(self.apply, route, constants=constants)
        _, slope = make_jvp(f)(X.astype(dtype))(E.astype(dtype))
        return float(np.real(slope))
