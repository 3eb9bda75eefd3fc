"""⟨W, log X⟩ by svd at X = s·[[2, 1], [1, 2]], s = 1e-12: s times its gradient is that of s = 1."""

import numpy as np
import tensorflow as tf

W, A = np.array([[2.0, 3.0], [3.0, 4.0]]), np.array([[2.0, 1.0], [1.0, 2.0]])
for s in (1.0, 1e-12):
    x = tf.constant(s * A)
    with tf.GradientTape() as tape:
        tape.watch(x)
        values, U, V = tf.linalg.svd(x)
        y = tf.reduce_sum(W * tf.matmul(U * tf.math.log(values), V, adjoint_b=True))
    print(f"s = {s:g}, s times the gradient:", (s * tape.gradient(y, x).numpy()).tolist())
