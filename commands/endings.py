"""How the program is made to end: by signals, and with streams that are closed."""

from __future__ import annotations

import os
import signal
import sys
from types import FrameType

TERMINATING = (signal.SIGTERM, signal.SIGHUP)


def open_streams() -> None:
    """Give the program the standard streams that it was started without; what goes there is lost.

    A file that is opened later would have their number, and be written to.
    """
    for number in range(3):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # the lowest number that is free is this one
    sys.stdout = sys.stdout or os.fdopen(1, "w")
    sys.stderr = sys.stderr or os.fdopen(2, "w")


def heed_signals() -> None:
    """Clean up before the program ends by SIGTERM or SIGHUP, where these are not ignored."""
    for number in TERMINATING:
        if signal.getsignal(number) == signal.SIG_DFL:
            signal.signal(number, _terminate)


def _terminate(number: int, frame: FrameType | None) -> None:
    """End with 128 + the number of the signal, as a shell says it; the next one is too late."""
    for other in TERMINATING:
        signal.signal(other, signal.SIG_IGN)
    raise SystemExit(128 + number)
