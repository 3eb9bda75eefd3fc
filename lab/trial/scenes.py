"""Scenes: a function at a point, with what is true there, and what is true close by."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from typing import NamedTuple

import numpy as np
from jaxtyping import Inexact
from msgspec import structs

from symgrad.court.errors import InputError
from symgrad.court.formats import COMPLEX
from symgrad.court.questions import Reported
from symgrad.court.references import Reference
from symgrad.symbolic.catalogue import CATALOGUE, DIFFERENTIABLE, Instance, choose, instances
from symgrad.symbolic.certified.reference import certify, refer, round_to
from symgrad.symbolic.parameterizations import PARAMETERIZATIONS, Parameterization
from symgrad.symbolic.points import Point, draw_points

Gradient = Inexact[np.ndarray, "n n"]

PLACES = (
    ("symmetric", 2),
    ("hermitian", 2),
    ("diagonal", 3),
    ("toeplitz", 3),
    ("hermitian", 3),
    ("cholesky", 3),
    ("correlation", 4),
    ("kronecker", 4),
    ("symmetric", 5),
    ("ar1", 6),
    ("hermitian", 6),
    ("persymmetric", 8),
    ("block_diagonal", 8),
    ("tridiagonal", 12),
    ("symmetric", 16),
)
"""Structures and sizes; every function is tried at a few of them in turn."""
PER_FUNCTION = 7
STRIDE = 4
"""Prime to the number of places, so that all of them have their turn."""
DRAWN = 3
"""Points of which the best conditioned is taken: where rounding X alone moves the gradient by as
much as single precision would, no mutant of that kind can be told."""


@dataclass(frozen=True)
class Scene:
    """A function of the catalogue at one drawn point."""

    function: Instance
    parameterization: Parameterization
    theta: Point

    @property
    def name(self) -> str:
        """What is said of a mutant that survived here."""
        x = self.parameterization
        return f"{self.function.name} of {x.name}({x.size})"

    @property
    def is_hermitian(self) -> bool:
        """Whether the matrix is complex."""
        return self.parameterization.blocks == 2

    @property
    def dtype(self) -> str:
        """That of the gradients, in double precision."""
        return COMPLEX["float64"] if self.is_hermitian else "float64"

    @cached_property
    def reference(self) -> Reference:
        """What is true here."""
        return refer(self.function, self.parameterization, self.theta, "float64", prove=False)

    @cached_property
    def S(self) -> Gradient:
        """The symmetric (Hermitian) gradient, n×n, rounded to double precision."""
        return gradient_of(self.reference)

    @cached_property
    def X(self) -> Gradient:
        """The matrix itself, n×n."""
        return whole(self.reference.X) if self.is_hermitian else self.reference.X

    def of(self, function: str) -> Reference:
        """What is true of another function of the catalogue at the same matrix."""
        (other,) = choose(function, self.function.size)
        X = round_to(self.parameterization.at(self.theta), "float64")
        return certify(other, X, {}, self.parameterization.blocks)

    def moved(self, shift: Fraction) -> Gradient:
        """The gradient at a point whose parameters are off by ``shift``, one more, one less."""
        signs = (1, -1, -1)
        theta = {
            name: value + signs[k % 3] * shift for k, (name, value) in enumerate(self.theta.items())
        }
        there = refer(self.function, self.parameterization, theta, "float64", prove=False)
        return gradient_of(there)

    def report(self, G: Gradient, dtype: str = "", value: float | None = None) -> Reported:
        """A report of the gradient G, and of the true value unless another is given."""
        assert self.reference.value is not None
        said = float(self.reference.value.mid) if value is None else value
        about = (0, "planted", "0", "planted", dtype or self.dtype)
        return Reported(*about, value=said, gradient=G)


def gradient_of(reference: Reference) -> Gradient:
    """S of a reference, n×n: of a Hermitian one put together from its real blocks.

    Raises:
        InputError: there is no gradient.
    """
    if reference.S is None:
        raise InputError(reference.refusal)
    return 2 * whole(reference.S.high) if reference.hermitian else reference.S.high


def whole(blocks: Gradient) -> Gradient:
    """A + iB of [[A, −B], [B, A]]."""
    n = len(blocks) // 2
    return np.asarray(blocks[:n, :n] + 1j * blocks[n:, :n])


class Place(NamedTuple):
    """Where a scene is set: function, structure and size, by name."""

    function: str
    structure: str
    n: int


def places(count: int | None = None) -> list[Place]:
    """Every function with a derivative at several of them; the first ``count``, or all."""
    found = []
    for k, family in enumerate(map(CATALOGUE.__getitem__, DIFFERENTIABLE)):
        for j in range(PER_FUNCTION):
            structure, n = PLACES[(k + STRIDE * j) % len(PLACES)]
            members = instances(family, n)
            if members:
                found.append(Place(members[len(members) // 2].name, structure, n))
    return found[:count]


def scene(place: Place) -> Scene:
    """The scene at a place: of some drawn points the one farthest from singular, for its size.

    Raises:
        InputError: there is no point, or no gradient there.
    """
    (function,) = choose(place.function, place.n)
    x = PARAMETERIZATIONS[place.structure](place.n)
    drawn = draw_points(x, function.function.domain, DRAWN, 1)
    theta = min(drawn, key=lambda theta: np.linalg.cond(np.array(x.at(theta), dtype=np.float64)))
    return Scene(function, x, theta)


def in_dtype(scene: Scene, dtype: str) -> Reference:
    """What is true at the scene's point rounded to a shorter dtype."""
    reference = refer(scene.function, scene.parameterization, scene.theta, dtype, prove=False)
    return structs.replace(reference, note="")
