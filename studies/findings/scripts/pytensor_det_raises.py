"""det X at X = [[1, 1], [1, 1]]: its gradient is the adjugate, [[1, −1], [−1, 1]]."""

import numpy as np
import pytensor
import pytensor.tensor as pt

x = pt.matrix("x", dtype="float64")
y = pt.linalg.det(x)
at = np.ones((2, 2))
print("value", pytensor.function([x], y)(at))
gradient = pytensor.function([x], pytensor.grad(y, x))
try:
    print(gradient(at))
except np.linalg.LinAlgError as error:
    print("raised", str(error).splitlines()[0])
