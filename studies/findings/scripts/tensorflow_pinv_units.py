"""⟨W, X⁺⟩ at X = s·[[2, 1], [1, 2]], s = 1e-12: s² times its gradient is that of s = 1."""

import numpy as np
import tensorflow as tf

W, A = np.array([[1.0, 0.0], [3.0, 2.0]]), np.array([[2.0, 1.0], [1.0, 2.0]])
for s in (1.0, 1e-12):
    x = tf.constant(s * A)
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = tf.reduce_sum(W * tf.linalg.pinv(x))
    G = s * (s * tape.gradient(y, x).numpy())
    print(f"s = {s:g}, s² times the symmetric part:", ((G + G.T) / 2).tolist())
