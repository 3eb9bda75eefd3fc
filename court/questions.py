"""What the witnesses are asked, and what a framework answers.

Everything here is frozen and made of plain numbers, strings and NumPy arrays.  ``Problem`` goes to
a framework, ``Reported`` comes back from it.
"""

from __future__ import annotations

from typing import Literal, get_args

import numpy as np
from jaxtyping import Float, Inexact
from msgspec import Struct

Constants = dict[str, int | list[float] | list[list[float]] | dict[str, list[list[float]]]]
"""What a function needs beside X, as W in ⟨W, X⁻¹⟩, by name; a complex matrix by its ``real`` and
its ``imaginary`` part."""
Reads = Literal["lower", "upper", "both", "entries"]
Mode = Literal[
    "reverse",
    "forward",
    "reverse over reverse",
    "forward over reverse",
    "reverse over forward",
    "forward over forward",
    "hessian",
    "jacobian",
    "jacrev",
    "jacfwd",
]
"""How a framework differentiates; the longer ones are of a Hessian, the outer derivative first."""


TWICE: tuple[Mode, ...] = get_args(Mode)[2:7]
"""The modes of a Hessian."""
JACOBIANS: tuple[Mode, ...] = get_args(Mode)[7:]
"""Those of a Jacobian that is asked as one, as ``torch.func.jacrev`` has it; then contracted."""


class Query(Struct, frozen=True, kw_only=True):
    """What is asked of f at X: an operator with its fixed data, which gives one n×n matrix.

    ``gradient`` is S of df = ⟨S, dX⟩.  ``hvp``, the Hessian–vector product, is that of the function
    X → ⟨S(X), E⟩ with E = ``direction`` (n×n, symmetric, real); in one ``way`` alone, or in all
    that a framework has.
    """

    operator: Literal["gradient", "hvp"] = "gradient"
    direction: tuple[tuple[int, ...], ...] = ()
    way: str = ""


GRADIENT = Query()


Device = Literal["cpu", "cuda"]
"""Where the frameworks compute."""


class Resources(Struct, frozen=True, kw_only=True):
    """Who is asked, and within what: of the work as a whole, whatever is judged.

    ``interpreters`` has the path of the Python that runs a framework, by name: ``torch@1.0.1`` is
    what a framework of a version of its own is called wherever it is named.  All others are run by
    the Python that runs the court.  ``timeout`` is in seconds of silence, ``memory`` in MiB of each
    process, ``jobs`` how many processes run at once here, and ``journal`` the file that is gone on
    from.
    """

    frameworks: list[str]
    timeout: float
    memory: int | None = None
    jobs: int | None = None
    journal: str = ""
    interpreters: dict[str, str] = {}
    device: Device = "cpu"


class Choice(Struct, frozen=True, kw_only=True):
    """What the user chose to have judged, at which matrices, and by whom.

    ``scales`` are the units in which each matrix is asked, as ``1e-12``; none is its own alone.
    ``axes`` are those of the atlas.
    """

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
    query: Literal["gradient", "hvp", "vjp", "jvp", "jacobian"] = "gradient"
    direction: str | None = None
    scales: tuple[str, ...] = ()
    axes: tuple[str, ...] = ()

    @property
    def files(self) -> list[str]:
        """The users' own matrix functions among the names."""
        return [name for name in self.functions if name.endswith(".py")]

    @property
    def is_main_job(self) -> bool:
        """Whether nothing was chosen but perhaps frameworks, points, dtype and seed."""
        given = (self.point, self.matrix, self.gradient) != (None, None, None)
        chosen = self.functions or self.parameterizations or given or self.scales
        return not chosen and self.query == "gradient" and self.size == 2


class Problem(Struct, frozen=True):
    """What a framework is told: which function, at which matrix, in which dtype. Nothing else.

    ``matrix`` is n×n, the real part of a Hermitian one where ``imaginary`` is given.  ``forward``
    asks for the derivatives by forward mode as well; ``route`` names the one to try, if not all;
    ``executions`` are further ways to run each, ``jax.jit`` or ``all`` that there are.  ``query``
    is what is asked of it.
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
    query: Query = GRADIENT


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
    ``worker_died`` says that its process was lost, or had no memory left, ``crashed`` that it was
    lost by a fault of the route's own, as it would be again.
    ``nearby`` is what it said at matrices beside X, if it was asked there too: at NEIGHBOURS that
    are as near as rounding, and then at as many a little farther off.
    ``half_units`` are how far the entries may be off that were rounded to be printed.
    ``products`` is the format in which it multiplies, where that is coarser than its dtype.
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
    crashed: bool = False
    mode: Mode = "reverse"
    entrywise: Float[np.ndarray, "n n"] | None = None
    again: Reported | None = None
    nearby: tuple[Nearby | None, ...] = ()
    half_units: Float[np.ndarray, "n n"] | None = None
    products: str = ""


class Answered(Struct, frozen=True):
    """A worker has reported all that it has to say of one problem."""

    framework: str
    problem: int


class Started(Struct, frozen=True):
    """A worker has imported its framework.

    ``routes`` lists what it can be asked, by function, ``executions`` how else than by default, and
    ``modes`` in which ways each is differentiated.  ``device`` is the accelerator that it computes
    on, with its libraries, and ``lacks`` why there is none, where one was asked for.
    """

    framework: str
    version: str
    routes: dict[str, list[str]]
    executions: list[str] = []
    modes: list[str] = []
    device: str = ""
    lacks: str = ""


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
