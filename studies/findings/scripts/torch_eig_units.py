"""⟨W, v vᵀ⟩ by eig at X = s·[[2, 1], [1, 3]], s = 1e20: s times its gradient is that of s = 1."""

import torch

W = torch.tensor([[1.0, 0.0], [3.0, 2.0]], dtype=torch.float64)
for s in (1.0, 1e20):
    x = (s * torch.tensor([[2.0, 1.0], [1.0, 3.0]]).double()).requires_grad_()
    values, V = torch.linalg.eig(x)
    v = V[:, values.real.argmax()].real
    torch.sum(W * torch.outer(v, v)).backward()
    print(f"s = {s:g}, s times the symmetric part:", (s * (x.grad + x.grad.T) / 2).tolist())
