"""Frameworks as they were: earlier versions, and those that have ended; one file each.

``numeric/frameworks`` serves the versions that ``pyproject.toml`` admits, and earlier ones of the
same calls.  One under an interpreter
of its own is called ``NAME@VERSION``, as ``torch@1.0.1``, and the tables here tell which file
serves it.  Nothing is imported to find that out.
"""

import re

BEFORE = {"torch": (2, 0), "tensorflow": (2, 4)}
"""Of these, the versions below are served here; of the others, all are by the ordinary file."""
ENDED = ("theano", "aesara", "chainer", "mxnet")
"""Frameworks that are no longer developed: all their versions are served here."""

DECLINES = (
    "unsupported",
    "not supported",
    "not implemented for",
    "does not support automatic differentiation",
    "not intended to support",
    "dtype.kind == f",
    "was registered to support",
    "only supports 32-bit",
    "is not implemented",
    "not understood",
    "doesn't handle types",
    "cfloat or cdouble types",
    "to satisfy the constraint",
    "list of allowed values",
    "could not find device for node",
    "is not registered",
    "does not appear in the backward graph",
    "dtype must be float32 or float64",
    "same dtype such as 'float32' and 'float64'",
    "not defined for",
    "is not found",
    "op is not implemented",
    "integer-valued variable",
    "must be a float type",
    "disconnectedtype, or continuous",
    "gradient registry has no entry",
    "gradient not defined",
    "must have `float`-like `dtype`",
    "must have dtype in",
    "specified up to multiplication by e^{i phi}",
)
"""How former versions say, in lower case, that a call or its derivative does not exist."""


ABSENT = ("unexpected keyword argument", "has no attribute")
"""How Python says, of a call in a route, that there was no such call or option yet."""


def split(name: str) -> "tuple[str, str]":
    """(NAME, VERSION) of ``NAME@VERSION``; the version of a plain name is empty."""
    framework, _, version = name.partition("@")
    return framework, version


def module(name: str) -> str:
    """The module that serves a framework, as ``symgrad.numeric.former.torch``, say."""
    framework, version = split(name)
    numbers = tuple(int(digits) for digits in re.findall(r"\d+", version)[:2])
    is_former = framework in ENDED or bool(version and numbers < BEFORE.get(framework, ()))
    return "symgrad.numeric.%s.%s" % ("former" if is_former else "frameworks", framework)
