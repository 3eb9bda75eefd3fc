"""⟨W, exp X⟩ by eigh at the 1×1 matrix 0, W = 2: its gradient is 2."""

import paddle

for diag in (paddle.diag_embed, paddle.diag):
    x = paddle.zeros([1, 1], dtype="float64")
    x.stop_gradient = False
    values, V = paddle.linalg.eigh(x)
    value = (2 * V @ diag(values.exp()) @ V.T).sum()
    value.backward()
    print(diag.__name__, "returned", value.item(), x.grad.tolist())
print("true", 2.0, [[2.0]])
