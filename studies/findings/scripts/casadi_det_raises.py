"""det X at X = [[1, 1], [1, 1]]: its gradient is the adjugate, [[1, −1], [−1, 1]]."""

import casadi as ca

X = ca.MX.sym("X", 2, 2)
f = ca.Function("f", [X], [ca.det(X)])
print("value", f(ca.DM.ones(2, 2)))
try:
    print(ca.Function("g", [X], [ca.gradient(ca.det(X), X)])(ca.DM.ones(2, 2)))
except RuntimeError as error:
    print("raised", str(error).splitlines()[0])
