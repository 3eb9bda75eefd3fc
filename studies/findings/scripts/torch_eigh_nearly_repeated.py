"""⟨W, exp X⟩ by eigh at X = [[1, ε], [ε, 1]], ε = 4e-16: its gradient is e·W to 15 digits."""

import torch

W = torch.tensor([[2.0, 3.0], [3.0, 4.0]]).double()
x = torch.tensor([[1.0, 4e-16], [4e-16, 1.0]], dtype=torch.float64, requires_grad=True)
values, V = torch.linalg.eigh(x)
torch.sum(W * ((V * values.exp()) @ V.T)).backward()
print("returned", x.grad.tolist())
print("true    ", (W * torch.e).tolist())
