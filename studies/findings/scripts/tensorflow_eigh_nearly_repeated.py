"""⟨W, exp X⟩ by eigh at X = [[0, ε], [ε, 0]], ε = 5e-11: its gradient is W to 10 digits."""

import numpy as np
import tensorflow as tf

x, W = tf.constant([[0, 5e-11], [5e-11, 0]], tf.float64), np.array([[2.0, 3.0], [3.0, 4.0]])
with tf.GradientTape() as tape:
    tape.watch(x)
    values, V = tf.linalg.eigh(x)
    y = tf.reduce_sum(W * ((V * tf.exp(values)) @ tf.transpose(V)))
print("returned", tape.gradient(y, x).numpy().tolist())
print("true, as its lower form", (W + np.tril(W, -1) - np.triu(W, 1)).tolist())
