"""Gradients that lack a term of the product rule, or a factor of the chain rule."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np

from lab.trial.scenes import Gradient, Scene, gradient_of
from symgrad.court.names import family


def _part(share: float) -> Callable[[Scene], Gradient]:
    """Of equal terms some."""
    return lambda scene: scene.S * share


def _one_product(scene: Scene) -> Gradient:
    """W dX X is forgotten: X W is left of the gradient of ⟨W, X²⟩."""
    return np.asarray(scene.X @ np.array(scene.function.constants["W"]))


def _one_factor(scene: Scene) -> Gradient:
    """1/f is forgotten: exp X is left of the gradient of log tr exp X."""
    return np.asarray(scene.S * np.exp(_value(scene)))


def _by_value(scene: Scene) -> Gradient:
    """The factor det X is forgotten."""
    return scene.S / _value(scene)


def _first_logarithm(scene: Scene) -> Gradient:
    """X·d(log X) is forgotten: −log X is left of −log X − I."""
    return scene.S + np.eye(scene.function.size)


def _upper_eigenvalue(scene: Scene) -> Gradient:
    """dλ_i is forgotten in d(λ_{i+1} − λ_i)."""
    return gradient_of(scene.of(f"eigenvalue[{scene.function.constants['i'] + 1}]"))


def _numerator(scene: Scene) -> Gradient:
    """The denominator of λ_max/λ_min is taken for a constant."""
    least = scene.of("smallest_eigenvalue").value
    assert least is not None
    return gradient_of(scene.of("largest_eigenvalue")) / float(least.mid)


def _log_determinant(scene: Scene) -> Gradient:
    """The quadratic form is taken for a constant: −X⁻¹/2 is left."""
    return -gradient_of(scene.of("log_det")) / 2


def _value(scene: Scene) -> float:
    assert scene.reference.value is not None
    return float(scene.reference.value.mid)


DROPPED: dict[str, Callable[[Scene], Gradient]] = {
    "trace_square": _part(1 / 2),
    "trace_cube": _part(2 / 3),
    "weighted_square": _one_product,
    "log_sum_exp": _one_factor,
    "det": _by_value,
    "von_neumann_entropy": _first_logarithm,
    "eigenvalue_gap": _upper_eigenvalue,
    "condition_number": _numerator,
    "gaussian_log_likelihood": _log_determinant,
}
"""By function, what is left of its gradient."""


def dropped_terms(scene: Scene) -> Iterator[Gradient]:
    """What is left of the gradient, where the table has it."""
    name = family(scene.function.name)
    if name in DROPPED:
        yield DROPPED[name](scene)
