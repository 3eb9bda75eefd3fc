"""The gradient of the matrix exponential at X = [[2]] loses a digit."""

import numpy as np
import pytensor
import pytensor.tensor as pt

pytensor.config.linker = "py"
x = pt.dmatrix("x")
G = pytensor.function([x], pytensor.grad(pt.trace(pt.linalg.expm(x)), x))
print("returned", G(np.array([[2.0]])).item())
print("true    ", np.exp(2.0))
