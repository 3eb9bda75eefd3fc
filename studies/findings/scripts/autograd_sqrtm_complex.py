"""tr X^{1/2} W at a Hermitian X: the gradient has an imaginary part."""

import autograd
import autograd.numpy as anp
from autograd.scipy.linalg import sqrtm

X, E, W = anp.array([[2, 1j], [-1j, 1]]), anp.array([[0, 1j], [-1j, 0]]), anp.diag([1.0, 2.0])


def f(x):
    return anp.real(anp.trace(sqrtm(x) @ W))


print("returned", anp.sum(autograd.grad(f)(X) * E))
print("true    ", (f(X + 1e-6 * E) - f(X - 1e-6 * E)) / 2e-6)
