"""The Frobenius norm: not differentiable at X = 0, where a verdict is refused."""

formula = "‖X‖ = √(tr X²)"
domain = "symmetric"
citation = "d‖X‖ = ⟨X, dX⟩ / ‖X‖, by the chain rule"


def exact(X):
    import sympy

    return sympy.sqrt((X * X).trace())


def by_torch(X):
    import torch

    return torch.linalg.matrix_norm(X)


def by_torch_eigenvalues(X):
    import torch

    return torch.linalg.vector_norm(torch.linalg.eigvalsh(X))


def by_tensorflow(X):
    import tensorflow as tf

    return tf.norm(X)


routes = {
    "torch": {
        "torch.linalg.matrix_norm": by_torch,
        "torch.linalg.vector_norm(torch.linalg.eigvalsh(X))": by_torch_eigenvalues,
    },
    "tensorflow": {"tf.norm": by_tensorflow},
}
