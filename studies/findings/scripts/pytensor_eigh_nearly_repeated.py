"""⟨W, exp X⟩ by eigh at X = [[1, ε], [ε, 1]], ε = 4e-16: its gradient is e·W to 15 digits."""

import numpy as np
import pytensor
import pytensor.tensor as pt

W, x = np.array([[2.0, 3.0], [3.0, 4.0]]), pt.dmatrix("x")
values, V = pt.linalg.eigh(x)
f = (W * ((V * pt.exp(values)) @ V.T)).sum()
X = np.array([[1.0, 4e-16], [4e-16, 1.0]])
print("returned", pytensor.function([x], pytensor.grad(f, x))(X).tolist())
print("true, as its lower form", (np.e * (W + np.tril(W, -1) - np.triu(W, 1))).tolist())
