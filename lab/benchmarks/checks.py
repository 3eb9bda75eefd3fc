"""The gradient checkers side by side: each asked whether it accepts one gradient of an eigenvalue.

The peers difference a function of all n² entries on their own, which λ_i of a symmetric matrix is
not; so that they can pass, they are given X ↦ λ_i((X + Xᵀ)/2).  The toolkit judges the gradient
that PyTorch reports for the same function.  One entry of the gradient can be planted wrong.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
from jaxtyping import Float

from lab.benchmarks.certified import reference_in_arb, reference_in_float64, verdict
from lab.benchmarks.timing import Meter
from symgrad.court.references import Reference

Array = Float[np.ndarray, "n n"]

TENSORFLOW_TOLERANCE = 1e-6
"""``compute_gradient`` compares nothing; this is rtol and atol of ``tf.test``'s assertAllClose."""


@dataclass(frozen=True)
class Problem:
    """λ_i at a symmetric X (n×n), and the relative error planted in one entry of its gradient."""

    X: Array
    index: int
    error: float = 0.0
    meter: Meter = field(default_factory=lambda: Meter(1))

    @cached_property
    def factors(self) -> Array:
        """What the gradient is multiplied by: 1 + error at its largest entry off the diagonal."""
        v = np.linalg.eigh(self.X)[1][:, self.index]
        size = np.triu(np.abs(np.outer(v, v)), 1)
        factors = np.ones_like(self.X)
        factors[np.unravel_index(np.argmax(size), size.shape)] += self.error
        return factors


def draw(n: int, seed: int = 0) -> Array:
    """A symmetric n×n matrix with standard normal entries (variance 1/2 off the diagonal)."""
    A = np.random.default_rng(seed).standard_normal((n, n))
    return np.asarray((A + A.T) / 2)


def by_float64(problem: Problem) -> bool:
    """The toolkit, by its reference in float64 alone."""
    return _certify(problem, reference_in_float64)


def by_arb(problem: Problem) -> bool:
    """The toolkit, by its reference in Arb."""
    return _certify(problem, reference_in_arb)


def _certify(problem: Problem, refer: Callable[[Array, int], Reference]) -> bool:
    import torch

    X = torch.tensor(problem.X, requires_grad=True)
    value = _in_torch(problem)(X)
    (G,) = torch.autograd.grad(value, X)
    reference = refer(problem.X, problem.index)
    return verdict(reference, value.item(), G.numpy()).verdict == "agrees"


def _in_torch(problem: Problem) -> Callable[[Any], Any]:
    import torch

    factors = torch.tensor(problem.factors) if problem.error else None

    class Planted(torch.autograd.Function):
        """The identity, with a wrong derivative."""

        @staticmethod
        def forward(ctx: Any, X: Any) -> Any:
            return X.clone()

        @staticmethod
        def backward(ctx: Any, G: Any) -> Any:
            return G * factors

    def eigenvalue(X: Any) -> Any:
        problem.meter.tick()
        X = X if factors is None else Planted.apply(X)
        return torch.linalg.eigvalsh((X + X.T) / 2)[problem.index]

    return eigenvalue


def by_gradcheck(problem: Problem, *, fast: bool = False) -> bool:
    """``torch.autograd.gradcheck`` as it comes: every entry differenced."""
    import torch

    X = torch.tensor(problem.X, requires_grad=True)
    return bool(
        torch.autograd.gradcheck(_in_torch(problem), (X,), fast_mode=fast, raise_exception=False)
    )


def by_fast_gradcheck(problem: Problem) -> bool:
    """``torch.autograd.gradcheck(fast_mode=True)``: one random projection differenced."""
    return by_gradcheck(problem, fast=True)


def by_check_grads(problem: Problem) -> bool:
    """``jax.test_util.check_grads(order=1, modes=("rev",))`` as it comes: one random direction."""
    import jax
    import jax.numpy as jnp
    from jax.test_util import check_grads

    jax.config.update("jax_enable_x64", True)

    @jax.custom_vjp  # type: ignore[untyped-decorator]
    def planted(X: Any) -> Any:
        return X

    planted.defvjp(lambda X: (X, None), lambda _, G: (G * problem.factors,))

    def eigenvalue(X: Any) -> Any:
        problem.meter.tick()
        X = planted(X) if problem.error else X
        return jnp.linalg.eigvalsh((X + X.T) / 2)[problem.index]

    try:
        check_grads(eigenvalue, (jnp.asarray(problem.X),), order=1, modes=("rev",))
    except AssertionError:
        return False
    return True


def by_compute_gradient(problem: Problem) -> bool:
    """``tf.test.compute_gradient`` as it comes, compared as TensorFlow's own tests do."""
    import tensorflow as tf

    @tf.custom_gradient  # type: ignore[untyped-decorator]
    def planted(X: Any) -> Any:
        return tf.identity(X), lambda G: G * problem.factors

    def eigenvalue(X: Any) -> Any:
        problem.meter.tick()
        X = planted(X) if problem.error else X
        return tf.linalg.eigvalsh((X + tf.transpose(X)) / 2)[problem.index]

    found, differenced = tf.test.compute_gradient(eigenvalue, [tf.constant(problem.X)])
    tolerance = TENSORFLOW_TOLERANCE
    return np.allclose(found[0], differenced[0], rtol=tolerance, atol=tolerance)


@dataclass(frozen=True)
class Checker:
    """One way to check a gradient.

    ``evaluations(n)`` is how often it evaluates the function, where that grows with n: such a one
    can be cut off.  ``largest`` is the largest n that it is meant for.
    """

    name: str
    accepts: Callable[[Problem], bool]
    needs: str = "torch"
    evaluations: Callable[[int], int] | None = None
    largest: int | None = None

    def meter(self, n: int, limit: float) -> Meter:
        """What ends a run at size n that takes longer than ``limit`` seconds."""
        return Meter(self.evaluations(n), limit) if self.evaluations else Meter(1)

    @property
    def is_installed(self) -> bool:
        """Whether the framework that it belongs to is there."""
        return importlib.util.find_spec(self.needs) is not None


def _every_entry_twice(n: int) -> int:
    return 2 * n * n


TOOLKIT = Checker("symgrad in float64", by_float64)
CHECKERS = (
    TOOLKIT,
    Checker("symgrad in Arb", by_arb, largest=64),
    Checker("gradcheck", by_gradcheck, "torch", _every_entry_twice),
    Checker("gradcheck fast_mode", by_fast_gradcheck, "torch"),
    Checker("check_grads", by_check_grads, "jax"),
    Checker("compute_gradient", by_compute_gradient, "tensorflow", _every_entry_twice),
)
