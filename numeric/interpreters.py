"""Frameworks under interpreters of their own: how one is started, and what is wrong with it."""

from __future__ import annotations

import os
import re
import shlex

from numeric import former

MISLEADING = ("PYTHONHOME", "PYTHONPATH", "PYTHONSTARTUP", "VIRTUAL_ENV", "__PYVENV_LAUNCHER__")
"""Variables that are about the Python that runs the court, and would lead another one astray."""
DISTRIBUTIONS = {"paddle": "paddlepaddle", "theano": "Theano"}
"""What pip calls a framework, where that is not its name."""


def is_other(name: str) -> bool:
    """Whether the framework of this name runs under an interpreter of its own."""
    return "@" in name


def variables() -> dict[str, str]:
    """The environment variables for another Python than the one that runs the court."""
    return {key: value for key, value in os.environ.items() if key not in MISLEADING}


def is_same(asked: str, said: str) -> bool:
    """Whether a framework that says a version is of the one that was asked for.

    ``1.0.1.post2`` and ``1.0.1+cpu`` both are 1.0.1.
    """
    public = said.split("+")[0]
    return asked in (public, re.sub(r"\.post\d+$", "", public))


def wrong_version(name: str, python: str, said: str) -> str:
    """What is to be said of an interpreter with another version of the framework; or nothing."""
    framework, asked = former.split(name)
    if not is_other(name) or is_same(asked, said):
        return ""
    return f"{name}: {python} has {framework} {said}; {mend(name, python)}"


def not_started(name: str, python: str, why: str, is_python: bool) -> str:
    """What is to be said of an interpreter under which the framework was never imported."""
    if not is_python:
        return (
            f"{name}: {python} does not run as a Python, {why}; "
            f"name one that does: --interpreter {name}=PATH"
        )
    needed = ("numpy",) if "No module named 'numpy'" in why else ()
    return f"{name}: {python} cannot import it, {why}; {mend(name, python, *needed)}"


def mend(name: str, python: str, *needed: str) -> str:
    """The command that installs the version that was asked for, and what else it needs."""
    framework, version = former.split(name)
    packages = [f"{DISTRIBUTIONS.get(framework, framework)}=={version}"]
    packages += [package for package in needed if package != framework]
    return f"mend it with: {shlex.quote(python)} -m pip install {' '.join(packages)}"
