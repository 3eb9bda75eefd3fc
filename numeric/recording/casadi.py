"""CasADi: the instructions of a callable's function, of MX or of SX, walked at X."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import casadi as ca
import numpy as np

from symgrad.numeric.frameworks.casadi import symbol_of
from symgrad.numeric.recording.casadi_walk import Pulled, Walk
from symgrad.numeric.recording.recording import (
    Matrix,
    Pullback,
    Recording,
    checked,
    named,
    one_line,
)
from symgrad.numeric.recording.tape import Array, Tape, UnsupportedError, Value


def record(f: Callable[..., Any], X: Matrix, dtype: str, label: str = "f") -> Recording:
    """The record of f at X (n×n, float64).

    Raises:
        UnsupportedError: f cannot be recorded; it is named by ``label``.
    """
    with named(label):
        if dtype != "float64":
            raise UnsupportedError(f"CasADi computes in float64 only, not in {dtype}")
        return checked(
            lambda: _once(f, X),
            lambda there: float(_built(f, len(X))(there)),
            X,
            dtype,
            label,
        )


def _built(f: Callable[..., Any], n: int) -> ca.Function:
    """f as a function of CasADi, as f builds it now.

    Raises:
        UnsupportedError: it is not one real number, or raises an error.
    """
    X = symbol_of(f, n).sym("X", n, n)
    try:
        y = f(X)
    except Exception as error:
        raise UnsupportedError(f"it raised {type(error).__name__}: {one_line(error)}") from error
    if not isinstance(y, (ca.MX, ca.SX)) or y.shape != (1, 1):
        shape = "×".join(map(str, getattr(y, "shape", ())))
        raise UnsupportedError(
            f"it returned {type(y).__name__}{shape and f' of the shape {shape}'}; return one number"
        )
    try:
        return ca.Function("f", [X], [ca.densify(y)])
    except Exception as error:
        raise UnsupportedError(f"casadi.Function raised {one_line(error)}") from error


def _once(f: Callable[..., Any], X: Matrix) -> Recording:
    built = _built(f, len(X))
    try:
        value = float(built(X))
    except Exception as error:
        raise UnsupportedError(f"it raised {type(error).__name__}: {one_line(error)}") from error
    tape = Tape("casadi", ca.__version__, "float64", len(X))
    walk = Walk(tape)
    x = tape.input(X)
    (output,) = walk.run(built, [tape.reshape(tape.mT(x), (-1,))])  # column by column
    program = tape.finish(tape.reshape(tape.value(output), ()), value)
    about = [(walk.pulled.get(k), call.name) for k, call in enumerate(program.calls)]
    return Recording(program, tuple(_pullback(pulled, tape.kept, name) for pulled, name in about))


def _pullback(pulled: Pulled | None, left: dict[int, int], name: str) -> Pullback:
    """The derivative of a call alone, between those of its values that are left."""

    def kept(x: Any) -> bool:
        return isinstance(x, Value) and x.depends and x.number in left

    def pullback(cotangents: Sequence[Array]) -> list[Array]:
        if pulled is None:
            raise UnsupportedError(f"{name} cannot be repeated alone")
        again, patterns, inputs, outputs = pulled
        numbers = [x.number for x in outputs if kept(x)]
        # what is given back twice is one value, and has its cotangent once
        given = dict(reversed(list(zip(numbers, cotangents, strict=True))))
        symbols = [ca.MX.sym("x", p) for p in patterns]
        gave = again(symbols)
        total = ca.MX(0)
        for y, x in zip(gave, outputs, strict=True):
            if kept(x) and x.number in given:
                seed = ca.DM(y.sparsity(), given.pop(x.number).ravel("F").tolist())
                total = total + ca.dot(y, seed)
        moving = [k for k, x in enumerate(inputs) if kept(x)]
        found = [ca.project(ca.gradient(total, symbols[k]), patterns[k]) for k in moving]
        at = [ca.DM(p, _numbers(x)) for p, x in zip(patterns, inputs, strict=True)]
        gradients = ca.Function("alone", symbols, found).call(at)
        return [
            np.array(G.nonzeros(), float).reshape(inputs[k].shape, order="F")
            for k, G in zip(moving, gradients, strict=True)
        ]

    return pullback


def _numbers(x: Any) -> list[float]:
    """The entries, column by column."""
    floats = x.floats if isinstance(x, Value) else np.asarray(x, float)
    return [float(number) for number in floats.ravel("F")]
