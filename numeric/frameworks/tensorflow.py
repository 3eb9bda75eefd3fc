"""TensorFlow: reverse mode by tf.GradientTape."""

import tensorflow as tf

from numeric.framework import BaseFramework


def _sorted_real(eigenvalues, i):
    return tf.sort(tf.math.real(eigenvalues))[i]


def _log_det_by_cholesky(X):
    return 2 * tf.reduce_sum(tf.math.log(tf.linalg.diag_part(tf.linalg.cholesky(X))))


def _upper_sum(X):
    upper = tf.linalg.band_part(X, 0, -1) - tf.linalg.band_part(X, 0, 0)
    return tf.linalg.trace(X) + 2 * tf.reduce_sum(upper)


def _column(vector):
    return vector[:, tf.newaxis]


def _gaussian_by_cholesky(X, y):
    L = tf.linalg.cholesky(X)
    z = tf.linalg.cholesky_solve(L, _column(y))
    log_root_det = tf.reduce_sum(tf.math.log(tf.linalg.diag_part(L)))
    return -log_root_det - tf.reduce_sum(_column(y) * z) / 2


def _projector(X, i, W):
    v = tf.linalg.eigh(X)[1][:, i]
    return tf.tensordot(v, tf.linalg.matvec(W, v), 1)


ROUTES = {
    "eigenvalue": {
        "tf.linalg.eigh": lambda X, i: tf.linalg.eigh(X)[0][i],
        "tf.linalg.eigvalsh": lambda X, i: tf.linalg.eigvalsh(X)[i],
        "tf.linalg.eig": lambda X, i: _sorted_real(tf.linalg.eig(X)[0], i),
        "tf.linalg.eigvals": lambda X, i: _sorted_real(tf.linalg.eigvals(X), i),
    },
    "sum_entries": {
        "tf.reduce_sum(X)": tf.reduce_sum,
        "tf.linalg.trace(X) + 2*tf.reduce_sum(strictly upper X)": _upper_sum,
    },
    "trace": {"tf.linalg.trace": tf.linalg.trace},
    "trace_square": {
        "tf.linalg.trace(X @ X)": lambda X: tf.linalg.trace(X @ X),
        "tf.reduce_sum(X * X)": lambda X: tf.reduce_sum(X * X),
    },
    "trace_cube": {"tf.linalg.trace(X @ X @ X)": lambda X: tf.linalg.trace(X @ X @ X)},
    "det": {
        "tf.linalg.det": tf.linalg.det,
        "tf.reduce_prod(tf.linalg.eigvalsh(X))": lambda X: tf.reduce_prod(tf.linalg.eigvalsh(X)),
    },
    "log_det": {
        "tf.linalg.logdet": tf.linalg.logdet,
        "tf.linalg.slogdet": lambda X: tf.linalg.slogdet(X)[1],
        "2*tf.reduce_sum(tf.math.log(diag(tf.linalg.cholesky(X))))": _log_det_by_cholesky,
        "tf.reduce_sum(tf.math.log(tf.linalg.eigvalsh(X)))": lambda X: tf.reduce_sum(
            tf.math.log(tf.linalg.eigvalsh(X))
        ),
    },
    "inverse_quadratic_form": {
        "tf.linalg.solve": lambda X, u: tf.reduce_sum(_column(u) * tf.linalg.solve(X, _column(u))),
        "tf.linalg.inv": lambda X, u: tf.tensordot(u, tf.linalg.matvec(tf.linalg.inv(X), u), 1),
    },
    "gaussian_log_likelihood": {
        "tf.linalg.logdet, tf.linalg.solve": lambda X, y: (
            -(tf.linalg.logdet(X) + tf.reduce_sum(_column(y) * tf.linalg.solve(X, _column(y)))) / 2
        ),
        "tf.linalg.cholesky, tf.linalg.cholesky_solve": _gaussian_by_cholesky,
    },
    "projector": {"tf.linalg.eigh": _projector},
    "weighted_inverse": {
        "tf.linalg.inv": lambda X, W: tf.reduce_sum(W * tf.linalg.inv(X)),
        "tf.linalg.solve": lambda X, W: tf.linalg.trace(
            tf.linalg.solve(X, tf.linalg.matrix_transpose(W))
        ),
    },
}


class Framework(BaseFramework):
    """TensorFlow, in eager mode, by ``tf.GradientTape``."""

    namespace = tf
    version = tf.__version__
    routes = ROUTES

    def array(self, values, dtype):
        return tf.constant(values, dtype)

    def differentiate(self, route, X, constants, dtype):
        x = tf.constant(X, dtype)
        with tf.GradientTape() as tape:
            tape.watch(x)
            value = self.apply(route, x, constants)
        gradient = tape.gradient(value, x)
        if gradient is None:
            raise TypeError("tf.GradientTape found no path from X to the value")
        gradient = tf.convert_to_tensor(gradient)
        return float(value), tf.cast(gradient, tf.float64).numpy(), gradient.dtype.name

    def evaluate(self, route, X, constants, dtype):
        return float(self.apply(route, tf.constant(X, dtype), constants))
