"""⟨W, exp X⟩ by eigh at X = 0: its gradient is W."""

import numpy as np
import tensorflow as tf

x, W = tf.constant(np.zeros((2, 2))), np.array([[2.0, 3.0], [3.0, 4.0]])
with tf.GradientTape() as tape:
    tape.watch(x)
    values, V = tf.linalg.eigh(x)
    y = tf.reduce_sum(W * ((V * tf.exp(values)) @ tf.transpose(V)))
print("returned", tape.gradient(y, x).numpy().tolist())
print("true    ", W.tolist())
