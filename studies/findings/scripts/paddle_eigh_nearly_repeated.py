"""⟨W, exp X⟩ by eigh at X = [[1, ε], [ε, 1]], ε = 4e-16: its gradient is e·W to 15 digits."""

import numpy as np
import paddle

W = np.array([[2.0, 3.0], [3.0, 4.0]])
x = paddle.to_tensor(np.array([[1.0, 4e-16], [4e-16, 1.0]]), stop_gradient=False)
values, V = paddle.linalg.eigh(x)
(paddle.to_tensor(W) * ((V * paddle.exp(values)) @ V.T)).sum().backward()
print("returned", x.grad.numpy().tolist())
print("true    ", (np.e * W).tolist())
