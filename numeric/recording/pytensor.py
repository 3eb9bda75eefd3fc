"""PyTensor: the graph of a callable as the user built it, before any rewriting, walked at X."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pytensor
import pytensor.tensor as pt
from pytensor.compile.mode import Mode
from pytensor.graph.basic import Constant, Variable
from pytensor.tensor.type import TensorType

from symgrad.numeric.recording.pytensor_walk import Pulled, Walk
from symgrad.numeric.recording.recording import (
    Matrix,
    Pullback,
    Recording,
    checked,
    named,
    one_line,
)
from symgrad.numeric.recording.tape import RETURN_ONE, Array, Tape, UnsupportedError, Value

AS_BUILT = Mode(linker="py", optimizer=None)
"""For one node alone: what it is differentiated to, run as it is."""
FRAMES = 60
"""So many of a node's callers are kept, lest the user's line be not among them."""


def record(f: Callable[..., Any], X: Matrix, dtype: str, label: str = "f") -> Recording:
    """The record of f at X (n×n, float64, of numbers that the dtype holds).

    Raises:
        UnsupportedError: f cannot be recorded; it is named by ``label``.
    """
    with named(label):
        if np.iscomplexobj(X):
            raise UnsupportedError(
                "complex (Hermitian) matrices are not differentiated by PyTensor: pytensor.grad "
                "raises a TypeError at every complex cotangent; give a real X, or write f in "
                "PyTorch, JAX, TensorFlow, PaddlePaddle or autograd"
            )
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            forward = _Forward(f, dtype)
            return checked(lambda: _once(forward, X), forward, X, dtype, label, is_compiled=True)


def _built(f: Callable[..., Any], x: Variable) -> Variable:
    """f(x), a real number, as a graph.

    Raises:
        UnsupportedError: it is none, or raises an error.
    """
    try:
        with pytensor.config.change_flags(traceback__limit=FRAMES):
            y = f(x)
    except Exception as error:
        raise UnsupportedError(f"it raised {type(error).__name__}: {one_line(error)}") from error
    if not isinstance(y, Variable) or not isinstance(y.type, TensorType):
        raise UnsupportedError(f"it returned {type(y).__name__}; return a number made of X")
    if y.type.ndim or y.type.dtype.startswith("complex"):
        raise UnsupportedError(
            f"it returned {y.type.dtype} of {y.type.ndim} dimensions; {RETURN_ONE}"
        )
    return y


class _Forward:
    """f in the user's mode, without a recorder: the graph that was recorded, compiled once."""

    def __init__(self, f: Callable[..., Any], dtype: str) -> None:
        self.f, self.dtype = f, dtype
        self.run: Any = None

    def built(self) -> tuple[Variable, Variable]:
        """X and f(X), as f builds it now; the first time it is compiled too."""
        x = pt.matrix("X", dtype=self.dtype)
        y = _built(self.f, x)
        if self.run is None:
            try:
                self.run = pytensor.function([x], y, on_unused_input="ignore")
            except Exception as error:
                raise UnsupportedError(f"pytensor.function raised {one_line(error)}") from error
        return x, y

    def __call__(self, X: Matrix) -> float:
        """f(X)."""
        try:
            return float(self.run(X.astype(self.dtype)))
        except Exception as error:
            told = one_line(error).partition(" Apply node")[0]
            raise UnsupportedError(f"it raised {type(error).__name__}: {told}") from error


def _once(forward: _Forward, X: Matrix) -> Recording:
    x, y = forward.built()
    tape = Tape("pytensor", pytensor.__version__, forward.dtype, len(X))
    walk = Walk(tape)
    (output,) = walk.run([x], [y], [tape.input(X)])
    program = tape.finish(tape.reshape(tape.value(output), ()), forward(X))
    about = [(walk.pulled.get(k), call.name) for k, call in enumerate(program.calls)]
    return Recording(program, tuple(_pullback(pulled, tape.kept, name) for pulled, name in about))


def _pullback(pulled: Pulled | None, left: dict[int, int], name: str) -> Pullback:
    """The derivative of a node alone, between those of its values that are left."""

    def kept(x: Any) -> bool:
        return isinstance(x, Value) and x.depends and x.number in left

    def pullback(cotangents: Sequence[Array]) -> list[Array]:
        if pulled is None:
            raise UnsupportedError(f"{name} cannot be repeated alone")
        node, args, inputs, outputs = pulled
        moving = [k for k, x in enumerate(inputs) if kept(x)]
        numbers = [x.number for x in outputs if kept(x)]
        # what is given back twice is one value, and has its cotangent once
        given = dict(reversed(list(zip(numbers, cotangents, strict=True))))
        fresh = [
            v.type() if k in moving else _constant(v, a)
            for k, (v, a) in enumerate(zip(node.inputs, args, strict=True))
        ]
        alone = node.clone_with_new_inputs(fresh)
        gave = [(y, given.pop(x.number)) for y, x in zip(alone.outputs, outputs, strict=True)
                if kept(x) and x.number in given]  # fmt: skip
        seeds = [pt.constant(np.asarray(G, y.type.dtype)) for y, G in gave]
        found = pytensor.gradient.pullback(
            [y for y, _ in gave], [fresh[k] for k in moving], seeds, disconnected_inputs="ignore"
        )
        with pytensor.config.change_flags(mode=AS_BUILT):  # also of graphs inside of nodes
            run = pytensor.function([fresh[k] for k in moving], found, on_unused_input="ignore")
            return [np.asarray(G, float) for G in run(*(args[k] for k in moving))]

    return pullback


def _constant(v: Variable, a: Any) -> Variable:
    """An argument without X in it, cut off from what it was made of."""
    if isinstance(v, Constant):
        return v
    found: Variable = v.type.make_constant(v.type.filter(a, allow_downcast=True))
    return found
