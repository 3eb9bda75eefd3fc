"""Why Keras has no file among the frameworks: a gradient through ``keras.ops`` is its backend's."""

import json
import os
import subprocess
import sys

import numpy as np
import pytest

BY_BACKEND = {
    "torch": """
import torch
linalg = torch.linalg
def gradient(f):
    x = torch.tensor(X, requires_grad=True)
    f(x).backward()
    return x.grad.tolist()
""",
    "tensorflow": """
import tensorflow as tf
linalg = tf.linalg
def gradient(f):
    x = tf.constant(X)
    with tf.GradientTape() as tape:
        tape.watch(x)
        value = f(x)
    return tape.gradient(value, x).numpy().tolist()
""",
    "jax": """
import jax
jax.config.update("jax_enable_x64", True)
linalg = jax.numpy.linalg
def gradient(f):
    return jax.grad(f)(jax.numpy.asarray(X)).tolist()
""",
}
COMPARED = """
import json
from keras import ops
X = [[2.0, 1.0, 0.5], [1.0, 3.0, 0.25], [0.5, 0.25, 4.0]]
pairs = {
    "eigh": (lambda x: ops.linalg.eigh(x)[0][0], lambda x: linalg.eigh(x)[0][0]),
    "cholesky": (lambda x: ops.linalg.cholesky(x)[2, 0], lambda x: linalg.cholesky(x)[2, 0]),
    "det": (lambda x: ops.linalg.det(x), lambda x: linalg.det(x)),
    "inv": (lambda x: ops.linalg.inv(x)[0, 1], lambda x: linalg.inv(x)[0, 1]),
}
print(json.dumps({name: [gradient(f) for f in pair] for name, pair in pairs.items()}))
"""


def gradients(backend):
    """By keras.ops and by the backend's own call, for each function."""
    pytest.importorskip("keras")
    pytest.importorskip(backend)
    environment = {**os.environ, "KERAS_BACKEND": backend, "TF_CPP_MIN_LOG_LEVEL": "3"}
    argv = [sys.executable, "-c", BY_BACKEND[backend] + COMPARED]
    done = subprocess.run(argv, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


@pytest.mark.slow
def test_keras_adds_no_convention_to_those_of_its_backends():
    found = {backend: gradients(backend) for backend in BY_BACKEND}
    for by_function in found.values():
        for through_keras, its_own in by_function.values():
            np.testing.assert_allclose(through_keras, its_own, rtol=1e-14, atol=1e-15)
    below, above = (found["tensorflow"]["eigh"][0][i][j] for i, j in ((2, 0), (0, 2)))
    same = found["torch"]["eigh"][0]
    assert (below, above) == (pytest.approx(2 * same[2][0]), 0)  # so the comparison can fail
