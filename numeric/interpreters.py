"""Frameworks under interpreters of their own: how one is started, and what is wrong with it."""

from __future__ import annotations

import re
import shlex
from collections.abc import Container

from symgrad.court.errors import InputError
from symgrad.numeric import former
from symgrad.numeric.environments import environments

DISTRIBUTIONS = {"paddle": "paddlepaddle", "theano": "Theano"}
"""What pip calls a framework, where that is not its name."""

PICKED = ("numpy", "protobuf", "gast")
"""Packages of which pip by itself takes versions that are too new for a former framework."""


def is_other(name: str) -> bool:
    """Whether the framework of this name runs under an interpreter of its own."""
    return "@" in name


def check_has_python(name: str, pythons: Container[str]) -> None:
    """Raise InputError if the framework needs a Python of its own and ``pythons`` has none."""
    framework, version = former.split(name)
    if (version or framework in former.ENDED) and name not in pythons:
        raise InputError(
            f"{name}: name the Python that runs it: "
            f"--interpreter {framework}@{version or 'VERSION'}=PATH"
        )


def is_same(asked: str, said: str) -> bool:
    """Whether a framework that says a version is of the one that was asked for.

    ``1.0.1.post2`` and ``1.0.1+cpu`` both are 1.0.1.
    """
    public = said.split("+")[0]
    return asked in (public, re.sub(r"\.post\d+$", "", public))


def wrong_version(name: str, python: str, said: str) -> str:
    """What is to be said of an interpreter with another version of the framework; or nothing.

    Not every framework says its version before its routes are made; it then says nothing.
    """
    framework, asked = former.split(name)
    if not is_other(name) or not said or is_same(asked, said):
        return ""
    return f"{name}: {python} has {framework} {said}; {_mend(python, _pin(name))}"


def not_started(name: str, python: str, why: str, is_python: bool) -> str:
    """What is to be said of an interpreter under which the framework was never imported."""
    if not is_python:
        return (
            f"{name}: {python} does not run as a Python, {why}; "
            f"name one that does: --interpreter {name}=PATH"
        )
    pins = [pin for e in environments() if e.name == name for pin in e.requirements]
    picked = [pin for pin in pins if pin.split("==")[0] in PICKED] or ["numpy"]
    packages = dict.fromkeys((_pin(name), *picked))
    return f"{name}: {python} cannot import it, {why}; {_mend(python, *packages)}"


def _pin(name: str) -> str:
    """What pip calls the framework and its version."""
    framework, version = former.split(name)
    return f"{DISTRIBUTIONS.get(framework, framework)}=={version}"


def _mend(python: str, *packages: str) -> str:
    return f"mend it with: {shlex.quote(python)} -m pip install {' '.join(packages)}"
