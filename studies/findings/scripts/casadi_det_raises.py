"""det X at X = [[1, 1], [1, 1]]: its gradient is the adjugate, [[1, −1], [−1, 1]]."""

import casadi as ca

for kind in (ca.SX, ca.MX):
    X = kind.sym("X", 2, 2)
    f = ca.Function("f", [X], [ca.det(X), ca.gradient(ca.det(X), X)])
    try:
        print(kind.__name__, "value and gradient", f(ca.DM.ones(2, 2)))
    except RuntimeError as error:
        print(kind.__name__, "raised", str(error).splitlines()[-1])
