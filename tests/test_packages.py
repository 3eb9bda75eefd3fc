"""Callables of packages that nobody here wrote, as they come: Gaussians, their geometry, networks.

Each is judged right, and again with a backward wrong by 10⁻⁸ in one entry, which disagrees.  The
packages are the extra ``packages``; a call whose package is missing is skipped.
"""

import importlib
import warnings
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import pytest
import torch

import symgrad

pytestmark = pytest.mark.slow

N = 3
RNG = np.random.default_rng(7)


def spd(seed):
    A = np.random.default_rng(seed).standard_normal((N, N))
    return (A @ A.T + (A @ A.T).T) / 2 + np.eye(N)


X, A, W, V = spd(3), spd(5), RNG.standard_normal((N, N)), np.arange(1.0, N + 1)
TORCH_A, TORCH_W, TORCH_V = (torch.tensor(M) for M in (A, W, V))


class Case(NamedTuple):
    """f(module, X), of an array of the framework, and the module that it needs."""

    framework: str
    module: str
    f: Callable[..., Any]


CASES: dict[str, Case] = {}


def of(framework, module):
    """A case; ``module`` is imported when it runs."""

    def add(f):
        CASES[f.__name__] = Case(framework, module, f)
        return f

    return add


@pytest.fixture(autouse=True)
def settings():
    """Only here: 64 bits, as the parameters that packages make are of the default dtype."""
    import jax

    before = torch.get_default_dtype(), jax.config.jax_enable_x64
    torch.set_default_dtype(torch.float64)
    jax.config.update("jax_enable_x64", True)
    yield
    torch.set_default_dtype(before[0])
    jax.config.update("jax_enable_x64", before[1])


# distances and maps of positive definite matrices


@of("torch", "geoopt")
def geoopt_affine_invariant(geoopt, X):
    return geoopt.SymmetricPositiveDefinite("AIM").dist(X, TORCH_A)


@of("torch", "geoopt")
def geoopt_log_euclidean(geoopt, X):
    return geoopt.SymmetricPositiveDefinite("LEM").dist(X, TORCH_A)


@of("torch", "geoopt")
def geoopt_stein(geoopt, X):
    return geoopt.SymmetricPositiveDefinite("SM").dist(X, TORCH_A)


@of("torch", "geoopt")
def geoopt_logmap(geoopt, X):
    return (geoopt.SymmetricPositiveDefinite().logmap(X, TORCH_A) * TORCH_W).sum()


@of("torch", "geoopt")
def geoopt_expmap(geoopt, X):
    return (geoopt.SymmetricPositiveDefinite().expmap(X, TORCH_A) * TORCH_W).sum()


@of("torch", "pyriemann.utils.distance")
def pyriemann_riemann(distance, X):
    return distance.distance_riemann(X, TORCH_A)


@of("torch", "pyriemann.utils.distance")
def pyriemann_wasserstein(distance, X):
    return distance.distance_wasserstein(X, TORCH_A)


@of("torch", "pyriemann.utils.distance")
def pyriemann_thompson(distance, X):
    return distance.distance_thompson(X, TORCH_A)


@of("torch", "pyriemann.utils.base")
def pyriemann_power(base, X):
    return (base.powm(X, 0.3) * TORCH_W).sum()


@of("torch", "pyriemann.utils.geodesic")
def pyriemann_geodesic(geodesic, X):
    return (geodesic.geodesic_riemann(X, TORCH_A, 0.3) * TORCH_W).sum()


@of("torch", "pyriemann.utils.mean")
def pyriemann_mean(mean, X):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it is stopped before it converges
        found = mean.mean_riemann(torch.stack([X, TORCH_A, TORCH_A @ TORCH_A]), maxiter=3)
    return (found * TORCH_W).sum()


@of("torch", "spd_learn.functional")
def spd_learn_log(functional, X):
    return (functional.matrix_log.apply(X) * TORCH_W).sum()


@of("torch", "spd_learn.modules")
def spd_learn_re_eig(modules, X):
    return (modules.ReEig(threshold=2.0)(X) * TORCH_W).sum()


@of("torch", "spd_learn.functional")
def spd_learn_log_cholesky(functional, X):
    return functional.log_cholesky_distance(X, TORCH_A)


@of("torch", "ot")
def pot_mapping(ot, X):
    matrix, shift = ot.gaussian.bures_wasserstein_mapping(0 * TORCH_V, TORCH_V, X, TORCH_A)
    return (matrix * TORCH_W).sum() + shift.sum()


@of("torch", "ot")
def pot_gromov_wasserstein(ot, X):
    return ot.gaussian.gaussian_gromov_wasserstein_distance(X, TORCH_A)


@of("torch", "ot")
def pot_sinkhorn(ot, X):
    weights = torch.ones(N) / N
    return ot.sinkhorn2(weights, weights, X, 1.0, numItermax=20, warn=False)


@of("torch", "ot")
def pot_bures_wasserstein(ot, X):
    """An array of one number."""
    return ot.gaussian.bures_wasserstein_distance(0 * TORCH_V, TORCH_V, X, TORCH_A)


@of("torch", "torchmetrics.image.fid")
def torchmetrics_frechet(fid, X):
    return fid._compute_fid(0 * TORCH_V, X, TORCH_V, TORCH_A)


# Gaussian processes and linear operators


@of("torch", "gpytorch")
def gpytorch_marginal(gpytorch, X):
    """The marginal likelihood of a process whose kernel matrix is X."""

    class Kernel(gpytorch.kernels.Kernel):
        def forward(self, a, b, **_):
            return X[a[..., 0].long()[:, None], b[..., 0].long()[None, :]]

    class Process(gpytorch.models.ExactGP):
        def __init__(self, x, y, likelihood):
            super().__init__(x, y, likelihood)
            self.mean_module, self.covar_module = gpytorch.means.ZeroMean(), Kernel()

        def forward(self, x):
            mean, covariance = self.mean_module(x), self.covar_module(x)
            return gpytorch.distributions.MultivariateNormal(mean, covariance)

    x, likelihood = torch.arange(float(N))[:, None], gpytorch.likelihoods.GaussianLikelihood()
    process = Process(x, TORCH_V, likelihood)
    marginal = gpytorch.mlls.ExactMarginalLogLikelihood(likelihood, process)
    return marginal(process(x), TORCH_V)


@of("torch", "gpytorch")
def gpytorch_normal(gpytorch, X):
    return gpytorch.distributions.MultivariateNormal(0 * TORCH_V, X).log_prob(TORCH_V)


@of("torch", "gpytorch")
def gpytorch_divergence(gpytorch, X):
    normal = gpytorch.distributions.MultivariateNormal
    return torch.distributions.kl_divergence(normal(0 * TORCH_V, TORCH_A), normal(TORCH_V, X))


@of("torch", "linear_operator")
def linear_operator_quadratic(linear_operator, X):
    operator = linear_operator.to_linear_operator(X)
    return sum(operator.inv_quad_logdet(TORCH_V[:, None], logdet=True))


@of("torch", "linear_operator")
def linear_operator_root(linear_operator, X):
    root = linear_operator.to_linear_operator(X).root_inv_decomposition().root
    return (root.to_dense() * TORCH_W).pow(2).sum()


# densities


@of("torch", "pyro.distributions")
def pyro_normal(distributions, X):
    return distributions.MultivariateNormal(0 * TORCH_V, X).log_prob(TORCH_V)


@of("torch", "pyro.distributions")
def pyro_student(distributions, X):
    factor = torch.linalg.cholesky(X)
    student = distributions.MultivariateStudentT(torch.tensor(4.0), 0 * TORCH_V, factor)
    return student.log_prob(TORCH_V)


@of("torch", "pyro.distributions")
def pyro_lkj(distributions, X):
    scale = X.diagonal().rsqrt()
    factor = torch.linalg.cholesky(scale[:, None] * X * scale)
    return distributions.LKJCholesky(N, 2.0).log_prob(factor)


@of("jax", "numpyro.distributions")
def numpyro_normal(distributions, X):
    return distributions.MultivariateNormal(0 * V, X).log_prob(V)


@of("jax", "numpyro.distributions")
def numpyro_precision(distributions, X):
    return distributions.MultivariateNormal(0 * V, precision_matrix=X).log_prob(V)


@of("jax", "numpyro.distributions")
def numpyro_wishart(distributions, X):
    return distributions.Wishart(N + 2.0, X).log_prob(A)


@of("tensorflow", "tensorflow_probability")
def tfp_normal(tfp, X):
    normal = tfp.distributions.MultivariateNormalFullCovariance(0 * V, X)
    return normal.log_prob(V)


@of("tensorflow", "tensorflow_probability")
def tfp_wishart(tfp, X):
    import tensorflow as tf

    return tfp.distributions.WishartTriL(np.float64(N + 2), tf.linalg.cholesky(X)).log_prob(A)


@of("tensorflow", "tensorflow_probability")
def tfp_lkj(tfp, X):
    import tensorflow as tf

    scale = tf.math.rsqrt(tf.linalg.diag_part(X))
    return tfp.distributions.LKJ(N, np.float64(2)).log_prob(scale[:, None] * X * scale)


# what is planted


class Nudged(torch.autograd.Function):
    """X, whose backward is wrong in one entry."""

    @staticmethod
    def forward(ctx, X):
        return X.clone()

    @staticmethod
    def backward(ctx, G):
        return G * torch.tensor(NUDGE)


NUDGE = np.ones((N, N))
NUDGE[1, 1] += 1e-8


def in_torch():
    return torch.tensor, Nudged.apply


def in_jax():
    import jax

    nudged = jax.custom_vjp(lambda X: 1 * X)
    nudged.defvjp(lambda X: (1 * X, None), lambda _, G: (G * NUDGE,))
    return jax.numpy.asarray, nudged


def in_tensorflow():
    import tensorflow as tf

    return tf.constant, tf.custom_gradient(lambda X: (tf.identity(X), lambda G: G * NUDGE))


FRAMEWORKS = {"torch": in_torch, "jax": in_jax, "tensorflow": in_tensorflow}


@pytest.mark.parametrize("name", CASES)
def test_a_call_of_a_package_agrees_and_a_planted_mistake_does_not(name):
    case = CASES[name]
    if case.module == "tensorflow_probability":
        pytest.importorskip("tf_keras")  # which it cannot be imported without
    pytest.importorskip(case.module.split(".")[0])
    module = importlib.import_module(case.module)
    array, nudged = FRAMEWORKS[case.framework]()
    right = symgrad.check(lambda X: case.f(module, X), array(X))
    assert right.verdict == "agrees", str(right)
    assert right.error <= right.tolerance < 1e-10
    wrong = symgrad.check(lambda X: case.f(module, nudged(X)), array(X))
    assert wrong.verdict == "disagrees", str(wrong)
    assert [blame.custom for blame in wrong.blame] == [True]
