"""An end in time for what is computed in this process."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from symgrad.symbolic.limits import LONGEST


class EndlessError(BaseException):
    """Time is up; no ``except Exception`` in the file stops this."""


@contextmanager
def alarm(seconds: float) -> Iterator[None]:
    """Raise EndlessError after some ``seconds``, in the main thread, which alone has signals."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def stop(*_: object) -> None:
        raise EndlessError(f"it does not end within {seconds:g} s (--timeout)")

    before = signal.signal(signal.SIGALRM, stop)
    timer = signal.setitimer(signal.ITIMER_REAL, min(seconds, LONGEST), 1)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, *timer)
        signal.signal(signal.SIGALRM, before)
