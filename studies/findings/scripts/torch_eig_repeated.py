"""⟨W, exp X⟩ by eig at X = 0: its gradient is W."""

import torch

W = torch.tensor([[2.0, 3.0], [3.0, 4.0]]).double()
x = torch.zeros(2, 2, dtype=torch.float64, requires_grad=True)
values, V = torch.linalg.eig(x)
torch.sum(W * ((V * values.exp()) @ torch.linalg.inv(V)).real).backward()
print("returned", x.grad.tolist())
print("true    ", W.tolist())
