"""What a recorder gives, and what is asked of each record before it is believed.

A framework's file has ``record(f, X, dtype, label)``.  In it, ``once`` records f at X, ``evaluate``
is f at another matrix as the framework computes it without a recorder, and the end is

    with named(label):
        return checked(once, evaluate, X, dtype, label)

which runs f twice at X, and records it twice if that is not the same.  ``once`` returns a
:class:`Recording` whose program has its ``value``.  Of a Hermitian X (complex128) the program has
two inputs, its parts.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import NamedTuple

import numpy as np
from jaxtyping import Inexact
from msgspec import structs

from symgrad.court import formats
from symgrad.court.evaluation import replay
from symgrad.court.program import Program, Step
from symgrad.numeric.recording.tape import Array, UnsupportedError

Matrix = Inexact[np.ndarray, "n n"]
Pullback = Callable[[Sequence[Array]], list[Array]]
Once = Callable[[], "Recording"]
Evaluate = Callable[[Matrix], float]

LOOSE = {"float64": 1e-6, "float32": 1e-3, "float16": 0.1, "bfloat16": 0.3}
"""What a value may be off relatively: far above rounding, far below another function's."""
DIGITS = 2**6
"""Unit roundoffs by which a constant that is computed twice may differ; a clock moves by more."""
ROUNDINGS = 100.0
"""So many times what a rounding of X moves f by may be between two ways to compute it."""
STEPS = (1e-3, 1e-5, 1e-7)
"""How far off the neighbours are, relatively: the first at which every decision is as at X."""


class Recording(NamedTuple):
    """A program, and beside it what lives in this process only: the derivative of each call."""

    program: Program
    pullbacks: tuple[Pullback, ...]

    def pullback(self, call: int, cotangents: Sequence[Array]) -> list[Array]:
        """The vector–Jacobian product of one call alone, by the framework's own reverse mode.

        Args:
            call: its place in ``program.calls``.
            cotangents: one per output of the call, in its shape.

        Returns:
            One array per input of the call, in its shape, float64; zeros where the framework has
            none.

        Raises:
            ValueError: these are no cotangents of the outputs.
            UnsupportedError: the call cannot be repeated alone.
        """
        shapes = self.program.shapes
        wanted = [shapes[k] for k in self.program.calls[call].outputs]
        given = [np.shape(c) for c in cotangents]
        if given != wanted:
            raise ValueError(f"cotangents of the shapes {given}; the outputs have {wanted}")
        return self.pullbacks[call]([np.asarray(c, float) for c in cotangents])


@contextmanager
def named(label: str) -> Iterator[None]:
    """Say of what cannot be recorded which callable it is."""
    try:
        yield
    except UnsupportedError as error:
        told = str(error)
        raise UnsupportedError(told if told.startswith(label) else f"{label}: {told}") from error


def one_line(error: BaseException) -> str:
    """What an error says, in one line that is not too long."""
    return " ".join(str(error).split())[:300]


def checked(
    once: Once,
    evaluate: Evaluate,
    X: Matrix,
    dtype: str,
    label: str = "f",
    loose: Mapping[str, float] = LOOSE,
    *,
    is_compiled: bool = False,
) -> Recording:
    """The first recording, if its replay is f at X and beside it, and f is the same each time.

    It is if a second run, which is not watched, gives f(X) to the last bit.  What it might do
    otherwise without that is no part of f beside X either, as the replay is f there too; and the
    gradient is asked for twice, and has to be the same to the last bit.  Where f(X) is another
    number, by rounding maybe, a second recording has to be the same program; and where ``evaluate``
    runs what f built the first time, and f no more (``is_compiled``).

    ``loose`` says what its value may be off relatively, by dtype.

    Raises:
        UnsupportedError: it is not; the message says what that comes from.
    """
    first = once()
    _check_value(first.program, X, dtype, label, loose)
    if is_compiled or _evaluated(evaluate, X) != first.program.value:
        _check_same(first.program, once().program, label)
    _check_neighbour(first.program, evaluate, X, dtype, label, loose)
    return first


def _at(program: Program, X: Matrix) -> list[Array]:
    """Every value of the program at X."""
    return replay(program, *((X.real, X.imag) if np.iscomplexobj(X) else (X,)))


def _value(program: Program, X: Matrix) -> float:
    return float(_at(program, X)[program.output])


def _moved(X: Matrix, step: float, seed: int) -> Matrix:
    """X with each entry moved relatively, so that zeros stay; Hermitian where X is."""
    S = np.random.default_rng(seed).uniform(-1, 1, X.shape)
    return np.asarray(X * (1 + step * (np.tril(S) + np.tril(S, -1).T)))


def _is_near(
    program: Program, X: Matrix, dtype: str, value: float, said: float, loose: Mapping[str, float]
) -> bool:
    """Whether a replay and a framework may come to these values of f(X) by two ways to compute."""
    narrow = formats.narrowest(formats.real(dtype), *program.casts)
    off, most = abs(value - said), loose[narrow] * max(abs(value), abs(said))
    return off <= most or off <= most + ROUNDINGS * _spread(program, X, dtype, value)


def _spread(program: Program, X: Matrix, dtype: str, here: float) -> float:
    """What a rounding of X moves f(X) by."""
    spread = 0.0
    for seed in range(3):
        try:
            there = _value(program, _moved(X, formats.unit_roundoff(dtype), seed))
        except np.linalg.LinAlgError:
            continue
        spread = max(spread, abs(there - here))
    return spread


def _check_value(
    program: Program, X: Matrix, dtype: str, label: str, loose: Mapping[str, float]
) -> None:
    """Whether the replay at X is what the framework computed."""
    said, value = program.value, _value(program, X)
    if said is None or not np.isfinite(said):
        where = _infinite(program, X)
        raise UnsupportedError(
            f"{label}(X) is {said}{where and f', by {where}'}; give an X at which it is a finite "
            "number"
        )
    if not _is_near(program, X, dtype, value, said, loose):
        raise UnsupportedError(
            f"{label}(X) is {said!r}, and the replay of its record {value!r}: what was executed is "
            "not what was recorded, or it is lost in rounding; check a part of the function"
        )


def _infinite(program: Program, X: Matrix) -> str:
    """The first call whose value is not finite, with the user's line; empty if none is seen."""
    values = iter(_at(program, X))
    for step in program.steps:
        given = [next(values) for _ in step.shapes]
        if not all(np.all(np.isfinite(y)) for y in given):
            return program.place(step)
    return ""


def _check_same(first: Program, second: Program, label: str) -> None:
    """Whether both recordings are one program, up to rounding in its constants."""
    for place, (a, b) in enumerate(zip(first.steps, second.steps, strict=False)):
        if not _alike(a, b, DIGITS * formats.unit_roundoff(first.dtype)):
            raise UnsupportedError(_twice(label, first, f"{a.operation}, step {place}", a))
    if len(first.steps) != len(second.steps):
        lengths = f"{len(first.steps)} and {len(second.steps)} steps"
        raise UnsupportedError(_twice(label, first, lengths))


def _alike(a: Step, b: Step, relative: float) -> bool:
    """The same step; a phase of eigenvectors and the last digits of constants may differ."""
    own = {"constants": ()}
    if a.operation == "eigh":
        own |= {"pivots": (), "signs": ()}
    if structs.replace(a, **own) != structs.replace(b, **own):
        return False
    one, other = (np.array([float(x) for x in step.constants]) for step in (a, b))
    size = relative * np.max(np.abs(one), initial=0, where=np.isfinite(one))
    return bool(np.allclose(one, other, rtol=relative, atol=size, equal_nan=True))


def _twice(label: str, program: Program, what: str, step: Step | None = None) -> str:
    """The message: f is another one each time."""
    line = program.calls[step.call].line if step and step.call >= 0 else ""
    drawn = f"random numbers by {', '.join(program.folded)}"
    cause = drawn if program.folded else "random numbers, a clock or a state that it keeps"
    return (
        f"{label} computed something else the second time ({what}{line and f', {line}'}): {cause}; "
        "fix the seed inside it, or give what it draws as a constant"
    )


def _check_neighbour(
    program: Program,
    evaluate: Evaluate,
    X: Matrix,
    dtype: str,
    label: str,
    loose: Mapping[str, float],
) -> None:
    """Whether the replay beside X is f there: else something passed the recorder by.

    Nothing is said where no neighbour decides as X does: there the guards say it.
    """
    flipped = ""
    for there, step, values in _neighbours(program, X):
        flipped = next(_flipped(program, values), "")
        value, said = float(values[program.output]), _evaluated(evaluate, there)
        if said is None or not np.isfinite(value):
            continue
        if _is_near(program, there, dtype, value, said, loose):
            return
        if not flipped:
            raise UnsupportedError(
                f"at {step:g} off X {label} is {said!r}, and the replay of its record {value!r}: "
                "numbers that depend on X left the program on the way, or it has a state, a clock "
                "or random numbers in it; keep them in the framework's arrays"
            )
    if flipped:
        raise UnsupportedError(
            f"{label} decides otherwise at every matrix near X ({flipped}); give an X without ties"
        )


def _neighbours(program: Program, X: Matrix) -> Iterator[tuple[Matrix, float, list[Array]]]:
    """Matrices beside X, ever nearer; how far off each is, and the replay of the program there."""
    for seed, step in enumerate(STEPS):
        there = _moved(X, step, seed)
        try:
            values = _at(program, there)
        except np.linalg.LinAlgError:
            continue
        yield there, step, values


def _evaluated(evaluate: Evaluate, X: Matrix) -> float | None:
    """f(X), or None where it fails or is not finite, as X need not be in its domain any more."""
    try:
        value = evaluate(X)
    except Exception:
        return None
    return value if np.isfinite(value) else None


def _flipped(program: Program, values: Sequence[Array]) -> Iterator[str]:
    """What is decided otherwise in these values than at X."""
    for step in program.steps:
        if step.operation == "guard":
            signs = np.sign(values[step.inputs[0]]).ravel().astype(int)
            if tuple(signs.tolist()) != step.signs:
                yield step.note
