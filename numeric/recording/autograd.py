"""HIPS autograd: its own tracer says which primitive ran, the arrays of NumPy's recorder of what.

autograd traces a function by boxes, each with a node of the kind of its trace (VJPNode, JVPNode).
Here the node is a third kind, which is told of every primitive after it ran, and what is boxed is
an array of the record, so that all that its body calls is written down below it.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import autograd
import autograd.scipy.linalg
import autograd.scipy.special
import numpy as np
from autograd.core import VJPNode
from autograd.extend import VSpace
from autograd.numpy.numpy_boxes import ArrayBox
from autograd.numpy.numpy_vspaces import ArrayVSpace, ComplexArrayVSpace
from autograd.tracer import Node, notrace_primitives, primitive, register_notrace, trace
from msgspec import structs

from symgrad.numeric.frameworks.autograd import Framework
from symgrad.numeric.recording.numpy import called, undisturbed
from symgrad.numeric.recording.numpy_arguments import depends, plain, told, traced, within
from symgrad.numeric.recording.numpy_arrays import Traced
from symgrad.numeric.recording.numpy_lines import MINE, users_line
from symgrad.numeric.recording.numpy_makers import of_scipy, standing_in
from symgrad.numeric.recording.numpy_recorder import Recorder
from symgrad.numeric.recording.numpy_scipy import OF_SCIPY
from symgrad.numeric.recording.pairs import Held, Pair, apart, parts
from symgrad.numeric.recording.pairs import given as inputs
from symgrad.numeric.recording.recording import Matrix, Recording, checked, named
from symgrad.numeric.recording.tape import RETURN_ONE, Array, Tape, UnsupportedError, Value

MODULES = (autograd.scipy.linalg, autograd.scipy.special)


def record(f: Callable[..., Any], X: Matrix, dtype: str, label: str = "f") -> Recording:
    """The record of f at X (n×n, float64 or complex128, of numbers that the dtype holds).

    Raises:
        UnsupportedError: f cannot be recorded; it is named by ``label``.
    """
    with named(label), undisturbed():
        return checked(
            lambda: _once(f, X.astype(dtype), dtype),
            lambda there: float(f(there.astype(dtype))),
            X,
            dtype,
            label,
        )


class _Call:
    """A primitive that ran, with numbers in place of its arrays."""

    def __init__(self, fun: Any, args: Sequence[Any], kwargs: Any, argnums: Sequence[int]) -> None:
        self.fun = fun
        self.args = [plain(x) for x in args]
        self.kwargs = {name: plain(x) for name, x in kwargs.items()}
        self.argnums = tuple(argnums)
        self.inputs: list[Held] = []
        self.outputs: list[Held | None] = []
        """Of each array that it gave; None where it does not depend on X."""

    def product(self, cotangents: Sequence[Array], left: dict[int, int]) -> list[Array]:
        """autograd's vector–Jacobian product, between those of its values that are left."""

        def alone(*moved: Any) -> Any:
            whole = list(self.args)
            for k, x in zip(self.argnums, moved, strict=True):
                whole[k] = x
            return self.fun(*whole, **self.kwargs)

        back, out = autograd.make_vjp(alone, self.argnums)(*(self.args[k] for k in self.argnums))
        kept = [v.number for held in self.outputs for v in parts(held) if _is_left(v, left)]
        # what is given back twice is one value, and has its cotangent once
        given = dict(reversed(list(zip(kept, cotangents, strict=True))))
        seeds = [
            _seed(held, given, np.shape(x))
            for held, x in zip(self.outputs, _leaves(out), strict=True)
        ]
        found = back(tuple(seeds) if isinstance(out, tuple) else seeds[0])
        each = [np.asarray(g) for part in found for g in _leaves(part)]
        return [
            part
            for held, g in zip(self.inputs, each, strict=True)
            for v, part in zip(parts(held), _cotangents(held, g), strict=True)
            if _is_left(v, left)
        ]


def _is_left(v: Value, left: dict[int, int]) -> bool:
    return v.depends and v.number in left


def _seed(held: Held | None, given: dict[int, Array], shape: tuple[int, ...]) -> Array:
    """A cotangent: autograd's of a complex array is ∂/∂Re − i ∂/∂Im."""
    each = [given.pop(v.number, np.zeros(shape)) for v in parts(held)]
    if not each:
        return np.zeros(shape)
    return each[0] if len(each) == 1 else np.asarray(each[0] - 1j * each[1])


def _cotangents(held: Held, g: Array) -> list[Array]:
    """∂/∂Re and ∂/∂Im of a cotangent; of a real one itself."""
    if isinstance(held, Pair):
        return [np.asarray(g.real, float), np.asarray(-g.imag, float)]
    return [np.asarray(g.real, float)]


def _leaves(x: Any) -> list[Any]:
    return [y for part in x for y in _leaves(part)] if isinstance(x, (tuple, list)) else [x]


class _Trace:
    """The primitives that run, each made one call of the record."""

    def __init__(self, recorder: Recorder, originals: dict[Any, Any]) -> None:
        self.recorder = recorder
        self.originals = originals
        self.calls: dict[int, _Call] = {}
        self.steps = len(recorder.tape.steps)

    def ran(
        self, out: Any, fun: Any, args: Sequence[Any], kwargs: Any, argnums: Sequence[int]
    ) -> None:
        """A primitive that gave ``out`` of these arguments, of which some are boxed."""
        fun = self.originals.get(fun, fun)
        name = _name(fun)
        rest = [x for k, x in enumerate(args) if k not in argnums]
        if depends([rest, kwargs]):
            raise self.recorder.refusal(
                name, "a number of X that was taken out of its box; keep it in the box"
            )
        given = [x for k in argnums for x in traced(args[k])]
        arrays = traced(out)
        for x in arrays:
            self._own(x, given)
        read = self.recorder.held
        outputs = [read(x) if x.depends and not x.storage.hidden else None for x in arrays]
        if any(v is not None and v.depends for v in outputs):
            call = _Call(fun, args, kwargs, argnums)
            call.inputs = [read(x) for x in given if not x.storage.hidden]
            call.outputs = outputs if len(arrays) == len(_leaves(out)) else []
            self._join(name, call, _is_own(fun))
        self.steps = len(self.recorder.tape.steps)

    def _own(self, x: Traced, given: Sequence[Traced]) -> None:
        """What is a view of an argument has memory of its own, as nobody writes to a box."""
        for base in given:
            if x is not base and x.storage is base.storage and not x.storage.hidden:
                take = partial(self.recorder.tape.take, index=within(base, x.places))
                x.own(apart(take, self.recorder.held(base)))
                return

    def _join(self, name: str, call: _Call, custom: bool) -> None:
        """All that was written since the last one belongs to this; decisions stay by themselves."""
        tape = self.recorder.tape
        steps = range(self.steps, len(tape.steps))
        within_it = {tape.steps[k].call for k in steps}
        decisions = [k for k in sorted(within_it) if k >= 0 and not tape.calls[k].outputs]
        mine = [k for k in steps if tape.steps[k].call not in decisions]
        if not mine:
            return
        first = min((k for k in within_it if k >= 0), default=len(tape.calls))
        tape.calls[first:] = [tape.calls[k] for k in decisions]
        renumbered = {old: first + new for new, old in enumerate(decisions)}
        number = tape.begin(name, users_line(), custom)
        for k in steps:
            own = renumbered.get(tape.steps[k].call, number)
            tape.steps[k] = structs.replace(tape.steps[k], call=own)
        read, gave = ([v for x in xs for v in parts(x)] for xs in (call.inputs, call.outputs))
        tape.end(number, read, gave)
        self.calls[number] = call


class _Node(Node):  # type: ignore[misc]
    """A node that only tells of what ran."""

    __slots__ = ["told"]

    def __init__(
        self, out: Any, fun: Any, args: Any, kwargs: Any, argnums: Any, parents: Any
    ) -> None:
        self.told = parents[0].told
        self.told.ran(out, fun, args, kwargs, argnums)

    def initialize_root(self, told: _Trace) -> None:
        """The node of X."""
        self.told = told


for _fun in notrace_primitives[VJPNode]:
    register_notrace(_Node, _fun)
ArrayBox.register(Traced)
VSpace.register(  # where f itself differentiates
    Traced, lambda x: (ComplexArrayVSpace if x.is_complex else ArrayVSpace)(x.numbers)
)


def _name(fun: Any) -> str:
    """What a user calls a primitive."""
    raw = getattr(fun, "fun", fun)
    name = str(getattr(raw, "__name__", "") or "a primitive")
    if _is_own(fun):
        return name
    return {"__getitem__": "indexing", "array_from_args": "np.array"}.get(name) or told(raw)


def _is_own(fun: Any) -> bool:
    """Whether it is a primitive of the user's."""
    raw = getattr(fun, "fun", fun)
    module = (
        "numpy" if isinstance(raw, np.ufunc) else str(getattr(raw, "__module__", None) or "numpy")
    )
    return module.split(".")[0] not in MINE


def _once(f: Callable[..., Any], x: Array, dtype: str) -> Recording:
    """The record of one run."""
    tape = Tape("autograd", Framework.version, dtype, len(x))
    recorder = Recorder(tape)
    given = recorder.array(x.copy(), inputs(tape, x))
    given.storage.closed = "it writes into X; autograd needs another array"
    instead, originals = _of_scipy(recorder)
    told_of = _Trace(recorder, originals)
    with standing_in(recorder, f, *instead), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        y, node = called(lambda X: trace(_Node.new_root(told_of), f, X), given, recorder)
    output = _output(recorder, y, node)
    program = tape.finish(tape.reshape(output, ()), float(output.floats.reshape(())))
    return Recording(
        program,
        tuple(_pullback(told_of.calls.get(k), tape, c.name) for k, c in enumerate(program.calls)),
    )


def _of_scipy(recorder: Recorder) -> tuple[list[Any], dict[Any, Any]]:
    """What stands in for the primitives of autograd.scipy, which have SciPy inside, and for what.

    Returns:
        For each module what stands in there, by the id of the primitive; and the primitives by it.
    """
    own, originals, spaces = {}, {}, [vars(module) for module in MODULES]
    for known in [x for space in spaces for x in space.values()]:
        raw = getattr(known, "fun", None)
        if callable(raw) and not isinstance(raw, np.ufunc) and raw in OF_SCIPY:
            own[id(known)] = other = primitive(of_scipy(recorder, raw))
            originals[other] = known
    return [(space, own) for space in spaces], originals


def _output(recorder: Recorder, y: Any, node: Any) -> Value:
    """What f returned, if it is one real number.

    Raises:
        UnsupportedError: it is not, or has left its box.
    """
    numbers = plain(y)
    if np.size(numbers) != 1 or np.asarray(numbers).dtype.kind != "f":
        raise UnsupportedError(
            f"it returned {type(numbers).__name__} of the shape {np.shape(numbers)}; {RETURN_ONE}"
        )
    if node is None and depends([y]):
        raise UnsupportedError("it returned a number out of its box; return it as it comes")
    return recorder.read(y)


def _pullback(call: _Call | None, tape: Tape, name: str) -> Callable[..., list[Array]]:
    def product(cotangents: Sequence[Array]) -> list[Array]:
        if call is None or not call.outputs:
            raise UnsupportedError(f"{name} cannot be repeated alone")
        return call.product(cotangents, tape.kept)

    return product
