"""⟨W, v vᵀ⟩ by eigh at X = s·[[4, 2], [2, 4]], s = 1e19: s times its gradient is that of s = 1."""

import numpy as np
import tensorflow as tf

W, A = np.float32([[2, 3], [3, 4]]), np.float32([[4, 2], [2, 4]])
for s in (1.0, 1e19):
    x = tf.constant(np.float32(s) * A)
    with tf.GradientTape() as tape:
        tape.watch(x)
        v = tf.linalg.eigh(x)[1][:, 1]
        y = tf.reduce_sum(W * v[:, None] * v[None, :])
    G = s * tape.gradient(y, x).numpy()
    print(f"s = {s:g}, s times the symmetric part:", ((G + G.T) / 2).tolist())
