"""The Gaussian log-density of one observation y, as a function of the covariance X."""

formula = "log N(y; 0, X), y = (1, 2, …, n)"
domain = "positive definite"
citation = "Magnus and Neudecker, Matrix Differential Calculus, 3rd ed. (2019), chapter 15"


def exact(X):
    import sympy

    y = sympy.Matrix(range(1, X.rows + 1))
    quadratic = (y.T * X.adjugate() * y)[0] / X.det()
    return -(X.rows * sympy.log(2 * sympy.pi) + sympy.log(X.det()) + quadratic) / 2


def by_numpy(X):
    import numpy as np

    y = np.arange(1, len(X) + 1)
    z = np.linalg.solve(X, y)
    value = -(len(X) * np.log(2 * np.pi) + np.linalg.slogdet(X)[1] + y @ z) / 2
    return value, -(np.linalg.inv(X) - np.outer(z, z)) / 2


def by_torch(X):
    import torch

    y = torch.arange(1, len(X) + 1, dtype=X.dtype)
    return torch.distributions.MultivariateNormal(0 * y, X).log_prob(y)


def by_tensorflow(X):
    import math

    import tensorflow as tf

    n = X.shape[0]
    L = tf.linalg.cholesky(X)
    z = tf.linalg.triangular_solve(L, tf.range(1, n + 1, dtype=X.dtype)[:, tf.newaxis])
    log_root_det = tf.reduce_sum(tf.math.log(tf.linalg.diag_part(L)))
    return -n * math.log(2 * math.pi) / 2 - log_root_det - tf.reduce_sum(z**2) / 2


routes = {
    "numpy": {"np.linalg.solve": by_numpy},
    "torch": {"torch.distributions.MultivariateNormal": by_torch},
    "tensorflow": {"tf.linalg.triangular_solve(tf.linalg.cholesky(X), y)": by_tensorflow},
}
