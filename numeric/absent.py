"""Names that a version of a framework lacks: what is made of them fails by itself, when asked.

A framework's file takes public names when it is imported.  Where a release has dropped one, that
would cost every route of the framework; here it costs the routes by that name alone.
Written for Python 3.6; before 3.10 an error does not tell whose name it missed, and is raised.
"""

import contextlib
import importlib
import re
import sys
import types

MOST = 100
"""Names that may be lacking: a framework that lacks more is another one."""


class Absent:
    """Stands for a public name that is not there, and for what is in it; says so when called."""

    def __init__(self, why):
        self._why = why

    def __getattr__(self, name):
        if name.startswith("__"):
            raise AttributeError(name)
        return self

    @property
    def __signature__(self):
        raise ValueError("nothing is known of its options")

    def __call__(self, *args, **options):
        """Raise what was raised when it was looked for."""
        raise AttributeError(self._why)


def import_without(module, package):
    """The module, where names of the package that it takes at import are not there.

    Raises:
        ImportError: it cannot be imported, for another reason.
        AttributeError: the same.
    """
    with contextlib.ExitStack() as stack:
        for _ in range(MOST):
            try:
                return importlib.import_module(module)
            except (AttributeError, ImportError) as error:
                # else it is broken, or another thing by that name, and does not lack a name
                is_there = hasattr(sys.modules.get(package), "__path__")
                holder, name = _lacking(error, package) if is_there else ({}, "")
                if not name:
                    raise
                stack.callback(_put(holder, name, Absent(str(error))))
        return importlib.import_module(module)


def _put(holder, name, thing):
    """Put a thing into a table of names; what takes it out again."""
    holder[name] = thing
    return lambda: holder.pop(name, None)


def _lacking(error, package):
    """The table of names, of a module or of all modules, and the name of the package's in it."""
    if isinstance(error, AttributeError):
        module = getattr(error, "obj", None)
        is_own = isinstance(module, types.ModuleType) and _is_of(module.__name__, package)
        return (vars(module), error.name) if is_own else ({}, "")
    if not _is_of(error.name or "", package):
        return {}, ""
    found = re.match(r"cannot import name '(\w+)'", str(error))
    if found:
        return vars(sys.modules[error.name]), found.group(1)
    is_inner = isinstance(error, ModuleNotFoundError) and "." in error.name
    return (sys.modules, error.name) if is_inner else ({}, "")


def _is_of(module, package):
    return module.split(".")[0] == package
