"""det x as the product of the eigenvalues of the 1×1 matrix 0: the gradient is 1."""

import autograd.numpy as anp
from autograd import value_and_grad

det = value_and_grad(lambda x: anp.prod(anp.linalg.eigh(x)[0]))
print("returned", *det(anp.zeros((1, 1))))
print("true    ", 0.0, [[1.0]])
