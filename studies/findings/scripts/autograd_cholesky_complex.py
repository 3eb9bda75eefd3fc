"""log det X by Cholesky at a Hermitian X: along E its derivative is tr X⁻¹E."""

import autograd
import autograd.numpy as anp

X, E = anp.array([[2, 1j], [-1j, 1]]), anp.array([[0, 1j], [-1j, 0]])


def f(x):
    return 2 * anp.sum(anp.log(anp.real(anp.diag(anp.linalg.cholesky(x)))))


G = autograd.grad(f)(X)
print("returned", anp.sum(G * E).real, "or, with its conjugate,", anp.sum(G.conj() * E).real)
print("true    ", anp.trace(anp.linalg.inv(X) @ E).real)
