"""The scenario: one question that both witnesses are asked, and where in a report it belongs."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

from symgrad.court.questions import GRADIENT, Constants, Query

Part = Literal[
    "chosen",
    "2×2",
    "sum",
    "experiment",
    "real",
    "hermitian",
    "dtype",
    "rank",
    "axis",
    "known",
    "numbered",
]
"""Of a report: what the user chose; the three parts of the main job; the columns of the atlas, of
real and Hermitian matrices, of the shorter dtypes and of singular matrices by rank; a further axis
of it; a known finding or dispute; a matrix of a series."""
RANK = "rank-"
"""How the columns of the atlas begin that are about singular matrices: "rank-2"."""


class Scenario(Struct, frozen=True, kw_only=True):
    """Which derivative of which function, in which structure, at which point, in which dtype.

    ``point`` is parameter → exact rational, and ``dtype`` that of the matrix that the frameworks
    see.  ``label`` says which of a part's it is: the unit that was chosen, the rank, the
    axis and its value, the number, the finding's name.  ``cotangent`` is the W of ⟨W, F(X)⟩ of a
    callable, as it is written.
    """

    function: str
    structure: str
    point: dict[str, str]
    dtype: str
    query: Query = GRADIENT
    constants: Constants = {}
    cotangent: str = ""
    part: Part = "chosen"
    label: str = ""
