"""Who is right about the gradient of a function of a symmetric matrix?  See ``--help``."""

import sys

from symgrad.__main__ import start

if __name__ == "__main__":
    sys.exit(start())
