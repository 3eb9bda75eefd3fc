"""PyTorch: what it executes, as it dispatches it, operation by operation.

Two of its modes stand in the way of every call: the one of its functions (torch.overrides) tells
what the user called, and the one of its dispatcher (torch.utils._python_dispatch) which operations
that was.  They run as always, on the same numbers; nothing is differentiated.
"""

from __future__ import annotations

import sys
import warnings
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import torch

from symgrad.numeric.place import DEVICE
from symgrad.numeric.recording.recording import Matrix, Recording, checked, named
from symgrad.numeric.recording.tape import RETURN_ONE, Tape, UnsupportedError
from symgrad.numeric.recording.torch_modes import watched
from symgrad.numeric.recording.torch_recorder import Recorder
from symgrad.numeric.recording.torch_storages import Pair
from symgrad.numeric.state import restored


def record(f: Callable[..., Any], X: Matrix, dtype: str, label: str = "f") -> Recording:
    """The record of f at X (n×n, float64 or complex128, of numbers that the dtype holds).

    Raises:
        UnsupportedError: f cannot be recorded; it is named by ``label``.
    """
    with named(label), _undisturbed():
        return checked(
            lambda: _once(f, _tensor(X, dtype), dtype),
            # as when a gradient is asked for: LAPACK is another without eigenvectors
            lambda there: _number(f(_tensor(there, dtype).requires_grad_())).item(),
            X,
            dtype,
            label,
        )


def _tensor(X: Matrix, dtype: str) -> torch.Tensor:
    return torch.tensor(X, dtype=getattr(torch, dtype), device=DEVICE.get())


@contextmanager
def _undisturbed() -> Iterator[None]:
    """The caller's random numbers and modes come back as they were; no warning is shown."""
    with restored(), torch.enable_grad(), warnings.catch_warnings(), ExitStack() as stack:
        warnings.simplefilter("ignore")
        if "torch._dynamo" in sys.modules:  # what is compiled runs as it was written
            stack.enter_context(torch.compiler.set_stance("force_eager"))
        yield


def _once(f: Callable[..., Any], x: torch.Tensor, dtype: str) -> Recording:
    """The record of one run."""
    tape = Tape("torch", str(torch.__version__), dtype, len(x))
    recorder = Recorder(tape)
    before = x.clone()
    recorder.begin(x)
    y = _run(recorder, f, x)
    if not torch.equal(x, before):
        raise UnsupportedError("it writes into X; let it write into X.clone()")
    output = recorder.storages.read(_number(y))
    assert not isinstance(output, Pair)
    program = tape.finish(tape.reshape(output, ()), float(y))
    return Recording(program, recorder.pullbacks(program))


def _run(recorder: Recorder, f: Callable[..., Any], x: torch.Tensor) -> Any:
    """f(x), watched.

    Raises:
        UnsupportedError: it raised an error, or did what is not recorded, even if it caught that.
    """
    try:
        with watched(recorder):
            y = f(x)
    except UnsupportedError:
        raise
    except Exception as error:
        if recorder.failure is None:
            said = " ".join(str(error).split())
            raise UnsupportedError(f"it raised {type(error).__name__}: {said}") from error
    if recorder.failure is not None:
        raise recorder.failure
    return y


def _number(y: Any) -> torch.Tensor:
    """What f returned, if it is one real number.

    Raises:
        UnsupportedError: it is not.
    """
    if not isinstance(y, torch.Tensor):
        raise UnsupportedError(
            f"it returned a {type(y).__name__}; return a tensor of one real number, without "
            "float(), .item() or .numpy() on the way"
        )
    if y.numel() != 1:
        raise UnsupportedError(f"it returned a tensor of the shape {tuple(y.shape)}; {RETURN_ONE}")
    if not y.is_floating_point():
        raise UnsupportedError(f"it returned a number of the {y.dtype}; return a real one")
    return y
