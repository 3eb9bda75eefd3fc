"""exp of the 1×1 matrix 85: e⁸⁵, and its gradient e⁸⁵; half of the digits are lost."""

import tensorflow as tf

x = tf.constant([[85.0]], tf.float64)
with tf.GradientTape() as tape:
    tape.watch(x)
    value = tf.linalg.trace(tf.linalg.expm(x))
print("returned", value.numpy(), tape.gradient(value, x).numpy())
print("true    ", tf.exp(x).numpy())
