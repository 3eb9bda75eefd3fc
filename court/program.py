"""A function as it ran: the straight line of operations that its forward pass executed at X.

It is a definition of f at X and about it, written down before any gradient exists: nothing that a
framework differentiated is in it.  One side records it, the other differentiates it; it crosses as
JSON.  All its numbers are real: a complex array is two of them, its parts.
"""

from __future__ import annotations

import math
from typing import Annotated, Literal, get_args

import msgspec
from msgspec import Meta, Struct

from symgrad.court.data import decode
from symgrad.court.verdicts import Number

Structural = Literal["input", "const", "take", "cat", "put_add", "hold", "guard"]
Arithmetic = Literal["add", "sub", "neg", "mul", "div", "sum", "matmul"]
Scalar = Literal[
    "exp",
    "expm1",
    "log",
    "log1p",
    "sqrt",
    "power",
    "reciprocal",
    "sin",
    "cos",
    "tan",
    "asin",
    "acos",
    "atan",
    "sinh",
    "cosh",
    "tanh",
    "asinh",
    "acosh",
    "atanh",
    "logistic",
    "erf",
    "lgamma",
    "digamma",
    "abs",
    "max",
    "min",
]
OfMatrices = Literal["solve", "cholesky", "eigh", "eigvals", "slogdet", "det", "lu", "expm"]
Operation = Structural | Arithmetic | Scalar | OfMatrices
OF_MATRICES: tuple[str, ...] = get_args(OfMatrices)

Shape = tuple[int, ...]
MOST_STEPS = 100_000
"""Programs with more are not recorded: their enclosures would take hours."""


class Step(Struct, frozen=True, omit_defaults=True, kw_only=True):
    """One operation.  Its outputs have the next free numbers, in order; no step has them twice.

    Inputs have the same shape wherever two entries meet one by one; matrices are the last two axes,
    and all before them, which are equal too, count matrices of a batch.  By operation:

    - ``input``: X, n×n; of a Hermitian X two of them, Re X and then Im X.
    - ``const``: the ``constants``, in the order of rows.
    - ``take``: output entry k is entry ``index[k]`` of the flat input, or 0 where that is −1.
    - ``cat``: all inputs, flat, one after the other.
    - ``put_add``: the first input, to whose flat entries ``index`` those of the second are added.
    - ``hold``: the same numbers; where the framework was told not to differentiate.
    - ``guard``: no output.  The program went on as it did because the entries have these ``signs``
      (−1, 0 or 1); ``note`` says what was decided.
    - ``sum``: over ``axes``, which are gone then.  ``matmul``: of two matrices.
    - ``power``: to the constant ``exponent``.  ``max``, ``min``: of two, entry by entry.
    - ``solve``: A⁻¹B of A and B.  ``cholesky``: L, lower, of a symmetric A.  ``det``, ``expm``.
    - ``eigh``: of a symmetric A, or of a Hermitian one by its parts: the eigenvalues, ascending,
      and the eigenvectors as columns (Re V, Im V).  The entry in row ``pivots[j]`` of column j had
      the sign ``signs[j]``.
    - ``eigvals``: the eigenvalues, ascending, of any A that has real ones.
    - ``slogdet``: log |det A|, where det A has the sign ``signs``.
    - ``lu``: L − I + U of A = L U, without exchanges of rows.
    """

    operation: Operation
    inputs: tuple[int, ...] = ()
    shapes: tuple[Shape, ...] = ()
    call: int = -1
    index: tuple[int, ...] = ()
    constants: tuple[Number, ...] = ()
    exponent: float = 1.0
    axes: tuple[int, ...] = ()
    signs: tuple[int, ...] = ()
    pivots: tuple[int, ...] = ()
    note: str = ""


class Call(Struct, frozen=True, kw_only=True):
    """What the framework executed in one piece, as the user's program called it.

    ``inputs`` and ``outputs`` are numbers of values: those that depend on X, in the order of its
    arguments and results.  ``custom`` says that its derivative is the user's own.
    """

    name: str
    line: Annotated[str, Meta(description="file:line of the caller")]
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]
    custom: bool = False


class Program(Struct, frozen=True, kw_only=True):
    """The record.  ``output`` is the number of the value f(X), of the shape () unless said else.

    ``value`` is f(X) as the framework computed it, ``folded`` what was computed without X and is
    taken as it came out, ``casts`` the narrower dtypes on the way.
    """

    framework: str
    version: str
    dtype: str
    size: int
    steps: tuple[Step, ...]
    output: int
    calls: tuple[Call, ...] = ()
    folded: tuple[str, ...] = ()
    casts: tuple[str, ...] = ()
    value: float | None = None

    def __post_init__(self) -> None:
        """Raises ValueError if it is no straight line."""
        if len(self.steps) > MOST_STEPS:
            raise ValueError(f"the program has {len(self.steps)} steps; {MOST_STEPS} are the most")
        shapes: list[Shape] = []
        for step in self.steps:
            if not all(0 <= k < len(shapes) for k in step.inputs):
                raise ValueError(f"{step.operation} reads a value that is not there yet")
            _check_lengths(step, [shapes[k] for k in step.inputs])
            shapes += step.shapes
        if not 0 <= self.output < len(shapes):
            raise ValueError(f"no step gives value {self.output}, the output")

    @property
    def shapes(self) -> list[Shape]:
        """The shape of every value, by number."""
        return [shape for step in self.steps for shape in step.shapes]

    def place(self, step: Step) -> str:
        """The call that a step is of, with the user's line; empty if there is no such line."""
        call = self.calls[step.call] if step.call >= 0 else None
        return f"{call.name} ({call.line})" if call and call.line else ""


def _check_lengths(step: Step, given: list[Shape]) -> None:
    """Whether what an array says entry by entry has an entry for each."""
    sizes = [math.prod(shape) for shape in given]
    wanted = {
        "const": (len(step.constants), sum(math.prod(s) for s in step.shapes)),
        "take": (len(step.index), sum(math.prod(s) for s in step.shapes)),
        "put_add": (len(step.index), sizes[1] if len(sizes) > 1 else 0),
        "guard": (len(step.signs), sum(sizes)),
    }
    said, meant = wanted.get(step.operation, (0, 0))
    if said != meant:
        raise ValueError(f"{step.operation} has {said} entries for {meant}")
    if step.index and not -1 <= min(step.index) <= max(step.index) < sizes[0]:
        raise ValueError(f"{step.operation} reads beyond its input")


def write(program: Program) -> bytes:
    """The record as JSON."""
    return msgspec.json.encode(program)


def read(text: bytes) -> Program:
    """The record that some JSON holds.

    Raises:
        msgspec.DecodeError: it is none.
    """
    return decode(text, Program)
