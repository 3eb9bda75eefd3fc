"""The largest eigenvalue of a Hermitian matrix: along E it is vᴴEv = 1."""

import numpy as np
import pytensor
import pytensor.tensor as pt

pytensor.config.linker = "py"
x, X = pt.zmatrix("x"), np.array([[0, 1j], [-1j, 0]])
G = pytensor.function([x], pytensor.grad(pt.linalg.eigvalsh(x)[-1], x))(X)
print("returned", G.tolist(), "along E = X", np.sum(G * X).real)
print("true     along E = X", np.linalg.eigvalsh(2 * X)[-1] - np.linalg.eigvalsh(X)[-1])
