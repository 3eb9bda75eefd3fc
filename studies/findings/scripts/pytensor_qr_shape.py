"""log |det X| by QR at the 1×1 matrix 2: its gradient is 1/2."""

import pytensor
import pytensor.tensor as pt

for shape in ((1, 1), (None, None)):
    x = pt.tensor("x", shape=shape, dtype="float64")
    value = pt.log(pt.abs(pt.diagonal(pt.linalg.qr(x)[1]))).sum()
    try:
        print(shape, "returned", pytensor.function([x], pytensor.grad(value, x))([[2.0]]))
    except TypeError as error:
        print(shape, "raised", error)
print("true", [[0.5]])
