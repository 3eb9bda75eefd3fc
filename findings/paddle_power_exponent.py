"""The exponent of a power is rounded to float32, in float64 too."""

import paddle

x = paddle.to_tensor([8.0], dtype="float64", stop_gradient=False)
(x ** (1 / 3)).sum().backward()
print("returned", x.grad.numpy())
print("true    ", 1 / 12)
