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
from symgrad.numeric.recording.recording import Matrix, Pullback, Recording, checked
from symgrad.numeric.recording.tape import Array, Tape, UnsupportedError
from symgrad.numeric.recording.tensorflow_graph import Item, Pulled, Walk

DEVICE = "CPU:0"


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
    with _quietly(), tf.device(device):
        try:
            value = _called(f, X, dtype)
            return checked(
                lambda: _once(f, X, dtype, value),
                lambda there: _called(f, there, dtype),
                X,
                dtype,
                label,
            )
        except UnsupportedError as error:
            if str(error).startswith(label):
                raise
            raise UnsupportedError(f"{label}: {error}") from error


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
    """f(X), as the user calls it.

    Raises:
        UnsupportedError: it raises an error, is no real number, or X is not the same afterwards.
    """
    x = tf.constant(X, dtype)
    before = x.numpy().copy()
    try:
        y = f(x)
    except Exception as error:
        raise UnsupportedError(f"it raised {type(error).__name__}: {_one_line(error)}") from error
    if not np.array_equal(x.numpy(), before):
        raise UnsupportedError("it writes into X; let it write into a copy")
    if isinstance(y, (tuple, list, dict)):
        raise UnsupportedError(f"it returned a {type(y).__name__}; return one real number")
    y = tf.convert_to_tensor(y)
    if y.shape.num_elements() != 1:
        raise UnsupportedError(
            f"it returned an array of the shape {tuple(y.shape)}; return one real number, as "
            "tf.reduce_sum gives"
        )
    if not y.dtype.is_floating:
        raise UnsupportedError(
            f"it returned a number of the dtype {y.dtype.name}; return a real one"
        )
    return float(tf.reshape(y, []))


def _once(f: Callable[..., Any], X: Matrix, dtype: str, value: float) -> Recording:
    """The record, checked operation by operation."""
    graph, captured = _traced(f, X, dtype)
    tape = Tape("tensorflow", str(tf.__version__), dtype, len(X))
    walk = Walk(tape)
    x = Item(tf.constant(X, dtype), tape.input(X))
    held = walk.graph(graph, [x, *captured])
    (output,) = held
    assert isinstance(output, Item)
    v = tape.const(output.tensor.numpy()) if output.value is None else output.value
    program = tape.finish(tape.reshape(v, ()), value)
    return Recording(program, _pullbacks(tape, walk.pulled, program))


def _traced(f: Callable[..., Any], X: Matrix, dtype: str) -> tuple[tf.Graph, list[Item]]:
    """The graph of f, and what it captured.

    Raises:
        UnsupportedError: it cannot be traced.
    """
    try:
        traced = tf.function(f).get_concrete_function(tf.TensorSpec(X.shape, dtype))
    except Exception as error:
        said = _one_line(error)
        if "symbolic" in said.lower() or "object has no attribute 'numpy'" in said:
            raise UnsupportedError(
                "a number that depends on X leaves TensorFlow (by float(), .numpy(), NumPy, or a "
                f"branch of Python that AutoGraph cannot see); keep it a tensor: {said}"
            ) from error
        raise UnsupportedError(f"tf.function cannot trace it: {said}") from error
    return traced.graph, [Item(x) for x in traced.captured_inputs]


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
    def pullback(cotangents: Sequence[Array]) -> list[Array]:
        given = iter(cotangents)
        with _quietly(), tf.device(pulled.like[0].device if pulled.like else DEVICE):
            seeds = [
                tf.constant(next(given), like.dtype) if number in left else tf.zeros_like(like)
                for number, like in zip(pulled.outputs, pulled.like, strict=True)
            ]
            found = pulled.differentiate(seeds)
        return [
            np.asarray(x.numpy(), float)
            for number, x in zip(pulled.inputs, found, strict=True)
            if number in left
        ]

    return pullback
