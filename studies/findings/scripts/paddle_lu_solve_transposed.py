"""uᵀX⁻¹u by lu_solve at a symmetric X, where X⁻ᵀ = X⁻¹: its gradient is −zzᵀ, z = X⁻¹u."""

import numpy as np
import paddle

X, u = np.array([[1.0, 0.0], [0.0, -1.0]]), np.array([1.0, -2.0])
for trans in "NTC":
    x = paddle.to_tensor(X, stop_gradient=False)
    b = paddle.to_tensor(u, stop_gradient=False)
    (b @ paddle.linalg.lu_solve(b[:, None], *paddle.linalg.lu(x), trans=trans)[:, 0]).backward()
    G = x.grad.numpy()
    print(trans, "returned", ((G + G.T) / 2).tolist())
z = np.linalg.solve(X, u)
print("true      ", (-np.outer(z, z)).tolist())
