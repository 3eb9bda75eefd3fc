"""``python -m symgrad``, as which ``python verify.py`` and the command ``symgrad`` are."""

from __future__ import annotations

import signal
import sys

MISSING, INTERRUPTED = 3, 130


def start() -> int:
    """Run the program; the exit status.

    An interrupt before or after what a command does, while modules are imported or workers end, is
    no error: it ends the program as the system does, without a traceback.
    """
    is_heeded = signal.getsignal(signal.SIGINT) in (signal.default_int_handler, signal.SIG_DFL)
    if is_heeded:
        signal.signal(signal.SIGINT, signal.SIG_DFL)
    try:
        from symgrad import cli
    except ModuleNotFoundError as error:
        if not error.name or error.name.startswith("symgrad"):
            raise
        return _without(error.name)
    try:
        if is_heeded:
            signal.signal(signal.SIGINT, signal.default_int_handler)
        status = cli.start()
        if is_heeded:
            signal.signal(signal.SIGINT, signal.SIG_DFL)
    except KeyboardInterrupt:
        return INTERRUPTED
    return status


def _without(name: str) -> int:
    """Say what a Python lacks that was taken for one with the dependencies; the exit status."""
    print(
        f"error: {sys.executable} has no {name}; `make verify` makes an environment, then run "
        ".venv/bin/python verify.py, or install symgrad by pip install -e .",
        file=sys.stderr,
    )
    return MISSING


if __name__ == "__main__":
    sys.exit(start())
