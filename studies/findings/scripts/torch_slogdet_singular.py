"""det x = sign·exp(log |det x|) at the 1×1 matrix 0: the gradient is 1."""

import torch

x = torch.zeros(1, 1, dtype=torch.float64, requires_grad=True)
sign, logarithm = torch.linalg.slogdet(x)
value = sign * torch.exp(logarithm)
value.backward()
print("returned", value.item(), x.grad.tolist())
print("true    ", 0.0, [[1.0]])
