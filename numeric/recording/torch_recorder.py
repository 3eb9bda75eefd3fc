"""The record of a function of PyTorch as it is made: its calls, and what each of them executes."""

from __future__ import annotations

import functools
import itertools
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np
import torch
from torch.overrides import resolve_name
from torch.utils import _pytree as pytree
from torch.utils._python_dispatch import TorchDispatchMode

from symgrad.court.program import Program
from symgrad.numeric.recording import (  # noqa: F401, rules
    torch_entries,
    torch_matrices,
    torch_spectra,
    torch_sums,
)
from symgrad.numeric.recording.lines import line_of_caller
from symgrad.numeric.recording.recording import LOOSE, Pullback
from symgrad.numeric.recording.tape import Tape, UnsupportedError, Value
from symgrad.numeric.recording.torch_again import Again, pullback
from symgrad.numeric.recording.torch_complex import COMPLEX, of_complex
from symgrad.numeric.recording.torch_matrices import CLOSE
from symgrad.numeric.recording.torch_moves import METADATA
from symgrad.numeric.recording.torch_rules import (
    HIDDEN,
    RULES,
    Executed,
    Hidden,
    Output,
    several,
)
from symgrad.numeric.recording.torch_schema import schema
from symgrad.numeric.recording.torch_storages import (
    Held,
    Pair,
    Storages,
    is_numeric,
    leaves,
    numbers,
    parts,
)

HOLDING = {
    "torch.Tensor.detach", "torch.detach", "torch.Tensor.data.__get__", "torch.tensor",
    "torch.Tensor.new_tensor", "torch.asarray",
}  # fmt: skip
"""Functions whose results PyTorch does not differentiate."""
SHOWING = {"torch.Tensor.__format__", "torch.Tensor.__repr__", "torch.Tensor.__str__"}
SHAPES_ALONE = {
    "squeeze_", "unsqueeze_", "t_", "transpose_", "swapaxes_", "swapdims_", "as_strided_",
    "detach_", "requires_grad_", "_conj", "_neg_view",
}  # fmt: skip
"""What changes of a tensor how it is read."""
MINE = ("torch",)


class Running(NamedTuple):
    """A call while it runs: the values that it was given, and how it is repeated."""

    number: int
    inputs: list[Value]
    again: Again


class Pending:
    """A function that was called; it is a call of the record once it executes an operation."""

    def __init__(self, name: str, line: str, again: Again, custom: bool) -> None:
        self.name = name
        self.line = line
        self.again = again
        self.custom = custom
        self.running: Running | None = None


class Passing:
    """While it is entered, what is dispatched is the recorder's own, and is not looked at.

    No generator, as it is entered at every step of the dispatcher.
    """

    def __init__(self) -> None:
        self.depth = 0

    def __enter__(self) -> None:
        self.depth += 1

    def __exit__(self, *_: object) -> None:
        self.depth -= 1


class Recorder:
    """A record as it is made: of every operation that reads what depends on X."""

    def __init__(self, tape: Tape) -> None:
        self.tape = tape
        self.storages = Storages(tape)
        self.again: dict[int, Again] = {}
        self.failure: UnsupportedError | None = None
        self.pending: Pending | None = None
        self.passing = Passing()

    def begin(self, x: torch.Tensor) -> None:
        """X, which f must not write to."""
        t = numbers(x)
        re = self.tape.input(t.real)
        self.storages.write(x, Pair(re, self.tape.input(t.imag)) if x.is_complex() else re)
        self.storages.close(x, "it writes into X; let it write into X.clone()")

    def pullbacks(self, program: Program) -> tuple[Pullback, ...]:
        """Of every call of the program, between what is left of its values."""
        return tuple(
            pullback(self.again.get(k), self.tape.kept, call.name)
            for k, call in enumerate(program.calls)
        )

    # functions

    def call(
        self,
        name: str,
        func: Callable[..., Any],
        args: Sequence[Any],
        kwargs: dict[str, Any],
        custom: bool = False,
    ) -> Any:
        """Run a function that the user called, as one call; within another it is part of that."""
        with self.passing:
            is_part = self.pending is not None or not self._is_plain(args, kwargs)
        if is_part:
            return func(*args, **kwargs)
        again = Again(func, args, kwargs, torch.is_grad_enabled())
        self.pending = Pending(name, self.line(), again, custom)
        try:
            out = func(*args, **kwargs)
            with self.passing:
                out = out if custom else self._hold(name, out)
                if self.pending.running is not None:
                    self._end(self.pending.running, out)
        finally:
            self._close()
        return out

    def _close(self) -> None:
        """No call is running any more."""
        self.tape.call, self.pending = -1, None
        self.storages.leave()

    def _is_plain(self, args: Sequence[Any], kwargs: dict[str, Any]) -> bool:
        """Whether no tensor is a wrapper of torch.func, of which each operation is a call."""
        tensors = (t for t in leaves((args, kwargs)) if isinstance(t, torch.Tensor))
        return all(self.storages.has(t) for t in tensors)

    def line(self) -> str:
        """Where the user's program is."""
        return line_of_caller(MINE)

    def start(self, pending: Pending) -> Running:
        """Let it be a call of the record from here on."""
        if pending.running is None:
            again = pending.again
            with self.passing:
                again.keep([self.storages.depends(t) and is_numeric(t) for t in again.tensors])
                given = [self.storages.read(t) for t in again.given]
                inputs = [v for held in given for v in parts(held)]
                number = self.tape.begin(pending.name, pending.line, pending.custom)
                self.storages.enter(list(zip(again.given, given, strict=True)))
            pending.running = Running(number, inputs, again)
        return pending.running

    def _is_written(self, t: torch.Tensor) -> bool:
        found = self.storages.find(t)
        return found is not None and found.writes > 0

    def _end(self, running: Running, out: Any) -> None:
        """The call is over: its outputs are its results, and what it wrote to."""
        again = running.again
        results = [t for t in leaves(out) if isinstance(t, torch.Tensor)]
        written = [
            k
            for k, t in enumerate(again.tensors)
            if self._is_written(t) and not any(t is r for r in results)
        ]
        came = [*results, *(again.tensors[k] for k in written)]
        seen = [
            k for k, t in enumerate(came) if is_numeric(t) and self.storages.find(t) is not None
        ]
        values = [self.storages.read(came[k]) for k in seen]
        outputs = [v for held in values for v in parts(held)]
        again.done(running.inputs, outputs, seen, written, [numbers(came[k]) for k in seen])
        self.again[running.number] = again
        self.tape.end(running.number, running.inputs, outputs)

    def _hold(self, name: str, out: Any) -> Any:
        """The results, held where PyTorch is told not to differentiate.

        What shares its storage with what is differentiated is given one of its own; neither is
        written to any more.
        """
        if torch.is_grad_enabled() and name not in HOLDING:
            return out
        if not any(self.storages.depends(t) for t in leaves(out)):
            return out
        assert self.pending is not None
        running = self.start(self.pending)
        return pytree.tree_map(lambda t: self._held(t, running), out)

    def _held(self, t: Any, running: Running) -> Any:
        if not is_numeric(t) or self.storages.find(t) is None:
            return t
        if any(t is given for given in running.again.tensors):
            return t  # it was written to, in place
        held = self.storages.read(t)
        values = [self.tape.emit("hold", [v])[0] for v in parts(held)]
        own = torch.clone(t)
        if any(self.storages.shares(t, given) for given in running.again.tensors):
            why = "a write into memory that a detached tensor shares; write into its clone()"
            self.storages.close(t, why)
            self.storages.write(own, Pair(*values) if isinstance(held, Pair) else values[0])
            self.storages.close(own, why)
            return own
        self.storages.write(t, Pair(*values) if isinstance(held, Pair) else values[0])
        return t

    # operations

    def operation(self, func: Any, args: Sequence[Any], kwargs: dict[str, Any]) -> Any:
        """Execute an operation that was dispatched, and write down what it was."""
        if self.passing.depth:
            return func(*args, **kwargs)
        try:
            return self._operation(func, args, kwargs)
        except UnsupportedError as error:  # TorchScript gives it on as an error of its own
            raise self.failure or self.refusal(func, str(error)) from error

    def _operation(self, func: Any, args: Sequence[Any], kwargs: dict[str, Any]) -> Any:
        with self.passing:
            about = schema(func)
            given = about.given(args, kwargs)
            depends = any(self.storages.depends(t) for t in leaves(given))
        name = about.name
        if about.draws:
            self._draw(func, given, depends)
        if not depends or name in SHAPES_ALONE or name in METADATA or _is_idle(name, given):
            return func(*args, **kwargs)
        if about.is_view:
            out = func(*args, **kwargs)
            if self._is_of(out, given):
                return out  # else it had to copy
        if torch._C._current_graph_task_id() != -1:
            raise self.refusal(name, "it differentiates inside itself; give the derivative in full")
        if name == "_local_scalar_dense":
            with self.passing:
                self._leave(args[0])
            return func(*args, **kwargs)
        alone = self.pending is None
        if alone:
            again = Again(func, args, kwargs, torch.is_grad_enabled())
            self.pending = Pending(told(func), self.line(), again, False)
        assert self.pending is not None
        try:
            running = self.start(self.pending)
            with self.passing:
                out = self._execute(func, name, given, args, kwargs)
                if alone:
                    self._end(running, out)
        finally:
            if alone:
                self._close()
        return out

    def _is_of(self, out: Any, given: dict[str, Any]) -> bool:
        """Whether what an operation gave lies in the storages that it was given."""
        with self.passing:
            tensors = [t for t in leaves(given) if isinstance(t, torch.Tensor)]
            return all(
                not t.numel() or any(self.storages.shares(t, other) for other in tensors)
                for t in leaves(out)
                if isinstance(t, torch.Tensor)
            )

    def _draw(self, func: Any, given: dict[str, Any], depends: bool) -> None:
        if given.get("train") is False or given.get("dropout_p") == 0:
            return
        what = f"{self.pending.name if self.pending else told(func)} ({self.line()})"
        self.tape.folded.append(what)
        if depends and not schema(func).name.endswith("_like"):
            raise self.refusal(func, "random numbers; draw them outside of f and give them to it")

    def _leave(self, t: torch.Tensor) -> None:
        """A number leaves PyTorch: as a decision, or as text, it may."""
        name = self.pending.name if self.pending else "torch.Tensor.item"
        if name in SHOWING or not is_numeric(t):
            return
        v = self.storages.read(t)
        if isinstance(v, Value) and name == "torch.Tensor.__bool__":
            self.tape.signs(v, "the truth of a number")
        elif isinstance(v, Value) and name == "torch.Tensor.__int__":
            whole = np.trunc(v.floats)
            self.tape.compare(v, np.where(v.floats < 0, whole - 1, whole), "int()")
            self.tape.compare(whole + 1, v, "int()")
        else:
            raise self.refusal(name, "a number that depends on X left PyTorch; keep it a tensor")

    def _execute(self, func: Any, name: str, given: dict[str, Any], args: Any, kwargs: Any) -> Any:
        base = name.removesuffix("_")
        read = self.storages.read
        if schema(func).writes:
            before = {id(t): read(t) for t in leaves(given) if is_numeric(t)}
            read = lambda t: before[id(t)] if id(t) in before else self.storages.read(t)  # noqa: E731
        made = None if base in RULES or base in COMPLEX else self._decomposed(func, args, kwargs)
        out = func(*args, **kwargs)
        run = lambda given: func(**given)  # noqa: E731
        executed = Executed(self.tape, base, given, read, out, run)
        try:
            answer = made or (of_complex(executed) or RULES[base])(executed)
            self._note(out, several(answer))
        except UnsupportedError as error:
            raise self.refusal(func, str(error)) from error
        except (ArithmeticError, LookupError, RuntimeError, TypeError, ValueError) as error:
            raise self.refusal(func, " ".join(str(error).split())) from error
        return out

    def _decomposed(self, func: Any, args: Any, kwargs: Any) -> tuple[Output, ...]:
        """What an operation without a rule gives, by those that PyTorch makes it of."""
        base = schema(func).name.removesuffix("_")
        same = getattr(getattr(torch.ops.aten, base, None), func._overloadname or "default", None)
        made_of = _decompositions().get(same)
        if made_of is None or "out" in kwargs:
            raise self.refusal(func, "it is not known to the recorder; write it by others")
        before, self.passing.depth = self.passing.depth, 0
        try:
            with Operations(self):
                made = made_of(*args, **kwargs)
        finally:
            self.passing.depth = before
        return tuple(
            self.storages.read(t) if is_numeric(t) and self.storages.depends(t) else HIDDEN
            for t in (made if isinstance(made, (tuple, list)) else (made,))
        )

    def _note(self, out: Any, answers: Sequence[Output]) -> None:
        """Let the results have their values, which are PyTorch's own up to rounding."""
        results = list(out) if isinstance(out, (tuple, list)) else [out]
        for t, answer in itertools.zip_longest(results, answers[: len(results)]):
            if not is_numeric(t) or not t.numel():
                continue
            if answer is None or isinstance(answer, Hidden):
                self.storages.hide(t)
            else:
                held = self._shaped(answer, tuple(t.shape), t.is_complex())
                _compare(t, held)
                self.storages.write(t, held)

    def _shaped(self, held: Held, shape: tuple[int, ...], is_complex: bool) -> Held:
        if isinstance(held, Pair):
            return Pair(*(self._broadcast(v, shape) for v in held))
        v = self._broadcast(held, shape)
        return Pair(v, self.tape.const(np.zeros(shape))) if is_complex else v

    def _broadcast(self, v: Value, shape: tuple[int, ...]) -> Value:
        if v.shape == shape:
            return v
        if v.size == int(np.prod(shape)):
            return self.tape.reshape(v, shape)
        return self.tape.broadcast(v, shape)

    def refusal(self, what: Any, why: str) -> UnsupportedError:
        """The error, which is not lost if f catches it."""
        name = self.pending.name if self.pending else ""
        own = what if isinstance(what, str) else told(what)
        where = f"{name or own} ({self.line()})"
        inner = f" [{own}]" if name and own.split(".")[-1] not in name else ""
        error = UnsupportedError(f"{where}{inner}: {why}")
        self.failure = self.failure or error
        return self.failure


def _compare(t: torch.Tensor, held: Held) -> None:
    """Whether PyTorch's numbers are those of the record, which then goes on with them.

    Raises:
        UnsupportedError: they are not.
    """
    given = numbers(t)
    dtype = str(t.dtype.to_real() if t.is_complex() else t.dtype).removeprefix("torch.")
    close = CLOSE.get(dtype, LOOSE.get(dtype, 0.1))
    for v, x in zip(parts(held), (given.real, given.imag), strict=False):
        if np.array_equal(v.floats, x):
            continue
        with np.errstate(all="ignore"):
            same = (v.floats == x) | (np.isnan(v.floats) & np.isnan(x))
            off = np.max(np.where(same, 0, np.abs(v.floats - x)), initial=0)
            size = np.max(np.abs(given), initial=0, where=np.isfinite(given))
        if not off <= close * size + np.finfo(float).tiny:
            raise UnsupportedError(
                "it computes something else than was recorded, or the numbers are lost in "
                "rounding; check a part of the function"
            )
        v.floats = np.asarray(x, float)


@functools.cache
def _decompositions() -> dict[Any, Callable[..., Any]]:
    """How PyTorch makes operations of others, for those who export its programs."""
    return dict(torch.export.default_decompositions())


@functools.lru_cache(maxsize=512)
def told(func: Any) -> str:
    """The name of a function or an operation, as a user knows it."""
    if hasattr(func, "_schema"):
        package, name = func._schema.name.split("::")
        plain = name.strip("_").removesuffix("_ex")
        if plain.startswith("linalg_"):
            return f"torch.linalg.{plain.removeprefix('linalg_')}"
        return f"torch.{plain}" if hasattr(torch, plain) else f"torch.ops.{package}.{name}"
    return resolve_name(func) or f"{func.__module__}.{func.__name__}"


def _is_idle(name: str, given: dict[str, Any]) -> bool:
    """Whether it gives a tensor the shape that it has."""
    if name == "resize_as_":
        return bool(given["self"].shape == given["the_template"].shape)
    return name == "resize_" and tuple(given["self"].shape) == tuple(given["size"])


class Operations(TorchDispatchMode):  # type: ignore[misc]
    """What is executed."""

    def __init__(self, recorder: Recorder) -> None:
        super().__init__()
        self.recorder = recorder

    def __torch_dispatch__(
        self, func: Any, types: Any, args: Sequence[Any] = (), kwargs: Any = None
    ) -> Any:
        return self.recorder.operation(func, args, kwargs or {})
