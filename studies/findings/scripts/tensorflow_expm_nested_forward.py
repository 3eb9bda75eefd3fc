"""tr exp(X + tI) at t = 0: all its derivatives in t are tr exp X."""

import os

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
import tensorflow as tf

X = tf.constant([[2.0, 1.0], [1.0, 3.0]], tf.float64)
E = tf.eye(2, dtype=tf.float64)
with tf.autodiff.ForwardAccumulator(X, E) as outer:
    with tf.autodiff.ForwardAccumulator(X, E) as inner:
        value = tf.linalg.trace(tf.linalg.expm(X))
    slope = inner.jvp(value)
print("returned", float(outer.jvp(slope)))
print("true    ", float(value))
