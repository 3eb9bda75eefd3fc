"""⟨W, v vᴴ⟩ by eigh at X = s·H, s = 1e30: s times its gradient is that of s = 1."""

import torch

H = torch.tensor([[2, 1 + 1j, 0], [1 - 1j, 3, 1 + 1j], [0, 1 - 1j, 5]], dtype=torch.complex128)
W = torch.tensor([[1.0, 0.0, -1.0], [3.0, 2.0, 1.0], [5.0, 4.0, 3.0]]).to(H.dtype)
for s in (1.0, 1e30):
    x = (s * H).requires_grad_()
    v = torch.linalg.eigh(x)[1][:, 1]
    torch.sum(W * torch.outer(v, v.conj())).real.backward()
    print(f"s = {s:g}, s times the Hermitian part:", (s * (x.grad + x.grad.mH) / 2)[0].tolist())
