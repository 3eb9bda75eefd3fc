"""log tr exp X at X = [[2]], which is X itself: its gradient is 1, to 16 digits."""

import tensorflow as tf

x = tf.constant([[2.0]], tf.float64)
with tf.GradientTape() as tape:
    tape.watch(x)
    y = tf.math.log(tf.linalg.trace(tf.linalg.expm(x)))
print("returned", repr(tape.gradient(y, x).numpy().item()))
print("true     1.0")
