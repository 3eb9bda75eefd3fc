"""The state of the caller's process, which whatever f does leaves as it was."""

import random
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

import numpy as np


@contextmanager
def restored() -> Iterator[None]:
    """The random numbers of Python, NumPy and PyTorch come back, and PyTorch's modes."""
    states, torch = (random.getstate(), np.random.get_state()), sys.modules.get("torch")
    with ExitStack() as stack:
        if torch is not None:
            devices = range(torch.cuda.device_count()) if torch.cuda.is_initialized() else ()
            stack.enter_context(torch.random.fork_rng(devices))
            stack.callback(torch.set_grad_enabled, torch.is_grad_enabled())
            stack.callback(torch.set_default_dtype, torch.get_default_dtype())
        try:
            yield
        finally:
            random.setstate(states[0])
            np.random.set_state(states[1])
