"""⟨W, log X⟩ by svd at X = s·[[2, 1 + i], [1 − i, 3]]: s times its gradient is that of s = 1."""

import torch

H = torch.tensor([[2, 1 + 1j], [1 - 1j, 3]], dtype=torch.complex128)
W = torch.tensor([[2, 3], [3, 4]], dtype=torch.complex128)
for s in (1.0, 1e30):
    x = (s * H).requires_grad_()
    U, values, Vh = torch.linalg.svd(x)
    torch.sum(W * ((U * values.log().to(U.dtype)) @ Vh)).real.backward()
    print(f"s = {s:g}, s times the Hermitian part:", (s * (x.grad + x.grad.mH) / 2).tolist())
