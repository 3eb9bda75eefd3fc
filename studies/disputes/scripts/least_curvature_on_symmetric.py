"""The least eigenvalue of the Hessian of −log det X along symmetric directions alone (2×2)."""

formula = "λ_min of the Hessian of −log det X, on Sym(n)"
domain = "positive definite"
citation = "d²(−log det X)[E, E] = tr(X⁻¹ E X⁻¹ E): on Sym(n) its eigenvalues are 1/(λ_i λ_j)"


def exact(X):
    import sympy

    if X.rows != 2:
        raise ValueError(f"it is written for 2×2, not {X.rows}×{X.rows}")
    largest = (X.trace() + sympy.sqrt(X.trace() ** 2 - 4 * X.det())) / 2
    return 1 / largest**2


def basis():
    """An orthonormal basis of Sym(2), by columns, 4×3."""
    import numpy as np

    return np.array([[1, 0, 0], [0, 0.5**0.5, 0], [0, 0.5**0.5, 0], [0, 0, 1]])


def by_torch(X):
    import torch

    H = torch.autograd.functional.hessian(lambda Y: -torch.logdet(Y), X, create_graph=True)
    B = torch.as_tensor(basis(), dtype=X.dtype)
    return torch.linalg.eigvalsh(B.T @ H.reshape(4, 4) @ B)[0]


def by_jax(X):
    import jax
    import jax.numpy as jnp

    H = jax.hessian(lambda Y: -jnp.linalg.slogdet(Y)[1])(X)
    B = jnp.asarray(basis(), dtype=X.dtype)
    return jnp.linalg.eigvalsh(B.T @ H.reshape(4, 4) @ B)[0]


routes = {
    "torch": {"torch.autograd.functional.hessian": by_torch},
    "jax": {"jax.hessian": by_jax},
}
