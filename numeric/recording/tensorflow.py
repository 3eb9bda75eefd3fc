"""TensorFlow: the graph that tf.function traces of a callable, executed at X and written down.

TensorFlow executes every operation, one by one; what is recorded is compared with it after each,
and at the end with the callable itself, called at X and near it.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np
import tensorflow as tf

from symgrad.court.program import Program
from symgrad.numeric.recording.pairs import Pair
from symgrad.numeric.recording.recording import Matrix, Pullback, Recording, checked, named
from symgrad.numeric.recording.tape import RETURN_ONE, Array, Tape, UnsupportedError, Value
from symgrad.numeric.recording.tensorflow_graph import Pulled, Walk
from symgrad.numeric.recording.tensorflow_items import Item
from symgrad.numeric.recording.tensorflow_raw import array

DEVICE = "CPU:0"
LEAVING = ("symbolic", "SymbolicTensor")
"""What TensorFlow calls a tensor without numbers, where Python asks for them."""


def record(
    f: Callable[..., Any],
    X: Matrix,
    dtype: str,
    label: str = "f",
    device: str = DEVICE,
) -> Recording:
    """The record of f at X (n×n, float64 or complex128, of numbers that the dtype holds).

    Raises:
        UnsupportedError: f cannot be recorded; it is named by ``label``.
    """
    with named(label), _quietly(), tf.device(device):
        return checked(
            lambda: _once(f, X, dtype), lambda there: _called(f, there, dtype), X, dtype, label
        )


@contextmanager
def _quietly() -> Iterator[None]:
    """Without the warnings of the framework."""
    logger = tf.get_logger()
    level = logger.level
    logger.setLevel("ERROR")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logger.setLevel(level)


def _one_line(error: BaseException) -> str:
    return " ".join(str(error).split())


def _called(f: Callable[..., Any], X: Matrix, dtype: str) -> float:
    """f(X), as the user calls it."""
    return float(tf.reshape(f(tf.constant(X, dtype)), []))


def _once(f: Callable[..., Any], X: Matrix, dtype: str) -> Recording:
    """The record, checked operation by operation, with the value that TensorFlow's graph had."""
    graph, captured = _traced(f, X, dtype)
    tape = Tape("tensorflow", str(tf.__version__), dtype, len(X))
    if np.iscomplexobj(X):
        value: Value | Pair = Pair(tape.input(X.real), tape.input(X.imag))
    else:
        value = tape.input(X)
    walk = Walk(tape)
    (output,) = walk.graph(graph, [Item(tf.constant(X, dtype), value), *captured])
    assert isinstance(output, Item)
    number = _one_number(output.tensor)
    (v,) = output.parts or [tape.const(number)]
    program = tape.finish(tape.reshape(v, ()), number)
    return Recording(program, _pullbacks(tape, walk.pulled, program))


def _one_number(y: tf.Tensor) -> float:
    """The output, as a number.

    Raises:
        UnsupportedError: it is no real one, or several.
    """
    if y.shape.num_elements() != 1:
        raise UnsupportedError(f"it returned an array of the shape {tuple(y.shape)}; {RETURN_ONE}")
    if not y.dtype.is_floating:
        raise UnsupportedError(f"it returned a number of {y.dtype.name}; return a real one")
    return float(tf.reshape(y, []))


def _traced(f: Callable[..., Any], X: Matrix, dtype: str) -> tuple[tf.Graph, list[Item]]:
    """The graph of f, and what it captured.

    Raises:
        UnsupportedError: it cannot be traced, or returns no tensor.
    """
    try:
        traced = tf.function(f).get_concrete_function(tf.TensorSpec(X.shape, dtype))
    except Exception as error:
        raise UnsupportedError(_reason(f, X, dtype, error)) from error
    y = traced.structured_outputs
    if not isinstance(y, tf.Tensor):
        raise UnsupportedError(f"it returned a {type(y).__name__}; return one real number")
    return traced.graph, [Item(x) for x in traced.captured_inputs]


def _reason(f: Callable[..., Any], X: Matrix, dtype: str, error: Exception) -> str:
    """Why f cannot be traced: what it raises when it is called, if it does."""
    try:
        f(tf.constant(X, dtype))
    except Exception as own:
        return f"it raised {type(own).__name__}: {_one_line(own)}"
    said = _one_line(error)
    if any(word in said for word in LEAVING):
        return (
            "a number that depends on X leaves TensorFlow, by float(), .numpy(), NumPy, or a "
            f"branch of Python that AutoGraph cannot see; keep it a tensor: {said}"
        )
    return f"tf.function cannot trace it; write it so that it can: {said}"


def _pullbacks(tape: Tape, pulled: dict[int, Pulled], program: Program) -> tuple[Pullback, ...]:
    """Of every call its derivative alone, between those of its values that are left."""
    return tuple(
        _pullback(pulled[call], tape.kept) if call in pulled else _nothing(about.name)
        for call, about in enumerate(program.calls)
    )


def _nothing(name: str) -> Pullback:
    def pullback(_: Sequence[Array]) -> list[Array]:
        raise UnsupportedError(f"{name} cannot be repeated alone")

    return pullback


def _pullback(pulled: Pulled, left: dict[int, int]) -> Pullback:
    """The derivative of a call, between those of its values that are left, each of them once."""

    def pullback(cotangents: Sequence[Array]) -> list[Array]:
        gave = dict.fromkeys(k for numbers in pulled.outputs for k in numbers if k in left)
        given = dict(zip(gave, cotangents, strict=True))
        with _quietly(), tf.device(DEVICE):
            seeds = [
                _seed([given.pop(k, np.zeros(like.shape)) for k in numbers], like)
                for numbers, like in zip(pulled.outputs, pulled.like, strict=True)
            ]
            found = _asked(pulled, seeds)
        sums: dict[int, Array] = {}
        for numbers, tensor in zip(pulled.inputs, found, strict=True):
            for number, part in zip(numbers, _parts(tensor), strict=True):
                if number in left:
                    sums[number] = sums.get(number, 0.0) + part
        return list(sums.values())

    return pullback


def _asked(pulled: Pulled, seeds: list[tf.Tensor]) -> list[tf.Tensor]:
    try:
        return pulled.differentiate(seeds)
    except LookupError as error:  # it has no derivative
        raise UnsupportedError(_one_line(error)) from error


def _seed(parts: Sequence[Array], like: tf.Tensor) -> tf.Tensor:
    """A cotangent of a tensor: TensorFlow's of a complex one is ∂/∂Re + i ∂/∂Im."""
    whole = parts[0] if len(parts) == 1 else parts[0] + 1j * parts[1]
    return tf.constant(whole, like.dtype)


def _parts(tensor: tf.Tensor) -> list[Array]:
    x = array(tensor)
    return [x.real, x.imag] if np.iscomplexobj(x) else [x]
