"""Who is right about the gradient of a function of a symmetric matrix?

``check(f, X, function="log_det")`` judges the gradient that PyTorch, TensorFlow, JAX or another
framework gives of your own f; ``check_gradient`` one that you have as numbers; ``derive`` says what
is true.  The same on the command line: ``symgrad --help``.

Nothing heavy is imported before it is used.
"""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import TYPE_CHECKING, Any

if not Path(__file__).with_name("court").is_dir():
    raise ImportError(
        "symgrad: the folders in symgrad/ are symbolic links, which this checkout does not have; "
        "clone it again with: git clone -c core.symlinks=true"
    )

if TYPE_CHECKING:
    from symgrad import strategies
    from symgrad.checks import assert_gradient, catalogue, check, check_gradient, derive
    from symgrad.report.here import Report

__all__ = [
    "Report",
    "assert_gradient",
    "catalogue",
    "check",
    "check_gradient",
    "derive",
    "strategies",
]


def __getattr__(name: str) -> Any:
    """A name of the interface, imported when it is first used (PEP 562)."""
    if name not in __all__:
        raise AttributeError(f"module 'symgrad' has no attribute {name!r}")
    if name == "strategies":
        return importlib.import_module("symgrad.strategies")
    home = "symgrad.report.here" if name == "Report" else "symgrad.checks"
    return getattr(importlib.import_module(home), name)


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])
