"""Beside a constant right-hand side the gradient of solve is memory never written to."""

import numpy as np
import paddle

X, u = np.array([[2.0, 1.0], [1.0, 3.0]]), paddle.to_tensor([1.0, -2.0], dtype="float64")
x = paddle.to_tensor(X, stop_gradient=False)
(u @ paddle.linalg.solve(x, u)).backward()
z = np.linalg.solve(X, u.numpy())
print("returned", x.grad.numpy().tolist())
print("true    ", (-np.outer(z, z)).tolist())
