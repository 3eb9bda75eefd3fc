"""‖x‖² at the matrix 0: the gradient is 2x = 0."""

import autograd.numpy as anp
from autograd import value_and_grad

print("returned", *value_and_grad(lambda x: anp.linalg.norm(x) ** 2)(anp.zeros((1, 1))))
print("true    ", 0.0, [[0.0]])
