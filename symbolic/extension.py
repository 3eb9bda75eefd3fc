"""The exact side of a user's own matrix function: one Python file, read by name.

The file is code that the user chose to run.  What it raises is said in one line, and it is stopped
where it does not end.  Its routes are functions of their own frameworks and are never called here.
"""

from __future__ import annotations

import runpy
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import sympy

from symgrad.court.errors import InputError, check_known
from symgrad.court.names import family
from symgrad.symbolic.alarm import EndlessError, alarm
from symgrad.symbolic.algebra.expressions import Eigenvalue
from symgrad.symbolic.catalogue import (
    CATALOGUE,
    Constants,
    Instance,
    MatrixFunction,
    choose,
)
from symgrad.symbolic.catalogue.function import undetermined
from symgrad.symbolic.derivation import derive
from symgrad.symbolic.domains import DOMAINS
from symgrad.symbolic.limits import Failure, Limits, answers, describe
from symgrad.symbolic.parameterizations import Parameterization, symmetric

REQUIRED = ("formula", "domain", "citation", "exact", "routes")
"""The names of a function file.  One that has ``gauge`` needs no ``exact``, and one whose ``exact``
is the name of a function of the catalogue needs but ``routes`` beside it."""
NO_NUMBERS = (
    type(sympy.zoo), type(sympy.oo), type(-sympy.oo), type(sympy.nan), sympy.AccumBounds
)  # fmt: skip
"""What SymPy writes for a value that is infinite or undefined."""
GRACE = 1.0
"""Seconds after the alarm, which can name a line, until the process is killed."""


def load_function(path: Path, frameworks: Sequence[str], seconds: float) -> MatrixFunction:
    """The matrix function that the file defines, named after the file.

    Raises:
        InputError: it does not exist, raises, takes more than some ``seconds``, lacks a name, or
            gives one the wrong value.
    """
    if not path.is_file():
        raise InputError(f"{path}: there is no such file")
    if not path.stem.isidentifier():
        raise InputError(f"{path}: {path.stem!r} is no name for a function; rename the file")
    if path.stem in CATALOGUE:
        raise InputError(f"{path}: {path.stem} is in the catalogue already; rename the file")
    with running(path, seconds):
        names = runpy.run_path(str(path), run_name=path.stem)
    if isinstance(names.get("exact"), str) and "gauge" not in names:
        return _known(path, names, frameworks)
    optional = ("exact",) if "gauge" in names else ()
    missing = [name for name in REQUIRED if name not in (*names, *optional)]
    if missing:
        raise InputError(
            f"{path}: {missing[0]} is missing; a function file defines {', '.join(REQUIRED)}, and "
            f"a callable in any file is judged by its name, as {path}:loss"
        )
    _check(path, names, list(frameworks))
    about = (path.stem, names["formula"], names["domain"], names["citation"])
    if "gauge" in names:
        found = undetermined(*about, names["gauge"])
    else:
        found = MatrixFunction(*about, lambda _, X: names["exact"](X))
    return replace(found, frameworks=tuple(names["routes"]))


def check_exact(
    function: Instance, structures: Iterable[Parameterization], path: Path, limits: Limits
) -> None:
    """Try the exact definition on a generic matrix, and on each structure asked for.

    It is tried within the limits, in a process that ends even where the file computes in C.

    Raises:
        InputError: it raises, is beyond the limits, or gives something other than an exact scalar
            expression in X.
    """
    if function.function.gauge or function.function.gradient:
        return

    def trial(x: Parameterization) -> Callable[[], str]:
        return lambda: _wrong_with(function, x, path, limits.seconds)

    patient = limits._replace(seconds=limits.seconds + GRACE)
    for wrong in answers([trial(x) for x in (symmetric(function.size), *structures)], patient):
        if isinstance(wrong, Failure):
            why = wrong.reason.replace(f"{patient.seconds:g} s", f"{limits.seconds:g} s")
            raise InputError(f"{path}: exact: {why}")
        if wrong:
            raise InputError(wrong)


def _wrong_with(function: Instance, x: Parameterization, path: Path, seconds: float) -> str:
    """What is wrong with the exact definition on one structure; nothing if it can be used."""
    if x.blocks != 1:
        return f"{path}: exact is asked at real matrices; leave out -p {x.name}"
    try:
        with running(path, seconds, "exact: "):
            value = derive(function, x).value
    except InputError as error:
        return str(error)
    strange = strange_in(value, x)
    return f"{path}: exact {strange}" if strange else ""


def strange_in(value: sympy.Expr, x: Parameterization) -> str:
    """What an exact definition gives that is no exact function of x; nothing if it is one."""
    strange = value.atoms(*NO_NUMBERS)
    if strange:
        return f"gives {min(map(str, strange))}, which is no number"
    if value.atoms(sympy.Float):
        return (
            f"gives the float {min(value.atoms(sympy.Float))}; write sympy.Rational(1, 2) for 0.5"
        )
    foreign = value.free_symbols - set(x.symbols) - value.atoms(Eigenvalue)
    return f"gives the symbol {min(map(str, foreign))}, which is not in X" if foreign else ""


def _known(path: Path, names: dict[str, Any], frameworks: Sequence[str]) -> MatrixFunction:
    """The function of the catalogue that the file has routes of its own to, named after the file.

    Raises:
        InputError: there is none of that name, it is a whole family, or its domain is another.
    """
    name = names["exact"]
    check_known(f"function in exact of {path},", family(name), CATALOGUE)
    known = CATALOGUE[family(name)]
    own = {"formula": known.formula, "domain": known.domain, "citation": known.citation}
    _check(path, {"routes": None, **own, **names}, list(frameworks))
    if names.get("domain", known.domain) != known.domain:
        raise InputError(f"{path}: the domain of {name} is {known.domain!r}; leave out domain")

    def instances(n: int) -> dict[str, Constants]:
        members = choose(name, n)
        if len(members) > 1:
            raise InputError(
                f"{path}: exact = {name!r} is {len(members)} functions; name one, as "
                f"{members[0].name}"
            )
        return {"": members[0].constants}

    about = {key: names.get(key, text) for key, text in own.items()}
    return replace(known, name=path.stem, instances=instances, **about)


def _check(path: Path, names: dict[str, Any], frameworks: list[str]) -> None:
    for name in ("formula", "domain", "citation", *(["gauge"] if "gauge" in names else [])):
        if not isinstance(names[name], str) or not names[name].strip():
            raise InputError(f"{path}: {name} must be a text, not {names[name]!r}")
    if names["domain"] not in DOMAINS:
        raise InputError(
            f"{path}: domain {names['domain']!r} is unknown; choose one of {', '.join(DOMAINS)}"
        )
    if "exact" in names and not callable(names["exact"]) and not isinstance(names["exact"], str):
        raise InputError(
            f"{path}: exact must be a function of X, a SymPy matrix, or the name of one in --list"
        )
    routes = names["routes"]
    if not isinstance(routes, dict) or not routes:
        raise InputError(f"{path}: routes must be a dict, framework → route name → function")
    for framework, named in routes.items():
        check_known(f"framework in the routes of {path},", str(framework), frameworks)
        if not isinstance(named, dict) or not all(
            isinstance(label, str) and callable(f) for label, f in named.items()
        ):
            raise InputError(
                f"{path}: routes[{framework!r}] must be a dict, route name → function of X"
            )


@contextmanager
def running(path: Path, seconds: float, doing: str = "") -> Iterator[None]:
    """Run code of the user's file, for some ``seconds`` at most where an alarm can be set.

    Raises:
        InputError: it raises anything but an interrupt, or does not end.
    """
    try:
        with alarm(seconds):
            yield
    except KeyboardInterrupt:
        raise
    except BaseException as error:
        raise InputError(f"{path}{_line(error, path)}: {doing}{_told(error)}") from error


def _told(error: BaseException) -> str:
    """The error in one line, of time or memory that is used up in words."""
    if isinstance(error, MemoryError):
        return "it takes more memory than it may have (--memory)"
    return str(error) if isinstance(error, EndlessError) else describe(error)


def _line(error: BaseException, path: Path) -> str:
    """``:LINE`` of the file's last frame in the traceback, where it has one."""
    if isinstance(error, SyntaxError) and error.lineno:
        return f":{error.lineno}"
    line, trace = 0, error.__traceback__
    while trace is not None:
        if trace.tb_frame.f_code.co_filename == str(path):
            line = trace.tb_lineno
        trace = trace.tb_next
    return f":{line}" if line else ""
