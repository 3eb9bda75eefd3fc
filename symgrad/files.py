"""Files of a user's own whose callables are run in this process."""

from __future__ import annotations

import runpy
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from symgrad.court.errors import InputError
from symgrad.symbolic.alarm import alarm
from symgrad.symbolic.limits import describe


def load(path: Path, seconds: float) -> Mapping[str, Any]:
    """The names in a file.

    Raises:
        InputError: it is not there, raises or does not end.
    """
    if not path.is_file():
        raise InputError(f"{path}: there is no such file")
    try:
        with alarm(seconds):
            return runpy.run_path(str(path), run_name=path.stem)
    except KeyboardInterrupt:
        raise
    except BaseException as error:
        raise InputError(f"{path}: {describe(error)}") from error


def callable_in(path: Path, names: Mapping[str, Any], name: str) -> Callable[..., Any]:
    """The callable of that name among the ``names`` in a file.

    Raises:
        InputError: there is none.
    """
    if not callable(names.get(name)):
        known = sorted(
            key for key, value in names.items() if callable(value) and not key.startswith("_")
        )
        raise InputError(f"{path}: no callable {name!r} in it; there are {', '.join(known)}")
    found: Callable[..., Any] = names[name]
    return found
