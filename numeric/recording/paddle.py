"""PaddlePaddle: the program of a callable, as it is translated, and held against f in dynamic mode.

Its dynamic mode keeps no record.  ``paddle.jit.to_static`` translates f to one, and may take it for
another function, as where it writes into a tensor in place: what is walked here is believed only
where its replay is f itself, as it runs in dynamic mode, at X and beside it.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import paddle

from symgrad.numeric.recording import paddle_program as programs
from symgrad.numeric.recording.paddle_calls import outputs
from symgrad.numeric.recording.paddle_operations import Executed, numbers
from symgrad.numeric.recording.paddle_program import Applied
from symgrad.numeric.recording.paddle_walk import Pulled, Walk
from symgrad.numeric.recording.pairs import Pair, parts
from symgrad.numeric.recording.pairs import given as inputs
from symgrad.numeric.recording.recording import (
    LOOSE,
    Matrix,
    Pullback,
    Recording,
    checked,
    named,
)
from symgrad.numeric.recording.tape import Array, Tape, UnsupportedError, Value

TIGHT = {**LOOSE, "float64": 1e-10}
"""What the replay may be off relatively: a number that was translated to its float32 is seen."""


def record(f: Callable[..., Any], X: Matrix, dtype: str, label: str = "f") -> Recording:
    """The record of f at X (n×n, float64 or complex128, of numbers that the dtype holds).

    Raises:
        UnsupportedError: f cannot be recorded; it is named by ``label``.
    """
    with named(label), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        ran = programs.watched(f, X, dtype)
        programs.try_translation(f, len(X), dtype)
        return checked(
            lambda: _once(f, X, dtype, ran.layers),
            lambda there: programs.evaluated(f, there, dtype),
            X,
            dtype,
            label,
            TIGHT,
        )


def _once(f: Callable[..., Any], X: Matrix, dtype: str, layers: list[Applied]) -> Recording:
    made = programs.translated(f, len(X), dtype)
    tape = Tape("paddle", paddle.__version__, dtype, len(X))
    walk = Walk(tape, made, layers)
    output = tape.reshape(tape.value(walk.run(inputs(tape, X))), ())
    program = tape.finish(output, programs.evaluated(f, X, dtype))
    about = [(walk.pulled.get(k), call.name) for k, call in enumerate(program.calls)]
    return Recording(program, tuple(_pullback(pulled, tape.kept, name) for pulled, name in about))


def _pullback(pulled: Pulled | None, left: dict[int, int], name: str) -> Pullback:
    """The derivative of a call alone, in dynamic mode, by those of its values that are left."""

    def kept(x: Any) -> list[Value]:
        return [v for v in parts(x) if v.depends and v.number in left]

    def pullback(cotangents: Sequence[Array]) -> list[Array]:
        if pulled is None:
            raise UnsupportedError(f"{name} cannot be repeated alone")
        tensors, gave = _again(pulled)
        moving = [(t, x) for t, x in zip(tensors, pulled.inputs, strict=True) if kept(x)]
        places = [v.number for x in pulled.outputs for v in kept(x)]
        # what is given back twice is one value, and has its cotangent once
        given = dict(reversed(list(zip(places, cotangents, strict=True))))
        asked = [
            (y, _seed(x, given))
            for y, x in zip(gave, pulled.outputs, strict=False)
            if any(v.number in given for v in kept(x)) and not y.stop_gradient
        ]
        if not asked:  # it leaves what PaddlePaddle differentiates
            return [np.zeros(v.shape) for _, x in moving for v in kept(x)]
        seeds = [paddle.to_tensor(G, dtype=y.dtype) for y, G in asked]
        found = paddle.grad([y for y, _ in asked], [t for t, _ in moving], seeds, allow_unused=True)
        return [
            part
            for (_, x), G in zip(moving, found, strict=True)
            for v, part in zip(parts(x), _parts(x, G), strict=True)
            if v in kept(x)
        ]

    return pullback


def _seed(x: Any, given: dict[int, Array]) -> Array:
    """A cotangent: PaddlePaddle's of a complex array is ∂/∂Re + i ∂/∂Im."""
    each = [given.pop(v.number, np.zeros(v.shape)) for v in parts(x)]
    return each[0] if len(each) == 1 else np.asarray(each[0] + 1j * each[1])


def _parts(x: Any, G: Any) -> list[Array]:
    """∂/∂Re and ∂/∂Im of a cotangent; of a real one itself."""
    if G is None:
        return [np.zeros(v.shape) for v in parts(x)]
    if not isinstance(x, Pair):
        return [G.astype("float64").numpy()]
    whole = G.astype("complex128").numpy()
    return [whole.real, whole.imag]


def _again(pulled: Pulled) -> tuple[list[Any], list[Any]]:
    """Its operands as fresh tensors, one by one, and what it gives of them in dynamic mode."""
    call, fresh = pulled.call, []
    if isinstance(call, Executed):
        given = call.tensors()
        for x in given:
            fresh += x if isinstance(x, list) else [x]
        _watch(fresh, pulled)
        return fresh, outputs(call.name, call.attributes, given)
    rest = iter(pulled.inputs)
    args = [_fresh(next(rest), x) if isinstance(x, paddle.Tensor) else x for x in call.args]
    fresh = [x for x in args if isinstance(x, paddle.Tensor)]
    _watch(fresh, pulled)
    gave = call.layer.apply(*args)
    return fresh, list(gave) if isinstance(gave, (list, tuple)) else [gave]


def _fresh(x: Any, like: Any) -> Any:
    return paddle.to_tensor(np.array(numbers(x)), dtype=like.dtype)


def _watch(tensors: list[Any], pulled: Pulled) -> None:
    """Ask for the derivatives that were asked for in f."""
    for t, held, x in zip(tensors, pulled.held, pulled.inputs, strict=True):
        t.stop_gradient = held and not parts(x)
