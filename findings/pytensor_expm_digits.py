"""The trace of exp [[1, 3], [3, 1]] is e⁴ + e⁻²; four digits more are lost than by rounding."""

import numpy as np
import pytensor
import pytensor.tensor as pt

X = pt.dmatrix("X")
f = pytensor.function([X], pt.trace(pt.linalg.expm(X)))
for k in (1.0, 3.0):
    returned, true = float(f(np.array([[1, k], [k, 1]]))), np.exp(1 + k) + np.exp(1 - k)
    print("returned", returned, "true", true, "relative error", (returned - true) / true)
