"""uᵀX⁻¹u by cholesky_inverse: forward mode along E_11 is −(X⁻¹u)_1²."""

import numpy as np
import torch

X, u = torch.tensor([[2.0, 1.0], [1.0, 1.0]]).double(), torch.tensor([1.0, -2.0]).double()
E = torch.tensor([[0.0, 0.0], [0.0, 1.0]]).double()


def f(x):
    return u @ torch.cholesky_inverse(torch.linalg.cholesky(x)) @ u


print("returned", torch.func.jvp(f, (X,), (E,))[1].item())
print("true    ", -(np.linalg.solve(X.numpy(), u.numpy())[1] ** 2))
