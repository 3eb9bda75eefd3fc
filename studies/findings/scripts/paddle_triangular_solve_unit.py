"""L⁻¹b with a unit L returns b at a 1×1 matrix, whatever X is: its gradient is 0."""

import paddle

for upper in (False, True):
    x, b = paddle.ones([1, 1], dtype="float64"), paddle.ones([1, 1], dtype="float64")
    x.stop_gradient = b.stop_gradient = False
    value = paddle.linalg.triangular_solve(x, b, upper=upper, unitriangular=True)
    value.backward()
    print(f"upper={upper} returned", value.item(), x.grad.tolist())
print("true", 1.0, [[0.0]])
