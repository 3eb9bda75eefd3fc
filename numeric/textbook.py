"""Gradients as the textbooks have them, evaluated by NumPy's factorizations.

A formula gives the value and G together, with df = Re tr(Gᴴ dX) at an n×n matrix X, symmetric or
Hermitian; weights and vectors are real.
"""

import numpy as np


def adjoint(M):
    return M.conj().T


def _inner(W, M):
    """Σ W_ij M_ij, its real part where M is complex; W is the conjugate then of what is asked."""
    return np.sum(W * M).real


def _hermitian_part(M):
    return (M + adjoint(M)) / 2


def identity(X):
    return np.eye(len(X), dtype=X.dtype)


def eigh(f):
    """The routes to f(λ, **constants) → (value, ∂value/∂λ) from either triangle."""

    def by(uplo):
        def route(X, **constants):
            values, V = np.linalg.eigh(X, UPLO=uplo)
            value, slopes = f(values, **constants)
            return value, (V * slopes) @ adjoint(V)

        return route

    return {"np.linalg.eigh(UPLO='%s')" % uplo: by(uplo) for uplo in "LU"}


def svd(f, call=None, **options):
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


def pick(values, i):
    return values[i], _unit(values, i)


def pick_first(values):
    return pick(values, 0)


def pick_last(values):
    return pick(values, -1)


def gap(values, i):
    return values[i + 1] - values[i], _unit(values, i + 1) - _unit(values, i)


def pick_by_size(values, i):
    k = np.argsort(-np.abs(values))[i]
    return np.abs(values[k]), _unit(values, k, np.sign(values[k]))


def sum_of_sizes(values):
    return np.abs(values).sum(), np.sign(values)


def sum_of_first(s, k):
    return s[:k].sum(), (np.arange(len(s)) < k).astype(s.dtype)


def sum_of_largest(values, k):
    """The sum of the k largest |λ|."""
    chosen = np.argsort(-np.abs(values))[:k]
    slopes = np.zeros_like(values)
    slopes[chosen] = np.sign(values[chosen])
    return np.abs(values[chosen]).sum(), slopes


def condition(values):
    """σ_max/σ_min for σ = |λ| in any order."""
    sizes, signs = np.abs(values), np.sign(values)
    first, last = np.argmax(sizes), np.argmin(sizes)
    kappa = sizes[first] / sizes[last]
    up = _unit(values, first, signs[first] / sizes[last])
    return kappa, up - _unit(values, last, signs[last] * kappa / sizes[last])


def product(values):
    return values.prod(), np.array([np.delete(values, i).prod() for i in range(len(values))])


def log_sum(values):
    return np.log(values).sum(), 1 / values


def exp_sum(values):
    return np.exp(values).sum(), np.exp(values)


def entropy(values):
    return -np.sum(values * np.log(values)), -np.log(values) - 1


def log_sum_exp(values):
    weights = np.exp(values - values.max())
    return values.max() + np.log(weights.sum()), weights / weights.sum()


def eig(X, i):
    values, right = np.linalg.eig(X)
    k = np.argsort(values.real)[i]
    G = np.outer(np.linalg.inv(right)[k], right[:, k]).conj()
    return values[k].real, G if np.iscomplexobj(X) else G.real


def det(X):
    """By adj X = |V||Uᴴ|·V adj(Σ) Uᴴ for X = U Σ Vᴴ, whose adjoint is the gradient."""
    U, s, Vh = np.linalg.svd(X)
    sign = np.linalg.det(U) * np.linalg.det(Vh)
    return np.linalg.det(X).real, np.conj(sign) * (U * product(s)[1]) @ Vh


def log_det(X):
    return np.linalg.slogdet(X)[1], adjoint(np.linalg.inv(X))


def log_det_by_qr(X):
    return np.log(np.abs(np.diag(np.linalg.qr(X)[1]))).sum(), adjoint(np.linalg.inv(X))


def through_inverse(W, inverse):
    """Σ W_ij (X⁻¹)_ij and its gradient −X⁻ᴴ conj(W) X⁻ᴴ."""
    return _inner(W, inverse), -adjoint(inverse) @ W.conj() @ adjoint(inverse)


def weight_of_entry(X, i, j):
    return np.outer(_unit(X[0], i), _unit(X[0], j))


def entry_by_solve(X, i, j):
    column = np.linalg.solve(X, _unit(X[0], j))
    return column[i].real, -np.outer(np.linalg.solve(adjoint(X), _unit(X[0], i)), column.conj())


def quadratic(solve):
    def route(X, u):
        solution = solve(X, u)
        return (u @ solution).real, -np.outer(solve(adjoint(X), u), solution.conj())

    return route


def weighted_by_solve(X, W):
    half = np.linalg.solve(adjoint(X), W.conj())
    value = np.trace(np.linalg.solve(X, W.T)).real
    return value, -adjoint(np.linalg.solve(X, adjoint(half)))


def lstsq(X, u):
    return np.linalg.lstsq(X, u, rcond=None)[0]


def _cholesky(f, upper=False):
    """f(L, **constants) → (value, ∂value/∂L), through the factorization as Murray has it."""

    def route(X, **constants):
        L = adjoint(np.linalg.cholesky(X, upper=True)) if upper else np.linalg.cholesky(X)
        value, slopes = f(L, **constants)
        P = np.tril(adjoint(L) @ slopes)
        P[np.diag_indices(len(P))] /= 2
        half = np.linalg.solve(adjoint(L), P)
        return value, _hermitian_part(adjoint(np.linalg.solve(adjoint(L), adjoint(half))))

    return route


def each_cholesky(f):
    return {
        "np.linalg.cholesky": _cholesky(f),
        "np.linalg.cholesky(upper=True)": _cholesky(f, upper=True),
    }


def entry(L, i, j):
    return L[i, j].real, np.outer(_unit(L[0], i), _unit(L[0], j))


def log_diagonal(L):
    diagonal = np.diag(L).real
    return np.log(diagonal).sum(), np.diag(1 / diagonal).astype(L.dtype)


def log_det_by_diagonal(L):
    value, slopes = log_diagonal(L)
    return 2 * value, 2 * slopes


def triangular(L, u, w):
    z = np.linalg.solve(L, w)
    return (u @ z).real, np.tril(-np.outer(np.linalg.solve(adjoint(L), u), z.conj()))


def whitened(L, u):
    """uᵀX⁻¹u = ‖z‖², L z = u."""
    z = np.linalg.solve(L, u)
    return np.linalg.norm(z) ** 2, np.tril(-2 * np.outer(np.linalg.solve(adjoint(L), z), z.conj()))


def gaussian(L, y):
    value, slopes = whitened(L, y)
    half, half_slopes = log_diagonal(L)
    return -half - value / 2, -half_slopes - slopes / 2


def daleckii_krein(weights):
    """The routes to ⟨W, M⟩ for M = V diag(m) Vᴴ, whose differential is V(Φ ∘ Vᴴ dX V)Vᴴ.

    ``weights(values, **constants)`` gives m and the matrix Φ of divided differences (n×n).
    """

    def by(uplo):
        def route(X, W, **constants):
            values, V = np.linalg.eigh(X, UPLO=uplo)
            m, Phi = weights(values, **constants)
            turned = adjoint(V) @ ((W.conj() + W.T) / 2) @ V
            return _inner(W, (V * m) @ adjoint(V)), V @ (Phi * turned) @ adjoint(V)

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


def exp(values):
    larger, _, distance = _pairs(values)
    return np.exp(values), np.exp(larger) * _quotient(-np.expm1(-distance), distance, 1)


def log(values):
    _, smaller, distance = _pairs(values)
    return np.log(values), _quotient(np.log1p(distance / smaller), distance, 1 / smaller)


def sqrt(values):
    root = np.sqrt(values)
    return root, 1 / np.add.outer(root, root)


def inverse_sqrt(values):
    root = np.sqrt(values)
    return 1 / root, -1 / (np.add.outer(root, root) * np.outer(root, root))


def cube_root(values):
    root = np.cbrt(values)
    squared = root**2
    return root, 1 / (np.add.outer(squared, squared) + np.outer(root, root))


def _indicator(values, chosen):
    """The projector on the chosen eigenvectors: Φ is 0 within the chosen and within the others."""
    m = chosen.astype(values.dtype)
    steps = np.subtract.outer(m, m)
    return m, steps / np.where(steps == 0, 1, np.subtract.outer(values, values))


def projector(values, i):
    return _indicator(values, np.arange(len(values)) == i)


def subspace(values, k):
    return _indicator(values, np.arange(len(values)) >= len(values) - k)


def eigenvector(uplo):
    """The route to an entry of v_i; its sign is LAPACK's."""

    def route(X, i):
        values, V = np.linalg.eigh(X, UPLO=uplo)
        others = np.arange(len(X)) != i
        slopes = V[0, others] / (values[i] - values[others])
        return V[0, i].real, np.outer(V[:, others].conj() @ slopes, V[:, i])

    return route


def square(call):
    def route(X, W):
        return _inner(W, call(X)), W.conj() @ adjoint(X) + adjoint(X) @ W.conj()

    return route


def generalized(uplo):
    def route(X, i, B):
        C = np.linalg.cholesky(B)
        whitened = np.linalg.solve(C, adjoint(np.linalg.solve(C, adjoint(X))))
        values, V = np.linalg.eigh(whitened, UPLO=uplo)
        v = np.linalg.solve(adjoint(C), V[:, i])
        return values[i], np.outer(v, v.conj())

    return route


def generalized_by_eig(X, i, B):
    value, G = eig(np.linalg.solve(B, X), i)
    return value, np.linalg.solve(adjoint(B), G)


def gaussian_by_solve(X, y):
    value, slopes = quadratic(np.linalg.solve)(X, y)
    return -(np.linalg.slogdet(X)[1] + value) / 2, -(adjoint(np.linalg.inv(X)) + slopes) / 2


def gaussian_precision(X, y):
    value = (np.linalg.slogdet(X)[1] - (y @ X @ y).real) / 2
    return value, (adjoint(np.linalg.inv(X)) - np.outer(y, y)) / 2


def kl(X, J):
    logs = np.linalg.slogdet(J)[1] + np.linalg.slogdet(X)[1]
    return (_inner(J.T, X) - len(X) - logs) / 2, (J.T - adjoint(np.linalg.inv(X))) / 2


def bures_wasserstein(uplo):
    def route(X, C):
        values, V = np.linalg.eigh(C @ X @ C, UPLO=uplo)
        root = np.sqrt(values)
        turned = C.T @ V
        value = np.trace(X).real + np.trace(C @ C).real - 2 * root.sum()
        return value, identity(X) - (turned / root) @ adjoint(turned)

    return route
