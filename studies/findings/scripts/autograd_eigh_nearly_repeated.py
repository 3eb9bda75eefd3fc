"""⟨W, exp X⟩ by eigh at X = [[1, ε], [ε, 1]], ε = 4e-16: its gradient is e·W to 15 digits."""

import autograd
import autograd.numpy as anp

W = anp.array([[2.0, 3.0], [3.0, 4.0]])


def f(x):
    values, V = anp.linalg.eigh(x)
    return anp.sum(W * ((V * anp.exp(values)) @ V.T))


print("returned", autograd.grad(f)(anp.array([[1.0, 4e-16], [4e-16, 1.0]])).tolist())
print("true, as its lower form", (anp.e * (W + anp.tril(W, -1) - anp.triu(W, 1))).tolist())
