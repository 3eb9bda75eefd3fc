"""A normal log-density with a Hermitian covariance: taken, but without the conjugates."""

import autograd.numpy as anp
from autograd.scipy.stats import multivariate_normal

X, y = anp.array([[2, 1j], [-1j, 1]]), anp.array([1.0, -2.0])
print("returned", multivariate_normal.logpdf(y, 0 * y, X) + anp.log(2 * anp.pi))
form = anp.real(y @ anp.linalg.solve(X, y))
print("true    ", -(anp.log(anp.linalg.det(X).real) + form) / 2)
