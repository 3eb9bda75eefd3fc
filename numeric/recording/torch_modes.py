"""What stands in the way of PyTorch's calls while a function is recorded."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np
import torch
from torch.overrides import TorchFunctionMode

from symgrad.numeric.recording.torch_recorder import Operations, Recorder, told
from symgrad.numeric.recording.torch_storages import Pair, leaves

LEAVING = {
    f"torch.Tensor.{name}"
    for name in (
        "numpy", "tolist", "__array__", "__dlpack__", "__reduce_ex__", "__deepcopy__", "data_ptr",
        "apply_", "map_", "map2_", "storage", "untyped_storage", "set_",
    )
}  # fmt: skip
"""Functions by which numbers leave PyTorch unseen."""
FROM_ROWS = {"torch.tensor", "torch.as_tensor", "torch.asarray", "torch.Tensor.new_tensor"}
"""Functions that read the numbers of a list of tensors unseen."""
DIFFERENTIATING = {"torch.autograd.grad", "torch.Tensor.backward", "torch.autograd.backward"}
CLOSE = {
    f"{owner}.{name}" for owner in ("torch", "torch.Tensor") for name in ("isclose", "allclose")
}


class _Functions(TorchFunctionMode):  # type: ignore[misc]
    """What the user calls."""

    def __init__(self, recorder: Recorder) -> None:
        super().__init__()
        self.recorder = recorder

    def __torch_function__(
        self, func: Any, types: Any, args: Sequence[Any] = (), kwargs: Any = None
    ) -> Any:
        recorder, kwargs = self.recorder, kwargs or {}
        if recorder.passing.depth or recorder.pending is not None:
            return func(*args, **kwargs)
        name = told(func)
        with recorder.passing:
            _refuse(recorder, name, args, kwargs)
        if name in CLOSE:
            return _is_close(recorder, func, name, *args, **kwargs)
        return recorder.call(name, func, args, kwargs)


def _refuse(recorder: Recorder, name: str, args: Sequence[Any], kwargs: dict[str, Any]) -> None:
    """Whether the function reads numbers unseen, or differentiates.

    Raises:
        UnsupportedError: it does.
    """
    if name in DIFFERENTIATING:
        raise recorder.refusal(name, "it differentiates inside itself; give the derivative in full")
    depends = any(recorder.storages.depends(t) for t in leaves((args, kwargs)))
    rows = name in FROM_ROWS and not any(isinstance(x, torch.Tensor) for x in args)
    if depends and (name in LEAVING or rows):
        do = "use torch.stack" if rows else "keep it a tensor"
        raise recorder.refusal(name, f"numbers that depend on X left PyTorch; {do}")


def _is_close(
    recorder: Recorder,
    func: Any,
    name: str,
    a: torch.Tensor,
    b: torch.Tensor,
    rtol: float = 1e-5,
    atol: float = 1e-8,
    equal_nan: bool = False,
) -> Any:
    """What is decided by it: |a − b| ≤ atol + rtol·|b|, not whether they are equal."""
    with recorder.passing:
        out = func(a, b, rtol=rtol, atol=atol, equal_nan=equal_nan)
        depends = recorder.storages.depends(a) or recorder.storages.depends(b)
    if depends:
        t, v, w = recorder.tape, recorder.storages.read(a), recorder.storages.read(b)
        if isinstance(v, Pair) or isinstance(w, Pair):
            raise recorder.refusal(name, "a decision on complex numbers")
        size = t.binary("mul", w, rtol * np.sign(w.floats))
        margin, off = t.binary("add", size, atol), t.binary("sub", v, w)
        t.signs(t.binary("sub", margin, off), "isclose")
        t.signs(t.binary("add", margin, off), "isclose")
    return out


@contextmanager
def watched(recorder: Recorder) -> Iterator[None]:
    """Write down what is executed here."""
    with _Functions(recorder), Operations(recorder), _custom(recorder):
        yield


@contextmanager
def _custom(recorder: Recorder) -> Iterator[None]:
    """Let the forward of each torch.autograd.Function be one call.

    ``apply`` of that class, bound long before maybe, calls that of its base, which stands in here.
    """
    base = torch.autograd.Function.__mro__[1]
    own = base.__dict__.get("apply")

    def apply(cls: Any, *args: Any, **kwargs: Any) -> Any:
        run = super(base, cls).apply
        return recorder.call(cls.__qualname__, run, args, kwargs, custom=True)

    base.apply = classmethod(apply)
    try:
        yield
    finally:
        if own is None:
            del base.apply
        else:
            base.apply = own
