"""uᵀx, x = X⁻¹u by QR at X = I: along E = [[0, 1], [1, 0]] it is −uᵀEu = 4."""

import casadi as ca
import numpy as np

x, u = ca.SX.sym("x", 2, 2), np.array([1.0, -2.0])
f = ca.dot(u, ca.qr_solve(u, *ca.qr_sparse(x)))
G = ca.Function("G", [x], [ca.gradient(f, x)])(np.eye(2)).full()
E, h = np.array([[0.0, 1.0], [1.0, 0.0]]), 1e-6
value = ca.Function("f", [x], [f])
print("returned", G.tolist(), "along E", np.sum(G * E))
print("true     along E", -u @ E @ u)
print("by differences", float(value(np.eye(2) + h * E) - value(np.eye(2) - h * E)) / (2 * h))
