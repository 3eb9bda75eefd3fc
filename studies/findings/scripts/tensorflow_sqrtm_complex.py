"""⟨W, X^{-1/2}⟩ by sqrtm at a Hermitian X, along E."""

import numpy as np
import tensorflow as tf

X, E, W = np.array([[2, 1j], [-1j, 1]]), np.array([[0, 1j], [-1j, 0]]), np.array([[2.0, 3], [3, 4]])
with tf.GradientTape(persistent=True) as tape:
    x = tf.constant(X)
    tape.watch(x)
    y = tf.math.real(tf.reduce_sum(W * tf.linalg.inv(tf.linalg.sqrtm(x))))
G, h = tape.gradient(y, x).numpy(), 1e-5
p = [np.linalg.eigh(X + t * E) for t in (-h, h)]
f = [np.sum(W * ((V * w**-0.5) @ V.conj().T)).real for w, V in p]
print("returned", np.sum(G * E).real, "or, with its conjugate,", np.sum(G.conj() * E).real)
print("true    ", (f[1] - f[0]) / (2 * h))
