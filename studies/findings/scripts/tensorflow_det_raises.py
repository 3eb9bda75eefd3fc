"""det X at X = [[1, 1], [1, 1]]: its gradient is the adjugate, [[1, −1], [−1, 1]]."""

import tensorflow as tf

x = tf.constant([[1.0, 1.0], [1.0, 1.0]], tf.float64)
with tf.GradientTape() as tape:
    tape.watch(x)
    y = tf.linalg.det(x)
print("value", float(y))
try:
    print(tape.gradient(y, x))
except tf.errors.InvalidArgumentError as error:
    print("raised", error.message)
