"""The program of a callable: as ``paddle.jit.to_static`` translates it, and as it ran beside that.

What counts is f in dynamic mode.  There it is watched, by Python's profiler, for numbers that leave
PaddlePaddle (``float(x)``, ``x.numpy()``), as the translation takes these for tensors, and for the
classes of its ``PyLayer``s, which the translation forgets.
"""

from __future__ import annotations

import inspect
import os
import signal
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from types import FrameType
from typing import Any, NamedTuple

import numpy as np
import paddle
from paddle.static import InputSpec

from symgrad.numeric.recording.lines import PACKAGE
from symgrad.numeric.recording.paddle_scalars import Scalars
from symgrad.numeric.recording.tape import RETURN_ONE, Array, UnsupportedError

OTHERS = (Path(paddle.__file__).parent, Path(np.__file__).parent, PACKAGE)
"""Where no line is the user's."""
LEAVES = ("numpy", "_getitem_from_offset")
"""The methods of a tensor by which its numbers become Python's: all others come down to these."""
SHOWS = ("__str__", "__format__", "__repr__", "tensor_to_string")
"""Within these they are only printed."""
SECONDS = 120
"""A translation that takes longer is given up."""


class Applied(NamedTuple):
    """A ``PyLayer`` as it ran: its class, the arguments of its forward pass, the user's line."""

    layer: Any
    args: list[Any]
    line: str


class Ran(NamedTuple):
    """f(X) in dynamic mode, and the layers with a derivative of their own on the way."""

    value: float
    layers: list[Applied]


class Translated(NamedTuple):
    """A program: its operations, its result, what it reads beside X, by name, and its numbers."""

    program: Any
    output: Any
    parameters: Mapping[str, Array]
    scalars: Scalars


def told(error: BaseException) -> str:
    """The error in one line: its last one, where PaddlePaddle writes many."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    kind = f"{type(error).__name__}: "
    return kind + " ".join((lines or [""])[-1].removeprefix(kind).split())[:200]


def place(file: str, number: int | str) -> str:
    """file:line, if it is the user's; else nothing."""
    path = Path(file)
    return "" if any(own in path.parents for own in OTHERS) else f"{path.name}:{number}"


# in dynamic mode


def evaluated(f: Callable[..., Any], X: Array, dtype: str) -> float:
    """f(X) in dynamic mode.

    Raises:
        UnsupportedError: f raises an error, or gives no real number.
    """
    try:
        y = f(paddle.to_tensor(np.array(X), dtype=dtype, stop_gradient=False))
    except UnsupportedError:
        raise
    except Exception as error:
        raise UnsupportedError(f"it raised {told(error)}") from error
    if not isinstance(y, paddle.Tensor):
        raise UnsupportedError(f"it returned {type(y).__name__}; return a number made of X")
    if y.shape or not paddle.is_floating_point(y):
        raise UnsupportedError(
            f"it returned {str(y.dtype).split('.')[-1]} of {len(y.shape)} dimensions; {RETURN_ONE}"
        )
    return float(y)


def watched(f: Callable[..., Any], X: Array, dtype: str) -> Ran:
    """f(X), run once under the eyes of Python's profiler.

    Raises:
        UnsupportedError: numbers that depend on X leave PaddlePaddle on the way, or f raises.
    """
    watch, before = _Watch(), sys.getprofile()

    def inner(x: Any) -> Any:
        sys.setprofile(watch)
        try:
            return f(x)
        finally:
            sys.setprofile(before)

    value = evaluated(inner, X, dtype)
    if watch.left:
        raise UnsupportedError(watch.left)
    return Ran(value, watch.layers)


class _Watch:
    """What a run did that is not in its program."""

    def __init__(self) -> None:
        self.layers: list[Applied] = []
        self.left = ""
        self.begun: Any = None

    def __call__(self, frame: FrameType, event: str, about: Any) -> None:
        if event == "call" and self.begun is not None:
            code, given = frame.f_code, frame.f_locals
            if code is getattr(self.begun.forward, "__code__", None):
                names = code.co_varnames[1 : code.co_argcount]
                rest = (
                    given.get(code.co_varnames[code.co_argcount], ()) if code.co_flags & 4 else ()
                )
                args = [*(given[name] for name in names), *rest]
                self.layers.append(Applied(self.begun, args, _line(frame)))
                self.begun = None
        elif event == "c_call":
            owner, name = getattr(about, "__self__", None), getattr(about, "__name__", "")
            if name == "apply" and isinstance(owner, type):
                self.begun = owner if issubclass(owner, paddle.autograd.PyLayer) else None
            elif name in LEAVES and _depends(owner) and not _shows(frame):
                self.left = self.left or (
                    f"a number that depends on X leaves PaddlePaddle ({_line(frame)}), and is held "
                    "constant; keep it in tensors, or say .detach() first"
                )


def _depends(x: Any) -> bool:
    return isinstance(x, paddle.Tensor) and not x.stop_gradient


def _frames(frame: FrameType | None) -> list[FrameType]:
    found = []
    while frame is not None:
        found.append(frame)
        frame = frame.f_back
    return found


def _shows(frame: FrameType) -> bool:
    return any(each.f_code.co_name in SHOWS for each in _frames(frame))


def _line(frame: FrameType) -> str:
    """file:line of the user's innermost frame, beyond the layer's own forward pass."""
    frames = _frames(frame)[1:] if frame.f_code.co_name == "forward" else _frames(frame)
    places = (place(each.f_code.co_filename, each.f_lineno) for each in frames)
    return next((found for found in places if found), "")


# the translation


def translated(f: Callable[..., Any], n: int, dtype: str) -> Translated:
    """The program of f at n×n matrices.

    Raises:
        UnsupportedError: f cannot be translated.
    """

    def called(X: Any) -> Any:
        return f(X)

    # what is called is translated if it is global or an object, else it runs as it is
    is_inner = inspect.isfunction(f) and f.__name__ != "<lambda>" and "<locals>" in f.__qualname__
    whole = f if is_inner else called
    X = InputSpec([n, n], dtype, name="X", stop_gradient=False)
    scalars, before = Scalars(), sys.getprofile()
    sys.setprofile(scalars)
    try:
        made = paddle.jit.to_static(whole, input_spec=[X], full_graph=True).concrete_program
        outputs, (tensors, values) = list(made.outputs), made.parameters
    except Exception as error:
        raise UnsupportedError(
            f"paddle.jit.to_static raised {told(error)}; write it as a def in a file, of tensors "
            "that it reads by their names"
        ) from error
    finally:
        sys.setprofile(before)
    if len(outputs) != 1 or not hasattr(outputs[0], "get_defining_op"):
        raise UnsupportedError("paddle.jit.to_static made no number of X of it; return one")
    names = [v.get_defining_op().attrs()["parameter_name"] for v in values]
    parameters = {name: x.numpy() for name, x in zip(names, tensors, strict=True)}
    return Translated(made, outputs[0], parameters, scalars)


def try_translation(f: Callable[..., Any], n: int, dtype: str) -> None:
    """Translate f in a process that may die of it: of an array of NumPy in a product, it does.

    Raises:
        UnsupportedError: it died.
    """
    if not hasattr(os, "fork"):
        raise UnsupportedError("PaddlePaddle is recorded where processes can be forked: not here")
    sys.stdout.flush()
    sys.stderr.flush()
    child = os.fork()
    if not child:
        _try(f, n, dtype)
    _, status = os.waitpid(child, 0)
    if os.WIFSIGNALED(status):
        raise UnsupportedError(
            "paddle.jit.to_static crashes of it, or does not end; write it as a def in a file, its "
            "constants as tensors of PaddlePaddle, not as arrays of NumPy"
        )


def _try(f: Callable[..., Any], n: int, dtype: str) -> None:
    """Never returns; what it raises will be raised again where it is read."""
    try:
        signal.signal(signal.SIGALRM, signal.SIG_DFL)
        signal.alarm(SECONDS)
        nothing = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nothing, 1)
        os.dup2(nothing, 2)
        translated(f, n, dtype)
    finally:
        os._exit(0)
