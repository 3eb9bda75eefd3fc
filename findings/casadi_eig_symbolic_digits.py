"""The closed formula of the roots of a cubic loses digits: λ1 = 1 of a matrix of 2 blocks."""

import casadi as ca
import numpy as np

x = ca.SX.sym("x", 3, 3)
X = np.array([[1.0, 1.0, 0.0], [1.0, 3.0, 0.0], [0.0, 0.0, 1.0]])
values = ca.eig_symbolic(x)
G = ca.Function("G", [x], [values, *(ca.gradient(values[k], x)[2, 2] for k in range(3))])(X)
print("returned", max(float(g) for g in G[1:]), "for the eigenvalues", G[0].full().ravel())
print("true     1.0 for the eigenvalue 1")
