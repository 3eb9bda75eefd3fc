"""⟨W, log X⟩ by svd at X = s·[[2, 1], [1, 2]], s = 1e19: s times its gradient is that of s = 1."""

import torch

W = torch.tensor([[2.0, 3.0], [3.0, 4.0]])
for s in (1.0, 1e19):
    x = (s * torch.tensor([[2.0, 1.0], [1.0, 2.0]])).requires_grad_()
    U, values, Vh = torch.linalg.svd(x)
    torch.sum(W * ((U * values.log()) @ Vh)).backward()
    print(f"s = {s:g}, s times the gradient:", (s * x.grad).tolist())
