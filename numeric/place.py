"""Where PyTorch makes the arrays of a question: on the device of the X that was given.

In a worker nothing is said here: there it is PyTorch's own default device.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

DEVICE: ContextVar[str | None] = ContextVar("device", default=None)


@contextmanager
def beside(X: Any) -> Iterator[None]:
    """Make arrays where the tensor X of PyTorch is; of any other array nothing is said."""
    is_tensor = type(X).__module__.split(".")[0] == "torch" and hasattr(X, "device")
    before = DEVICE.set(str(X.device) if is_tensor else None)
    try:
        yield
    finally:
        DEVICE.reset(before)
