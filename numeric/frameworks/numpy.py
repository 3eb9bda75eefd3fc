"""NumPy: no automatic differentiation; the textbook's gradient from its own factorizations.

A route gives the value and G together, with df = Re tr(Gᴴ dX); weights and vectors are real.
"""

import numpy as np

from numeric.framework import BaseFramework


def _adjoint(M):
    return M.conj().T


def _inner(W, M):
    """⟨W, M⟩ = Σ W_ij M_ij, its real part where M is complex."""
    return np.sum(W * M).real


def _hermitian_part(M):
    return (M + _adjoint(M)) / 2


def _identity(X):
    return np.eye(len(X), dtype=X.dtype)


def _eigh(f):
    """The routes to f(λ, **constants) → (value, ∂value/∂λ) from either triangle."""

    def by(uplo):
        def route(X, **constants):
            values, V = np.linalg.eigh(X, UPLO=uplo)
            value, slopes = f(values, **constants)
            return value, (V * slopes) @ _adjoint(V)

        return route

    return {"np.linalg.eigh(UPLO='%s')" % uplo: by(uplo) for uplo in "LU"}


def _svd(f, call=None, **options):
    """The route to f(σ, **constants) → (value, ∂value/∂σ); the value by its own call, if any."""

    def route(X, **constants):
        U, s, Vh = np.linalg.svd(X, **options)
        value, slopes = f(s, **constants)
        return call(X) if call else value, (U * slopes) @ Vh

    return route


def _unit(like, i, weight=1):
    e = np.zeros_like(like)
    e[i] = weight
    return e


def _pick(values, i):
    return values[i], _unit(values, i)


def _pick_first(values):
    return _pick(values, 0)


def _pick_last(values):
    return _pick(values, -1)


def _gap(values, i):
    return values[i + 1] - values[i], _unit(values, i + 1) - _unit(values, i)


def _pick_by_size(values, i):
    k = np.argsort(-np.abs(values))[i]
    return np.abs(values[k]), _unit(values, k, np.sign(values[k]))


def _sum_of_sizes(values):
    return np.abs(values).sum(), np.sign(values)


def _sum_of_first(s, k):
    return s[:k].sum(), (np.arange(len(s)) < k).astype(s.dtype)


def _sum_of_last(values, k):
    total, slopes = _sum_of_first(values[::-1], k)
    return total, slopes[::-1]


def _condition(s):
    """σ_max/σ_min for σ in either order."""
    first, last = np.argmax(s), np.argmin(s)
    kappa = s[first] / s[last]
    return kappa, _unit(s, first, 1 / s[last]) - _unit(s, last, kappa / s[last])


def _product(values):
    return values.prod(), np.array([np.delete(values, i).prod() for i in range(len(values))])


def _log_sum(values):
    return np.log(values).sum(), 1 / values


def _exp_sum(values):
    return np.exp(values).sum(), np.exp(values)


def _entropy(values):
    return -np.sum(values * np.log(values)), -np.log(values) - 1


def _log_sum_exp(values):
    weights = np.exp(values - values.max())
    return values.max() + np.log(weights.sum()), weights / weights.sum()


def _eig(X, i):
    values, right = np.linalg.eig(X)
    k = np.argsort(values.real)[i]
    G = np.outer(np.linalg.inv(right)[k], right[:, k]).conj()
    return values[k].real, G if np.iscomplexobj(X) else G.real


def _det(X):
    value = np.linalg.det(X).real
    return value, value * _adjoint(np.linalg.inv(X))


def _log_det(X):
    return np.linalg.slogdet(X)[1], _adjoint(np.linalg.inv(X))


def _log_det_by_qr(X):
    return np.log(np.abs(np.diag(np.linalg.qr(X)[1]))).sum(), _adjoint(np.linalg.inv(X))


def _through_inverse(W, inverse):
    """⟨W, X⁻¹⟩ and its gradient −X⁻ᴴ W X⁻ᴴ."""
    return _inner(W, inverse), -_adjoint(inverse) @ W @ _adjoint(inverse)


def _weight_of_entry(X, i, j):
    return np.outer(_unit(X[0], i), _unit(X[0], j))


def _entry_by_solve(X, i, j):
    column = np.linalg.solve(X, _unit(X[0], j))
    return column[i].real, -np.outer(np.linalg.solve(_adjoint(X), _unit(X[0], i)), column.conj())


def _quadratic(solve):
    def route(X, u):
        solution = solve(X, u)
        return (u @ solution).real, -np.outer(solve(_adjoint(X), u), solution.conj())

    return route


def _weighted_by_solve(X, W):
    half = np.linalg.solve(_adjoint(X), W)
    value = np.trace(np.linalg.solve(X, W.T)).real
    return value, -_adjoint(np.linalg.solve(X, _adjoint(half)))


def _lstsq(X, u):
    return np.linalg.lstsq(X, u, rcond=None)[0]


def _cholesky(f, upper=False):
    """f(L, **constants) → (value, ∂value/∂L), through the factorization as Murray has it."""

    def route(X, **constants):
        L = _adjoint(np.linalg.cholesky(X, upper=True)) if upper else np.linalg.cholesky(X)
        value, slopes = f(L, **constants)
        P = np.tril(_adjoint(L) @ slopes)
        P[np.diag_indices(len(P))] /= 2
        half = np.linalg.solve(_adjoint(L), P)
        return value, _hermitian_part(_adjoint(np.linalg.solve(_adjoint(L), _adjoint(half))))

    return route


def _each_cholesky(f):
    return {
        "np.linalg.cholesky": _cholesky(f),
        "np.linalg.cholesky(upper=True)": _cholesky(f, upper=True),
    }


def _entry(L, i, j):
    return L[i, j].real, np.outer(_unit(L[0], i), _unit(L[0], j))


def _log_diagonal(L):
    diagonal = np.diag(L).real
    return np.log(diagonal).sum(), np.diag(1 / diagonal).astype(L.dtype)


def _log_det_by_diagonal(L):
    value, slopes = _log_diagonal(L)
    return 2 * value, 2 * slopes


def _triangular(L, u, w):
    z = np.linalg.solve(L, w)
    return (u @ z).real, np.tril(-np.outer(np.linalg.solve(_adjoint(L), u), z.conj()))


def _whitened(L, u):
    """uᵀX⁻¹u = ‖z‖², L z = u."""
    z = np.linalg.solve(L, u)
    return np.linalg.norm(z) ** 2, np.tril(-2 * np.outer(np.linalg.solve(_adjoint(L), z), z.conj()))


def _gaussian(L, y):
    quadratic, slopes = _whitened(L, y)
    log, log_slopes = _log_diagonal(L)
    return -log - quadratic / 2, -log_slopes - slopes / 2


def _daleckii_krein(weights):
    """The routes to ⟨W, M⟩ for M = V diag(m) Vᴴ, whose differential is V(Φ ∘ Vᴴ dX V)Vᴴ.

    ``weights(values, **constants)`` gives m and the matrix Φ of divided differences (n×n).
    """

    def by(uplo):
        def route(X, W, **constants):
            values, V = np.linalg.eigh(X, UPLO=uplo)
            m, Phi = weights(values, **constants)
            turned = _adjoint(V) @ ((W + W.T) / 2) @ V
            return _inner(W, (V * m) @ _adjoint(V)), V @ (Phi * turned) @ _adjoint(V)

        return route

    return {"np.linalg.eigh(UPLO='%s')" % uplo: by(uplo) for uplo in "LU"}


def _pairs(values):
    """The larger and the smaller of each two eigenvalues (n×n), and their distance."""
    larger = np.maximum.outer(values, values)
    smaller = np.minimum.outer(values, values)
    return larger, smaller, larger - smaller


def _quotient(numerator, distance, limit):
    """numerator/distance, and its limit where the distance is 0."""
    equal = distance == 0
    return np.where(equal, limit, numerator / np.where(equal, 1, distance))


def _exp(values):
    larger, _, distance = _pairs(values)
    return np.exp(values), np.exp(larger) * _quotient(-np.expm1(-distance), distance, 1)


def _log(values):
    _, smaller, distance = _pairs(values)
    return np.log(values), _quotient(np.log1p(distance / smaller), distance, 1 / smaller)


def _sqrt(values):
    root = np.sqrt(values)
    return root, 1 / np.add.outer(root, root)


def _inverse_sqrt(values):
    root = np.sqrt(values)
    return 1 / root, -1 / (np.add.outer(root, root) * np.outer(root, root))


def _cube_root(values):
    root = np.cbrt(values)
    square = root**2
    return root, 1 / (np.add.outer(square, square) + np.outer(root, root))


def _indicator(values, chosen):
    """The projector on the chosen eigenvectors: Φ is 0 within the chosen and within the others."""
    m = chosen.astype(values.dtype)
    steps = np.subtract.outer(m, m)
    return m, steps / np.where(steps == 0, 1, np.subtract.outer(values, values))


def _projector(values, i):
    return _indicator(values, np.arange(len(values)) == i)


def _subspace(values, k):
    return _indicator(values, np.arange(len(values)) >= len(values) - k)


def _square(square):
    return lambda X, W: (_inner(W, square(X)), W @ _adjoint(X) + _adjoint(X) @ W)


def _generalized(uplo):
    def route(X, i, B):
        C = np.linalg.cholesky(B)
        whitened = np.linalg.solve(C, _adjoint(np.linalg.solve(C, _adjoint(X))))
        values, V = np.linalg.eigh(whitened, UPLO=uplo)
        v = np.linalg.solve(_adjoint(C), V[:, i])
        return values[i], np.outer(v, v.conj())

    return route


def _generalized_by_eig(X, i, B):
    value, G = _eig(np.linalg.solve(B, X), i)
    return value, np.linalg.solve(_adjoint(B), G)


def _gaussian_by_solve(X, y):
    value, slopes = _quadratic(np.linalg.solve)(X, y)
    return -(np.linalg.slogdet(X)[1] + value) / 2, -(_adjoint(np.linalg.inv(X)) + slopes) / 2


def _gaussian_precision(X, y):
    value = (np.linalg.slogdet(X)[1] - (y @ X @ y).real) / 2
    return value, (_adjoint(np.linalg.inv(X)) - np.outer(y, y)) / 2


def _kl(X, J):
    logs = np.linalg.slogdet(J)[1] + np.linalg.slogdet(X)[1]
    return (_inner(J.T, X) - len(X) - logs) / 2, (J.T - _adjoint(np.linalg.inv(X))) / 2


def _bures_wasserstein(uplo):
    def route(X, C):
        values, V = np.linalg.eigh(C @ X @ C, UPLO=uplo)
        root = np.sqrt(values)
        turned = C.T @ V
        value = np.trace(X).real + np.trace(C @ C).real - 2 * root.sum()
        return value, _identity(X) - (turned / root) @ _adjoint(turned)

    return route


ROUTES = {
    "eigenvalue": {**_eigh(_pick), "np.linalg.eig": _eig},
    "largest_eigenvalue": {
        **_eigh(_pick_last),
        "np.linalg.eig": lambda X: _eig(X, -1),
    },
    "smallest_eigenvalue": {
        **_eigh(_pick_first),
        "np.linalg.eig": lambda X: _eig(X, 0),
    },
    "eigenvalue_gap": _eigh(_gap),
    "singular_value": {
        "np.linalg.svd": _svd(_pick),
        "np.linalg.svd(hermitian=True)": _svd(_pick, hermitian=True),
        **_eigh(_pick_by_size),
    },
    "spectral_norm": {
        "np.linalg.norm(X, 2)": _svd(_pick_first, lambda X: np.linalg.norm(X, 2)),
        **_eigh(lambda values: _pick_by_size(values, 0)),
    },
    "nuclear_norm": {
        "np.linalg.norm(X, 'nuc')": _svd(_sum_of_sizes, lambda X: np.linalg.norm(X, "nuc")),
        **_eigh(_sum_of_sizes),
    },
    "ky_fan_norm": {"np.linalg.svd": _svd(_sum_of_first), **_eigh(_sum_of_last)},
    "condition_number": {"np.linalg.cond": _svd(_condition, np.linalg.cond), **_eigh(_condition)},
    "sum_entries": {
        "np.sum(X)": lambda X: (np.sum(X), np.ones_like(X)),
        "np.trace(X) + 2*np.triu(X, 1).sum()": lambda X: (
            np.trace(X) + 2 * np.triu(X, 1).sum(),
            2 * np.triu(np.ones_like(X)) - _identity(X),
        ),
    },
    "trace": {"np.trace": lambda X: (np.trace(X), _identity(X))},
    "trace_square": {
        "np.trace(X @ X)": lambda X: (np.trace(X @ X), 2 * _adjoint(X)),
        "np.linalg.norm(X)**2": lambda X: (np.linalg.norm(X) ** 2, 2 * X),
    },
    "trace_cube": {
        "np.trace(X @ X @ X)": lambda X: (np.trace(X @ X @ X), 3 * _adjoint(X @ X)),
    },
    "rayleigh_quotient": {
        "u @ X @ u / (u @ u)": lambda X, u: (u @ X @ u / (u @ u), np.outer(u, u) / (u @ u))
    },
    "det": {"np.linalg.det": _det, **_eigh(_product)},
    "log_det": {
        "np.linalg.slogdet": _log_det,
        "np.linalg.qr": _log_det_by_qr,
        **_each_cholesky(_log_det_by_diagonal),
        **_eigh(_log_sum),
    },
    "inverse_entry": {
        "np.linalg.inv": lambda X, i, j: _through_inverse(
            _weight_of_entry(X, i, j), np.linalg.inv(X)
        ),
        "np.linalg.solve": _entry_by_solve,
    },
    "inverse_quadratic_form": {
        "np.linalg.solve": _quadratic(np.linalg.solve),
        "np.linalg.inv": _quadratic(lambda X, u: np.linalg.inv(X) @ u),
    },
    "weighted_inverse": {
        "np.linalg.inv": lambda X, W: _through_inverse(W, np.linalg.inv(X)),
        "np.linalg.solve": _weighted_by_solve,
    },
    "inverse_quadratic_form_pd": _each_cholesky(_whitened),
    "weighted_pseudoinverse": {
        "np.linalg.pinv": lambda X, W: _through_inverse(W, np.linalg.pinv(X)),
        "np.linalg.pinv(hermitian=True)": lambda X, W: _through_inverse(
            (W + W.T) / 2, np.linalg.pinv(X, hermitian=True)
        ),
    },
    "lstsq_quadratic_form": {"np.linalg.lstsq": _quadratic(_lstsq)},
    "cholesky_entry": _each_cholesky(_entry),
    "cholesky_log_diagonal": _each_cholesky(_log_diagonal),
    "triangular_solve": _each_cholesky(_triangular),
    "weighted_exp": _daleckii_krein(_exp),
    "weighted_log": _daleckii_krein(_log),
    "weighted_sqrt": _daleckii_krein(_sqrt),
    "weighted_inverse_sqrt": _daleckii_krein(_inverse_sqrt),
    "weighted_cube_root": _daleckii_krein(_cube_root),
    "weighted_square": {
        "X @ X": _square(lambda X: X @ X),
        "np.linalg.matrix_power(X, 2)": _square(lambda X: np.linalg.matrix_power(X, 2)),
    },
    "trace_exp": _eigh(_exp_sum),
    "trace_log": _eigh(_log_sum),
    "von_neumann_entropy": _eigh(_entropy),
    "log_sum_exp": _eigh(_log_sum_exp),
    "projector": _daleckii_krein(_projector),
    "subspace_projector": _daleckii_krein(_subspace),
    "generalized_eigenvalue": {
        "np.linalg.cholesky(B), eigh(UPLO='L')": _generalized("L"),
        "np.linalg.cholesky(B), eigh(UPLO='U')": _generalized("U"),
        "np.linalg.eig(np.linalg.solve(B, X))": _generalized_by_eig,
    },
    "gaussian_log_likelihood": {
        "np.linalg.slogdet, np.linalg.solve": _gaussian_by_solve,
        **_each_cholesky(_gaussian),
    },
    "gaussian_precision_log_likelihood": {"np.linalg.slogdet": _gaussian_precision},
    "gaussian_kl": {"np.linalg.slogdet": _kl},
    "bures_wasserstein": {
        "np.linalg.eigh(UPLO='L')": _bures_wasserstein("L"),
        "np.linalg.eigh(UPLO='U')": _bures_wasserstein("U"),
    },
}


class Framework(BaseFramework):
    """Analytic formulae evaluated in floating point: a route gives the value and G together."""

    namespace = np
    version = np.__version__
    routes = ROUTES

    def array(self, values, dtype):
        return np.array(values, dtype)

    def differentiate(self, route, X, constants, dtype):
        gradient = []

        def value(x, **arrays):
            f, G = route(x, **arrays)
            gradient.append(np.asarray(G))
            return f

        f = float(self.apply(value, X.astype(dtype), constants))
        G = gradient[0]
        if np.iscomplexobj(G) and not np.iscomplexobj(X):
            raise TypeError("the gradient is complex, a real one was expected")
        return f, G.astype(np.result_type(G, np.float64)), str(G.dtype)

    def evaluate(self, route, X, constants, dtype):
        return self.differentiate(route, X, constants, dtype)[0]
