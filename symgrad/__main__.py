"""``python -m symgrad``, as which ``python verify.py`` and the command ``symgrad`` are."""

from __future__ import annotations

import signal
import sys

INTERRUPTED = 130


def start() -> int:
    """Run the program; the exit status.

    An interrupt before or after what a command does, while modules are imported or workers end, is
    no error: it ends the program as the system does, without a traceback.
    """
    is_heeded = signal.getsignal(signal.SIGINT) in (signal.default_int_handler, signal.SIG_DFL)
    if is_heeded:
        signal.signal(signal.SIGINT, signal.SIG_DFL)
    from symgrad import cli

    try:
        if is_heeded:
            signal.signal(signal.SIGINT, signal.default_int_handler)
        status = cli.start()
        if is_heeded:
            signal.signal(signal.SIGINT, signal.SIG_DFL)
    except KeyboardInterrupt:
        return INTERRUPTED
    return status


if __name__ == "__main__":
    sys.exit(start())
