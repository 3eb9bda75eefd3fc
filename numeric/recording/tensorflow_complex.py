"""TensorFlow's operations on complex arrays, entry by entry; which rule an operation has."""

from __future__ import annotations

from dataclasses import replace

from symgrad.numeric.recording import pair_entries, tensorflow_operations
from symgrad.numeric.recording.pairs import (
    Pair,
    conjugate,
    is_real,
    part,
    product,
    quotient,
)
from symgrad.numeric.recording.tape import Tape, UnsupportedError, Value
from symgrad.numeric.recording.tensorflow_complex_matrices import (
    COMPLEX_MATRICES,
    ComplexRule,
    pairs,
)
from symgrad.numeric.recording.tensorflow_entries import BINARY, UNARY
from symgrad.numeric.recording.tensorflow_operations import MOVES, NO_DECISION, THROUGH
from symgrad.numeric.recording.tensorflow_rules import Executed, into

SUMS = ("AddN", "AddV2", "Add", "Sub", "Neg", "Sum", "Mean", "Cumsum", "UnsortedSegmentSum")
SCATTERING = ("TensorScatterAdd", "TensorScatterSub", "ScatterNd")
APART = (*MOVES, *THROUGH, *SUMS, *SCATTERING, "StopGradient")
"""What acts on the real and on the imaginary parts alike."""
ALONG_REALS = (*UNARY, *BINARY, "Rsqrt", "Square", "Pow", "Xlogy")
"""What takes a number that has no imaginary part, for all X, to one, where it is defined there."""
COMPLEX: dict[str, ComplexRule] = dict(COMPLEX_MATRICES)
rule = into(COMPLEX)


def apply_complex(t: Tape, op: Executed) -> list[Value | Pair | None]:
    """The outputs of an operation that reads or gives complex arrays.

    Raises:
        UnsupportedError: there is no rule for it.
    """
    if op.kind in APART:
        real, imaginary = (tensorflow_operations.apply(t, _part(op, k)) for k in (0, 1))
        if op.kind == "ConjugateTranspose":
            imaginary = [None if v is None else t.unary("neg", v) for v in imaginary]
        return [
            None if a is None or b is None else Pair(a, b)
            for a, b in zip(real, imaginary, strict=True)
        ]
    if op.kind in NO_DECISION:
        return [None] * len(op.came)
    if op.kind in ALONG_REALS and all(is_real(x) for x in [*op.given, *op.came]):
        found = tensorflow_operations.apply(t, _part(op, 0))
        return [None if v is None else Pair.of(t, v) for v in found]
    if op.kind in COMPLEX:
        return list(COMPLEX[op.kind](t, op))
    raise UnsupportedError(
        "there is no rule to record it of complex numbers; write it by real and imaginary parts"
    )


def _part(op: Executed, k: int) -> Executed:
    """The operation on one of the parts alone."""
    given, came = ([part(x, k) for x in xs] for xs in (op.given, op.came))
    return replace(op, given=given, came=came)


# entry by entry


@rule("Mul")
def _mul(t: Tape, op: Executed) -> list[Pair]:
    a, b = pairs(t, op)
    return [product(t, a, b)]


@rule("RealDiv", "Div")
def _div(t: Tape, op: Executed) -> list[Pair]:
    a, b = pairs(t, op)
    return [quotient(t, a, b)]


@rule("Reciprocal", "Inv")
def _reciprocal(t: Tape, op: Executed) -> list[Pair]:
    return [pair_entries.reciprocal(t, pairs(t, op)[0])]


@rule("Square")
def _square(t: Tape, op: Executed) -> list[Pair]:
    (a,) = pairs(t, op)
    return [product(t, a, a)]


@rule("Exp")
def _exp(t: Tape, op: Executed) -> list[Pair]:
    return [pair_entries.exponential(t, pairs(t, op)[0])]


@rule("Pow")
def _pow(t: Tape, op: Executed) -> list[Pair]:
    return [pair_entries.general_power(t, *pairs(t, op))]


@rule("Sqrt")
def _sqrt(t: Tape, op: Executed) -> list[Pair]:
    return [pair_entries.root(t, op.given[0])]


@rule("Angle")
def _angle(t: Tape, op: Executed) -> list[Value]:
    return [pair_entries.angle(t, op.given[0].im, op.given[0].re)]


@rule("Log")
def _log(t: Tape, op: Executed) -> list[Pair]:
    return [pair_entries.logarithm(t, op.given[0])]


@rule("Conj")
def _conj(t: Tape, op: Executed) -> list[Pair]:
    return [conjugate(t, op.given[0])]


@rule("Real")
def _real(t: Tape, op: Executed) -> list[Value]:
    return [op.given[0].re]


@rule("Imag")
def _imag(t: Tape, op: Executed) -> list[Value]:
    return [op.given[0].im]


@rule("Complex")
def _complex(t: Tape, op: Executed) -> list[Pair]:
    return [Pair(t.value(op.given[0]), t.value(op.given[1]))]


@rule("ComplexAbs")
def _abs(t: Tape, op: Executed) -> list[Value]:
    return [pair_entries.size(t, op.given[0])]


@rule("Cast")
def _cast(t: Tape, op: Executed) -> list[Value | Pair]:
    old, new = op.attributes["SrcT"], op.attributes["DstT"]
    width = new.size if new.is_complex == old.is_complex else new.size * (0.5, 2)[old.is_complex]
    if width < old.size:
        t.casts.append(new.name)
    v = op.given[0]
    if new.is_complex:
        return [Pair.of(t, v)]
    if not new.is_floating:
        raise UnsupportedError("a cast of complex numbers to integers")
    return [v.re]
