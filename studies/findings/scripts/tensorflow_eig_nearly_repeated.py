"""⟨W, v vᵀ⟩, v the eigenvector of the larger eigenvalue of X = [[0, ε], [ε, 0]], ε = 5e-11."""

import numpy as np
import tensorflow as tf

x, W = tf.constant([[0, 5e-11], [5e-11, 0]], tf.float64), np.array([[2.0, 3.0], [3.0, 4.0]])
with tf.GradientTape() as tape:
    tape.watch(x)
    values, V = tf.linalg.eig(x)
    v = tf.math.real(V[:, int(tf.argmax(tf.math.real(values)))])
    y = tf.reduce_sum(W * v[:, None] * v[None, :])
print(
    "returned along diag(1, -1)", float(tf.reduce_sum(tape.gradient(y, x) * np.diag([1.0, -1.0])))
)
print("true", (W[0, 0] - W[1, 1]) / 1e-10)
