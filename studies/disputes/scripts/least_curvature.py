"""The least eigenvalue of the Hessian of −log det X in all four entries of X (2×2)."""

formula = "λ_min of the Hessian of −log det X, in the n² entries of X"
domain = "positive definite"
citation = "d²(−log det X)[E, E] = tr(X⁻¹ E X⁻¹ E), which is −2/det X for E = [[0, 1], [−1, 0]]"


def exact(X):
    if X.rows != 2:
        raise ValueError(f"it is written for 2×2, not {X.rows}×{X.rows}")
    return -1 / X.det()


def by_torch(X):
    import torch

    H = torch.autograd.functional.hessian(lambda Y: -torch.logdet(Y), X, create_graph=True)
    return torch.linalg.eigvalsh(H.reshape(4, 4))[0]


def by_jax(X):
    import jax
    import jax.numpy as jnp

    H = jax.hessian(lambda Y: -jnp.linalg.slogdet(Y)[1])(X)
    return jnp.linalg.eigvalsh(H.reshape(4, 4))[0]


routes = {
    "torch": {"torch.autograd.functional.hessian": by_torch},
    "jax": {"jax.hessian": by_jax},
}
