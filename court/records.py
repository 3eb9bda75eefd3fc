"""The records that cross between the witnesses, the court and the report.

Everything here is frozen and made of plain numbers, strings and NumPy arrays.  ``Problem`` goes to
a framework, ``Reported`` comes back from it; ``Reference`` comes from the symbolic side; the court
turns a ``Reference`` and a ``Reported`` into a ``Verdict``; a ``Run`` is all that a report shows.
"""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from typing import Annotated, Any, Literal, NamedTuple

import numpy as np
from jaxtyping import Float, Inexact
from msgspec import Meta, Struct, structs

from symgrad.court.reasons import Kind, Reason, told

Matrix = tuple[tuple[Fraction, ...], ...]
"""An exact n×n matrix, as rows."""

Sparse = tuple[tuple[int, int, Fraction], ...]
"""An exact matrix, as (row, column, entry) of the entries that are not zero."""

Constants = dict[str, int | list[float] | list[list[float]]]
"""What a function needs beside X, as W in ⟨W, X⁻¹⟩, by name."""
Convention = Literal["symmetric", "lower", "upper", "unsymmetric", "ambiguous", "invalid"]
Reads = Literal["lower", "upper", "both", "entries"]
Evidence = Literal["proved", "certified", "traced", "estimated"]
"""``traced``: certified for the program as it was recorded at X, not for whatever else f may do."""
Outcome = Literal["agrees", "inaccurate", "disagrees", "refused", "failed"]
"""``inaccurate``: right but for digits that rounding lost; at least a third of them are left."""
RIGHT: tuple[Outcome, ...] = ("agrees", "inaccurate")
JUDGED: tuple[Outcome, ...] = (*RIGHT, "disagrees")
"""The outcomes of a gradient that was judged."""
Mode = Literal["reverse", "forward"]
Conjugation = Literal["∂Re + i∂Im", "∂Re − i∂Im", "real"]
"""How a complex gradient is written: by Re tr(Gᴴ dX) = df it is the first, the second its
conjugate; a real one is both."""
Number = float | Literal["NaN", "Infinity", "-Infinity"]
"""A float64; JSON has no literal for the values that are not finite, so they are spelled out."""
Rows = list[list[Number | tuple[Number, Number]]]
"""A matrix by rows, as it is written; a complex entry is [re, im]."""


class Ball(NamedTuple):
    """A rigorous enclosure: the true number is within ``radius`` of ``mid``."""

    mid: Fraction
    radius: Fraction


class Resources(Struct, frozen=True, kw_only=True):
    """Who is asked, and within what: of the work as a whole, whatever is judged.

    ``interpreters`` has the path of the Python that runs a framework, by name: ``torch@1.0.1`` is
    what a framework of a version of its own is called wherever it is named.  All others are run by
    the Python that runs the court.  ``timeout`` is in seconds of silence, ``memory`` in MiB of each
    process, ``jobs`` how many processes run at once, and ``journal`` the file that is gone on from.
    """

    frameworks: list[str]
    timeout: float
    memory: int | None = None
    jobs: int | None = None
    journal: str = ""
    interpreters: dict[str, str] = {}


class Choice(Struct, frozen=True, kw_only=True):
    """What the user chose to have judged, at which matrices, and by whom."""

    resources: Resources
    functions: tuple[str, ...] = ()
    parameterizations: tuple[str, ...] = ()
    size: int = 2
    dtypes: tuple[str, ...] = ("float64",)
    points: int | None = None
    seed: int = 0
    point: str | None = None
    matrix: str | None = None
    gradient: str | None = None
    digits: int | None = None
    decimals: int | None = None
    forward: bool = False
    executions: tuple[str, ...] = ()

    @property
    def files(self) -> list[str]:
        """The users' own matrix functions among the names."""
        return [name for name in self.functions if name.endswith(".py")]

    @property
    def is_main_job(self) -> bool:
        """Whether nothing was chosen but perhaps frameworks, points, dtype and seed."""
        given = (self.point, self.matrix, self.gradient) != (None, None, None)
        chosen = self.functions or self.parameterizations or given
        return not chosen and self.size == 2


class Problem(Struct, frozen=True):
    """What a framework is told: which function, at which matrix, in which dtype. Nothing else.

    ``matrix`` is n×n, the real part of a Hermitian one where ``imaginary`` is given.  ``forward``
    asks for the derivatives by forward mode as well; ``route`` names the one to try, if not all;
    ``executions`` are further ways to run each, ``jax.jit`` or ``all`` that there are.
    """

    id: int
    function: str
    constants: Constants
    matrix: list[list[float]]
    dtype: str
    imaginary: list[list[float]] | None = None
    find_reads: bool = True
    forward: bool = False
    entrywise: bool = False
    route: str = ""
    executions: tuple[str, ...] = ()


NEIGHBOURS = 6
"""What seems wrong is asked again at so many matrices as near as rounding, and as many around."""


class Nearby(Struct, frozen=True):
    """What a route said at a matrix as near as rounding: the value, and the gradient (n×n)."""

    value: float
    gradient: Inexact[np.ndarray, "n n"]


class Reported(Struct, frozen=True):
    """What a framework said: one route's value and gradient for one problem, or its error.

    ``declined`` says that the error is the framework's own: it has no such gradient.  By forward
    mode the gradient is put together from one derivative per symmetric direction.
    ``entrywise`` are the slopes of the forward pass in single entries of X, by differences.
    ``again`` is what the route said when it was asked a second time, if that was something else.
    ``worker_died`` says that its process was lost, or had no memory left.
    ``nearby`` is what it said at matrices beside X, if it was asked there too: at NEIGHBOURS that
    are as near as rounding, and then at as many a little farther off.
    ``half_units`` are how far the entries may be off that were rounded to be printed.
    """

    problem: int
    framework: str
    version: str
    route: str
    dtype: str = ""
    value: float = float("nan")
    gradient: Inexact[np.ndarray, "n n"] | None = None
    reads: Reads | None = None
    error: str = ""
    declined: bool = False
    worker_died: bool = False
    mode: Mode = "reverse"
    entrywise: Float[np.ndarray, "n n"] | None = None
    again: Reported | None = None
    nearby: tuple[Nearby | None, ...] = ()
    half_units: Float[np.ndarray, "n n"] | None = None


class Answered(Struct, frozen=True):
    """A worker has reported all that it has to say of one problem."""

    framework: str
    problem: int


class Started(Struct, frozen=True):
    """A worker has imported its framework.

    ``routes`` lists what it can be asked, by function, and ``executions`` how else than by default.
    """

    framework: str
    version: str
    routes: dict[str, list[str]]
    executions: list[str] = []


class Excerpt(Struct, frozen=True):
    """The docstring of one public call of a framework."""

    framework: str
    name: str
    text: str


class Finished(Struct, frozen=True):
    """The workers of a framework are gone, and have reported all that they will."""

    framework: str


Event = Reported | Answered | Started | Excerpt | Finished
"""What comes out of the workers."""


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


class Component(Struct, frozen=True):
    """The contraction ⟨G, ∂X/∂θ_k⟩ against the exact ∂f/∂θ_k, for one parameter θ_k."""

    name: str
    contracted: Annotated[Number, Meta(description="the Frobenius inner product of G and ∂X/∂θ")]
    exact: Annotated[Decimal, Meta(description="∂f/∂θ, all digits kept")]
    radius: Annotated[float, Meta(description="rigorous bound of the error of `exact`")]
    error: Annotated[Number, Meta(description="|contracted - exact|")]
    tolerance: Annotated[float, Meta(description="largest error that rounding explains")]
    detectable: Annotated[
        Number, Meta(description="smallest error that disagrees, relative to ‖S‖·‖∂X/∂θ‖")
    ]


class Verdict(Struct, frozen=True):
    """The court's judgement on one route of one framework at one point."""

    function: str
    parameterization: str
    size: int
    point: Annotated[
        dict[str, str],
        Meta(description="parameter → exact rational; of a large matrix its seed and number"),
    ]
    framework: str
    version: str
    route: str
    dtype: str
    gradient: Annotated[
        Rows | None,
        Meta(description="G as reported, by rows; a complex entry is [re, im]"),
    ]
    convention: Convention | None
    reads: Annotated[Reads | None, Meta(description="entries that the forward pass reads")]
    parameters: Annotated[
        list[Component], Meta(description="of a large matrix the worst symmetric direction alone")
    ]
    evidence: Evidence
    verdict: Outcome
    reason: Annotated[str, Meta(description="all that is said of it, in one line")]
    mode: Mode = "reverse"
    conjugation: Annotated[
        Conjugation | None, Meta(description="of a complex gradient: which conjugate it is")
    ] = None
    digits: Annotated[
        int | None, Meta(description="decimal digits that rounding left, if it is inaccurate")
    ] = None
    reasons: Annotated[
        list[Reason], Meta(description="the same one by one, each with its kind")
    ] = []

    def is_said(self, *kinds: Kind) -> bool:
        """Whether a reason of one of these kinds is given."""
        return any(reason.kind in kinds for reason in self.reasons)

    def saying(self, *reasons: Reason, **changes: Any) -> Verdict:
        """The same with these reasons in place of its own, and with other changes."""
        return structs.replace(self, reason=told(reasons), reasons=list(reasons), **changes)


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


class Claim(Struct, frozen=True):
    """One claim of the reference experiment, settled (or not) by a check that was run."""

    id: str
    text: str
    settled: Annotated[bool, Meta(description="whether the check was run and bears the claim out")]
    how: str


class Run(Struct, frozen=True):
    """Everything that one command found: the object that ``--json`` writes."""

    toolkit: dict[str, str]
    environment: dict[str, str]
    command: list[str]
    identities: list[Identity]
    claims: list[Claim]
    verdicts: list[Verdict]
