"""⟨W, exp X⟩ by eigh at X = 0: its gradient is W."""

import numpy as np
import pytensor
import pytensor.tensor as pt

W, x = np.array([[2.0, 3.0], [3.0, 4.0]]), pt.dmatrix("x")
values, V = pt.linalg.eigh(x)
f = (W * ((V * pt.exp(values)) @ V.T)).sum()
print("returned", pytensor.function([x], pytensor.grad(f, x))(np.zeros((2, 2))).tolist())
print("true    ", W.tolist())
