"""exp of 10·I: the trace is 2e¹⁰, its gradient e¹⁰·I; half of the digits are lost."""

import paddle

x = 10 * paddle.eye(2, dtype="float64")
x.stop_gradient = False
value = paddle.trace(paddle.linalg.matrix_exp(x))
value.backward()
number = paddle.to_tensor(10.0, dtype="float64")
print("returned", value.item(), x.grad.tolist())
print("true    ", 2 * number.exp().item(), "and", number.exp().item(), "on the diagonal")
