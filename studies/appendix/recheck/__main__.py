"""``python -m recheck`` in the folder of an appendix, or ``python recheck FOLDER``."""

import sys
from pathlib import Path

if not __package__:  # run by the name of its folder
    sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
    from recheck.checking import main
else:
    from .checking import main

if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:2]))
