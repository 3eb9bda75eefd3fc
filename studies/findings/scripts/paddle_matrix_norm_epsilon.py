"""The backward pass of the Frobenius norm divides by ‖X‖ + 1e-12: at ‖X‖ = 1e-12 half is lost."""

import paddle

X = paddle.to_tensor([[1e-12]], dtype="float64", stop_gradient=False)
(paddle.linalg.matrix_norm(X) ** 2).backward()
print("returned", X.grad.item())
print("true    ", 2e-12)
