"""What a number system can do: arrays of its numbers, entry by entry and as matrices."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple, Protocol

import numpy as np

from symgrad.court.program import Step

Array = np.ndarray


class Decision(NamedTuple):
    """Numbers on whose ``signs`` a step decides, where it is ``asked``; ``off`` is how far off."""

    off: Array
    signs: Array
    asked: Array


class Numbers(Protocol):
    """A number system.  Matrices are the last two axes of arrays, and all before them a batch.

    What cannot be decided raises UndecidedError, what has no derivative RefusedError.  What is
    ``decided`` is kept by the identity of the step.  Numbers that are ``is_exact`` enclose the true
    ones, and one object stands for whatever is the same.
    """

    is_exact: bool

    @property
    def runs(self) -> tuple[int, ...]:
        """The axis of so many runs of a program at once, before all axes of a value; or none."""

    @property
    def decided(self) -> dict[int, Decision]:
        """What steps decide on."""

    def constant(self, floats: Array) -> Array:
        """The same numbers, exactly."""

    def entrywise(self, name: str, *arrays: Array) -> Array:
        """A scalar operation of :data:`symgrad.court.program.Scalar`, or of two numbers."""

    def power(self, x: Array, exponent: float) -> Array:
        """x to a constant exponent, entrywise."""

    def trigamma(self, x: Array) -> Array:
        """ψ′, entrywise."""

    def times(self, g: Array, d: Array) -> Array:
        """g·d entrywise, which is 0 where g is, whatever d is."""

    def signs(self, step: Step, x: Array, asked: Array) -> Array:
        """The signs, −1, 0 or 1, that a step decides on where they are ``asked``; 0 elsewhere."""

    def matmul(self, A: Array, B: Array) -> Array:
        """AB."""

    def solve(self, A: Array, B: Array) -> Array:
        """A⁻¹B."""

    def cholesky(self, A: Array) -> Array:
        """L, lower, of a symmetric A = L Lᵀ."""

    def eigh(self, step: Step, *A: Array) -> list[Array]:
        """The eigenvalues, ascending, and the eigenvectors, as columns with the step's signs.

        Of a Hermitian matrix, by its parts, the parts of these.
        """

    def over_gaps(self, step: Step, w: Array, M: Array, part: int = 0) -> Array:
        """M over λ_j − λ_i off the diagonal; between equal λ what makes f smooth.

        M is the real part, or, if ``part`` is 1, the imaginary one.
        """

    def is_tied(self, step: Step) -> bool:
        """Whether that step has decomposed a matrix with eigenvalues that are exactly equal."""

    def eigvals(self, A: Array) -> Array:
        """The eigenvalues, ascending, of a matrix that has real ones."""

    def pulled_eigvals(self, A: Array, g: Array) -> Array:
        """The cotangent of A from that of its eigenvalues."""

    def det(self, A: Array) -> Array:
        """det A."""

    def cofactors(self, A: Array) -> Array:
        """∂ det A/∂A = adj(A)ᵀ."""

    def log_abs_det(self, A: Array, signs: Sequence[int]) -> Array:
        """log |det A|, where det A has these signs."""

    def lu(self, A: Array) -> Array:
        """L − I + U of A = L U, without exchanges of rows."""

    def expm(self, A: Array) -> Array:
        """The exponential of A."""
