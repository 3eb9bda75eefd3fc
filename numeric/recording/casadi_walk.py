"""A function of CasADi, walked at X instruction by instruction; what depends on X is noted."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import casadi as ca
import numpy as np

from symgrad.numeric.recording import composites
from symgrad.numeric.recording.casadi_operations import MOVES, NAMES, SAME, Executed, apply
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
            return self._whole(f, args, lambda: self._numbers(f, args), custom=False)
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
        return self._whole(f, args, lambda: self._numbers(written_out, args), custom=False)

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
            gave = [_segment(node, args[read[0]])] if name == "input" else self._node(
                node, name, given
            )  # fmt: skip
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
        if has_own_derivative(f):
            return self._whole(f, args, lambda: self.run(f, args), custom=True)
        return self.run(f, args)

    def _recorded(self, node: ca.MX, name: str, args: list[Any]) -> list[Any]:
        patterns = [node.dep(k).sparsity() for k in range(node.n_dep())]

        def found() -> list[Any]:
            if name in MOVES:
                return _moved(self.tape, node, args)
            info = node.info() if name == "solve" else {}
            gave = apply(Executed(self.tape, name, args, patterns, node.sparsity(), info))
            return [_row(self.tape, gave, node.nnz(), name)]

        return self._one(name, Pulled(node.eval_mx, patterns, args, []), found, custom=False)

    def _whole(
        self, f: ca.Function, args: Sequence[Any], found: Callable[[], list[Any]], custom: bool
    ) -> list[Any]:
        """A function as one call."""
        patterns = [f.sparsity_in(k) for k in range(f.n_in())]
        again = Pulled(lambda xs: list(f.call(xs)), patterns, list(args), [])
        return self._one(f.name(), again, found, custom)

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
                given = [slots[j] for j in read]
                is_same = name in SAME
                slots[into[0]] = given[0] if is_same else apply(Executed(t, name, _lifted(t, given)))
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
