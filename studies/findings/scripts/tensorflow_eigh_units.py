"""⟨W, v vᵀ⟩ by eigh at X = s·[[2, 1], [1, 2]], s = 1e-12: s times its gradient is that of s = 1."""

import numpy as np
import tensorflow as tf

W, A = np.array([[2.0, 3.0], [3.0, 4.0]]), np.array([[2.0, 1.0], [1.0, 2.0]])
for s in (1.0, 1e-12):
    x = tf.constant(s * A)
    with tf.GradientTape() as tape:
        tape.watch(x)
        values, V = tf.linalg.eigh(x)
        v = tf.math.real(V[:, int(tf.argmax(tf.math.real(values)))])
        y = tf.reduce_sum(W * v[:, None] * v[None, :])
    G = s * tape.gradient(y, x).numpy()
    print(f"s = {s:g}, s times the symmetric part:", ((G + G.T) / 2).tolist())
