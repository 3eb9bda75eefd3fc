"""⟨W, v vᴴ⟩ by eigh at X = s·[[0, 1 + i], [1 − i, 0]]: s times its gradient is that of s = 1."""

import torch

H = torch.tensor([[0, 1 + 1j], [1 - 1j, 0]], dtype=torch.complex128)
W = torch.tensor([[2, 3], [3, 4]], dtype=torch.complex128)
for s in (1.0, 1e30):
    x = (s * H).requires_grad_()
    v = torch.linalg.eigh(x)[1][:, 1]
    torch.sum(W * torch.outer(v, v.conj())).real.backward()
    print(f"s = {s:g}, s times the Hermitian part:", (s * (x.grad + x.grad.mH) / 2).tolist())
