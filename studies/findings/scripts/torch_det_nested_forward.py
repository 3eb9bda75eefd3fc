"""det X of a 2×2 matrix is linear in x_11: its second derivative along E_11 twice is 0."""

import torch
from torch.func import jvp

X = torch.tensor([[2.0, 1.0], [1.0, 3.0]]).double()
E = torch.tensor([[1.0, 0.0], [0.0, 0.0]]).double()


def slope(x):
    return jvp(torch.linalg.det, (x,), (E,))[1]


print("returned", jvp(slope, (X,), (E,))[1].item())
print("true    ", 0.0)
