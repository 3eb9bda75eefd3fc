"""⟨W, X⁺⟩ at X = I, which is ⟨W, X⁻¹⟩ nearby: its gradient is −(W + Wᵀ)/2."""

import numpy as np
import paddle

W = np.array([[1.0, 0.0], [3.0, 2.0]])
for hint in (False, True):
    x = paddle.to_tensor(np.eye(2), stop_gradient=False)
    (paddle.to_tensor(W) * paddle.linalg.pinv(x, hermitian=hint)).sum().backward()
    print("returned", x.grad.numpy().tolist())
print("true    ", (-(W + W.T) / 2).tolist())
