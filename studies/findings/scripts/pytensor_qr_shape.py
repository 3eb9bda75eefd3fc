"""log |det X| by QR at X = [[2, 1], [1, 3]]: its gradient is X⁻¹ = [[3, −1], [−1, 2]]/5."""

import numpy as np
import pytensor
import pytensor.tensor as pt

X = np.array([[2.0, 1.0], [1.0, 3.0]])
for shape in ((2, 2), (None, None)):
    x = pt.tensor("x", shape=shape, dtype="float64")
    f = pt.log(pt.abs(pt.diagonal(pt.linalg.qr(x)[1]))).sum()
    try:
        print(
            shape, "returned", pytensor.function([x], pytensor.grad(f, x))([[2.0, 1.0], [1.0, 3.0]])
        )
    except TypeError as error:
        print(shape, "raised", error)
print("true", np.linalg.inv(X).tolist())
