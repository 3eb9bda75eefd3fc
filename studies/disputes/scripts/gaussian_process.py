"""The log-likelihood of a Gaussian process in its length scale ℓ, X = [[ℓ]], at three points."""

formula = "−(log det K + yᵀK⁻¹y)/2, K_ij = exp(−(t_i − t_j)²/(2ℓ²)) + δ_ij/10, X = [[ℓ]]"
domain = "positive definite"
citation = "Rasmussen and Williams (2006)"

TIMES = (0, 1, 3)
Y = (1, -2, 1)


def exact(X):
    import sympy

    if X.rows != 1:
        raise ValueError(f"it is a function of one number, X is {X.rows}×{X.rows}")
    scale = X[0, 0]
    K = sympy.Matrix(3, 3, lambda i, j: sympy.exp(-((TIMES[i] - TIMES[j]) ** 2) / (2 * scale**2)))
    K += sympy.eye(3) / 10
    y = sympy.Matrix(Y)
    return -(sympy.log(K.det()) + (y.T * K.adjugate() * y)[0] / K.det()) / 2


def by_torch(X):
    import torch

    t, y = (torch.tensor(numbers, dtype=X.dtype) for numbers in (TIMES, Y))
    K = torch.exp(-((t[:, None] - t) ** 2) / (2 * X[0, 0] ** 2)) + torch.eye(3, dtype=X.dtype) / 10
    L = torch.linalg.cholesky(K)
    z = torch.linalg.solve_triangular(L, y[:, None], upper=False)
    return -L.diagonal().log().sum() - (z**2).sum() / 2


def by_jax(X):
    import jax
    import jax.numpy as jnp

    t, y = (jnp.array(numbers, dtype=X.dtype) for numbers in (TIMES, Y))
    K = jnp.exp(-((t[:, None] - t) ** 2) / (2 * X[0, 0] ** 2)) + jnp.eye(3, dtype=X.dtype) / 10
    L = jnp.linalg.cholesky(K)
    z = jax.scipy.linalg.solve_triangular(L, y, lower=True)
    return -jnp.log(jnp.diag(L)).sum() - z @ z / 2


def by_numpy(X):
    """The textbook's formula: ∂f/∂ℓ = tr((ααᵀ − K⁻¹) ∂K/∂ℓ)/2, α = K⁻¹y."""
    import numpy as np

    t, y, scale = np.array(TIMES, X.dtype), np.array(Y, X.dtype), X[0, 0]
    squares = (t[:, None] - t) ** 2
    correlated = np.exp(-squares / (2 * scale**2))
    K = correlated + np.eye(3) / 10
    alpha = np.linalg.solve(K, y)
    dK = correlated * squares / scale**3
    slope = np.trace((np.outer(alpha, alpha) - np.linalg.inv(K)) @ dK) / 2
    return -(np.linalg.slogdet(K)[1] + y @ alpha) / 2, np.array([[slope]])


routes = {
    "numpy": {"np.trace((np.outer(a, a) - np.linalg.inv(K)) @ dK)/2": by_numpy},
    "torch": {"torch.linalg.cholesky": by_torch},
    "jax": {"jnp.linalg.cholesky": by_jax},
}
