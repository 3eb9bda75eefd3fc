"""Frameworks as they were: earlier versions, and those that have ended; one file each.

``numeric/frameworks`` serves the versions that ``pyproject.toml`` admits.  One under an interpreter
of its own is called ``NAME@VERSION``, as ``torch@1.0.1``, and the tables here tell which file
serves it.  Nothing is imported to find that out.
"""

import re

BEFORE = {"torch": (2, 4), "tensorflow": (2, 18)}
"""Of these, the versions below are served here; of the others, all are by the ordinary file."""
ENDED = ("theano", "chainer", "mxnet")
"""Frameworks that are no longer developed: all their versions are served here."""


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
