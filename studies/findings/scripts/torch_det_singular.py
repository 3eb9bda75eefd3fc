"""det [[1, 1], [1, 1]] is 0, and its gradient the adjugate [[1, −1], [−1, 1]]."""

import torch

x = torch.ones(2, 2, dtype=torch.float64, requires_grad=True)
value = torch.linalg.det(x)
value.backward()
print("returned", value.item(), x.grad.tolist())
print("true    ", 0.0, [[1.0, -1.0], [-1.0, 1.0]])
