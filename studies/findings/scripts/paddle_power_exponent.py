"""The exponent of a power is rounded to float32, in float64 too."""

import paddle

x = paddle.to_tensor([8.0], dtype="float64", stop_gradient=False)
y = (x ** (1 / 3)).sum()
y.backward()
print("returned", float(y), x.grad.numpy())
print("true    ", 2.0, 1 / 12)
