"""log det X: its second derivative along E_11 twice is −((X⁻¹)_11)²."""

import torch
from torch.func import jvp

X = torch.tensor([[2.0, 1.0], [1.0, 3.0]]).double()
E = torch.tensor([[1.0, 0.0], [0.0, 0.0]]).double()


def slope(x):
    return jvp(torch.logdet, (x,), (E,))[1]


print("returned", jvp(slope, (X,), (E,))[1].item())
print("true    ", -(torch.linalg.inv(X)[0, 0].item() ** 2))
