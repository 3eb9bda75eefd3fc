"""⟨W, pinv(X, rtol=2/3)⟩ at X = [[2, 1], [1, 2]], of eigenvalues 1 and 3, along diag(1, 0)."""

import torch

W, E = torch.tensor([[[1.0, 0.0], [3.0, 2.0]], [[1.0, 0.0], [0.0, 0.0]]], dtype=torch.float64)


def f(X):
    return torch.sum(W * torch.linalg.pinv(X, rtol=2 / 3))


x = torch.tensor([[2.0, 1.0], [1.0, 2.0]], dtype=torch.float64, requires_grad=True)
f(x).backward()
print("returned", float(torch.sum(x.grad * E)))
print("true    ", float((f(x + 1e-6 * E) - f(x - 1e-6 * E)).detach() / 2e-6))
