"""What is true: the records of the exact side, and of what it proved for all parameters.

Everything here is frozen and made of exact numbers, strings and NumPy arrays.
"""

from __future__ import annotations

from fractions import Fraction
from typing import Annotated, Literal, NamedTuple

import numpy as np
from jaxtyping import Float
from msgspec import Meta, Struct

Matrix = tuple[tuple[Fraction, ...], ...]
"""An exact n×n matrix, as rows."""
Sparse = tuple[tuple[int, int, Fraction], ...]
"""An exact matrix, as (row, column, entry) of the entries that are not zero."""
Evidence = Literal["proved", "certified", "traced", "estimated"]
"""``traced``: certified for the program as it was recorded at X, not for whatever else f may do."""


class Ball(NamedTuple):
    """A rigorous enclosure: the true number is within ``radius`` of ``mid``."""

    mid: Fraction
    radius: Fraction


class Direction(Struct, frozen=True):
    """One parameter θ_k: D = ∂X/∂θ_k (exact) and the true derivative ∂f/∂θ_k."""

    name: str
    D: Sparse
    derivative: Ball


class Enclosure(Struct, frozen=True):
    """A matrix enclosed entry by entry: the true one is within ``radius`` of ``high + low``.

    ``high`` and ``low`` are a double-double number, of about 32 digits.
    """

    high: Float[np.ndarray, "n n"]
    low: Float[np.ndarray, "n n"]
    radius: Float[np.ndarray, "n n"]


class Cluster(Struct, frozen=True):
    """A repeated eigenvalue λ_first = … = λ_{first + multiplicity − 1}, by its eigenprojector.

    ``gap`` is the distance to the nearest other eigenvalue, infinite if there is none; λ_index is
    the one that was asked for, and ``is_last`` says whether that is the largest of all.
    """

    first: int
    multiplicity: int
    gap: float
    projector: Enclosure
    index: int
    is_last: bool


class Kink(Struct, frozen=True):
    """Where S jumps: how far away that is (in the Frobenius norm), and by how much at most.

    Of a recorded program ``step`` is what decides there, with the user's line.
    """

    distance: float
    jump: float
    step: str = ""


class Reference(Struct, frozen=True):
    """What is true of one function at one point.

    ``turned`` are the values that f has, as it was written, with signs that X does not determine
    chosen otherwise.

    ``S`` is the symmetric gradient at the matrix ``X`` that the frameworks see.
    ``sensitivity[i, j]`` is the Frobenius norm of the gradient of S_ij with respect to X: how much
    an error in X moves S_ij.  A point without a derivative has ``refusal`` set, ``S`` is None and
    there are no directions; if a repeated eigenvalue is the cause, it is the ``cluster``.  ``note``
    is to be said even of a gradient that agrees.  ``work`` is the size of the matrix on which as
    much is done as f does, where that is not X.  ``kinks``
    are the places nearby at which S jumps.  ``roundoff`` is how far each entry of S moves by
    roundings of every step of a program, per unit roundoff, and ``value_roundoff`` how far f does.

    A Hermitian X = A + iB is given as the real symmetric [[A, −B], [B, A]], twice as large, and the
    gradient G of df = Re tr(Gᴴ dX) as [[Re G, −Im G], [Im G, Re G]]/2, so that the Frobenius inner
    product is the same.
    """

    function: str
    parameterization: str
    point: dict[str, str]
    X: Float[np.ndarray, "n n"]
    value: Ball | None
    S: Enclosure | None
    directions: tuple[Direction, ...]
    sensitivity: Float[np.ndarray, "n n"]
    evidence: Evidence
    refusal: str = ""
    note: str = ""
    cluster: Cluster | None = None
    hermitian: bool = False
    turned: tuple[Ball, ...] = ()
    work: int = 0
    kinks: tuple[Kink, ...] = ()
    roundoff: Float[np.ndarray, "n n"] | None = None
    value_roundoff: float = 0.0

    @property
    def size(self) -> int:
        """n, the number of rows of the matrix that the frameworks see."""
        return len(self.X) // self.blocks

    @property
    def blocks(self) -> int:
        """2 if the matrices of a Hermitian X are given by their real blocks, else 1."""
        return 2 if self.hermitian else 1


Representative = Literal["symmetric", "lower", "upper", "weighted", "skew", "spurious"]
"""A matrix made of S that a proof is about: for every weight w, or with every skew part; the last
one is not valid."""


class Identity(Struct, frozen=True):
    """One line of a proof: the residual of ⟨G, ∂X/∂θ⟩ − ∂f/∂θ = 0 for all parameters at once."""

    function: str
    gradient: str
    parameter: str
    residual: str
    vanishes: bool
    expected_to_vanish: bool = True
    convention: Annotated[
        Representative | None, Meta(description="of G, where the proof is about one")
    ] = None

    @property
    def holds(self) -> bool:
        """Whether the residual is what the theorem says: zero, or (the spurious form) not zero."""
        return self.vanishes == self.expected_to_vanish


class Proved(Struct, frozen=True):
    """What was proved of one function in one structure, for all parameters, and by which routes."""

    function: str
    parameterization: str
    size: int
    routes: list[str]
    remark: str
    identities: list[Identity]

    @property
    def holds(self) -> bool:
        """Whether every residual is what the theorem says."""
        return all(identity.holds for identity in self.identities)


class Demonstration(Struct, frozen=True):
    """A worked case: formulae to be read (Unicode, several lines each; LaTeX) and their proof."""

    hypothesis: str
    formulae: list[str]
    identities: list[Identity]
    latex: list[str]
