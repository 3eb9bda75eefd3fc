"""The gradient of matrix_power is the conjugate of that of the same product by @."""

import numpy as np
import paddle

X = np.array([[1, 1j], [-1j, 0]])
for cube in (lambda x: paddle.linalg.matrix_power(x, 3), lambda x: x @ x @ x):
    x = paddle.to_tensor(X, stop_gradient=False)
    paddle.real(paddle.trace(cube(x))).backward()
    print("returned", x.grad.numpy().tolist())
print("true    ", (3 * X @ X).tolist(), "or, everywhere, its conjugate")
