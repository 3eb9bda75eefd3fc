"""⟨W, log X⟩ by svd at X = I: its gradient is W."""

import numpy as np
import tensorflow as tf

x, W = tf.constant(np.eye(2)), np.array([[2.0, 3.0], [3.0, 4.0]])
with tf.GradientTape() as tape:
    tape.watch(x)
    values, U, V = tf.linalg.svd(x)
    y = tf.reduce_sum(W * ((U * tf.math.log(values)) @ tf.transpose(V)))
print("returned", tape.gradient(y, x).numpy().tolist())
print("true    ", W.tolist())
