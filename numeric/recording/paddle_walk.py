"""PaddlePaddle's program, walked at X operation by operation; what depends on X is noted."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, NamedTuple

import numpy as np

from symgrad.numeric.recording.paddle_complex import RULES, apply_complex, is_complex
from symgrad.numeric.recording.paddle_operations import SAME, Executed
from symgrad.numeric.recording.paddle_program import Applied, Translated, place
from symgrad.numeric.recording.paddle_scalars import is_number
from symgrad.numeric.recording.pairs import Held, Pair, apart, parts
from symgrad.numeric.recording.tape import Tape, UnsupportedError, Value

NOTHING = ("cf.tuple_push", "cf.stack_create", "pd_op.assert", "pd_op.print")
"""What gives no number."""
RANDOM = re.compile("gaussian|uniform|rand|bernoulli|multinomial|dropout|exponential|poisson")
FRAME = re.compile(r'File "(.+)", line (\d+)')


class Pulled(NamedTuple):
    """A call as it was executed: itself or the layer, and what was written of it.

    ``held`` says of each operand whether its derivative is wanted by nobody.
    """

    call: Executed | Applied
    inputs: list[Any]
    outputs: list[Any]
    held: list[bool]


class Walk:
    """Executes a program: values, and whatever there is without X in it."""

    def __init__(self, tape: Tape, made: Translated, layers: Sequence[Applied]) -> None:
        self.tape = tape
        self.made = made
        self.layers = list(layers)
        self.known: dict[int, Any] = {}
        self.pulled: dict[int, Pulled] = {}

    def run(self, X: Held) -> Any:
        """What the whole program gives, where X is this value."""
        self._block(self.made.program.main_program.global_block().ops, X)
        return self.read(self.made.output)

    def read(self, v: Any) -> Any:
        """What a variable is."""
        return self.known[v.hash()]

    def _block(self, ops: Sequence[Any], X: Held | None = None) -> list[Any]:
        """What a block of operations gives."""
        for op in ops:
            name = op.name()
            if name == "cf.yield":
                return [self.read(v) for v in op.operands_source()]
            if name in NOTHING:
                continue
            found = [X] if name == "pd_op.data" else self._operation(op, name)
            for v, x in zip(op.results(), found, strict=False):
                self.known[v.hash()] = x
        return []

    def _operation(self, op: Any, name: str) -> list[Any]:
        if name == "builtin.parameter":
            return [self.made.parameters[op.attrs()["parameter_name"]]]
        args = [self.read(v) for v in op.operands_source()]
        if name in STRUCTURAL:
            return STRUCTURAL[name](self, op, args)
        if not name.startswith("pd_op."):
            raise UnsupportedError(f"{name}, which is not known ({line(op)})")
        return self._executed(op, name.removeprefix("pd_op."), args)

    # control

    def _if(self, op: Any, args: list[Any]) -> list[Any]:
        branch = op.as_if_op()
        taken = branch.true_block() if _decided(args[0], op) else branch.false_block()
        return self._block(taken.ops)

    def _while(self, op: Any, args: list[Any]) -> list[Any]:
        goes, values = args[0], args[1:]
        body = op.as_while_op().body()
        while _decided(goes, op):
            for v, x in zip(body.args(), values, strict=True):
                self.known[v.hash()] = x
            goes, *values = self._block(body.ops)
        return values

    def _layer(self, op: Any, args: list[Any]) -> list[Any]:
        """A ``PyLayer``: its forward pass, as one call with a derivative of its own."""
        ops = next(iter(op.blocks())).ops
        nested = self.tape.call >= 0
        ran = None if nested or not self.layers else self.layers.pop(0)
        if nested or not any(parts(x) for x in args):
            return self._block(ops)
        name, where = (ran.layer.__name__, ran.line) if ran else ("PyLayer", line(ops[0]))
        call = self.tape.begin(name, where, custom=True)
        found = self._block(ops)
        found = [apart(self._copied, x) if _is_any(x, args) else x for x in found]
        self._end(call, ran, args, found, [v.stop_gradient for v in op.operands_source()])
        return found

    def _copied(self, v: Value) -> Value:
        return self.tape.emit("take", [v], v.places, v.shape)[0]

    # operations

    def _executed(self, op: Any, name: str, args: list[Any]) -> list[Any]:
        sources = op.operands_source()
        members = [v.get_defining_op().operands_source() if isinstance(x, list) else v
                   for v, x in zip(sources, args, strict=True)]  # fmt: skip
        dtypes = [[v.dtype for v in m] if isinstance(m, list) else _dtype(m, x)
                  for m, x in zip(members, args, strict=True)]  # fmt: skip
        try:
            constant = self.made.scalars.constant(op, name)
            if constant is not None:
                return [constant]
            attributes = self.made.scalars.attributes(op, name)
            if name == "elementwise_pow" and is_number(sources[1]):
                args[1] = np.float32(args[1]).astype(float)  # as dynamic mode rounds it
            executed = Executed(self.tape, name, attributes, args, dtypes)
            if RANDOM.search(name):
                raise UnsupportedError("random numbers; give what it draws as a constant")
            if not any(parts(x) for x in _flat(args)):
                return _grouped(op, executed.told())
            return self._recorded(op, executed, members)
        except UnsupportedError as error:
            if isinstance(error.__cause__, UnsupportedError):
                raise
            raise UnsupportedError(f"{error} ({name}, {line(op)})") from error

    def _recorded(self, op: Any, e: Executed, members: list[Any]) -> list[Any]:
        has_complex = any(map(is_complex, [*_flat(e.dtypes), *op.results()]))
        is_same = e.name in SAME and not (has_complex and e.name in ("conj", "real"))
        if e.name not in RULES and not is_same and not has_complex:
            raise UnsupportedError("an operation that is not known; write it by others")
        nested = self.tape.call >= 0
        stops = all(v.stop_gradient for v in op.results())
        stops = stops and not all(v.stop_gradient for v in _flat(members))
        if is_same and not (stops and not nested):
            return e.args[:1]
        call = -1 if nested else self.tape.begin(_called(e.name), line(op))
        rule = apply_complex if has_complex else RULES.get(e.name)
        found = e.args[0] if is_same or rule is None else rule(e)
        is_one = isinstance(found, Pair) or not isinstance(found, (list, tuple))
        gave = [found] if is_one else list(found)
        if stops and not nested:
            hold = partial(self.tape.unary, "hold")
            gave = [apart(hold, x) if parts(x) else x for x in gave]
        if call >= 0:
            held = [v.stop_gradient for v in _flat(members)]
            self._end(call, None if is_same else e, _flat(e.args), gave, held)
        return _grouped(op, gave)

    def _end(
        self, call: int, what: Any, args: list[Any], found: list[Any], held: list[bool]
    ) -> None:
        read, gave = ([v for x in xs for v in parts(x)] for xs in (args, found))
        self.tape.end(call, read, gave)
        if what is not None:
            self.pulled[call] = Pulled(what, args, found, held)


STRUCTURAL: dict[str, Callable[[Walk, Any, list[Any]], list[Any]]] = {
    "builtin.combine": lambda walk, op, args: [args],
    "builtin.split": lambda walk, op, args: args[0],
    "builtin.slice": lambda walk, op, args: [args[0][op.attrs()["index"]]],
    "pd_op.if": Walk._if,
    "pd_op.while": Walk._while,
    "pd_op.pylayer": Walk._layer,
}


def line(op: Any) -> str:
    """file:line of the user's innermost frame, where PaddlePaddle kept it."""
    for text in reversed(op.attrs().get("op_callstack", [])):
        found = FRAME.search(text)
        where = place(found[1], found[2]) if found else ""
        if where:
            return where
    return ""


def _called(name: str) -> str:
    return "detach" if name == "share_data_" else name.rstrip("_")


def _grouped(op: Any, found: list[Any]) -> list[Any]:
    """As many as it has results; those that are one list of tensors are that."""
    if op.num_results() == 1 and "vec[" in str(op.results()[0]):
        return [found]
    return found + [[]] * (op.num_results() - len(found))


def _dtype(v: Any, x: Any) -> Any:
    """That of an operand; of a number that was meant to have more digits, float64."""
    return "float64" if isinstance(x, np.ndarray) and x.dtype == np.float64 else v.dtype


def _flat(xs: Sequence[Any]) -> list[Any]:
    return [x for each in xs for x in (each if isinstance(each, list) else [each])]


def _is_any(x: Any, args: Sequence[Any]) -> bool:
    return bool(parts(x)) and any(x is y for y in args)


def _decided(condition: Any, op: Any) -> bool:
    """Which way it goes."""
    if parts(condition):
        raise UnsupportedError(f"a branch by a number of X; compare it ({line(op)})")
    return bool(np.all(condition))
