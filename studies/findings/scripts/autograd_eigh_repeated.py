"""⟨W, log X⟩ by eigh at X = I: along E = [[0, 1], [1, 0]] it is ⟨W, E⟩ = 6."""

import autograd
import autograd.numpy as anp

W, E = anp.array([[2.0, 3.0], [3.0, 4.0]]), anp.array([[0.0, 1.0], [1.0, 0.0]])


def f(x):
    values, V = anp.linalg.eigh(x)
    return anp.sum(W * ((V * anp.log(values)) @ V.T))


print("returned", anp.sum(autograd.grad(f)(anp.eye(2)) * E))
print("true    ", (f(anp.eye(2) + 1e-6 * E) - f(anp.eye(2) - 1e-6 * E)) / 2e-6)
