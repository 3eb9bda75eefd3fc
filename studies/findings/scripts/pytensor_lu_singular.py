"""det [[1, 1], [1, 1]] is 0, and its gradient the adjugate [[1, −1], [−1, 1]]."""

import numpy as np
import pytensor
import pytensor.tensor as pt

X = pt.dmatrix("X")
P, _, U = pt.linalg.lu(X)
value = pt.linalg.det(P) * pt.prod(pt.diagonal(U))
f = pytensor.function([X], [value, pytensor.grad(value, X)])
print("returned", *f(np.ones((2, 2))))
print("true    ", 0.0, [[1.0, -1.0], [-1.0, 1.0]])
