"""uᵀX⁻¹u: its second derivative along E_11 twice is 2 (X⁻¹u)_1² (X⁻¹)_11."""

import torch
from torch.func import jvp

X, u = torch.tensor([[2.0, 1.0], [1.0, 3.0]]).double(), torch.tensor([1.0, -2.0]).double()
E = torch.tensor([[1.0, 0.0], [0.0, 0.0]]).double()
R = torch.linalg.inv(X)


def slope(x):
    return jvp(lambda x: u @ torch.linalg.solve(x, u), (x,), (E,))[1]


print("returned", jvp(slope, (X,), (E,))[1].item(), "true", 2 * ((R @ u)[0] ** 2 * R[0, 0]).item())
