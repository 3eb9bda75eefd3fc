"""(v vᵀ)_11 of the smallest eigenvalue: the gradient of its derivative along E_11."""

import torch
from torch.func import grad, jvp

X = torch.tensor([[2.0, 1.0], [1.0, 3.0]]).double()
E = torch.tensor([[1.0, 0.0], [0.0, 0.0]]).double()


def f(x):
    return torch.linalg.eigh(x)[1][0, 0] ** 2


print("reverse over forward", grad(lambda x: jvp(f, (x,), (E,))[1])(X).tolist())
print("forward over reverse", jvp(grad(f), (X,), (E,))[1].tolist())
