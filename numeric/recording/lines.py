"""Where in the user's program something is called."""

from __future__ import annotations

import traceback
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path

PACKAGE = Path(__file__).parents[1]


def line_of_caller(packages: Sequence[str]) -> str:
    """file:line of the innermost frame that is neither ours nor in one of these packages."""
    for frame, line in traceback.walk_stack(None):
        name = _name_outside(frame.f_code.co_filename, tuple(packages))
        if name:
            return f"{name}:{line}"
    return ""


@lru_cache(maxsize=4096)
def _name_outside(file: str, packages: tuple[str, ...]) -> str:
    """The name of the file, if it is neither ours nor in one of these packages."""
    path = Path(file)
    is_ours = PACKAGE in path.parents or path.parent == PACKAGE.parent
    is_ours = is_ours or any(name in path.parts for name in packages)
    return "" if is_ours else path.name
