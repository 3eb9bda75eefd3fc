"""tr exp(X + tI) at t = 0: all its derivatives in t are tr exp X."""

import tensorflow as tf

X, E = tf.constant([[2.0, 1.0], [1.0, 3.0]], tf.float64), tf.eye(2, dtype=tf.float64)
with tf.autodiff.ForwardAccumulator(X, E) as outer:
    with tf.autodiff.ForwardAccumulator(X, E) as inner:
        value = tf.linalg.trace(tf.linalg.expm(X))
    slope = inner.jvp(value)
print("returned", float(outer.jvp(slope)), "true", float(value))
