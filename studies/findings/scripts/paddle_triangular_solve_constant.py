"""Beside a constant right-hand side triangular_solve gives memory never written to."""

import numpy as np
import paddle

b = paddle.to_tensor([[1.0]], dtype="float64")
for _ in range(3):
    L = paddle.to_tensor([[2.0]], dtype="float64", stop_gradient=False)
    junk = paddle.to_tensor(np.random.rand(1, 1))
    del junk
    paddle.linalg.triangular_solve(L, b, upper=False).sum().backward()
    print("returned", L.grad.numpy())
print("true    ", -1.0 / 2.0**2)
