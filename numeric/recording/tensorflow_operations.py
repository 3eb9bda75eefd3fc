"""The operations of TensorFlow's graphs, made of those of a record."""

from __future__ import annotations

from symgrad.numeric.recording import composites
from symgrad.numeric.recording.tape import Array, Tape, UnsupportedError, Value
from symgrad.numeric.recording.tensorflow_entries import BINARY, ENTRIES, UNARY
from symgrad.numeric.recording.tensorflow_matrices import MATRICES
from symgrad.numeric.recording.tensorflow_rules import Executed

RULES = {**ENTRIES, **MATRICES}
THROUGH = ("Identity", "PreventGradient", "CheckNumerics", "PlaceholderWithDefault", "Snapshot")
MOVES = (
    "BroadcastTo",
    "Concat",
    "ConcatV2",
    "ConjugateTranspose",
    "Diag",
    "DiagPart",
    "DynamicPartition",
    "DynamicStitch",
    "EnsureShape",
    "ExpandDims",
    "Fill",
    "Gather",
    "GatherNd",
    "GatherV2",
    "MatrixBandPart",
    "MatrixDiag",
    "MatrixDiagPart",
    "MatrixDiagPartV2",
    "MatrixDiagPartV3",
    "MatrixDiagV2",
    "MatrixDiagV3",
    "MatrixSetDiag",
    "MatrixSetDiagV2",
    "MatrixSetDiagV3",
    "MirrorPad",
    "OneHot",
    "Pack",
    "Pad",
    "PadV2",
    "ParallelDynamicStitch",
    "Reshape",
    "Reverse",
    "ReverseSequence",
    "ReverseV2",
    "Roll",
    "Select",
    "SelectV2",
    "Slice",
    "Split",
    "SplitV",
    "Squeeze",
    "StridedSlice",
    "TensorScatterUpdate",
    "TensorStridedSliceUpdate",
    "Tile",
    "Transpose",
    "Unpack",
)
NO_DECISION = (
    "Shape",
    "ShapeN",
    "Size",
    "Rank",
    "ZerosLike",
    "OnesLike",
    "IsFinite",
    "IsNan",
    "IsInf",
)
"""What comes out is the same in a neighbourhood of X."""


def apply(t: Tape, op: Executed) -> list[Value | None]:
    """The outputs of an operation.

    Raises:
        UnsupportedError: there is no rule for it.
    """
    if op.kind in UNARY:
        return [t.unary(UNARY[op.kind], op.given[0])]
    if op.kind in BINARY:
        return [t.binary(BINARY[op.kind], *op.given)]
    if op.kind in THROUGH:
        return [op.given[0]]
    if op.kind in MOVES:
        return moves(t, op)
    if op.kind in NO_DECISION:
        return [None] * len(op.came)
    if op.kind in RULES:
        return list(RULES[op.kind](t, op))
    if op.kind.endswith("Grad"):
        raise UnsupportedError(
            "the program differentiates within itself, by TensorFlow's own rules; write that "
            "derivative out"
        )
    raise UnsupportedError("there is no rule to record it; write it by other operations")


def moves(t: Tape, op: Executed) -> list[Value | None]:
    """What only moves entries, as the framework moves their positions."""
    places = [k for k, x in enumerate(op.given) if isinstance(x, Value) or x.dtype.kind == "f"]
    values = [t.value(op.given[k]) for k in places]

    def move(positions: list[Array], output: int) -> Array:
        inputs = list(op.given)
        for k, x in zip(places, positions, strict=True):
            inputs[k] = x.astype(float)
        return op.run(inputs)[output].astype(int)

    return [
        composites.moved(t, values, lambda positions, k=k: move(positions, k))  # type: ignore[misc]
        for k in range(len(op.came))
    ]
