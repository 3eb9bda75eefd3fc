"""A function of CasADi, walked at X instruction by instruction; what depends on X is noted."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import casadi as ca
import numpy as np

from symgrad.numeric.recording import composites
from symgrad.numeric.recording.casadi_operations import (
    MOVES,
    NAMES,
    SAME,
    Executed,
    apply,
    dense,
    entries,
)
from symgrad.numeric.recording.tape import Array, Tape, UnsupportedError, Value

Again = Callable[[list[ca.MX]], list[ca.MX]]


class Pulled(NamedTuple):
    """A call as it was executed: what executes it again, where its entries are, and its values."""

    again: Again
    patterns: list[ca.Sparsity]
    inputs: list[Any]
    outputs: list[Any]


class Walk:
    """Executes a function: values, and rows of numbers without X in them."""

    def __init__(self, tape: Tape) -> None:
        self.tape = tape
        self.pulled: dict[int, Pulled] = {}

    def run(self, f: ca.Function, args: Sequence[Any]) -> list[Any]:
        """What it gives of these arguments, each a row of entries.

        Raises:
            UnsupportedError: it has no instructions that are known.
        """
        if f.is_a("MXFunction"):
            return self._matrices(f, args)
        if f.is_a("SXFunction"):
            return self._whole(f, f, args)
        if f.class_name() == "CallbackInternal":
            raise UnsupportedError(
                f"{f.name()}, a Callback, is Python inside; write it as a Function of MX with a "
                "custom_jacobian"
            )
        try:
            written_out = f.expand()
        except Exception as error:
            raise UnsupportedError(
                f"{f.name()}, a {f.class_name()}, has no instructions; write it by MX or SX"
            ) from error
        return self._whole(f, written_out, args)

    def _matrices(self, f: ca.Function, args: Sequence[Any]) -> list[Any]:
        slots: dict[int, Any] = {}
        found: dict[int, Any] = {}
        for k in range(f.n_instructions()):
            name, read = NAMES[f.instruction_id(k)], f.instruction_input(k)
            given = [slots[j] for j in read] if name != "input" else []
            if name == "output":
                found[f.instruction_output(k)[0]] = given[0]
                continue
            node = f.instruction_MX(k)
            if name == "input":
                gave = [_segment(node, args[read[0]])]
            else:
                gave = self._node(node, name, given)
            slots.update(zip(f.instruction_output(k), gave, strict=True))
        return [found[k] for k in range(f.n_out())]

    def _node(self, node: ca.MX, name: str, args: list[Any]) -> list[Any]:
        if name == "const":
            return [np.array(node.to_DM().nonzeros(), float)]
        if not any(isinstance(a, Value) for a in args):
            return executed(node, args)
        if name in SAME:
            return args[:1]
        if name == "call":
            return self._called(node.which_function(), args)
        return self._recorded(node, name, args)

    def _called(self, f: ca.Function, args: list[Any]) -> list[Any]:
        args = self._held(f, args, f.is_diff_in())
        gave = self._custom(f, args) if has_own_derivative(f) else self.run(f, args)
        return self._held(f, gave, f.is_diff_out())

    def _held(self, f: ca.Function, values: Sequence[Any], moves: Sequence[bool]) -> list[Any]:
        """What CasADi is told not to differentiate, by ca.stop_diff or an option of a function."""
        name = "stop_diff" if f.name() == "FS" else f.name()
        return [
            x if is_moving or not isinstance(x, Value) else self._hold(name, x)
            for x, is_moving in zip(values, moves, strict=True)
        ]

    def _hold(self, name: str, x: Value) -> Any:
        pulled = Pulled(lambda xs: xs, [ca.Sparsity.dense(x.size, 1)], [x], [])
        return self._one(name, pulled, lambda: [self.tape.unary("hold", x)], custom=False)[0]

    def _custom(self, f: ca.Function, args: list[Any]) -> list[Any]:
        """A function with a derivative of its own: one call, of matrices, as its mistakes are."""
        t = self.tape
        before = [f.sparsity_in(k) for k in range(f.n_in())]
        after = [f.sparsity_out(k) for k in range(f.n_out())]
        given = [_matrix(t, x, p) for x, p in zip(args, before, strict=True)]

        def found() -> list[Any]:
            rows = [_entries(t, M, p) for M, p in zip(given, before, strict=True)]
            return [_matrix(t, x, p) for x, p in zip(self.run(f, rows), after, strict=True)]

        pulled = Pulled(lambda xs: list(f.call(xs)), before, given, [])
        gave = self._one(f.name(), pulled, found, custom=True)
        return [_entries(t, M, p) for M, p in zip(gave, after, strict=True)]

    def _recorded(self, node: ca.MX, name: str, args: list[Any]) -> list[Any]:
        patterns = [node.dep(k).sparsity() for k in range(node.n_dep())]

        def found() -> list[Any]:
            if name in MOVES:
                return _moved(self.tape, node, args)
            info = node.info() if name == "solve" else {}
            gave = apply(Executed(self.tape, name, args, patterns, node.sparsity(), info))
            return [_row(self.tape, gave, node.nnz(), name)]

        return self._one(name, Pulled(node.eval_mx, patterns, args, []), found, custom=False)

    def _whole(self, f: ca.Function, written_out: ca.Function, args: Sequence[Any]) -> list[Any]:
        """A function as one call, by its numbers."""
        patterns = [f.sparsity_in(k) for k in range(f.n_in())]
        pulled = Pulled(lambda xs: list(f.call(xs)), patterns, list(args), [])
        return self._one(f.name(), pulled, lambda: self._numbers(written_out, args), custom=False)

    def _one(
        self, name: str, pulled: Pulled, found: Callable[[], list[Any]], custom: bool
    ) -> list[Any]:
        if self.tape.call >= 0:
            return found()
        call = self.tape.begin(name, "", custom)
        gave = found()
        read = [x for x in pulled.inputs if isinstance(x, Value)]
        self.tape.end(call, read, [x for x in gave if isinstance(x, Value)])
        self.pulled[call] = pulled._replace(outputs=gave)
        return gave

    def _numbers(self, f: ca.Function, args: Sequence[Any]) -> list[Any]:
        """A function of SX: one number after the other."""
        t, slots = self.tape, dict[int, Any]()
        found: list[list[Any]] = [[None] * f.nnz_out(k) for k in range(f.n_out())]
        for k in range(f.n_instructions()):
            name, read = NAMES[f.instruction_id(k)], f.instruction_input(k)
            into = f.instruction_output(k)
            if name == "output":
                found[into[0]][into[1]] = slots[read[0]]
            elif name == "input":
                slots[into[0]] = _entry(t, args[read[0]], read[1])
            elif name == "const":
                slots[into[0]] = np.array([f.instruction_constant(k)])
            else:
                given = _lifted(t, [slots[j] for j in read])
                slots[into[0]] = given[0] if name in SAME else apply(Executed(t, name, given))
        return [_joined(t, row) for row in found]


def executed(node: ca.MX, args: Sequence[Any]) -> list[Array]:
    """What CasADi gives of these rows of entries."""
    symbols = [ca.MX.sym("x", node.dep(k).sparsity()) for k in range(node.n_dep())]
    outputs = node.eval_mx(symbols)
    run = ca.Function("alone", symbols, outputs)
    numbers = [ca.DM(x.sparsity(), list(map(float, a))) for x, a in zip(symbols, args, strict=True)]
    gave = run.call(numbers)
    return [
        np.array(ca.project(y, out.sparsity()).nonzeros(), float)
        for y, out in zip(gave, outputs, strict=True)
    ]


def has_own_derivative(f: ca.Function) -> bool:
    """Whether its Jacobian is the user's: CasADi's own reads no result, and has its own names."""
    try:
        J = f.jacobian()
    except Exception:
        return False
    results = range(f.n_in(), J.n_in())
    return any(J.name_in(k) != f"out_{f.name_out(k - f.n_in())}" for k in results)


def _matrix(t: Tape, x: Any, pattern: ca.Sparsity) -> Any:
    """A row of all entries of a matrix as the matrix; another row as it is."""
    is_matrix = isinstance(x, Value) and pattern.is_dense() and 1 not in pattern.shape
    return dense(t, x, pattern) if is_matrix else x


def _entries(t: Tape, x: Any, pattern: ca.Sparsity) -> Any:
    """The row of entries that it was."""
    return entries(t, x, pattern) if isinstance(x, Value) and len(x.shape) == 2 else x


def _segment(node: ca.MX, x: Any) -> Any:
    if node.nnz() != (x.size if isinstance(x, Value) else len(x)):
        raise UnsupportedError("a function whose input is in parts")
    return x


def _moved(t: Tape, node: ca.MX, args: list[Any]) -> list[Value]:
    """CasADi's own action on positions."""
    values = [t.value(a) for a in args]
    outputs = range(max(node.n_out(), 1))
    return [
        composites.moved(t, values, lambda p, k=k: executed(node, p)[k].round().astype(int))
        for k in outputs
    ]


def _row(t: Tape, gave: Any, size: int, name: str) -> Any:
    """The result as a row of entries."""
    row = t.reshape(gave, (-1,)) if isinstance(gave, Value) else np.ravel(gave)
    if row.size != size:
        raise UnsupportedError(f"{name} of arrays whose entries do not meet one by one")
    return row


def _entry(t: Tape, x: Any, k: int) -> Any:
    return t.take(x, x.places[[k]]) if isinstance(x, Value) else np.asarray(x)[[k]]


def _lifted(t: Tape, args: list[Any]) -> list[Any]:
    """What no number of X is in, as values where an operation takes nothing else."""
    if any(isinstance(a, Value) for a in args):
        return args
    return [t.value(a) for a in args]


def _joined(t: Tape, row: Sequence[Any]) -> Any:
    values = [t.value(np.zeros(1) if x is None else x) for x in row]
    return t.cat(values) if values else np.zeros(0)
