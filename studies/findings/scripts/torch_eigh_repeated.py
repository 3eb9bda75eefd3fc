"""⟨W, exp X⟩ by eigh at X = 0: its gradient is W."""

import torch

W = torch.tensor([[2.0, 3.0], [3.0, 4.0]]).double()
x = torch.zeros(2, 2, dtype=torch.float64, requires_grad=True)
values, V = torch.linalg.eigh(x)
torch.sum(W * ((V * values.exp()) @ V.T)).backward()
print("returned", x.grad.tolist())
print("true    ", W.tolist())
