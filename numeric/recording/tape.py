"""The tape that a framework's recorder writes on: steps, and their values in float64 beside."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
from msgspec import structs

from symgrad.court.evaluation import evaluate
from symgrad.court.program import MOST_STEPS, Call, Operation, Program, Shape, Step
from symgrad.court.verdicts import Number

Array = np.ndarray
SPELLED: dict[str, Number] = {"nan": "NaN", "inf": "Infinity", "-inf": "-Infinity"}


RETURN_ONE = "return one real number, or ask with a cotangent (cotangent=W, --query vjp)"
"""What to do where f returns an array."""


class UnsupportedError(Exception):
    """The program does what cannot be recorded; the message says what, and what to do."""


class Value:
    """One value of the program: its number, what it was, and whether X has any part in it."""

    __slots__ = ("depends", "floats", "number")

    def __init__(self, number: int, floats: Array, depends: bool) -> None:
        self.number = number
        self.floats = floats
        self.depends = depends

    @property
    def shape(self) -> Shape:
        """Its shape."""
        return self.floats.shape

    @property
    def size(self) -> int:
        """The number of its entries."""
        return self.floats.size

    @property
    def places(self) -> Array:
        """The flat position of each entry, in the value's shape.

        What moves data is done to these, and ``take`` does the same to the value.
        """
        return np.arange(self.size).reshape(self.shape)


Operand = Value | Array | float
"""A value, or a constant."""


class Tape:
    """A program as it is recorded."""

    def __init__(self, framework: str, version: str, dtype: str, size: int) -> None:
        self.framework = framework
        self.version = version
        self.dtype = dtype
        self.size = size
        self.steps: list[Step] = []
        self.indices: dict[int, Array] = {}
        self.calls: list[Call] = []
        self.folded: list[str] = []
        self.casts: list[str] = []
        self.call = -1
        self.count = 0
        self.kept: dict[int, int] = {}
        """Once finished: of what is left in the program, its number there by that here."""

    # what is written

    def emit(
        self,
        operation: Operation,
        inputs: Sequence[Value],
        index: Array | None = None,
        shape: Shape | None = None,
        **attributes: Any,
    ) -> list[Value]:
        """One step, of these inputs; ``shape`` is that of the output, where the index gives it.

        Raises:
            UnsupportedError: the program is too long, or a matrix is singular in float64.
        """
        if len(self.steps) >= MOST_STEPS:
            raise UnsupportedError(
                f"more than {MOST_STEPS} operations were executed; check a part of the function, "
                "or fewer passes of its loop"
            )
        numbers = tuple(v.number for v in inputs)
        step = Step(operation=operation, inputs=numbers, call=self.call, **attributes)
        if shape is not None:
            step = structs.replace(step, shapes=(shape,))
        try:
            outputs = evaluate(step, [v.floats for v in inputs], index)
        except np.linalg.LinAlgError as error:
            raise UnsupportedError(f"{operation} in float64: {error}") from error
        return self._write(step, outputs, any(v.depends for v in inputs), index)

    def _write(
        self, step: Step, outputs: Sequence[Array], depends: bool, index: Array | None = None
    ) -> list[Value]:
        if index is not None:  # a tuple of it is made when the program is done
            self.indices[len(self.steps)] = index.ravel()
        self.steps.append(structs.replace(step, shapes=tuple(x.shape for x in outputs)))
        values = [Value(self.count + k, x, depends) for k, x in enumerate(outputs)]
        self.count += len(values)
        return values

    def input(self, X: Array) -> Value:
        """X, or a part of it."""
        (value,) = self._write(Step(operation="input"), [np.array(X, float)], True)
        return value

    def is_input(self, v: Value) -> bool:
        """Whether it is the real symmetric X itself."""
        kinds = [step.operation for step in self.steps[:2]]
        return v.number == 0 and kinds[0] == "input" and kinds[1:] != ["input"]

    def const(self, x: Any) -> Value:
        """What is the same wherever X is.

        Raises:
            UnsupportedError: it is complex.
        """
        if np.iscomplexobj(x):
            raise UnsupportedError("a complex constant in a real place")
        floats = np.array(x, float)
        constants: tuple[Number, ...] = tuple(floats.ravel().tolist())
        if not np.all(np.isfinite(floats)):
            constants = tuple(SPELLED.get(str(x), x) for x in constants)
        step = Step(operation="const", constants=constants)
        (value,) = self._write(step, [floats], False)
        return value

    def value(self, x: Operand) -> Value:
        """The value, or the constant as one."""
        return x if isinstance(x, Value) else self.const(x)

    def begin(self, name: str, line: str, custom: bool = False) -> int:
        """A call of the framework: the steps from now on belong to it.  Its number."""
        self.calls.append(Call(name=name, line=line, inputs=(), outputs=(), custom=custom))
        self.call = len(self.calls) - 1
        return self.call

    def end(self, call: int, inputs: Iterable[Value], outputs: Iterable[Value]) -> None:
        """The call is over; it had these inputs and outputs, of which those of X are noted."""
        read, gave = ([v.number for v in vs if v.depends] for vs in (inputs, outputs))
        about = structs.replace(self.calls[call], inputs=tuple(read), outputs=tuple(gave))
        self.calls[call] = about
        self.call = -1

    def finish(self, output: Value, value: float | None = None) -> Program:
        """The program whose output this is, without what neither it nor a guard needs."""
        kept, needed = _needed(self.steps, output.number)
        self.kept = renumbered = {old: new for new, old in enumerate(sorted(needed))}
        steps = []
        for place in kept:
            step = self.steps[place]
            index = tuple(self.indices[place].tolist()) if place in self.indices else ()
            inputs = tuple(renumbered[k] for k in step.inputs)
            steps.append(structs.replace(step, inputs=inputs, index=index))
        calls = [
            structs.replace(
                call,
                inputs=tuple(renumbered[k] for k in call.inputs if k in renumbered),
                outputs=tuple(renumbered[k] for k in call.outputs if k in renumbered),
            )
            for call in self.calls
        ]
        return Program(
            framework=self.framework,
            version=self.version,
            dtype=self.dtype,
            size=self.size,
            steps=tuple(steps),
            output=renumbered[output.number],
            calls=tuple(calls),
            folded=tuple(dict.fromkeys(self.folded)),
            casts=tuple(dict.fromkeys(self.casts)),
            value=value,
        )

    # data movement

    def take(self, v: Value, index: Array) -> Value:
        """The entries of v at these flat positions; 0 where the position is −1."""
        index = np.asarray(index)
        if index.shape == v.shape and np.array_equal(index, v.places):
            return v
        return self.emit("take", [v], index, index.shape)[0]

    def cat(self, values: Sequence[Operand]) -> Value:
        """All entries of all values, in one row."""
        given = [self.value(v) for v in values]
        return self.emit("cat", given)[0] if len(given) > 1 else self.reshape(given[0], (-1,))

    def put(self, v: Value, index: Array, u: Value) -> Value:
        """v, with the entries of u at these flat positions."""
        where = np.arange(v.size)
        where[index.ravel()] = v.size + np.arange(u.size)
        return self.take(self.cat([v, u]), where.reshape(v.shape))

    def put_add(self, v: Value, index: Array, u: Value) -> Value:
        """v, with the entries of u added at these flat positions."""
        return self.emit("put_add", [v, u], index)[0]

    def reshape(self, v: Value, shape: Shape) -> Value:
        """The same entries in another shape."""
        return self.take(v, v.places.reshape(shape))

    def transpose(self, v: Value, axes: Sequence[int]) -> Value:
        """With its axes in this order."""
        return self.take(v, v.places.transpose(axes))

    def mT(self, v: Value) -> Value:
        """The transposed matrices."""
        return self.take(v, v.places.swapaxes(-1, -2))

    def broadcast(self, v: Value, shape: Shape) -> Value:
        """Repeated to that shape."""
        return self.take(v, np.broadcast_to(v.places, shape))

    # arithmetic

    def unary(self, operation: Operation, v: Operand) -> Value:
        """An entrywise operation."""
        return self.emit(operation, [self.value(v)])[0]

    def binary(self, operation: Operation, a: Operand, b: Operand) -> Value:
        """An entrywise operation of two, which are broadcast."""
        a, b = self.value(a), self.value(b)
        shape = np.broadcast_shapes(a.shape, b.shape)
        return self.emit(operation, [self.broadcast(a, shape), self.broadcast(b, shape)])[0]

    def power(self, v: Value, exponent: float) -> Value:
        """v to a constant exponent, entrywise."""
        if exponent in (0, 1):
            return v if exponent else self.const(np.ones(v.shape))
        if exponent == 0.5:
            return self.unary("sqrt", v)
        return self.emit("power", [v], exponent=float(exponent))[0]

    def sum(self, v: Value, axes: Sequence[int] | None = None, keep: bool = False) -> Value:
        """The sum over some axes, or all."""
        about = range(len(v.shape)) if axes is None else (int(axis) % len(v.shape) for axis in axes)
        gone = tuple(sorted(about))
        if not gone:
            return v
        total = self.emit("sum", [v], axes=gone)[0]
        kept = tuple(1 if k in gone else size for k, size in enumerate(v.shape))
        return self.reshape(total, kept) if keep else total

    def matmul(self, a: Value, b: Value) -> Value:
        """The products of matrices, whose batches are broadcast."""
        return self.emit("matmul", list(self.batched(a, b)))[0]

    def solve(self, A: Value, B: Value) -> Value:
        """A⁻¹B of matrices, whose batches are broadcast."""
        return self.emit("solve", list(self.batched(A, B)))[0]

    def batched(self, a: Value, b: Value) -> tuple[Value, Value]:
        """The matrices of both, with the same batch."""
        batch = np.broadcast_shapes(a.shape[:-2], b.shape[:-2])
        return self.broadcast(a, batch + a.shape[-2:]), self.broadcast(b, batch + b.shape[-2:])

    # decisions

    def signs(self, v: Value, note: str) -> Array:
        """The signs of the entries, on which the program decides."""
        signs = np.asarray(np.sign(v.floats), int)
        if v.depends:
            self.emit("guard", [v], signs=tuple(signs.ravel().tolist()), note=note)
        return signs

    def compare(self, a: Operand, b: Operand, note: str) -> Array:
        """The signs of a − b, on which the program decides."""
        return self.signs(self.binary("sub", a, b), note)


def _needed(steps: Sequence[Step], output: int) -> tuple[list[int], set[int]]:
    """The places of the steps that are needed, in order, and the numbers of what they give."""
    needed, kept, count = {output}, [], sum(len(step.shapes) for step in steps)
    for place in range(len(steps) - 1, -1, -1):
        step = steps[place]
        gave = range(count - len(step.shapes), count)
        count -= len(step.shapes)
        if step.operation in ("input", "guard") or needed.intersection(gave):
            kept.append(place)
            needed.update(step.inputs)
            needed.update(gave)
    return kept[::-1], needed
