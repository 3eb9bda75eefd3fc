"""The Frobenius norm of a complex matrix sums z², not |z|²."""

import numpy as np
import paddle

X = np.array([[1, 1j], [-1j, 2]])
x = paddle.to_tensor(X, stop_gradient=False)
norm = paddle.real(paddle.linalg.matrix_norm(x))
(norm**2).backward()
print("returned", float(norm) ** 2, x.grad.numpy().tolist())
print("true    ", np.sum(np.abs(X) ** 2), (2 * X).tolist())
