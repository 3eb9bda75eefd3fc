"""pinv of the Hermitian [[2, i], [-i, 2]] is its inverse, [[2, -i], [i, 2]]/3; compiled not."""

import torch

x = torch.tensor([[2, 1j], [-1j, 2]], dtype=torch.complex128)
compiled = torch.compile(torch.linalg.pinv, backend="aot_eager")
exact = torch.tensor([[2, -1j], [1j, 2]], dtype=torch.complex128) / 3
print("eager:", torch.linalg.pinv(x).tolist())
for call in (torch.linalg.pinv, compiled):
    y = call(x.clone().requires_grad_())
    print("pinv(x) @ x:", (y.detach() @ x).tolist(), "error:", (y - exact).abs().max().item())
