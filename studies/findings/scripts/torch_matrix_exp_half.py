"""The matrix exponential in half precision: the trace of exp I is 2e, its gradient e·I."""

import torch

for dtype in (torch.bfloat16, torch.float16):
    x = torch.eye(2, dtype=dtype, requires_grad=True)
    value = torch.trace(torch.linalg.matrix_exp(x))
    value.backward()
    print("returned", value.item(), x.grad.tolist())
print("true    ", 2 * torch.e, [[torch.e, 0], [0, torch.e]])
