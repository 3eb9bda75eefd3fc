"""⟨W, exp X⟩ by eigh at X = 0: its gradient is W."""

import autograd
import autograd.numpy as anp

W = anp.array([[2.0, 3.0], [3.0, 4.0]])


def f(x):
    values, V = anp.linalg.eigh(x)
    return anp.sum(W * ((V * anp.exp(values)) @ V.T))


print("returned", autograd.grad(f)(anp.zeros((2, 2))).tolist())
print("true    ", W.tolist())
