"""uᵀX⁻¹u by lu(permute_l=True) where rows are exchanged: its gradient is −zzᵀ, z = X⁻¹u."""

import numpy as np
import pytensor
import pytensor.tensor as pt

x, u, X = pt.dmatrix("x"), np.array([1.0, -2.0]), np.array([[0.0, 1.0], [1.0, 0.0]])
PL, U = pt.linalg.lu(x, permute_l=True)
f = u @ pt.linalg.solve(U, pt.linalg.solve(PL, u))
G = pytensor.function([x], pytensor.grad(f, x))(X)
z = np.linalg.solve(X, u)
print("returned", ((G + G.T) / 2).tolist())
print("true    ", (-np.outer(z, z)).tolist())
