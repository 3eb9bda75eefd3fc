"""⟨W, log X⟩ by svd at X = I: its gradient is W."""

import torch

W = torch.tensor([[2.0, 3.0], [3.0, 4.0]]).double()
x = torch.eye(2, dtype=torch.float64, requires_grad=True)
U, values, Vh = torch.linalg.svd(x)
torch.sum(W * ((U * values.log()) @ Vh)).backward()
print("returned", x.grad.tolist())
print("true    ", W.tolist())
