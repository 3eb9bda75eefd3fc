"""det x as the product of the eigenvalues of the 1×1 matrix 0: the gradient is 1."""

import paddle

x = paddle.zeros([1, 1], dtype="float64")
x.stop_gradient = False
value = paddle.linalg.eigvalsh(x).prod()
value.backward()
print("returned", value.item(), x.grad.tolist())
print("true    ", 0.0, [[1.0]])
