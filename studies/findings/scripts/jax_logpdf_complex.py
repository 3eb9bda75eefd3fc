"""A normal log-density with a Hermitian covariance: taken, but without the conjugates."""

import jax
import numpy as np

jax.config.update("jax_enable_x64", True)
X, y = np.array([[2, 1j], [-1j, 1]]), np.array([1.0, -2.0])
print("returned", jax.scipy.stats.multivariate_normal.logpdf(y, 0 * y, X) + np.log(2 * np.pi))
form = np.real(y @ np.linalg.solve(X, y))
print("true    ", -(np.log(np.linalg.det(X).real) + form) / 2)
