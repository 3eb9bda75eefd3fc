"""tr exp X by eig_symbolic at X = 0: its gradient is I."""

import casadi as ca
import numpy as np

x = ca.SX.sym("x", 2, 2)
f = ca.sum1(ca.exp(ca.eig_symbolic(x)))
print("returned", ca.Function("G", [x], [ca.gradient(f, x)])(np.zeros((2, 2))).full().tolist())
print("true    ", np.eye(2).tolist())
