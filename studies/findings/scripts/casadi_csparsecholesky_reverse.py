"""uᵀX⁻¹u by ca.solve(X, u, 'csparsecholesky'): reverse mode is wrong, forward mode is not."""

import casadi as ca
import numpy as np

x, u = ca.MX.sym("x", 2, 2), np.array([1.0, -2.0])
f = ca.dot(u, ca.solve(x, u, "csparsecholesky"))
G = ca.Function("G", [x], [ca.gradient(f, x)])
X = np.array([[2.0, 1.0], [1.0, 1.0]])
z = np.linalg.solve(X, u)
R = G(X).full()
print("returned", ((R + R.T) / 2).tolist())
print("true    ", (-np.outer(z, z)).tolist())
