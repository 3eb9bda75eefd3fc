"""Twelve functions of a positive definite matrix that the field differentiates, in any framework.

Each is written once, over the few operations that the frameworks name differently, and built for
one size: its constants are made beforehand, so that they are no part of what is timed.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Any

import numpy as np
from jaxtyping import Float

Array = Float[np.ndarray, "n n"]
Function = Callable[[Any], Any]
"""X ↦ f(X), of a framework's arrays."""
Build = Callable[[Any, int], Function]
"""The function of n×n matrices, over the operations of a framework."""


class Operations:
    """What a framework calls them, each an attribute."""

    def __init__(self, **named: Callable[..., Any]) -> None:
        self.__dict__.update(named)

    def __getattr__(self, name: str) -> Callable[..., Any]:
        raise AttributeError(name)


def positive_definite(n: int, seed: int = 0) -> Array:
    """I + A Aᵀ/n of a normal A: eigenvalues between 1 and 5, apart."""
    A = np.random.default_rng(seed).standard_normal((n, n))
    X = np.eye(n) + A @ A.T / n
    return np.asarray((X + X.T) / 2)


def weights(n: int) -> Array:
    """Some constant matrix of norm about √n."""
    return np.asarray(np.random.default_rng(1).standard_normal((n, n)) / np.sqrt(n))


def power(A: Array, exponent: float) -> Array:
    """Aᵖ of a constant positive definite A."""
    w, V = np.linalg.eigh(A)
    return np.asarray((V * w**exponent) @ V.T)


@lru_cache
def in_torch() -> Operations:
    """The operations in PyTorch."""
    import torch

    return Operations(
        array=torch.tensor, eigh=torch.linalg.eigh, eigvalsh=torch.linalg.eigvalsh,
        cholesky=torch.linalg.cholesky, solve=torch.linalg.solve, log_det=torch.logdet,
        exp=torch.exp, log=torch.log, sqrt=torch.sqrt, sum=torch.sum, diagonal=torch.diagonal,
        mT=lambda A: A.mT, softmax=lambda A: torch.softmax(A, -1),
    )  # fmt: skip


@lru_cache
def in_jax() -> Operations:
    """The operations in JAX, in float64."""
    import jax
    import jax.numpy as jnp

    jax.config.update("jax_enable_x64", True)
    return Operations(
        array=jnp.asarray, eigh=jnp.linalg.eigh, eigvalsh=jnp.linalg.eigvalsh,
        cholesky=jnp.linalg.cholesky, solve=jnp.linalg.solve,
        log_det=lambda A: jnp.linalg.slogdet(A)[1],
        exp=jnp.exp, log=jnp.log, sqrt=jnp.sqrt, sum=jnp.sum, diagonal=jnp.diagonal,
        mT=lambda A: A.mT, softmax=lambda A: jax.nn.softmax(A, -1),
    )  # fmt: skip


@lru_cache
def in_tensorflow() -> Operations:
    """The operations in TensorFlow."""
    import tensorflow as tf

    return Operations(
        array=tf.constant, eigh=tf.linalg.eigh, eigvalsh=tf.linalg.eigvalsh,
        cholesky=tf.linalg.cholesky, solve=tf.linalg.solve,
        log_det=lambda A: tf.linalg.slogdet(A)[1],
        exp=tf.exp, log=tf.math.log, sqrt=tf.sqrt, sum=tf.reduce_sum,
        diagonal=tf.linalg.diag_part, mT=tf.linalg.matrix_transpose, softmax=tf.nn.softmax,
    )  # fmt: skip


@lru_cache(maxsize=64)
def built(build: Build, xp: Any, n: int) -> Function:
    """The function of n×n matrices, made once."""
    return build(xp, n)


def _by_eigh(xp: Any, X: Any, phi: Function) -> Any:
    w, V = xp.eigh(X)
    return (V * phi(w)) @ xp.mT(V)


def _trace(xp: Any, X: Any) -> Any:
    return xp.sum(xp.diagonal(X))


def _log_det(xp: Any, n: int) -> Function:
    return lambda X: 2 * xp.sum(xp.log(xp.diagonal(xp.cholesky(X))))


def _gaussian_process(xp: Any, n: int) -> Function:
    y = xp.array(np.linspace(-1, 1, n)[:, None])

    def f(X: Any) -> Any:
        fit = xp.sum(y * xp.solve(X, y)) / 2
        return fit + xp.sum(xp.log(xp.diagonal(xp.cholesky(X))))

    return f


def _kl(xp: Any, n: int) -> Function:
    P = xp.array(power(positive_definite(n, 2), -1))
    return lambda X: (xp.sum(P * X) - xp.log_det(X)) / 2


def _stein(xp: Any, n: int) -> Function:
    A = xp.array(positive_definite(n, 2))
    return lambda X: xp.log_det((X + A) / 2) - xp.log_det(X) / 2


def _log_euclidean(xp: Any, n: int) -> Function:
    w, V = np.linalg.eigh(positive_definite(n, 2))
    log_A = xp.array((V * np.log(w)) @ V.T)
    return lambda X: xp.sum((_by_eigh(xp, X, xp.log) - log_A) ** 2)


def _affine_invariant(xp: Any, n: int) -> Function:
    R = xp.array(power(positive_definite(n, 2), -0.5))
    return lambda X: xp.sum(xp.log(xp.eigvalsh(R @ X @ R)) ** 2)


def _bures_wasserstein(xp: Any, n: int) -> Function:
    A = positive_definite(n, 2)
    trace, R = float(np.trace(A)), xp.array(power(A, 0.5))
    return lambda X: _trace(xp, X) + trace - 2 * xp.sum(xp.sqrt(xp.eigvalsh(R @ X @ R)))


def _zca(xp: Any, n: int) -> Function:
    W = xp.array(weights(n))
    return lambda X: xp.sum((_by_eigh(xp, X, lambda w: 1 / xp.sqrt(w + 1e-5)) @ W) ** 2)


def _cayley(xp: Any, n: int) -> Function:
    one, W = xp.array(np.eye(n)), xp.array(weights(n))
    return lambda X: xp.sum(xp.solve(one + X, one - X) * W)


def _newton_schulz(xp: Any, n: int) -> Function:
    one, W = xp.array(np.eye(n)), xp.array(weights(n))

    def f(X: Any) -> Any:
        Y, Z = X / xp.sqrt(xp.sum(X * X)), one
        for _ in range(8):
            T = 1.5 * one - 0.5 * (Z @ Y)
            Y, Z = Y @ T, T @ Z
        return xp.sum(Y * W)

    return f


def _attention(xp: Any, n: int) -> Function:
    W = xp.array(weights(n))
    return lambda X: xp.sum((xp.softmax(X @ W) @ X) * W)


def _kalman(xp: Any, n: int) -> Function:
    F, H = xp.array(weights(n)), xp.array(np.eye(n)[: n // 2])
    Q, R = xp.array(np.eye(n)), xp.array(np.eye(n // 2))

    def f(X: Any) -> Any:
        P = F @ X @ xp.mT(F) + Q
        S = H @ P @ xp.mT(H) + R
        P = P - P @ xp.mT(H) @ xp.solve(S, H @ P)
        return xp.log_det(S) + _trace(xp, P)

    return f


FUNCTIONS: dict[str, Build] = {
    "log det by Cholesky": _log_det,
    "Gaussian process": _gaussian_process,
    "Gaussian KL": _kl,
    "Stein divergence": _stein,
    "log-Euclidean": _log_euclidean,
    "affine-invariant": _affine_invariant,
    "Bures–Wasserstein": _bures_wasserstein,
    "ZCA whitening": _zca,
    "Cayley transform": _cayley,
    "Newton–Schulz root": _newton_schulz,
    "attention": _attention,
    "Kalman update": _kalman,
}


def largest_eigenvalue(xp: Any, n: int) -> Function:
    """The last row's function, of which the catalogue has a theorem."""
    return lambda X: xp.eigvalsh(X)[-1]
