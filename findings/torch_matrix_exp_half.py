"""The matrix exponential in half precision: exp [[0, 1], [0, 0]] = [[1, 1], [0, 1]]."""

import torch

for dtype in (torch.float16, torch.bfloat16):
    x = torch.zeros(1, 1, dtype=dtype, requires_grad=True)
    torch.linalg.matrix_exp(x).sum().backward()
    N = torch.tensor([[0, 1], [0, 0]], dtype=dtype)
    print("returned", x.grad.item(), torch.linalg.matrix_exp(N).tolist())
print("true    ", 1.0, [[1.0, 1.0], [0.0, 1.0]])
