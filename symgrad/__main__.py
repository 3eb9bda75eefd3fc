"""``python -m symgrad``, as which ``python verify.py`` and the command ``symgrad`` are."""

from __future__ import annotations

import os
import signal
import sys


def start() -> int:
    """Run the program; the exit status."""
    is_default = signal.getsignal(signal.SIGINT) is signal.default_int_handler
    if is_default:  # an interrupt while all the rest is imported is no error
        signal.signal(signal.SIGINT, lambda *_: os._exit(130))
    from symgrad import cli

    if is_default:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    return cli.start()


if __name__ == "__main__":
    sys.exit(start())
