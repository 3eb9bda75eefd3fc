"""Who is right about the gradient of a function of a symmetric matrix?  See ``--help``."""

import signal

if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # an interrupt during the imports is no error

import sys

from symgrad.__main__ import start

if __name__ == "__main__":
    sys.exit(start())
