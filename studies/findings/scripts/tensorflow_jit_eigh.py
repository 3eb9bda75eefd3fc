"""V diag(w) Vᵀ of eigh is X to the last digits; compiled by XLA it is so to seven, in float64."""

import numpy as np
import tensorflow as tf

X = [[0.0, 0.0, 0.0, -1.0], [0.0, 0.0, 0.0, 1.0], [0.0, 0.0, -1.0, -1.0], [-1.0, 1.0, -1.0, 1.0]]
x = tf.constant(X, tf.float64)
for eigh in (tf.linalg.eigh, tf.function(tf.linalg.eigh, jit_compile=True)):
    w, V = (part.numpy() for part in eigh(x))
    print("eigenvalues off by", np.max(np.abs(w - np.linalg.eigvalsh(X))))
    print("V diag(w) Vᵀ off by", np.max(np.abs(V * w @ V.T - X)))
