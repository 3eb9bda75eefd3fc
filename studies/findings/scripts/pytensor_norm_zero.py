"""‖x‖² at the matrix 0: the gradient is 2x = 0."""

import numpy as np
import pytensor
import pytensor.tensor as pt

X = pt.dmatrix("X")
value = pt.linalg.norm(X) ** 2
f = pytensor.function([X], [value, pytensor.grad(value, X)])
print("returned", *f(np.zeros((2, 2))))
print("true    ", 0.0, [[0.0, 0.0], [0.0, 0.0]])
