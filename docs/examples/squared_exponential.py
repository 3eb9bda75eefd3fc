"""The kernel matrix of a Gaussian process, as a structure: in SymPy, and in PyTorch."""

formula = "X_ij = s·exp(−|i−j|²/(2ℓ²)) + t·δ_ij"
theta = ("ell", "s", "t")
points = [("3/2", 1, "1/4"), (1, 2, "1/2")]


def X(n, ell, s, t):
    from sympy import Matrix, exp

    return Matrix(n, n, lambda i, j: s * exp(-((i - j) ** 2) / (2 * ell**2)) + t * int(i == j))


def kernel(theta):
    """The same of 3×3, of a vector of PyTorch."""
    import torch

    ell, s, t = theta
    i = torch.arange(3, dtype=theta.dtype)
    squares = (i[:, None] - i) ** 2
    return s * torch.exp(-squares / (2 * ell**2)) + t * torch.eye(3, dtype=theta.dtype)
