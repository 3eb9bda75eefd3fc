"""⟨W, exp X⟩ by eigh at X = 0: its gradient is W."""

import numpy as np
import paddle

W = np.array([[2.0, 3.0], [3.0, 4.0]])
x = paddle.to_tensor(np.zeros((2, 2)), stop_gradient=False)
values, V = paddle.linalg.eigh(x)
(paddle.to_tensor(W) * ((V * paddle.exp(values)) @ V.T)).sum().backward()
print("returned", x.grad.numpy().tolist())
print("true    ", W.tolist())
