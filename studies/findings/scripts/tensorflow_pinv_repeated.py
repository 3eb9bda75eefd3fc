"""⟨W, X⁺⟩ at X = I, which is ⟨W, X⁻¹⟩ nearby: along E it is −⟨W, E⟩ = −3."""

import numpy as np
import tensorflow as tf

x, W, E = tf.constant(np.eye(2)), np.array([[1.0, 0.0], [3.0, 2.0]]), np.eye(2)[::-1]
with tf.GradientTape() as tape:
    tape.watch(x)
    y = tf.reduce_sum(W * tf.linalg.pinv(x))
f = [np.sum(W * np.linalg.pinv(np.eye(2) + h * E)) for h in (-1e-6, 1e-6)]
print("returned", np.sum(tape.gradient(y, x).numpy() * E))
print("true    ", (f[1] - f[0]) / 2e-6)
